/** Recovery of one group: its records in order become its log and hard state. What contradicts itself breaks the group. */
import type { LogIndex, Term } from '../ids.ts';
import type { Configuration, Entry, HardState } from '../raft/message.ts';
import { type Link, NO_LINK, type WalRecord } from './record.ts';
import type { GroupRow } from './segment.ts';
import { EntrySpans } from './spans.ts';
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
  /** The newest mark: a snapshot holds the group up to there. */
  readonly snapshot: SnapshotAt | undefined;
  /** The newest configuration record. */
  readonly configuration: ConfigurationAt | undefined;
  /** Whether the log continues a state at that place: the newest mark, or an entry of it that is still there. */
  continues(place: SnapshotAt): boolean;
  /** Entries behind an index at which `continues` said yes; of index 0, where the log begins with its first entry. */
  entriesBehind(index: LogIndex): readonly Entry[];
  /** Whether the log begins with its first entry, so that no snapshot is needed. */
  readonly isComplete: boolean;
}

export class GroupLog implements RecoveredGroup {
  last: Link = NO_LINK;
  /** Records of this group are lost or contradict each other. */
  broken: boolean;
  /** Number of losses seen when its chain was last shown unbroken; later losses may be of its records. */
  shownUntil: number;
  hardState: HardState = EMPTY_HARD_STATE;
  /**
   * Whether that is the newest one for sure: no record that may have held a newer one was lost behind it. A row of a broken group
   * says what recovery knew then, which may have been less.
   */
  isHardStateShown: boolean;
  snapshot: SnapshotAt | undefined = undefined;
  readonly spans: EntrySpans = new EntrySpans();
  /** Contiguous from `base` on; older than the newest mark too, as far as the segments reach back. */
  private kept: Entry[] = [];
  /** Index of the first kept entry; undefined where what was before the oldest segment is not known yet. */
  private base: number | undefined = 1;
  /** Whether the oldest segment began in the middle of the group's log. */
  private isCut: boolean = false;
  private configurations: ConfigurationAt[] = [];

  constructor(born: { readonly broken: boolean; readonly shownUntil: number }) {
    this.broken = born.broken;
    this.isHardStateShown = !born.broken;
    this.shownUntil = born.shownUntil;
  }

  get entries(): readonly Entry[] {
    return this.entriesBehind(this.snapshot?.index ?? (0 as LogIndex));
  }

  get isComplete(): boolean {
    // Entries go only once a mark stands in their place: without either, there never were any.
    return this.base === 1 || (this.base === undefined && this.snapshot === undefined);
  }

  continues({ index, term }: SnapshotAt): boolean {
    if (this.snapshot?.index === index) return this.snapshot.term === term;
    return this.at(index)?.term === term;
  }

  entriesBehind(index: LogIndex): readonly Entry[] {
    return this.base === undefined ? this.kept : this.kept.slice(Math.max(index + 1 - this.base, 0));
  }

  private at(index: LogIndex): Entry | undefined {
    return this.base === undefined ? undefined : this.kept[index - this.base];
  }

  /** Begins at the oldest segment: where the group's entries go on there is told by the first record of them. */
  begin(row: GroupRow): void {
    this.base = undefined;
    this.isCut = true;
    this.adopt(row);
  }

  get configuration(): ConfigurationAt | undefined {
    return this.configurations.at(-1);
  }

  /** Takes over a table row: its hard state is newer than every record before that segment. */
  adopt(row: GroupRow): void {
    this.last = row.last;
    this.hardState = row.hardState;
    this.isHardStateShown = !row.broken;
    if (row.broken) this.broken = true;
    if (row.snapshotIndex <= (this.snapshot?.index ?? 0)) return;
    this.snapshot = { index: row.snapshotIndex, term: row.snapshotTerm };
    if (this.base !== undefined) this.restart(row.snapshotIndex); // its mark was lost, with what came before or behind it
  }

  /**
   * Applies the group's next record.
   * @param segment that holds it. @returns why it contradicts what came before, or undefined.
   */
  apply(record: WalRecord, segment: number): string | undefined {
    if (record.kind === 'hardState') {
      this.hardState = record.hardState; // also of a broken group: the newest vote must not be forgotten
      this.isHardStateShown = true;
      return undefined;
    }
    if (record.kind === 'snapshotMark') {
      if (record.log === 'healed') this.broken = false;
      if (record.log !== 'continues') this.restart(record.index);
      this.snapshot = { index: record.index, term: record.term };
      return undefined;
    }
    if (this.broken) return undefined;
    const contradiction = this.extend(record, segment);
    if (contradiction !== undefined) this.broken = true;
    return contradiction;
  }

  private extend(
    record: Extract<WalRecord, { kind: 'entries' | 'truncate' | 'configuration' }>,
    segment: number,
  ): string | undefined {
    switch (record.kind) {
      case 'entries': {
        const first = (record.entries[0] as Entry).index;
        this.base ??= first;
        if (first !== this.base + this.kept.length) return 'entries do not follow the log';
        for (const entry of record.entries) this.kept.push(entry);
        this.spans.wrote(segment, first, (record.entries.at(-1) as Entry).index);
        return undefined;
      }
      case 'truncate':
        return this.truncate(record.from);
      case 'configuration':
        this.configurations.push({ index: record.index, configuration: record.configuration });
        return undefined;
    }
  }

  private truncate(from: LogIndex): string | undefined {
    this.base ??= from;
    // Before the cut there may have been entries that a later life of the log replaced.
    const isBeforeCut = this.isCut && from < this.base;
    const start = this.snapshot?.index ?? 0;
    if (from <= start || from > this.base + this.kept.length || (from < this.base && !isBeforeCut))
      return 'a truncation lies outside the log';
    if (isBeforeCut) this.base = from;
    this.kept.length = from - this.base;
    while ((this.configurations.at(-1)?.index ?? 0) >= from) this.configurations.pop();
    return undefined;
  }

  /** Nothing but a snapshot is left. */
  private restart(index: LogIndex): void {
    this.kept = [];
    this.base = index + 1;
    this.isCut = false;
    this.spans.clear();
  }
}
