/** Recovery of one group: its records in order become its log and hard state. What contradicts itself breaks the group. */
import type { LogIndex, Term } from '../ids.ts';
import type { Configuration, Entry, HardState } from '../raft/message.ts';
import { type Link, NO_LINK, type WalRecord } from './record.ts';
import type { GroupRow } from './segment.ts';
import { EMPTY_HARD_STATE } from './wal.ts';

export interface ConfigurationAt {
  readonly index: LogIndex;
  readonly configuration: Configuration;
}

export interface SnapshotAt {
  readonly index: LogIndex;
  readonly term: Term;
}

/** One group as the log remembers it. Of a broken one: the prefix before the loss, and the newest hard state seen. */
export interface RecoveredGroup {
  readonly hardState: HardState;
  /** Contiguous; the first has index 1, or snapshot.index + 1. */
  readonly entries: readonly Entry[];
  readonly snapshot: SnapshotAt | undefined;
  /** The newest configuration record. */
  readonly configuration: ConfigurationAt | undefined;
}

export class GroupLog implements RecoveredGroup {
  last: Link = NO_LINK;
  /** Records of this group are lost or contradict each other. */
  broken: boolean;
  /** Number of losses seen when its chain was last shown unbroken; later losses may be of its records. */
  shownUntil: number;
  hardState: HardState = EMPTY_HARD_STATE;
  entries: Entry[] = [];
  snapshot: SnapshotAt | undefined = undefined;
  private configurations: ConfigurationAt[] = [];

  constructor(born: { readonly broken: boolean; readonly shownUntil: number }) {
    this.broken = born.broken;
    this.shownUntil = born.shownUntil;
  }

  get configuration(): ConfigurationAt | undefined {
    return this.configurations.at(-1);
  }

  /** Takes over a table row: its hard state is newer than every record before that segment. */
  adopt(row: GroupRow): void {
    this.last = row.last;
    this.hardState = row.hardState;
    if (row.broken) this.broken = true;
    if (row.snapshotIndex <= (this.snapshot?.index ?? 0)) return;
    this.snapshot = { index: row.snapshotIndex, term: row.snapshotTerm };
    this.entries = []; // its mark was lost with what came behind it, or was reclaimed
  }

  /** Applies the group's next record. @returns why it contradicts what came before, or undefined. */
  apply(record: WalRecord): string | undefined {
    if (record.kind === 'hardState') {
      this.hardState = record.hardState; // also of a broken group: the newest vote must not be forgotten
      return undefined;
    }
    if (record.kind === 'snapshotMark') {
      this.startBehind({ index: record.index, term: record.term });
      return undefined;
    }
    if (this.broken) return undefined;
    const contradiction = this.extend(record);
    if (contradiction !== undefined) this.broken = true;
    return contradiction;
  }

  private extend(record: Extract<WalRecord, { kind: 'entries' | 'truncate' | 'configuration' }>): string | undefined {
    const start = this.snapshot?.index ?? 0;
    switch (record.kind) {
      case 'entries':
        if (record.entries[0]?.index !== start + this.entries.length + 1) return 'entries do not follow the log';
        for (const entry of record.entries) this.entries.push(entry);
        return undefined;
      case 'truncate':
        if (record.from <= start || record.from > start + this.entries.length + 1) return 'a truncation lies outside the log';
        this.entries.length = record.from - start - 1;
        while ((this.configurations.at(-1)?.index ?? 0) >= record.from) this.configurations.pop();
        return undefined;
      case 'configuration':
        this.configurations.push({ index: record.index, configuration: record.configuration });
        return undefined;
    }
  }

  /** A snapshot holds everything up to there: earlier losses are healed; a suffix that matches it stays. */
  private startBehind(mark: SnapshotAt): void {
    const first = (this.snapshot?.index ?? 0) + 1;
    const same = !this.broken && this.entries[mark.index - first]?.term === mark.term;
    this.entries = same ? this.entries.slice(mark.index - first + 1) : [];
    this.snapshot = mark;
    this.broken = false;
  }
}
