/**
 * The nodes of the cluster, as the directory wants them to be: the desired state that every group's leader works towards
 * (core/replica/reconciler.ts). A node that was removed stays as a tombstone, so that its id never comes back (C8): its disk
 * may have been wiped, and a node that forgot its votes must not vote.
 *
 *   KEY                ROW
 *   u8 5, node 16      u64 log index of the entry that changed it last, then member-entry.ts
 */
import { assert } from '../assert.ts';
import type { BTree } from '../btree/tree.ts';
import { equalBytes } from '../bytes/compare.ts';
import { Reader } from '../bytes/reader.ts';
import { fromHex } from '../bytes/text.ts';
import { Writer } from '../bytes/writer.ts';
import type { ClientResult, MemberCommand, MemberEntry } from '../client/protocol.ts';
import { INDEX_ZERO, type LogIndex, maxOf, type NodeId } from '../ids.ts';
import { MEMBERS_MAX, MEMBERS_REMOVED_MAX } from '../limits.ts';
import { tableRange } from './key-reader.ts';
import { readMemberEntry, USUAL_PRIORITY, writeMemberEntry } from './member-entry.ts';
import { errorResult } from './results.ts';

/** On disk: do not renumber. */
export const MEMBER_TABLE: number = 5;

/** A member as the cluster began with it. */
export interface Founder {
  readonly id: NodeId;
  readonly address: string;
}

const MISSING = errorResult('member_missing', 'the cluster knows no node of this id');
const REMOVED = errorResult(
  'member_removed',
  'a node of this id was removed from the cluster and cannot come back: start it with an empty data directory, which makes it another node',
);
const TAKEN = errorResult('address_taken', 'another member has this address');
const FULL = errorResult('members_full', `a cluster has at most ${MEMBERS_MAX} members`);
const TOMBSTONES_FULL = errorResult('members_full', `a cluster remembers at most ${MEMBERS_REMOVED_MAX} removed nodes`);
const LAST_VOTER = errorResult('no_voter_left', 'it is the last voter: add another one first, or replace it');

export class MemberTable {
  private readonly rows: BTree;
  private count: number = 0;
  private known: readonly MemberEntry[] = [];
  private changedAt: LogIndex = INDEX_ZERO;
  /** Whether `known` and `changedAt` are older than the rows. */
  private stale: boolean = true;

  /** @param rows the directory's tree; this table is one of those in it. */
  constructor(rows: BTree, founders: readonly Founder[]) {
    this.rows = rows;
    for (const { id, address } of founders) this.set(memberOf(id, address), INDEX_ZERO);
  }

  /** Every node there is and was, sorted by id. */
  get entries(): readonly MemberEntry[] {
    if (this.stale) this.reload();
    return this.known;
  }

  /** Log index of the newest change; 0 while the founders are the members. */
  get revision(): LogIndex {
    if (this.stale) this.reload();
    return this.changedAt;
  }

  /** Takes over a row of a snapshot, which holds one of every founder. @returns false where it cannot be a row of this table. */
  restoreRow(key: Uint8Array, row: Uint8Array): boolean {
    const { entry, ok } = readRow(row);
    if (!ok || !equalBytes(key, keyOf(entry.id))) return false;
    if (this.rows.get(key) === undefined && this.count >= MEMBERS_MAX + MEMBERS_REMOVED_MAX) return false;
    this.putRow(key, row);
    return true;
  }

  /** Applies a command. Its fields passed admission. */
  apply(command: MemberCommand, index: LogIndex): ClientResult {
    const present = this.find(command.node);
    if (command.kind === 'addMember') return this.add(command, present, index);
    if (present === undefined) return MISSING;
    switch (command.kind) {
      case 'removeMember':
        return this.remove(present, index);
      case 'replaceMember':
        return this.replace(command, present, index);
      case 'promoteMember':
        return present.removed ? REMOVED : this.put(present, { ...present, role: 'voter' }, index);
      case 'moveMember':
        if (present.removed) return REMOVED;
        return this.isTaken(command.address, [present.id])
          ? TAKEN
          : this.put(present, { ...present, address: command.address }, index);
      case 'preferMember':
        return present.removed ? REMOVED : this.put(present, { ...present, priority: command.priority }, index);
    }
  }

  private add(
    { node, address, role }: Extract<MemberCommand, { kind: 'addMember' }>,
    present: MemberEntry | undefined,
    index: LogIndex,
  ): ClientResult {
    if (present?.removed) return REMOVED;
    if (present !== undefined) {
      if (present.address === address) return { kind: 'member', member: present, changed: false };
      return errorResult('member_exists', `the node is a member already, at ${present.address}`);
    }
    const refusal = this.noRoom() ?? (this.isTaken(address, []) ? TAKEN : undefined);
    return refusal ?? this.put(undefined, { ...memberOf(node, address), role }, index);
  }

  private remove(present: MemberEntry, index: LogIndex): ClientResult {
    const refusal = present.removed ? undefined : this.mayNotGo(present);
    // Of one that is being replaced: without waiting for the other any longer.
    return refusal ?? this.put(present, { ...present, removed: true, replacedBy: undefined }, index);
  }

  private replace(
    { node, by, address }: Extract<MemberCommand, { kind: 'replaceMember' }>,
    present: MemberEntry,
    index: LogIndex,
  ): ClientResult {
    if (present.removed) {
      return present.replacedBy === by ? { kind: 'member', member: present, changed: false } : REMOVED;
    }
    const other = this.find(by);
    if (other?.removed) return REMOVED;
    const refusal =
      this.tombstonesFull() ??
      // The old node makes room for the new one, which may well begin where the old one was.
      (other === undefined ? (this.noRoom() ?? (this.isTaken(address, [node]) ? TAKEN : undefined)) : undefined);
    if (refusal !== undefined) return refusal;
    this.set(other === undefined ? { ...memberOf(by, address), priority: present.priority } : { ...other, role: 'voter' }, index);
    return this.put(present, { ...present, removed: true, replacedBy: by }, index);
  }

  private mayNotGo(present: MemberEntry): ClientResult | undefined {
    const voters = this.entries.filter((entry) => !entry.removed && entry.role === 'voter');
    if (voters.length === 1 && voters[0]?.id === present.id) return LAST_VOTER;
    return this.tombstonesFull();
  }

  private noRoom(): ClientResult | undefined {
    return this.entries.filter((entry) => !entry.removed).length >= MEMBERS_MAX ? FULL : undefined;
  }

  private tombstonesFull(): ClientResult | undefined {
    return this.entries.filter((entry) => entry.removed).length >= MEMBERS_REMOVED_MAX ? TOMBSTONES_FULL : undefined;
  }

  private isTaken(address: string, except: readonly NodeId[]): boolean {
    return this.entries.some((entry) => !entry.removed && entry.address === address && !except.includes(entry.id));
  }

  private find(id: NodeId): MemberEntry | undefined {
    return this.entries.find((entry) => entry.id === id);
  }

  private put(before: MemberEntry | undefined, after: MemberEntry, index: LogIndex): ClientResult {
    const changed = before === undefined || !isSameMember(before, after);
    if (changed) this.set(after, index);
    return { kind: 'member', member: after, changed };
  }

  private set(entry: MemberEntry, index: LogIndex): void {
    const { key, value } = memberRow(entry, index);
    this.putRow(key, value);
  }

  private putRow(key: Uint8Array, row: Uint8Array): void {
    if (this.rows.get(key) === undefined) this.count += 1;
    this.rows.set(key, row);
    this.stale = true;
  }

  private reload(): void {
    const entries: MemberEntry[] = [];
    let changedAt = INDEX_ZERO;
    for (const { value } of this.rows.scan(tableRange(MEMBER_TABLE))) {
      const { index, entry, ok } = readRow(value);
      assert(ok, 'a member row decodes');
      changedAt = maxOf(changedAt, index);
      entries.push(entry);
    }
    this.known = entries;
    this.changedAt = changedAt;
    this.stale = false;
  }
}

/** A founder, or a node that was just added. */
export function memberOf(id: NodeId, address: string): MemberEntry {
  return { id, address, role: 'voter', removed: false, replacedBy: undefined, priority: USUAL_PRIORITY };
}

/** Key and row of a node. @param index of the entry that changed it last */
export function memberRow(entry: MemberEntry, index: LogIndex): { readonly key: Uint8Array; readonly value: Uint8Array } {
  const row = new Writer(64);
  row.u64(index);
  writeMemberEntry(row, entry);
  return { key: keyOf(entry.id), value: row.finish() };
}

function readRow(row: Uint8Array): { readonly index: LogIndex; readonly entry: MemberEntry; readonly ok: boolean } {
  const reader = new Reader(row);
  const index = reader.u64() as LogIndex;
  const entry = readMemberEntry(reader);
  return { index, entry, ok: reader.finish(true).ok };
}

/** Whether two entries of one node say the same. */
export function isSameMember(a: MemberEntry, b: MemberEntry): boolean {
  return (
    a.address === b.address &&
    a.role === b.role &&
    a.removed === b.removed &&
    a.replacedBy === b.replacedBy &&
    a.priority === b.priority
  );
}

function keyOf(id: NodeId): Uint8Array {
  const key = new Uint8Array(17);
  key[0] = MEMBER_TABLE;
  key.set(fromHex(id) ?? [], 1);
  return key;
}
