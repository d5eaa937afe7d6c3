/** `vouch sim mutants`: puts known bugs back, one at a time, and watches which oracle finds each, after how many seeds. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { MUTANTS } from '../../sim/mutants/catalogue.ts';
import type { HuntOrder, HuntResult } from '../../sim/mutants/hunt.ts';
import type { Mutant } from '../../sim/mutants/mutant.ts';
import { usageFailure } from './failure.ts';
import { bundleMutant } from './mutant-bundle.ts';
import { print, printJson } from './output.ts';
import { durationMs, wholeNumber } from './sim-options.ts';

interface MutantFlags {
  readonly only?: string;
  readonly seeds: string;
  readonly from: string;
  readonly timeout: string;
  readonly jobs?: string;
  readonly without?: string;
  readonly shrink: boolean;
  readonly json?: boolean;
}

/** What became of one mutant. */
interface Row {
  readonly mutant: Mutant;
  readonly result: HuntResult | 'timeout';
}

const SEEDS_MAX = 1_000_000;
/** Real time for shrinking one story. */
const SHRINK_MS = 60_000;
const JOBS_MAX = 256;

export function addSimMutantsCommand(sim: Command): void {
  sim
    .command('mutants')
    .description('put known bugs back and see which oracle finds each')
    .option('--only <ids>', 'these mutants, comma-separated')
    .option('--seeds <n>', 'seeds to try per mutant', '200')
    .option('--from <seed>', 'the first seed, a number', '1')
    .option('--timeout <duration>', 'real time per mutant', '10m')
    .option('--jobs <n>', 'mutants hunted at the same time (default: one per core)')
    .option('--without <oracles>', 'switch oracles off by name: what they alone find must survive then')
    .option('--no-shrink', 'say how each bug is found, not how short its story can be')
    .option('--json', 'print one JSON object on the last line')
    .addHelpText('after', '\nExample:\n  vouch sim mutants --only E1,L6')
    .action(mutants);
}

async function mutants(flags: MutantFlags): Promise<void> {
  const chosen = chooseMutants(flags.only);
  const order: HuntOrder = {
    from: wholeNumber(flags.from, '--from', SEEDS_MAX),
    seeds: wholeNumber(flags.seeds, '--seeds', SEEDS_MAX),
    profile: 'swarm',
    without: flags.without === undefined ? [] : flags.without.split(','),
    shrinkMs: flags.shrink ? SHRINK_MS : 0,
  };
  const timeoutMs = durationMs(flags.timeout, '--timeout');
  const jobs = flags.jobs === undefined ? availableParallelism() : wholeNumber(flags.jobs, '--jobs', JOBS_MAX);
  const directory = mkdtempSync(join(tmpdir(), 'vouch-mutants-'));
  const rows: Row[] = [];
  const queue = [...chosen];
  const worker = async (): Promise<void> => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const bundle = join(directory, `${mutant.id}.cjs`);
      await bundleMutant(mutant, bundle);
      const row = { mutant, result: await huntIn(bundle, order, timeoutMs + order.shrinkMs) };
      rows.push(row);
      if (flags.json !== true) print(describe(row));
    }
  };
  try {
    await Promise.all(Array.from({ length: jobs }, worker));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  finish(rows, flags);
}

function chooseMutants(only: string | undefined): readonly Mutant[] {
  if (only === undefined) return MUTANTS;
  return only.split(',').map((id) => {
    const found = MUTANTS.find((mutant) => mutant.id === id);
    if (found === undefined)
      throw usageFailure(`There is no mutant "${id}". Known: ${MUTANTS.map((mutant) => mutant.id).join(', ')}.`);
    return found;
  });
}

const NOTHING_FOUND = { oracle: null, seeds: 0, message: '', shrunkEvents: null, shrinkMs: 0 } as const;

/** Hunts in a process of its own: a mutant may loop for ever or exhaust the memory. */
function huntIn(bundle: string, order: HuntOrder, timeoutMs: number): Promise<HuntResult | 'timeout'> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [bundle, JSON.stringify(order)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
    });
    let output = '';
    let complaint = '';
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString();
    });
    child.stderr.on('data', (data: Buffer) => {
      complaint = (complaint + data.toString()).slice(-2000);
    });
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(output) as HuntResult);
      else if (code === null) resolve('timeout');
      else resolve({ ...NOTHING_FOUND, crashes: 1, crashMessage: complaint.trim().split('\n').pop() ?? '' });
    });
  });
}

function describe({ mutant, result }: Row): string {
  const id = mutant.id.padEnd(4);
  if (result === 'timeout') return `${id} timed out: ${mutant.title}`;
  const crashes = result.crashes > 0 ? ` (${result.crashes} crashes, first: ${result.crashMessage})` : '';
  const shrunk = result.shrunkEvents === null ? '' : `, in ${result.shrunkEvents} story events`;
  if (result.oracle !== null)
    return `${id} killed by ${result.oracle} after ${result.seeds} seeds${shrunk}: ${mutant.title}${crashes}`;
  return `${id} ${mutant.isControl === true ? 'lives, as a control must' : 'SURVIVED'} ${result.seeds} seeds: ${mutant.title}${crashes}`;
}

function finish(rows: readonly Row[], flags: MutantFlags): void {
  const position = (row: Row): number => MUTANTS.indexOf(row.mutant);
  const sorted = [...rows].sort((a, b) => position(a) - position(b));
  const bugs = sorted.filter(({ mutant }) => mutant.isControl !== true);
  const controls = sorted.filter(({ mutant }) => mutant.isControl === true);
  const isKilled = ({ result }: Row): boolean => result !== 'timeout' && result.oracle !== null;
  const survived = bugs.filter((row) => !isKilled(row)).map(({ mutant }) => mutant.id);
  const broken = controls.filter((row) => isKilled(row) || (row.result !== 'timeout' && row.result.crashes > 0));
  process.exitCode = survived.length > 0 || broken.length > 0 ? 1 : 0;
  if (flags.json !== true) {
    print(
      `${bugs.length - survived.length} of ${bugs.length} mutants killed; ${controls.length - broken.length} of ${controls.length} controls live`,
    );
    return;
  }
  printJson({
    total: bugs.length,
    killed: bugs.length - survived.length,
    survived,
    controls: Object.fromEntries(controls.map((row) => [row.mutant.id, broken.includes(row) ? 'killed' : 'survived'])),
    rows: sorted.map(({ mutant, result }) => ({
      id: mutant.id,
      oracle: result === 'timeout' ? 'timeout' : result.oracle,
      seedsToKill: result === 'timeout' || result.oracle === null ? null : result.seeds,
      crashes: result === 'timeout' ? 0 : result.crashes,
      shrunkEvents: result === 'timeout' ? null : result.shrunkEvents,
    })),
  });
}
