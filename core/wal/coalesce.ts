/**
 * Which syncs a runtime may leave out when persists wait behind one another (the rule is in core/effect.ts): the last
 * `sync f` of a persist, where the next persist only writes to f and ends in `sync f`. That later sync covers both.
 * Every other sync is an ordering barrier and stays. Here, and not in a runtime, so that both kinds follow one rule.
 */
import type { FileOp } from '../effect.ts';

/** Whether the last sync of `ops` is covered by the persist that is executed right behind it. */
export function lastSyncIsCovered(ops: readonly FileOp[], next: readonly FileOp[]): boolean {
  const last = ops.at(-1);
  if (last?.op !== 'sync' || next.length === 0) return false;
  for (let i = 0; i < next.length - 1; i += 1) {
    const op = next[i] as FileOp;
    if (op.op !== 'write' || op.file !== last.file) return false;
  }
  const end = next[next.length - 1] as FileOp;
  return end.op === 'sync' && end.file === last.file;
}
