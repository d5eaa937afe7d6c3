/** What the log must remember, kept as a plain list of records, and a generator of legal ones. */
import { toHex } from '../../core/bytes/text.ts';
import type { GroupId, LogIndex, NodeId, Term } from '../../core/ids.ts';
import { type Entry, EntryKind, type HardState } from '../../core/raft/message.ts';
import type { Random } from '../../core/random.ts';
import type { RecoveredGroup } from '../../core/wal/group-log.ts';
import type { WalRecord } from '../../core/wal/record.ts';

interface ModelGroup {
  hardState: HardState | undefined;
  entries: Entry[];
}

export class WalModel {
  /** One per record number, from 1. */
  records: WalRecord[] = [];
  private readonly random: Random;
  private readonly groups: number;

  constructor(random: Random, groups: number) {
    this.random = random;
    this.groups = groups;
  }

  /** Draws the records of one plan and remembers them. */
  next(dataBytesMax: number): readonly WalRecord[] {
    const before = this.records.length;
    const state = fold(this.records);
    for (let i = this.random.between(1, 4); i > 0; i -= 1) this.draw(state, dataBytesMax);
    return this.records.slice(before);
  }

  /** Recovery found only the first n. */
  cutTo(n: number): void {
    this.records = this.records.slice(0, n);
  }

  private draw(state: Map<GroupId, ModelGroup>, dataBytesMax: number): void {
    const { random } = this;
    const group = random.below(this.groups) as GroupId;
    const log = groupOf(state, group).entries;
    const choice = random.below(10);
    const term = (1 + random.below(5)) as Term;
    if (choice < 2) {
      const votedFor = choice === 0 ? undefined : (random.below(16).toString(16).repeat(32) as NodeId);
      return this.add(state, { group, kind: 'hardState', hardState: { term, votedFor, commitIndex: 0 as LogIndex } });
    }
    if (choice === 2 && log.length > 0) {
      return this.add(state, { group, kind: 'truncate', from: random.between(1, log.length) as LogIndex });
    }
    const entries: Entry[] = [];
    for (let i = random.between(1, 3); i > 0; i -= 1) {
      const data = new Uint8Array(random.below(dataBytesMax + 1));
      random.fill(data, 0, data.length);
      entries.push({ term, index: (log.length + entries.length + 1) as LogIndex, kind: EntryKind.normal, data });
    }
    this.add(state, { group, kind: 'entries', entries });
  }

  private add(state: Map<GroupId, ModelGroup>, record: WalRecord): void {
    this.records.push(record);
    apply(state, record);
  }
}

function groupOf(state: Map<GroupId, ModelGroup>, group: GroupId): ModelGroup {
  let found = state.get(group);
  if (found === undefined) {
    found = { hardState: undefined, entries: [] };
    state.set(group, found);
  }
  return found;
}

function apply(state: Map<GroupId, ModelGroup>, record: WalRecord): void {
  const group = groupOf(state, record.group);
  if (record.kind === 'hardState') group.hardState = record.hardState;
  if (record.kind === 'truncate') group.entries = group.entries.slice(0, record.from - 1);
  if (record.kind === 'entries') group.entries = [...group.entries, ...record.entries];
}

/** What the records say of every group. */
export function fold(records: readonly WalRecord[]): Map<GroupId, ModelGroup> {
  const state = new Map<GroupId, ModelGroup>();
  for (const record of records) apply(state, record);
  return state;
}

/** One text per group; equal texts mean equal hard states and logs. */
export function describeGroup(group: Pick<RecoveredGroup, 'entries'> & { readonly hardState: HardState | undefined }): string {
  const { term = 0, votedFor = '-', commitIndex = 0 } = group.hardState ?? {};
  const entries = group.entries.map((entry) => `${entry.index}/${entry.term}/${entry.kind}:${toHex(entry.data)}`);
  return `${term} ${votedFor} ${commitIndex} ${entries.join(' ')}`;
}

/** The same for all groups, sorted; groups that say nothing are left out. */
export function describe(groups: ReadonlyMap<GroupId, Parameters<typeof describeGroup>[0]>): string {
  const lines = [...groups].sort(([a], [b]) => a - b).map(([id, group]) => `${id} ${describeGroup(group)}`);
  return lines.filter((line) => !/^\d+ 0 - 0 $/.test(line)).join('\n');
}
