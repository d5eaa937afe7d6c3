/**
 * Edits of a tape: what is skipped, and which choices become the harmless one. Every edit gives a new tape; whether it still
 * fails is for a run to say. An episode of a fault, an operation of a client and an act of a story have labels of their own, so
 * that taking one away leaves the choices of all others where they were.
 */
import { EPISODES } from '../faults/nemesis.ts';
import type { Knobs } from '../knobs.ts';
import { ACTS } from '../story.ts';
import { Fate, type Tape, type Track } from '../tape.ts';

/** Something that happens and could be left out. */
export interface Deed {
  /** Label of its choice, and its place there. */
  readonly label: string;
  readonly place: number;
  /** The choice without it. */
  readonly otherwise: number;
}

/** Faults, in the order they happen. */
export function faultsOf(tape: Tape): readonly Deed[] {
  return deedsUnder(tape, (label) => label === EPISODES || label === ACTS);
}

/** Operations of clients, client by client. */
export function operationsOf(tape: Tape): readonly Deed[] {
  return deedsUnder(tape, (label) => /^client\/[0-9]+\/operations$/.test(label));
}

/** Frames that are lost, doubled or overtaken, link by link. */
export function mishapsOf(tape: Tape): readonly Deed[] {
  return tape.draws
    .filter(({ label }) => /^net\/.*\/(loss|duplicate|reorder)$/.test(label))
    .flatMap(({ label, values }) => values.flatMap((value, place) => (value > 0 ? [{ label, place, otherwise: 0 }] : [])));
}

function deedsUnder(tape: Tape, isFate: (label: string) => boolean): readonly Deed[] {
  return tape.draws
    .filter(({ label }) => isFate(label))
    .flatMap(({ label, values }) =>
      values.flatMap((fate, place) => (fate === Fate.happens ? [{ label, place, otherwise: Fate.skipped }] : [])),
    );
}

/** The tape without these deeds. */
export function leaveOut(tape: Tape, deeds: readonly Deed[]): Tape {
  const changes = new Map<string, Map<number, number>>();
  for (const { label, place, otherwise } of deeds) {
    const under = changes.get(label);
    if (under === undefined) changes.set(label, new Map([[place, otherwise]]));
    else under.set(place, otherwise);
  }
  return onTracks(tape, ({ label, values }) => {
    const changed = changes.get(label);
    return changed === undefined ? values : values.map((value, place) => changed.get(place) ?? value);
  });
}

/** Kinds of the faults that the nemesis injects on this tape, each with its episodes. */
export function episodesByKind(tape: Tape): ReadonlyMap<string, readonly Deed[]> {
  const fates = tape.draws.find(({ label }) => label === EPISODES)?.values ?? [];
  const kinds = new Map<string, Deed[]>();
  for (const { label } of tape.draws) {
    const match = /^fault\/([0-9]+)\/(.+)$/.exec(label);
    if (match === null) continue;
    const place = Number(match[1]);
    if (fates[place] !== Fate.happens) continue;
    const kind = match[2] as string;
    kinds.set(kind, [...(kinds.get(kind) ?? []), { label: EPISODES, place, otherwise: Fate.skipped }]);
  }
  return kinds;
}

/** Families of labels whose choices may all become 0: delays, losses, thinking, power losses that take nothing. */
export const CALMABLE: readonly RegExp[] = [
  /^net\/.*\/(delay|reorder|duplicate|loss)$/,
  /^disk\/.*\/(latency|coalesce)$/,
  /^node\/.*\/buggify$/,
  /^clock\//,
  /^disk\/.*\/power-loss$/,
  /^node\/.*\/crash-progress$/,
  /^client\/[0-9]+\/think$/,
  /^liveness\//,
];

/** Every choice under these labels becomes the harmless one. */
export function calm(tape: Tape, labels: RegExp): Tape {
  return onTracks(tape, ({ label, values }) => (labels.test(label) ? [] : values));
}

/** Waits between episodes and between operations become half as long. */
export function hurry(tape: Tape): Tape {
  const waits = /^(nemesis\/timing|client\/[0-9]+\/think)$/;
  return onTracks(tape, ({ label, values }) => (waits.test(label) ? values.map((value) => value >> 1) : values));
}

export function withKnobs(tape: Tape, knobs: Knobs): Tape {
  return { ...tape, knobs };
}

function onTracks(tape: Tape, edit: (track: Track) => readonly number[]): Tape {
  const draws = tape.draws.map((track) => ({ label: track.label, values: edit(track) }));
  return { ...tape, draws: draws.filter(({ values }) => values.length > 0) };
}

/** Choices on a tape that are not the harmless one, fates apart. */
export function loudness(tape: Tape): number {
  let loud = 0;
  for (const { values } of tape.draws) for (const value of values) if (value !== 0) loud += 1;
  return loud;
}
