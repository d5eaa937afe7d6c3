/**
 * `vouch sim bisect`: is a seed the same run twice? Two processes run it, the second one with another hash seed, time zone and
 * language, or with another build; the first event that differs is named. Status 4 where there is one.
 * The guard against clocks and dice is off, so that the run shows what they do; it runs once more with it, to say who called.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { describeEvent, PrefixLog } from '../../sim/prefix-log.ts';
import { exitCodeOf } from '../../sim/result.ts';
import { runSeed } from '../../sim/run.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { runGuarded } from './guarded-run.ts';
import { print, printJson } from './output.ts';
import { demandWritable, writeText } from './output-file.ts';
import { orScenarioFailure } from './scenario-failure.ts';
import { addRunOptions, type SharedFlags } from './sim-options.ts';
import { type Source, sourceOf } from './tape-source.ts';

interface BisectFlags extends SharedFlags {
  readonly against?: string;
  readonly log?: string;
}

export function addSimBisectCommand(sim: Command): void {
  addRunOptions(
    sim
      .command('bisect')
      .description('run a seed or a tape in two processes and name the first event that differs')
      .argument('<seed-or-tape>', 'a seed, or a file written by run --tape')
      .argument('[name]', 'a scenario of `vouch sim list`, or a file ./mine.ts; without it, the generic workload'),
  )
    .option('--against <file>', 'the second process runs this command line: another build’s main.js')
    .option('--log <file>', 'run once and write every event with its hash to a file, nothing else')
    .option('--json', 'print one JSON object on the last line')
    .addHelpText('after', '\nExample:\n  vouch sim bisect 7')
    .action(bisect);
}

async function bisect(first: string, second: string | undefined, flags: BisectFlags): Promise<void> {
  const source = sourceOf(first, second, flags);
  demandWritable(flags.log);
  if (flags.log !== undefined) return writeText(flags.log, logOf(source).toText());
  if (flags.against !== undefined && !isFile(flags.against))
    throw usageFailure(`--against: there is no file ${flags.against}; name the dist/node/cli/main.js of another build.`);
  const directory = mkdtempSync(join(tmpdir(), 'vouch-bisect-'));
  try {
    const here = process.argv[1] as string;
    const [left, right] = await Promise.all([
      runApart([here], {}, join(directory, 'left')),
      runApart(
        ['--random-seed=271828', flags.against === undefined ? here : resolve(flags.against)],
        { TZ: 'Pacific/Chatham', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' },
        join(directory, 'right'),
      ),
    ]);
    tell(source, left, right, flags.json === true);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function logOf({ options }: Source): PrefixLog {
  const log = new PrefixLog();
  const { report } = orScenarioFailure(options, () => runSeed({ ...options, onEvent: log.listener }));
  log.close(Number.parseInt(report.traceHash.slice(0, 8), 16));
  return log;
}

/** The same command once more in a process of its own, with its log written to a file. */
function runApart(main: readonly string[], env: Readonly<Record<string, string>>, file: string): Promise<PrefixLog> {
  const args = [...main, ...process.argv.slice(2), '--log', file];
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
    let complaint = '';
    child.stderr.on('data', (data: Buffer) => {
      complaint = (complaint + data.toString()).slice(-500);
    });
    child.on('error', fail);
    child.on('close', (code) => {
      const log = code === 0 ? PrefixLog.fromText(readFileSync(file, 'utf8')) : undefined;
      if (log === undefined) fail(new CliFailure(`One of the two processes failed: ${complaint.trim() || `status ${code}`}`));
      else done(log);
    });
  });
}

function tell(source: Source, left: PrefixLog, right: PrefixLog, json: boolean): void {
  const difference = left.firstDifference(right);
  if (difference === undefined) {
    if (json) return printJson({ equal: true, events: left.length });
    return print(`${source.title}: ${left.length} events, equal in both processes`);
  }
  process.exitCode = exitCodeOf('nondeterminism');
  const { report } = runGuarded(source.options);
  const caller = report.verdict === 'nondeterminism' ? (report.violation?.message ?? null) : null;
  if (json) return printJson({ equal: false, events: left.length, first: difference, caller });
  print(`${source.title}: NOT DETERMINISTIC`);
  print(`  first: ${difference.left === undefined ? 'had ended' : describeEvent(difference.left)}`);
  print(`  second: ${difference.right === undefined ? 'had ended' : describeEvent(difference.right)}`);
  if (caller !== null) print(`  ${caller}`);
}
