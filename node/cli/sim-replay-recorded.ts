/**
 * `vouch sim replay` and `explain` of what real nodes have recorded. Status 0: every step led to what it led to then; 4: one did not, and
 * it is named; 2: the tape cannot be replayed here.
 */

import { groupStates } from '../../sim/node-states.ts';
import { Account } from '../../sim/recording/account.ts';
import type { ReplayReport, StopAt } from '../../sim/recording/replay.ts';
import { exitCodeOf } from '../../sim/result.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { print, printJson, say } from './output.ts';
import { type RecordedFlags, type RecordedReplay, replayRecorded } from './recorded-tape.ts';
import { durationMs } from './sim-options.ts';

export interface ReplayRecordedFlags extends RecordedFlags {
  readonly until?: string;
  readonly json?: boolean;
}

/** One tape is told with its figures, several by a line each. */
export async function replayAll(tapes: readonly string[], flags: ReplayRecordedFlags): Promise<void> {
  const [only] = tapes;
  if (tapes.length === 1 && only !== undefined) return replayOne(only, flags);
  if (flags.until !== undefined) throw usageFailure('--until is for one tape: name its file.');
  const rows: ReturnType<typeof figuresOf>[] = [];
  const refused: string[] = [];
  for (const path of tapes) {
    try {
      const replay = await replayRecorded(path, flags);
      rows.push(figuresOf(path, replay));
      if (flags.json !== true) print(`${path}: ${lineOf(replay.report)}`);
      tellDifference(replay.report);
    } catch (error) {
      if (!(error instanceof CliFailure)) throw error;
      refused.push(error.message);
      say(`vouch: ${error.message}`);
    }
  }
  const differ = rows.filter(({ verdict }) => verdict === 'differs').length;
  const inputs = rows.reduce((sum, row) => sum + row.inputs, 0);
  const total = { tapes: tapes.length, equal: rows.length - differ, differ, refused: refused.length, inputs };
  if (flags.json === true) printJson({ ...total, rows });
  else print(`${total.equal} of ${total.tapes} tapes equal, ${differ} differ, ${refused.length} refused; ${inputs} inputs`);
  process.exitCode = differ > 0 ? exitCodeOf('nondeterminism') : refused.length > 0 ? 2 : 0;
}

/** One page of text. */
export async function explainRecorded(tapes: readonly string[], flags: RecordedFlags): Promise<void> {
  for (const path of tapes) {
    const account = new Account();
    const { head, report } = await replayRecorded(path, flags, { listener: account });
    process.stdout.write(account.page(path, head, report));
    tellDifference(report);
  }
}

async function replayOne(path: string, flags: ReplayRecordedFlags): Promise<void> {
  const replay = await replayRecorded(path, flags, { stopAt: stopOf(flags.until) });
  const { head, report } = replay;
  if (report.verdict === 'differs') process.exitCode = exitCodeOf('nondeterminism');
  if (flags.json === true) return tellJson(path, replay);
  print(`${path}: ${report.verdict.toUpperCase()}`);
  print(`  node ${head.node}, vouch ${head.version}, opened ${new Date(head.wall / 1000).toISOString()}`);
  const compared = report.inputs - report.unwitnessed;
  print(
    `  ${report.inputs} inputs in ${report.turns} turns and ${(report.micros / 1e6).toFixed(3)} s; ${compared} steps compared`,
  );
  print(`  ${report.frames} frames, ${report.digests} digests compared`);
  print(`  ${endOf(report)}`);
  if (report.threw !== undefined) print(`  then as now it threw: ${report.threw}`);
  print(`  trace ${report.traceHash}, state ${report.digest ?? 'without a digest'}`);
  if (flags.until !== undefined) for (const state of groupStates(report.replica)) print(`  ${state}`);
  tellDifference(report);
}

function tellJson(path: string, replay: RecordedReplay): void {
  printJson(figuresOf(path, replay));
  tellDifference(replay.report);
}

/** A number of inputs, or a time since the opening. */
function stopOf(text: string | undefined): StopAt | undefined {
  if (text === undefined) return undefined;
  if (/^[0-9]{1,15}$/.test(text)) return { kind: 'input', number: Number(text) };
  return { kind: 'time', micros: durationMs(text, '--until') * 1000 };
}

function figuresOf(tape: string, { head, report }: RecordedReplay) {
  const { verdict, difference, ending, inputs, unwitnessed, turns, frames, digests, micros, traceHash, digest, threw } = report;
  return {
    tape,
    node: head.node,
    verdict,
    difference: difference ?? null,
    ending: ending ?? null,
    inputs,
    steps: inputs - unwitnessed,
    turns,
    frames,
    digests,
    virtualMs: Math.round(micros / 1000),
    traceHash,
    digest: digest ?? null,
    threw: threw ?? null,
  };
}

function lineOf(report: ReplayReport): string {
  const { verdict, inputs, digests, micros, traceHash } = report;
  const seconds = (micros / 1e6).toFixed(1);
  return `${verdict}, ${inputs} inputs in ${seconds} s, ${digests} digests, trace ${traceHash}; ${endOf(report)}`;
}

function endOf({ verdict, ending }: ReplayReport): string {
  switch (ending) {
    case 'closed':
      return 'the node was stopped orderly';
    case 'limit':
      return 'the tape ends at its limit';
    case 'killed':
      return 'the tape ends where the process did, behind a whole record';
    case 'torn':
      return 'the tape ends within a record, torn when the process was killed; all before is whole';
    case undefined:
      return verdict === 'equal' ? 'stopped where --until says' : 'stopped at the first difference';
  }
}

function tellDifference({ difference }: ReplayReport): void {
  if (difference === undefined) return;
  const { input, kind, micros, what, recorded, replayed } = difference;
  const place = input === 0 ? 'at the opening' : `at input ${input} (${kind}) at ${micros} µs`;
  say(`  NOT DETERMINISTIC: ${place}, ${what}: recorded ${recorded}; now ${replayed}`);
}
