/**
 * What one step of a node gathers: the effects, and what is to become durable. Everything that its groups and parts write in a step
 * travels in one persist, under the next sequence, and stands ahead of the effects that wait for it.
 */
import type { PeerMessage } from '../codec/envelope.ts';
import type { Effect, FileOp } from '../effect.ts';
import { type GroupId, type NodeId, plus, SEQ_ZERO, type Seq } from '../ids.ts';
import { grown } from '../lists.ts';
import type { WalRecord } from '../wal/record.ts';
import type { Wal } from '../wal/wal.ts';
import type { Batch, Completions } from './completions.ts';
import type { Sealing } from './sealing.ts';

export class StepOutput {
  private readonly completions: Completions;
  /** The last sequence given out. */
  private last: Seq = SEQ_ZERO;
  private effects: Effect[] = [];
  private records: WalRecord[] = [];
  /** On files besides the log; carried out ahead of the records of the same step. */
  private fileOps: FileOp[] = [];

  constructor(completions: Completions) {
    this.completions = completions;
  }

  /** The last sequence given out. */
  get seq(): Seq {
    return this.last;
  }

  /** The sequence of this step's persist, where it has one. */
  get nextSeq(): Seq {
    return plus(this.last, 1);
  }

  /** Of the present step, in the order in which they are to be executed. */
  get gathered(): readonly Effect[] {
    return this.effects;
  }

  /** Whether there are records for the log so far. */
  get isWriting(): boolean {
    return this.records.length > 0;
  }

  /** A step begins. */
  begin(): void {
    [this.effects, this.records, this.fileOps] = [[], [], []];
  }

  /** Records of this step's persist. @param batch reported once they are durable. @returns the sequence under which they are. */
  write(records: readonly WalRecord[], batch?: Batch): Seq {
    for (const record of records) this.records.push(record);
    if (batch !== undefined) this.completions.batch(this.nextSeq, batch);
    return this.nextSeq;
  }

  /** Operations on other files, in this step's persist. @returns the sequence under which they are durable. */
  files(ops: readonly FileOp[]): Seq {
    for (const op of ops) this.fileOps.push(op);
    return this.nextSeq;
  }

  /** A persist of its own, here and now. @returns its sequence */
  persist(ops: readonly FileOp[]): Seq {
    this.last = plus(this.last, 1);
    this.effects.push({ kind: 'persist', seq: this.last, ops });
    return this.last;
  }

  send(to: NodeId, group: GroupId, after: Seq, message: PeerMessage): void {
    this.effects = grown(this.effects, { kind: 'send', to, after, envelope: { group, message } });
  }

  push(effect: Effect): void {
    this.effects.push(effect);
  }

  /** One WAL batch for all groups of this step, and what else is to be written, ahead of the effects that wait for it. */
  flush(wal: Wal, sealing: Sealing): void {
    if (this.records.length === 0 && this.fileOps.length === 0 && !sealing.isChanged) return;
    this.last = plus(this.last, 1);
    const log = wal.plan(this.records);
    const ops: readonly FileOp[] = [...sealing.takeOps(), ...this.fileOps, ...log];
    if (this.records.length > 0) this.completions.record(this.last, wal.lastNumber);
    this.effects.unshift({ kind: 'persist', seq: this.last, ops });
  }
}
