/**
 * `vouch sim explore`: every interleaving of a small scope, with the production Raft. A known bug is put back into a copy that a
 * process of its own explores: it may loop for ever or exhaust the memory.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type ExploreOrder, type ExploreReport, explore } from '../../sim/explore/explore.ts';
import { DEFAULT_SCOPE, parseScope, type Scope, scopeText } from '../../sim/explore/scope.ts';
import { GROUP_MUTANTS, MUTANTS } from '../../sim/mutants/catalogue.ts';
import type { Mutant } from '../../sim/mutants/mutant.ts';
import { exitCodeOf } from '../../sim/result.ts';
import { CountProgress } from './count-progress.ts';
import { nearest } from './did-you-mean.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { bundleMutant } from './mutant-bundle.ts';
import { print, printJson } from './output.ts';
import { wholeNumber } from './sim-options.ts';

interface ExploreFlags {
  readonly mutant?: string;
  readonly maxStates: string;
  readonly json?: boolean;
}

const STATES_MAX = 500_000_000;

/** Runs in the child: an order comes as the argument; lines of progress leave, then the report as the last one. */
const ENTRY = `
import { explore } from './sim/explore/explore.ts';
const tell = (line) => process.stdout.write(line + '\\n');
tell(JSON.stringify(explore(JSON.parse(process.argv[2]), (states) => tell(String(states)))));
`;

export function addSimExploreCommand(sim: Command): void {
  sim
    .command('explore')
    .description('walk through every interleaving of a small scope with the production Raft')
    .argument('[scope]', 'bounds, comma-separated; what is not named keeps its default', scopeText(DEFAULT_SCOPE))
    .option('--mutant <id>', 'put a known bug back first; the ids are those of `vouch sim mutants`')
    .option('--max-states <n>', 'give up beyond so many states (about 50 bytes each)', '60000000')
    .option('--json', 'print one JSON object on the last line')
    .addHelpText(
      'after',
      [
        '',
        'Bounds of a scope: nodes, terms, entries, crashes, heartbeats, writes (batches on the way to a disk at a time), prevote.',
        '',
        'Examples:',
        '  vouch sim explore',
        '  vouch sim explore nodes=3,terms=2,entries=0,crashes=1 --mutant E1',
      ].join('\n'),
    )
    .action(run);
}

async function run(text: string, flags: ExploreFlags): Promise<void> {
  const parsed = parseScope(text);
  if (!parsed.ok) throw usageFailure(`The scope: ${parsed.reason}.`);
  const { scope } = parsed;
  const mutant = flags.mutant === undefined ? undefined : mutantOf(flags.mutant);
  const order: ExploreOrder = {
    scope,
    statesMax: wholeNumber(flags.maxStates, '--max-states', STATES_MAX),
    isRaft: mutant === undefined,
  };
  const progress = new CountProgress('explored states');
  const started = performance.now();
  const onStates = (states: number): void => progress.show(states);
  const report = mutant === undefined ? explore(order, onStates) : await exploreMutant(mutant, order, onStates);
  const wallMs = Math.round(performance.now() - started);
  progress.end();
  process.exitCode = exitCodeOf(report.verdict);
  const statesPerSecond = Math.round((report.states * 1000) / Math.max(wallMs, 1));
  if (flags.json === true)
    return printJson({ scope: scopeText(scope), mutant: mutant?.id ?? null, ...report, wallMs, statesPerSecond });
  tell(scope, mutant, report);
  const times = `${(wallMs / 1000).toFixed(1)} s, ${statesPerSecond} states a second`;
  print(`${counted(report)}; ${times}`);
}

function mutantOf(id: string): Mutant {
  const known = [...new Set([...MUTANTS, ...GROUP_MUTANTS])].filter(({ file }) => file.startsWith('core/raft/'));
  const found = known.find((mutant) => mutant.id === id);
  if (found !== undefined) return found;
  const ids = known.map((mutant) => mutant.id);
  throw usageFailure(`--mutant knows no bug of Raft "${id}".${nearest(id, ids)} Known: ${ids.join(', ')}.`);
}

async function exploreMutant(mutant: Mutant, order: ExploreOrder, onStates: (states: number) => void): Promise<ExploreReport> {
  const directory = mkdtempSync(join(tmpdir(), 'vouch-explore-'));
  try {
    const bundle = join(directory, `${mutant.id}.cjs`);
    await bundleMutant(mutant, bundle, ENTRY);
    return await exploreIn(bundle, order, onStates);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function exploreIn(bundle: string, order: ExploreOrder, onStates: (states: number) => void): Promise<ExploreReport> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bundle, JSON.stringify(order)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let complaint = '';
    child.stdout.on('data', (data: Buffer) => {
      const lines = (output + data.toString()).split('\n');
      output = lines.length > 1 && lines.at(-1) === '' ? `${lines.at(-2)}\n` : (lines.at(-1) as string);
      const states = Number(lines.at(-2));
      if (Number.isFinite(states)) onStates(states);
    });
    child.stderr.on('data', (data: Buffer) => {
      complaint = (complaint + data.toString()).slice(-2000);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) return resolve(JSON.parse(output) as ExploreReport);
      reject(new CliFailure(`The exploration failed: ${complaint.trim().split('\n').pop() || `status ${code}`}`));
    });
  });
}

function tell(scope: Scope, mutant: Mutant | undefined, report: ExploreReport): void {
  const what = `${scopeText(scope)}${mutant === undefined ? '' : `, with ${mutant.id} (${mutant.title})`}`;
  if (report.violation === null) {
    const isAll = report.verdict === 'pass';
    print(
      `${what}: ${isAll ? 'every state explored, no rule is broken' : 'NOT EXHAUSTED: there are more states than --max-states'}`,
    );
    return;
  }
  print(`${what}: VIOLATION of ${report.violation.oracle}: ${report.violation.message}`);
  for (const [i, step] of report.steps.entries()) print(`  ${String(i + 1).padStart(2)}. ${step}`);
  print(`${report.steps.length} steps, ${report.storyEvents} story events`);
}

function counted(report: ExploreReport): string {
  const { states, moves, depth, memberStates, memberSteps, collisionProbability } = report;
  return [
    `${states} states up to names of nodes, ${moves} moves, depth ${depth}`,
    `${memberSteps} steps of Raft between ${memberStates} states of a node`,
    `probability that a state was missed ${collisionProbability.toExponential(1)}`,
  ].join('; ');
}
