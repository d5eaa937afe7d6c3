/** The kill matrix as a page: known bug × oracle × seeds × shortest story, and what each oracle is for. Pure. */
import { INVARIANTS } from '../invariants.ts';
import { ABSENT_MUTANTS } from './absent.ts';
import { FAULTLESS_OPERATIONS, type HuntResult, SHORT_EVENTS } from './hunt.ts';
import type { Mutant } from './mutant.ts';

/** What became of one mutant. */
export interface MutantRow {
  readonly mutant: Mutant;
  readonly result: HuntResult | 'timeout';
}

/** How the matrix was made. */
export interface MatrixPlan {
  readonly command: string;
  readonly from: number;
  readonly seeds: number;
  readonly substituteSeeds: number;
  /** Processor time for each story, milliseconds; 0 = none was shrunk. */
  readonly shrinkMs: number;
}

type Killed = { readonly mutant: Mutant; readonly result: HuntResult & { readonly oracle: string } };

export function killedRows(rows: readonly MutantRow[]): readonly Killed[] {
  return rows.filter(
    (row): row is Killed => row.mutant.isControl !== true && row.result !== 'timeout' && row.result.oracle !== null,
  );
}

export function isBrokenControl({ mutant, result }: MutantRow): boolean {
  return mutant.isControl === true && result !== 'timeout' && (result.oracle !== null || result.crashes > 0);
}

/** @returns undefined for none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1];
}

/** The text of docs/reference/kill-matrix.md. @param rows in the order of the catalogue. */
export function matrixMarkdown(rows: readonly MutantRow[], plan: MatrixPlan): string {
  const bugs = rows.filter(({ mutant }) => mutant.isControl !== true);
  const controls = rows.filter(({ mutant }) => mutant.isControl === true);
  return [
    ...introduction(bugs, controls, plan),
    '## Bugs',
    '',
    '| Bug | What is wrong | Killed by | Seeds | Story | Crashes | Faultless |',
    '|---|---|---|--:|--:|--:|--:|',
    ...bugs.map(bugLine),
    '',
    '## Oracles',
    '',
    'With the oracle that found a bug switched off, the seed that it was found in and those behind it are run again',
    `(${plan.substituteSeeds} in all). *Alone*: no other oracle finds the bug there, so that it lives without this one. An oracle without`,
    'an entry there is, for this list of bugs, a second look at what others see too, or waits for bugs that have no code yet.',
    '',
    '| Oracle | Alone | Found by another where it is off |',
    '|---|---|---|',
    ...INVARIANTS.map(({ name }) => oracleLine(name, killedRows(rows))),
    '',
    '## Controls',
    '',
    'Harmless changes; an oracle that objects to one is wrong.',
    '',
    '| Control | What is changed | Outcome |',
    '|---|---|---|',
    ...controls.map((row) => `| ${row.mutant.id} | ${row.mutant.title} | ${controlOutcome(row)} |`),
    '',
    '## Not put back',
    '',
    '| Bug | What would be wrong | Why not |',
    '|---|---|---|',
    ...ABSENT_MUTANTS.map(({ id, title, reason }) => `| ${id} | ${title} | ${reason} |`),
    '',
  ].join('\n');
}

function introduction(bugs: readonly MutantRow[], controls: readonly MutantRow[], plan: MatrixPlan): readonly string[] {
  const killed = killedRows(bugs);
  const seeds = median(killed.map(({ result }) => result.seeds));
  const stories = killed.flatMap(({ result }) => (result.shrunkEvents === null ? [] : [result.shrunkEvents]));
  const broken = controls.filter(isBrokenControl).length;
  const shrinking =
    plan.shrinkMs === 0
      ? 'No story was shrunk.'
      : `Median of the shrunk stories: ${median(stories) ?? 'none'} events, with at most ${plan.shrinkMs / 1000} seconds of processor time for each; one of ${SHORT_EVENTS} or fewer is not shrunk further.`;
  return [
    '# Kill matrix',
    '',
    `Generated: \`npm run build && ${plan.command}\` writes it again.`,
    '',
    'Each known bug is put back into a copy of the code, as an exact replacement in its source, and generic seeds of the `swarm` profile',
    `run until a named oracle objects: seeds ${plan.from}, ${plan.from + 1}, … and ${plan.seeds} at most. ${scenarioWords(bugs)}`,
    '',
    `- **${killed.length} of ${bugs.length} bugs killed**, after a median of ${seeds ?? 'no'} seeds.`,
    `- **${controls.length - broken} of ${controls.length} controls live.**`,
    `- ${shrinking}`,
    '',
    'Seeds: run until the kill, that one included. Story: events of the shrunk run, which fails by the same oracle. Crashes: seeds before it',
    'that ended in a crash or a broken assertion of the core; they count as no kill. Faultless: seeds it survives, of',
    `those of ${FAULTLESS_OPERATIONS} operations without any fault, wrong clock or forced rare branch: what tests on healthy machines would miss.`,
    '',
  ];
}

/** How many are not hunted in generic seeds. */
function scenarioWords(bugs: readonly MutantRow[]): string {
  const told = bugs.filter(({ mutant }) => mutant.scenario !== undefined).length;
  if (told === 0) return 'No scenario is written for any of them.';
  return `${told} of ${bugs.length}, marked *in*, are hunted in the seeds of a scenario instead: generic runs never have what they need.`;
}

function bugLine({ mutant, result }: MutantRow): string {
  const { id, title } = mutant;
  if (result === 'timeout') return `| ${id} | ${title} | *timed out* | | | | |`;
  const place = mutant.scenario === undefined ? '' : ` *in* \`${mutant.scenario}\``;
  const killer = (result.oracle === null ? '**survived**' : `\`${result.oracle}\``) + place;
  const faultless = result.faultless === undefined ? '' : `${result.faultless.passed} of ${result.faultless.seeds}`;
  const story = result.shrunkEvents ?? '';
  return `| ${id} | ${title} | ${killer} | ${result.seeds} | ${story} | ${result.crashes} | ${faultless} |`;
}

function oracleLine(name: string, killed: readonly Killed[]): string {
  const own = killed.filter(({ result }) => result.oracle === name);
  const alone = own.filter(({ result }) => result.substitute?.oracle === null).map(({ mutant }) => mutant.id);
  const shared = own.flatMap(({ mutant, result }) => {
    const by = result.substitute?.oracle ?? null;
    return by === null ? [] : [`${mutant.id} by \`${by}\``];
  });
  return `| \`${name}\` | ${alone.join(', ')} | ${shared.join(', ')} |`;
}

function controlOutcome({ result }: MutantRow): string {
  if (result === 'timeout') return 'timed out';
  if (result.oracle !== null) return `**killed by \`${result.oracle}\`** after ${result.seeds} seeds`;
  return result.crashes > 0 ? `**${result.crashes} crashes**` : `lives through ${result.seeds} seeds`;
}
