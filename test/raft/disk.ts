/**
 * A disk for one group: batches become durable one after the other, a crash forgets the rest but for a torn prefix.
 * It holds what the WAL would hold, as the ordering contract of ready.ts says, and the newest snapshot.
 */
import { INDEX_ZERO, type LogIndex, TERM_ZERO } from '../../core/ids.ts';
import type { Configuration, Entry, HardState, SnapshotMeta } from '../../core/raft/message.ts';
import type { Recovered } from '../../core/raft/options.ts';
import type { Ready } from '../../core/raft/ready.ts';

type DiskRecord = (disk: TestDisk) => void;

interface Batch {
  readonly mark: number;
  readonly records: readonly DiskRecord[];
}

export class TestDisk {
  hardState: HardState = { term: TERM_ZERO, votedFor: undefined, commitIndex: INDEX_ZERO };
  /** Behind the snapshot. */
  entries: Entry[] = [];
  snapshot: SnapshotMeta | undefined = undefined;
  private batches: Batch[] = [];

  get waiting(): number {
    return this.batches.length;
  }
  get base(): LogIndex {
    return this.snapshot?.index ?? INDEX_ZERO;
  }

  /** A durable entry; undefined where there is none, or a snapshot stands for it. */
  entry(index: number): Entry | undefined {
    return this.entries[index - this.base - 1];
  }

  write(ready: Ready): void {
    const { hardState, truncateFrom, entries, mark } = ready;
    const records: DiskRecord[] = [];
    if (hardState !== undefined) records.push((disk) => (disk.hardState = hardState));
    if (truncateFrom !== undefined) records.push((disk) => (disk.entries.length = truncateFrom - disk.base - 1));
    for (const entry of entries) records.push((disk) => disk.entries.push(entry));
    if (records.length > 0) this.batches.push({ mark, records });
  }

  /** The oldest batch becomes durable. @returns its mark. */
  sync(): number | undefined {
    const batch = this.batches.shift();
    batch?.records.forEach((record) => {
      record(this);
    });
    return batch?.mark;
  }

  /** A snapshot becomes durable behind everything else: it stands for the log up to there, a suffix that matches it stays. */
  install(meta: SnapshotMeta): void {
    const keeps = this.entry(meta.index)?.term === meta.term;
    this.entries = keeps ? this.entries.slice(meta.index - this.base) : [];
    this.snapshot = meta;
  }

  /** Power is lost: of what was not durable, only the first few records are there afterwards. */
  crash(recordsKept: number): void {
    const lost = this.batches.flatMap((batch) => batch.records);
    this.batches = [];
    for (const record of lost.slice(0, recordsKept)) record(this);
  }

  recover(configuration: Configuration): Recovered {
    return { hardState: this.hardState, entries: [...this.entries], configuration, snapshot: this.snapshot };
  }
}
