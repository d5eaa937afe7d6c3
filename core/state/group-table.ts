/**
 * Groups that organizations asked for, and on which nodes each is to be: on as many voters as was asked for, those that hold the
 * fewest of these groups. When the members change, what lay on a node that goes is given to its successor, or to another node;
 * a group that has too few voters gets more as soon as there are any. Groups that the cluster began with stand in no table: they
 * are on every node.
 *
 *   KEY                   ROW
 *   u8 6, u32 group       u64 log index of the entry that changed it last, then placed-group.ts
 *   u8 7, organization    u32 group: where the organization's vaults are
 */
import type { BTree } from '../btree/tree.ts';
import { concatBytes } from '../bytes/compare.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { ULID_BYTES } from '../chain/ulid.ts';
import type { MemberEntry } from '../client/protocol.ts';
import { type GroupId, INDEX_ZERO, type LogIndex, maxOf, type NodeId } from '../ids.ts';
import { GROUPS_MAX } from '../limits.ts';
import { type PlacedGroup, readPlacedGroup, writePlacedGroup } from './placed-group.ts';

/** On disk: do not renumber. */
export const GROUP_TABLE: number = 6;
export const HOME_TABLE: number = 7;

export type MadeGroup =
  | { readonly ok: true; readonly group: GroupId }
  | { readonly ok: false; readonly code: 'too_few_voters' | 'groups_full'; readonly voters: number };

interface Row {
  readonly index: LogIndex;
  readonly placed: PlacedGroup;
}

export class GroupTable {
  private readonly rows: BTree;
  /** Groups that the cluster began with: the others are numbered behind them. */
  private readonly founding: readonly GroupId[];
  /** By group, as the rows have them. */
  private readonly known: Map<GroupId, Row> = new Map();
  private newest: LogIndex = INDEX_ZERO;

  /** @param rows the directory's tree; these tables are two of those in it. */
  constructor(rows: BTree, founding: readonly GroupId[]) {
    this.rows = rows;
    this.founding = founding;
  }

  /** Ascending. */
  get entries(): readonly PlacedGroup[] {
    return [...this.known.values()].map(({ placed }) => placed).sort((a, b) => a.group - b.group);
  }

  /** Log index of the newest change; 0 where there was none. */
  get revision(): LogIndex {
    return this.newest;
  }

  /** Whether the cluster has the group and it takes vaults. */
  has(group: GroupId): boolean {
    return this.founding.includes(group) || this.known.has(group);
  }

  /** Makes a group of so many voters, or says why it cannot be. */
  make(replicas: number, members: readonly MemberEntry[], index: LogIndex): MadeGroup {
    const voters = votersOf(members);
    if (voters.length < replicas) return { ok: false, code: 'too_few_voters', voters: voters.length };
    if (this.founding.length + 1 + this.known.size >= GROUPS_MAX)
      return { ok: false, code: 'groups_full', voters: voters.length };
    const group = (1 + Math.max(0, ...this.founding, ...this.known.keys())) as GroupId;
    const chosen = filled([], replicas, this.loadOf(voters));
    this.set({ group, replicas, founders: chosen, voters: chosen }, index);
    return { ok: true, group };
  }

  /** The members have changed: groups follow. */
  follow(members: readonly MemberEntry[], index: LogIndex): void {
    const voters = votersOf(members);
    const load = this.loadOf(voters);
    for (const placed of this.entries) {
      const stay = new Set(
        placed.voters.map((id) => heirOf(id, members)).filter((id) => id !== undefined && voters.includes(id)),
      );
      const next = filled([...stay] as NodeId[], placed.replicas, load);
      const isSame = next.length === placed.voters.length && next.every((id, i) => id === placed.voters[i]);
      if (isSame || next.length === 0) continue;
      for (const id of next) if (!placed.voters.includes(id)) load.set(id, (load.get(id) ?? 0) + 1);
      this.set({ ...placed, voters: next }, index);
    }
  }

  /** Where an organization's vaults are; undefined: in any of the groups that the cluster began with. */
  homeOf(organization: Uint8Array): GroupId | undefined {
    const row = this.rows.get(homeKey(organization));
    return row === undefined ? undefined : (new Reader(row).u32() as GroupId);
  }

  setHome(organization: Uint8Array, group: GroupId): void {
    const row = new Writer(4);
    row.u32(group);
    this.rows.set(homeKey(organization), row.peek());
  }

  /** Takes over a row of a snapshot, in order of the keys. @returns false where it cannot be a row of these tables. */
  restoreRow(key: Uint8Array, row: Uint8Array): boolean {
    if (key[0] === HOME_TABLE) {
      if (key.length !== 1 + ULID_BYTES || row.length !== 4 || !this.has(new Reader(row).u32() as GroupId)) return false;
      this.rows.set(key, row);
      return true;
    }
    const decoded = readRow(row);
    if (decoded === undefined || key.length !== 5 || new Reader(key, 1).u32() !== decoded.placed.group) return false;
    if (this.founding.includes(decoded.placed.group) || this.known.size >= GROUPS_MAX) return false;
    this.known.set(decoded.placed.group, decoded);
    this.newest = maxOf(this.newest, decoded.index);
    this.rows.set(key, row);
    return true;
  }

  /** How many of the groups each of these nodes holds. Counted once for a change: there may be thousands of groups. */
  private loadOf(voters: readonly NodeId[]): Map<NodeId, number> {
    const load = new Map(voters.map((id) => [id, 0]));
    for (const { placed } of this.known.values()) {
      for (const id of placed.voters) if (load.has(id)) load.set(id, (load.get(id) as number) + 1);
    }
    return load;
  }

  private set(placed: PlacedGroup, index: LogIndex): void {
    const { key, value } = groupRow(placed, index);
    this.rows.set(key, value);
    this.known.set(placed.group, { index, placed });
    this.newest = maxOf(this.newest, index);
  }
}

/** As many more as are missing, of those that the load counts: those with the fewest groups first. */
function filled(present: readonly NodeId[], replicas: number, load: ReadonlyMap<NodeId, number>): readonly NodeId[] {
  const missing = replicas - present.length;
  if (missing <= 0) return [...present].sort();
  const free = [...load.keys()].filter((id) => !present.includes(id));
  free.sort((a, b) => (load.get(a) as number) - (load.get(b) as number) || (a < b ? -1 : 1));
  return [...present, ...free.slice(0, missing)].sort();
}

function votersOf(members: readonly MemberEntry[]): readonly NodeId[] {
  return members.filter(({ removed, role }) => !removed && role === 'voter').map(({ id }) => id);
}

/** Who holds what lay on the node: itself while it stays, then its successors, as far as there are some. */
function heirOf(id: NodeId, members: readonly MemberEntry[]): NodeId | undefined {
  let heir: NodeId | undefined = id;
  for (let hops = 0; heir !== undefined && hops <= members.length; hops += 1) {
    const entry = members.find((member) => member.id === heir);
    if (entry === undefined || !entry.removed) return entry?.id;
    heir = entry.replacedBy;
  }
  return undefined;
}

/** Key and row of a group. @param index of the entry that changed it last */
export function groupRow(placed: PlacedGroup, index: LogIndex): { readonly key: Uint8Array; readonly value: Uint8Array } {
  const row = new Writer(128);
  row.u64(index);
  writePlacedGroup(row, placed);
  return { key: groupKey(placed.group), value: row.finish() };
}

function readRow(row: Uint8Array): Row | undefined {
  const reader = new Reader(row);
  const index = reader.u64() as LogIndex;
  const placed = readPlacedGroup(reader);
  return reader.finish(true).ok ? { index, placed } : undefined;
}

function groupKey(group: GroupId): Uint8Array {
  const key = new Writer(5);
  key.u8(GROUP_TABLE);
  key.u32(group);
  return key.finish();
}

function homeKey(organization: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(HOME_TABLE), organization);
}
