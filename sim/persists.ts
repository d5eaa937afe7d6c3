/**
 * What a node has handed to its disk. The oldest persist is under way: its writes up to the first sync are in the disk's
 * cache at once, what takes time is the sync; those behind it wait. A crash may fall after any operation.
 */
import type { FileOp } from '../core/effect.ts';
import type { PendingPersist } from './node.ts';
import { Violation } from './observer.ts';
import type { PersistEffect } from './protocol.ts';
import type { Draws } from './tape.ts';
import type { InjectedError, VirtualDisk } from './virtual-disk.ts';

interface Writer {
  readonly disk: VirtualDisk;
  persists: PendingPersist[];
  diskFailed: boolean;
}

/** How far a completion got. */
export interface Completed {
  /** The newest durable sequence; 0 where there is none. */
  readonly seq: number;
  readonly failure: { readonly seq: number; readonly code: InjectedError } | undefined;
}

/** Nothing is carried out behind a persist that failed, also not what the core asks for before it hears of the failure. */
export function startPersist(writer: Writer, effect: PersistEffect): void {
  if (writer.diskFailed) return;
  writer.persists.push({ seq: effect.seq, ops: effect.ops, done: 0, failure: undefined });
  writeAhead(writer);
}

/** The oldest persist is over, and with `all` everything queued behind it. Nothing is carried out behind one that failed. */
export function completePersists(writer: Writer, all: boolean): Completed {
  const count = all ? writer.persists.length : 1;
  let seq = 0;
  for (let i = 0; i < count; i += 1) {
    const persist = writer.persists[0] as PendingPersist;
    while (persist.done < persist.ops.length && persist.failure === undefined) carryOutNext(writer.disk, persist);
    if (persist.failure !== undefined) {
      writer.persists = [];
      writer.diskFailed = true;
      return { seq, failure: { seq: persist.seq, code: persist.failure } };
    }
    writer.persists.shift();
    seq = persist.seq;
  }
  writeAhead(writer);
  return { seq, failure: undefined };
}

/** The process dies: a drawn number of the operations left had been carried out by then. */
export function cutPersists(writer: Writer, draws: Draws): void {
  const left = writer.persists.reduce((sum, persist) => sum + persist.ops.length - persist.done, 0);
  let carriedOut = left - draws.below(left + 1);
  for (const persist of writer.persists) {
    for (; carriedOut > 0 && persist.done < persist.ops.length && persist.failure === undefined; carriedOut -= 1)
      carryOutNext(writer.disk, persist);
    if (persist.failure !== undefined) break;
  }
  writer.persists = [];
}

/** Carries out one operation. A disk that was not made to fail refuses nothing that makes sense: a refusal is the core's mistake. */
export function carryOut(disk: VirtualDisk, op: FileOp): InjectedError | undefined {
  const refused = disk.execute(op);
  if (refused === undefined || refused === 'EIO' || refused === 'ENOSPC') return refused;
  throw new Violation('disk-operations-fit', `${op.op} was refused with ${refused}`);
}

function carryOutNext(disk: VirtualDisk, persist: PendingPersist): void {
  persist.failure = carryOut(disk, persist.ops[persist.done] as FileOp);
  persist.done += 1;
}

function writeAhead(writer: Writer): void {
  const head = writer.persists[0];
  if (head === undefined) return;
  while (head.failure === undefined && isWrite(head.ops[head.done])) carryOutNext(writer.disk, head);
}

function isWrite(op: FileOp | undefined): boolean {
  return op?.op === 'write' || op?.op === 'create';
}
