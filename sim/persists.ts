/**
 * What a node has handed to its disk. The oldest persist is under way: its writes up to the first sync are in the disk's
 * cache at once, what takes time is the sync; those behind it wait. A crash may fall after any operation.
 */
import type { FileOp } from '../core/effect.ts';
import type { PendingPersist } from './node.ts';
import { Violation } from './observer.ts';
import type { PersistEffect } from './protocol.ts';
import type { Draws } from './tape.ts';
import type { VirtualDisk } from './virtual-disk.ts';

interface Writer {
  readonly disk: VirtualDisk;
  persists: PendingPersist[];
}

export function startPersist(writer: Writer, effect: PersistEffect): void {
  writer.persists.push({ seq: effect.seq, ops: effect.ops, done: 0 });
  writeAhead(writer);
}

/** The oldest persist is durable, and with `all` everything queued behind it. @returns the newest durable sequence. */
export function completePersists(writer: Writer, all: boolean): number {
  const completed = writer.persists.splice(0, all ? writer.persists.length : 1);
  let seq = 0;
  for (const persist of completed) {
    for (let i = persist.done; i < persist.ops.length; i += 1) carryOut(writer.disk, persist.ops[i] as FileOp);
    seq = persist.seq;
  }
  writeAhead(writer);
  return seq;
}

/** The process dies: a drawn number of the operations left had been carried out by then. */
export function cutPersists(writer: Writer, draws: Draws): void {
  const left = writer.persists.flatMap((persist) => persist.ops.slice(persist.done));
  const carriedOut = draws.below(left.length + 1);
  for (let i = 0; i < carriedOut; i += 1) carryOut(writer.disk, left[i] as FileOp);
  writer.persists = [];
}

/** A healthy disk refuses nothing that makes sense, so a refusal is the core's mistake. */
export function carryOut(disk: VirtualDisk, op: FileOp): void {
  const refused = disk.execute(op);
  if (refused !== undefined) throw new Violation('disk-operations-fit', `${op.op} was refused with ${refused}`);
}

function writeAhead(writer: Writer): void {
  const head = writer.persists[0];
  if (head === undefined) return;
  for (let op = head.ops[head.done]; op?.op === 'write' || op?.op === 'create'; op = head.ops[head.done]) {
    carryOut(writer.disk, op);
    head.done += 1;
  }
}
