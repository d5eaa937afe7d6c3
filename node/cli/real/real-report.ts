/** What a real run says of itself: the object of `vouch sim run --real --json`, and the same in a few lines. */
import { exitCodeOf, type RunVerdict, type RunViolation } from '../../../sim/result.ts';
import { print, printJson, say } from '../output.ts';
import { reasonOf } from './counterparts.ts';

export interface RealReport {
  readonly mode: 'real';
  readonly scenario: string;
  readonly seed: string;
  /** Id of the bug that was planted in the nodes; null: none. */
  readonly mutant: string | null;
  readonly verdict: RunVerdict;
  readonly violation: RunViolation | null;
  readonly ops: { readonly ok: number; readonly fail: number; readonly info: number };
  /** Leaders that were seen, in all groups. */
  readonly elections: number;
  /** Proofs that were verified and tampered with. */
  readonly proofs: number;
  /** Blocks of all vaults, compared on all nodes. */
  readonly blocks: number;
  readonly nodes: number;
  /** Real milliseconds in a millisecond of the story. */
  readonly pace: number;
  /** Of the work under faults, milliseconds. */
  readonly workMs: number;
  readonly wallMs: number;
  readonly faults: Readonly<Record<string, number>>;
  /** How often the script asked for what there is not on real processes. */
  readonly notPlayed: Readonly<Record<string, number>>;
  /** Where data, logs and history were kept; null: removed after a pass. */
  readonly directory: string | null;
}

/** @param again the command that plays the same script once more. */
export function tellReal(report: RealReport, again: string, json: boolean): void {
  process.exitCode = exitCodeOf(report.verdict);
  if (json) return printJson(report);
  const { ops, faults, notPlayed, directory, violation } = report;
  const planted = report.mutant === null ? '' : ` with ${report.mutant} planted`;
  print(`${report.scenario} seed ${report.seed} on real processes${planted}: ${report.verdict.toUpperCase()}`);
  print(
    `  ${report.nodes} nodes, ${(report.workMs / 1000).toFixed(1)} s under faults of ${(report.wallMs / 1000).toFixed(1)} s, ${report.elections} leaders; the story ran ${report.pace} times slower`,
  );
  print(`  operations: ${ops.ok} ok, ${ops.fail} failed, ${ops.info} unknown; ${report.proofs} proofs, ${report.blocks} blocks`);
  print(`  faults: ${listed(faults) || 'none'}`);
  for (const [kind, times] of Object.entries(notPlayed)) print(`  not played: ${kind} ${times}, because ${reasonOf(kind)}`);
  if (directory !== null) print(`  data, logs and history.jsonl: ${directory}`);
  if (violation === null) return;
  say(`  ${violation.oracle}: ${violation.message}`);
  print(again);
}

function listed(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ');
}
