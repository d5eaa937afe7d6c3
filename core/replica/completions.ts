/** What becomes true once a sequence is durable: a batch of a group's, and how far the log reaches. Oldest first. */
import type { Seq } from '../ids.ts';
import type { ReplicaGroup } from './group.ts';

interface Waiting<T> {
  readonly seq: Seq;
  readonly what: T;
}

/** A batch that raft handed out, by its mark (core/raft/ready.ts). */
export interface Batch {
  readonly group: ReplicaGroup;
  readonly mark: number;
}

export class Completions {
  private readonly batches: Waiting<Batch>[] = [];
  /** Numbers of the last records. */
  private readonly records: Waiting<number>[] = [];

  batch(seq: Seq, batch: Batch): void {
    this.batches.push({ seq, what: batch });
  }

  /** @param number of the last record that the persist carries. */
  record(seq: Seq, number: number): void {
    this.records.push({ seq, what: number });
  }

  takeRecords(seq: Seq): readonly number[] {
    return taken(this.records, seq);
  }

  takeBatches(seq: Seq): readonly Batch[] {
    return taken(this.batches, seq);
  }
}

function taken<T>(waiting: Waiting<T>[], seq: Seq): readonly T[] {
  let count = 0;
  while (count < waiting.length && (waiting[count] as Waiting<T>).seq <= seq) count += 1;
  return waiting.splice(0, count).map(({ what }) => what);
}
