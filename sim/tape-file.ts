/**
 * A tape as a file: JSON that a person can read and compare line by line, self-contained. It names the world, every choice, and
 * what the run must end with. Layout:
 *   format, version       "vouch-tape", 1; another version is refused
 *   writtenBy, build      the program, and a hash of the code that ran: under the same build a replay must be the very same run
 *   scenario … cutMicros  the fields of Tape (tape.ts)
 *   end                   verdict, claim, trace hash, story events, and sampled prefix hashes that say where a replay departs
 *   draws                 label -> choices, one label a line
 * After a change of code that keeps labels the choices still mean the same; what the tape lacks is harmless.
 */
import { drawKnobs, type Knobs } from './knobs.ts';
import type { Samples } from './prefix-log.ts';
import type { RunVerdict, RunViolation } from './result.ts';
import { seedWords } from './seed.ts';
import { Choices, type Tape, type Track } from './tape.ts';

/** What the recorded run ended with. */
export interface TapeEnd {
  readonly verdict: RunVerdict;
  readonly violation: RunViolation | null;
  readonly traceHash: string;
  readonly storyEvents: number;
  readonly samples: Samples;
}

export interface TapeFile {
  readonly writtenBy: string;
  readonly build: string;
  readonly tape: Tape;
  readonly end: TapeEnd;
}

export type ReadTape =
  | { readonly ok: true; readonly file: TapeFile /** Knobs that the tape does not know. */; readonly newKnobs: readonly string[] }
  | { readonly ok: false; readonly reason: string };

const FORMAT = 'vouch-tape';
const VERSION = 1;
/** Choices that a tape may hold; a file with more was not written here. */
const DRAWS_MAX = 50_000_000;

export function formatTape({ writtenBy, build, tape, end }: TapeFile): string {
  const { draws, version: _, ...world } = tape;
  const fields = { format: FORMAT, version: VERSION, writtenBy, build, ...world, end };
  const lines = Object.entries(fields).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)},`);
  const tracks = draws.map(({ label, values }) => `  ${JSON.stringify(label)}: ${JSON.stringify(values)}`);
  return `{\n${lines.join('\n')}\n"draws": {\n${tracks.join(',\n')}\n}\n}\n`;
}

/** The reason continues "the file …". */
export function readTape(text: string): ReadTape {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return refused('is not a tape: it is not JSON');
  }
  const fields = objectIn(parsed);
  if (fields?.format !== FORMAT) return refused('is not a tape');
  if (fields.version !== VERSION) return refused(`is a tape of version ${String(fields.version)}, this program reads ${VERSION}`);
  const { scenario, seed, profile, without, cutMicros, writtenBy, build } = fields;
  if (typeof scenario !== 'string' || typeof seed !== 'string' || typeof writtenBy !== 'string' || typeof build !== 'string')
    return refused('is a broken tape: scenario, seed, writtenBy and build are texts');
  if (profile !== 'lite' && profile !== 'swarm' && profile !== 'perf') return refused('is a broken tape: its profile is unknown');
  if (!Array.isArray(without) || !without.every((name) => typeof name === 'string'))
    return refused('is a broken tape: without is a list of names');
  if (cutMicros !== undefined && !isCount(cutMicros)) return refused('is a broken tape: cutMicros is a whole number');
  const draws = tracksIn(fields.draws);
  if (draws === undefined) return refused('is a broken tape: draws are lists of whole numbers by label');
  const knobs = knobsIn(fields.knobs);
  if (typeof knobs === 'string') return refused(`is a broken tape: ${knobs}`);
  const end = endIn(fields.end);
  if (end === undefined) return refused('is a broken tape: it does not say what it ends with');
  const world = { version: VERSION, scenario, seed, profile, knobs: knobs.knobs, without: without as string[] } as const;
  const tape: Tape = { ...world, ...(cutMicros === undefined ? {} : { cutMicros }), draws };
  return { ok: true, file: { writtenBy, build, tape, end }, newKnobs: knobs.added };
}

function refused(reason: string): ReadTape {
  return { ok: false, reason };
}

function objectIn(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Sorted by label, whatever order the file has. */
function tracksIn(value: unknown): readonly Track[] | undefined {
  const fields = objectIn(value);
  if (fields === undefined) return undefined;
  let total = 0;
  const tracks: Track[] = [];
  for (const label of Object.keys(fields).sort()) {
    const values = fields[label];
    if (!Array.isArray(values) || !values.every(isCount)) return undefined;
    total += values.length;
    tracks.push({ label, values: values as readonly number[] });
  }
  return total > DRAWS_MAX ? undefined : tracks;
}

function endIn(value: unknown): TapeEnd | undefined {
  const end = objectIn(value);
  const samples = objectIn(end?.samples);
  if (end === undefined || samples === undefined) return undefined;
  const { verdict, violation, traceHash, storyEvents } = end;
  const broken = objectIn(violation);
  if (typeof verdict !== 'string' || typeof traceHash !== 'string' || !isCount(storyEvents)) return undefined;
  if (violation !== null && (typeof broken?.oracle !== 'string' || typeof broken.message !== 'string')) return undefined;
  if (!isCount(samples.events) || !isCount(samples.stride) || samples.stride === 0) return undefined;
  if (typeof samples.hashes !== 'string') return undefined;
  return end as unknown as TapeEnd;
}

/** Knobs of a tape, each of the type it has today; one that did not exist yet has its value of a run without faults. */
function knobsIn(value: unknown): { readonly knobs: Knobs; readonly added: readonly string[] } | string {
  const given = objectIn(value);
  if (given === undefined) return 'its knobs are missing';
  const known = drawKnobs('perf', Choices.fromSeed(seedWords('')));
  const added: string[] = [];
  const reason = fit(known as unknown as Readonly<Record<string, unknown>>, given, '', added);
  if (reason !== undefined) return reason;
  const { timing, link } = given;
  const knobs = {
    ...known,
    ...given,
    timing: { ...known.timing, ...objectIn(timing) },
    link: { ...known.link, ...objectIn(link) },
  };
  return { knobs: knobs as Knobs, added };
}

function fit(
  known: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
  path: string,
  added: string[],
): string | undefined {
  for (const [name, value] of Object.entries(known)) {
    const found = given[name];
    if (found === undefined) {
      added.push(`${path}${name}`);
      continue;
    }
    if (typeof found !== typeof value || found === null || (typeof found === 'number' && !Number.isFinite(found)))
      return `its knob ${path}${name} is not a ${typeof value}`;
    if (name === 'faults') {
      if (!Object.values(objectIn(found) ?? { broken: '' }).every((rate) => typeof rate === 'number'))
        return 'its fault rates are not numbers';
      continue;
    }
    const inner = objectIn(value);
    const reason = inner === undefined ? undefined : fit(inner, objectIn(found) ?? {}, `${path}${name}.`, added);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
