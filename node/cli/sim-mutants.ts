/** `vouch sim mutants`: puts known bugs back, one at a time, and watches which oracle finds each, after how many seeds. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { INVARIANTS } from '../../sim/invariants.ts';
import { MUTANTS } from '../../sim/mutants/catalogue.ts';
import type { HuntOrder, HuntResult } from '../../sim/mutants/hunt.ts';
import { isBrokenControl, killedRows, type MatrixPlan, type MutantRow, matrixMarkdown } from '../../sim/mutants/matrix.ts';
import type { Mutant } from '../../sim/mutants/mutant.ts';
import { usageFailure } from './failure.ts';
import { HuntJournal } from './hunt-journal.ts';
import { bundleMutant } from './mutant-bundle.ts';
import { print, printJson } from './output.ts';
import { Afterwards, demandRegular, demandWritable, writeText } from './output-file.ts';
import { demandOracles, durationMs, oraclesOf, wholeNumber } from './sim-options.ts';

interface MutantFlags {
  readonly only?: string;
  readonly seeds: string;
  readonly from: string;
  readonly timeout: string;
  readonly jobs?: string;
  readonly without?: string;
  readonly shrink: boolean;
  readonly matrix?: string;
  readonly journal?: string;
  readonly json?: boolean;
}

const SEEDS_MAX = 1_000_000;
/** Processor time for shrinking one story. */
const SHRINK_MS = 60_000;
const JOBS_MAX = 256;
/** A control that an oracle objects to is met soon: it is one that is wrong, not a rare moment. */
const CONTROL_SEEDS_MAX = 50;
/** What the matrix adds to each hunt: seeds for other oracles, seeds without faults. */
const SUBSTITUTE_SEEDS = 5;
const FAULTLESS_SEEDS = 20;

export function addSimMutantsCommand(sim: Command): void {
  sim
    .command('mutants')
    .description('put known bugs back and see which oracle finds each')
    .option('--only <ids>', 'these mutants, comma-separated')
    .option('--seeds <n>', `seeds to try per mutant; of a control ${CONTROL_SEEDS_MAX} at most`, '200')
    .option('--from <seed>', 'the first seed, a number', '1')
    .option('--timeout <duration>', 'real time per mutant', '10m')
    .option('--jobs <n>', 'mutants hunted at the same time (default: one per core)')
    .option('--without <oracles>', 'switch oracles off by name: what they alone find must survive then')
    .option('--no-shrink', 'say how each bug is found, not how short its story can be')
    .option('--matrix <file>', 'write the kill matrix there as Markdown; also asks what each oracle alone finds')
    .option('--journal <file>', 'keep finished hunts there, and do not repeat those that it holds for the same code')
    .option('--json', 'print one JSON object on the last line')
    .addHelpText('after', '\nExample:\n  vouch sim mutants --only E1,L6')
    .action(mutants);
}

async function mutants(flags: MutantFlags): Promise<void> {
  const chosen = chooseMutants(flags);
  const isMatrix = flags.matrix !== undefined;
  const order: HuntOrder = {
    from: wholeNumber(flags.from, '--from', SEEDS_MAX),
    seeds: wholeNumber(flags.seeds, '--seeds', SEEDS_MAX),
    profile: 'swarm',
    without: withoutOf(flags),
    shrinkMs: flags.shrink ? SHRINK_MS : 0,
    substituteSeeds: isMatrix ? SUBSTITUTE_SEEDS : 0,
    faultlessSeeds: isMatrix ? FAULTLESS_SEEDS : 0,
  };
  const huntMs = durationMs(flags.timeout, '--timeout');
  const timeoutMs = (isMatrix ? 2 * huntMs : huntMs) + order.shrinkMs;
  const jobs = flags.jobs === undefined ? availableParallelism() : wholeNumber(flags.jobs, '--jobs', JOBS_MAX);
  demandWritable(flags.matrix, flags.journal);
  demandRegular(flags.journal);
  const afterwards = new Afterwards();
  let [keeps, draws] = [true, flags.matrix !== undefined];
  const directory = mkdtempSync(join(tmpdir(), 'vouch-mutants-'));
  const rows: MutantRow[] = [];
  const journal = new HuntJournal(flags.journal);
  const queue = [...chosen];
  const worker = async (): Promise<void> => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const bundle = join(directory, `${mutant.id}.cjs`);
      await bundleMutant(mutant, bundle);
      const own = mutant.isControl === true ? { ...order, seeds: Math.min(order.seeds, CONTROL_SEEDS_MAX) } : order;
      const key = HuntJournal.key(bundle, own);
      const known = journal.find(key);
      const result = known ?? (await huntIn(bundle, own, timeoutMs));
      if (keeps && known === undefined && result !== 'timeout') keeps = afterwards.try(() => journal.add(key, mutant.id, result));
      const row = { mutant, result };
      rows.push(row);
      if (draws) draws = afterwards.try(() => writeMatrix(flags.matrix as string, rows, order));
      if (flags.json !== true) print(describe(row));
    }
  };
  try {
    await Promise.all(Array.from({ length: jobs }, worker));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  finish(inOrder(rows), flags);
  afterwards.tell();
}

function writeMatrix(file: string, rows: readonly MutantRow[], order: HuntOrder): void {
  writeText(file, matrixMarkdown(inOrder(rows), planOf(file, order)));
}

/** In the order of the catalogue, whoever was done first. */
function inOrder(rows: readonly MutantRow[]): readonly MutantRow[] {
  return MUTANTS.flatMap((mutant) => rows.filter((row) => row.mutant === mutant));
}

function planOf(file: string, order: HuntOrder): MatrixPlan {
  const { from, seeds, substituteSeeds, shrinkMs } = order;
  const options = `--seeds ${seeds}${from === 1 ? '' : ` --from ${from}`}${shrinkMs === 0 ? ' --no-shrink' : ''}`;
  const command = `node dist/node/cli/main.js sim mutants ${options} --matrix ${placeOf(file)}`;
  return { command, from, seeds, substituteSeeds, shrinkMs };
}

/** As it is said on the page: where another machine has it, too. */
function placeOf(file: string): string {
  const path = relative(process.cwd(), resolve(file));
  return path.startsWith('..') ? 'FILE' : path;
}

function chooseMutants({ only, matrix, without }: MutantFlags): readonly Mutant[] {
  if (matrix !== undefined && (only !== undefined || without !== undefined))
    throw usageFailure('--matrix is about all mutants and all oracles: leave out --only and --without.');
  if (only === undefined) return MUTANTS;
  return only.split(',').map((id) => {
    const found = MUTANTS.find((mutant) => mutant.id === id);
    if (found === undefined)
      throw usageFailure(`There is no mutant "${id}". Known: ${MUTANTS.map((mutant) => mutant.id).join(', ')}.`);
    return found;
  });
}

function withoutOf({ without }: MutantFlags): readonly string[] {
  const names = oraclesOf(without);
  demandOracles(
    names,
    INVARIANTS.map(({ name }) => name),
  );
  return names;
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

function describe({ mutant, result }: MutantRow): string {
  const id = mutant.id.padEnd(4);
  if (result === 'timeout') return `${id} timed out: ${mutant.title}`;
  const crashes = result.crashes > 0 ? ` (${result.crashes} crashes, first: ${result.crashMessage})` : '';
  const shrunk = result.shrunkEvents === null ? '' : `, in ${result.shrunkEvents} story events`;
  const { substitute, faultless } = result;
  const otherwise = substitute === undefined ? '' : `, without it by ${substitute.oracle ?? 'nobody'}`;
  const healthy = faultless === undefined ? '' : ` [passes ${faultless.passed} of ${faultless.seeds} without faults]`;
  if (result.oracle !== null)
    return `${id} killed by ${result.oracle} after ${result.seeds} seeds${otherwise}${shrunk}: ${mutant.title}${healthy}${crashes}`;
  const lives = mutant.isControl === true ? 'lives, as a control must' : 'SURVIVED';
  return `${id} ${lives} ${result.seeds} seeds: ${mutant.title}${healthy}${crashes}`;
}

function finish(rows: readonly MutantRow[], flags: MutantFlags): void {
  const bugs = rows.filter(({ mutant }) => mutant.isControl !== true);
  const controls = rows.filter(({ mutant }) => mutant.isControl === true);
  const killed = killedRows(bugs).map(({ mutant }) => mutant.id);
  const survived = bugs.map(({ mutant }) => mutant.id).filter((id) => !killed.includes(id));
  const broken = controls.filter(isBrokenControl);
  process.exitCode = survived.length > 0 || broken.length > 0 ? 1 : 0;
  if (flags.json !== true) {
    print(
      `${killed.length} of ${bugs.length} mutants killed; ${controls.length - broken.length} of ${controls.length} controls live`,
    );
    return;
  }
  printJson({
    total: bugs.length,
    killed: killed.length,
    survived,
    controls: Object.fromEntries(controls.map((row) => [row.mutant.id, broken.includes(row) ? 'killed' : 'survived'])),
    rows: rows.map(jsonRow),
  });
}

function jsonRow({ mutant, result }: MutantRow): object {
  const { id } = mutant;
  if (result === 'timeout') return { id, oracle: 'timeout', seedsToKill: null, crashes: 0, shrunkEvents: null };
  const { oracle, seeds, crashes, shrunkEvents, substitute, faultless } = result;
  return {
    ...{ id, oracle, seedsToKill: oracle === null ? null : seeds, crashes, shrunkEvents },
    ...(substitute === undefined ? {} : { withoutIt: substitute.oracle }),
    ...(faultless === undefined ? {} : { faultlessSurvived: faultless.passed }),
  };
}
