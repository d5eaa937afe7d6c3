/**
 * The directory in group GLOBAL: organizations and vaults, by name and by id, which group holds which vault, and the nodes.
 * Why its own small tree: names list in order, and it will persist and travel like every other state.
 *
 *   KEY (u8 table, then …)                             ROW
 *   1  organization name                               organization 16
 *   2  organization 16                                 name
 *   3  organization 16, vault name                     vault 16, u32 group, u64 created at
 *   4  vault 16                                        organization 16, vault name
 *   5  member-table.ts
 *   6, 7  group-table.ts
 *   8  deleted vault 16                                organization 16, u64 deleted at
 *   9  key-table.ts
 * Names stand last and in clear; they are ASCII (names.ts).
 * Ids: ULID(entry time in ms, first 80 bits of SHA-256(u32 group ‖ u64 log index ‖ u32 position in the entry)).
 */
import { assert, defined, unreachable } from '../assert.ts';
import type { BTree, TreeSnapshot } from '../btree/tree.ts';
import { concatBytes, equalBytes } from '../bytes/compare.ts';
import { Reader } from '../bytes/reader.ts';
import { fromUtf8, toUtf8 } from '../bytes/text.ts';
import { Writer } from '../bytes/writer.ts';
import type { Hasher } from '../capability.ts';
import { decodeUlid, ULID_BYTES, ulidFrom } from '../chain/ulid.ts';
import type {
  ClientRequest,
  ClientResult,
  DirectoryCommand,
  MemberCommand,
  OrganizationEntry,
  Placement,
  VaultEntry,
} from '../client/protocol.ts';
import { hashOf } from '../hasher.ts';
import {
  GLOBAL_GROUP,
  type GroupId,
  type LogIndex,
  type Micros,
  maxOf,
  type NodeId,
  type OrganizationId,
  type VaultId,
} from '../ids.ts';
import { GROUPS_MAX, LIST_ROWS_MAX, ORGANIZATIONS_MAX, SLUG_BYTES_MAX, VAULTS_MAX } from '../limits.ts';
import { GROUP_TABLE, GroupTable, HOME_TABLE } from './group-table.ts';
import { prefixRange, tableRange } from './key-reader.ts';
import { KEY_TABLE, KeyTable } from './key-table.ts';
import { type Founder, MEMBER_TABLE, MemberTable } from './member-table.ts';
import type { CreateOrganization } from './organization-command.ts';
import { errorResult, VAULT_DELETED, VAULT_MISSING } from './results.ts';
import { readUlid, ulidBytes, ulidText } from './ulid-field.ts';

/** On disk: do not renumber. */
const DirectoryTable = { organizationByName: 1, organizationById: 2, vaultByName: 3, vaultById: 4, deletedVault: 8 } as const;

/** What decides the id and time of what a command makes: its place in the log. */
export interface CommandPlace {
  readonly index: LogIndex;
  /** Number of the command within its entry, from 0. */
  readonly position: number;
  /** Entry time. */
  readonly time: Micros;
}

/** The cluster's nodes and later groups; read when the revision has moved. */
export interface Topology {
  readonly members: Pick<MemberTable, 'entries'>;
  readonly groups: Pick<GroupTable, 'entries'>;
  /** Log index of the newest change to either. */
  readonly revision: LogIndex;
}

export type DirectoryQuery = Extract<ClientRequest, { kind: 'lookupVault' | 'listVaults' | 'listOrganizations' | 'listMembers' }>;
type LookupVault = Extract<ClientRequest, { kind: 'lookupVault' }>;
type ListVaults = Extract<ClientRequest, { kind: 'listVaults' }>;
type ReleaseVault = Extract<DirectoryCommand, { kind: 'releaseVault' }>;
type ReserveVault = Extract<DirectoryCommand, { kind: 'reserveVault' }>;

const ORGANIZATION_MISSING: ClientResult = errorResult('organization_missing', 'there is no organization of this name');

function nameBytes(name: string): Uint8Array {
  return defined(toUtf8(name), 'a name is well-formed');
}

function nameText(bytes: Uint8Array, start: number): string {
  return defined(fromUtf8(bytes, start), 'a stored name is UTF-8');
}

function keyOf(table: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(Uint8Array.of(table), ...parts);
}

/** Whether key and row have the lengths and texts of their table. */
function isRow(key: Uint8Array, row: Uint8Array): boolean {
  const isName = (bytes: Uint8Array, start: number): boolean => {
    const length = bytes.length - start;
    return length >= 1 && length <= SLUG_BYTES_MAX && fromUtf8(bytes, start) !== undefined;
  };
  switch (key[0]) {
    case DirectoryTable.organizationByName:
      return isName(key, 1) && row.length === ULID_BYTES;
    case DirectoryTable.organizationById:
      return key.length === 1 + ULID_BYTES && isName(row, 0);
    case DirectoryTable.vaultByName:
      return isName(key, 1 + ULID_BYTES) && row.length === ULID_BYTES + 12;
    case DirectoryTable.vaultById:
      return key.length === 1 + ULID_BYTES && isName(row, ULID_BYTES);
    case DirectoryTable.deletedVault:
      return key.length === 1 + ULID_BYTES && row.length === ULID_BYTES + 8;
    default:
      return false;
  }
}

/** Deterministic, so that every replica draws the same id. Source: 40-commitment ("ids"). */
function idAt(hasher: Hasher, place: CommandPlace): Uint8Array {
  const writer = new Writer(16);
  writer.u32(GLOBAL_GROUP);
  writer.u64(place.index);
  writer.u32(place.position);
  return ulidBytes(ulidFrom(Math.floor(place.time / 1000), hashOf(hasher, writer.peek())));
}

export class Directory {
  private readonly hasher: Hasher;
  /** The nodes: what every group's leader works towards. */
  readonly members: MemberTable;
  /** Groups that were made later, and where they are. */
  readonly groups: GroupTable;
  /** What the nodes sign checkpoints with. */
  readonly keys: KeyTable;
  private readonly rows: BTree;
  /** Groups that the cluster began with, ascending: where vaults lie whose organization has no group of its own. */
  private readonly shared: readonly GroupId[];
  /** Vaults reserved in each group. Derived from the rows. */
  private readonly load: Map<GroupId, number> = new Map();
  private organizations: number = 0;

  /** @param options.dataGroups the groups that take vaults, equal on every replica. @param options.founders likewise. */
  constructor(options: {
    readonly hasher: Hasher;
    readonly dataGroups: readonly GroupId[];
    readonly founders: readonly Founder[];
    readonly rows: BTree;
  }) {
    this.hasher = options.hasher;
    this.rows = options.rows;
    this.members = new MemberTable(this.rows, options.founders);
    this.shared = [...options.dataGroups].sort((a, b) => a - b);
    this.groups = new GroupTable(this.rows, this.shared);
    this.keys = new KeyTable(this.rows);
  }

  /** Applies a command. Names passed admission and decode. */
  apply(command: DirectoryCommand, place: CommandPlace): ClientResult {
    switch (command.kind) {
      case 'createOrganization':
        return this.createOrganization(command, place);
      case 'reserveVault':
        return this.reserveVault(command, place);
      case 'releaseVault':
        return this.releaseVault(command, place);
      default:
        return this.applyMember(command, place.index);
    }
  }

  /** What nodes keep of the directory for their next start. */
  get topology(): Topology {
    const { members, groups } = this;
    return { members, groups, revision: maxOf(members.revision, groups.revision) };
  }

  query(query: DirectoryQuery): ClientResult {
    switch (query.kind) {
      case 'lookupVault':
        return this.lookup(query);
      case 'listVaults':
        return this.listVaults(query);
      case 'listOrganizations':
        return this.listOrganizations();
      case 'listMembers':
        return { kind: 'members', members: this.members.entries, keys: this.keys.entries };
      default:
        return unreachable(query);
    }
  }

  /** The rows as they are, readable while apply goes on, for as long as somebody keeps their pages. */
  image(): TreeSnapshot {
    return this.rows.image();
  }

  /** Takes over a row of a snapshot; given in key order. @returns false where it cannot be a row of a directory. */
  restoreRow(key: Uint8Array, row: Uint8Array): boolean {
    if (key[0] === MEMBER_TABLE) return this.members.restoreRow(key, row);
    if (key[0] === GROUP_TABLE || key[0] === HOME_TABLE) return this.groups.restoreRow(key, row);
    if (key[0] === KEY_TABLE) return this.keys.restoreRow(key, row);
    if (!isRow(key, row)) return false;
    if (key[0] === DirectoryTable.organizationByName) this.organizations += 1;
    if (key[0] === DirectoryTable.vaultByName) {
      this.count(new Reader(row, ULID_BYTES).u32() as GroupId, 1);
    }
    this.rows.set(key, row);
    return true;
  }

  /** Feeds every row into a digest, in key order. */
  digest(out: Writer): void {
    for (let table = 1; table <= KEY_TABLE; table += 1) {
      for (const { key, value } of this.rows.scan(tableRange(table))) {
        out.blob(key);
        out.blob(value);
      }
    }
  }

  /** Groups follow the members. */
  private applyMember(command: MemberCommand, index: LogIndex): ClientResult {
    const result = this.members.apply(command, index);
    if (result.kind !== 'member' || !result.changed) return result;
    this.groups.follow(this.members.entries, index);
    if (result.member.removed) this.keys.retire(result.member.id, index);
    return result;
  }

  /** A node signs with this key from now on. */
  registerKey(node: NodeId, publicKey: Uint8Array, index: LogIndex): ClientResult {
    const member = this.members.entries.find(({ id }) => id === node);
    if (member === undefined) return errorResult('member_missing', 'the cluster knows no node of this id');
    if (member.removed) return errorResult('member_removed', 'a node of this id was removed from the cluster');
    if (!this.keys.register(node, publicKey, index)) return errorResult('invalid_argument', 'the key cannot be this node’s');
    return { kind: 'member', member, changed: true };
  }

  private createOrganization({ name, placement }: CreateOrganization, place: CommandPlace): ClientResult {
    const key = keyOf(DirectoryTable.organizationByName, nameBytes(name));
    const present = this.rows.get(key);
    if (present !== undefined) return { kind: 'organization', ...this.organizationOf(present, name), created: false };
    if (this.organizations >= ORGANIZATIONS_MAX) {
      return errorResult('overloaded', `the directory holds its maximum of ${ORGANIZATIONS_MAX} organizations`);
    }
    const home = this.homeFor(placement, place.index);
    if (typeof home === 'object') return home;
    const id = idAt(this.hasher, place);
    this.rows.set(key, id);
    this.rows.set(keyOf(DirectoryTable.organizationById, id), nameBytes(name));
    if (home !== undefined) this.groups.setHome(id, home);
    this.organizations += 1;
    return { kind: 'organization', ...this.organizationOf(id, name), created: true };
  }

  /** The group that an organization asks for, made where it does not exist yet; or why it cannot have it. */
  private homeFor(placement: Placement | undefined, index: LogIndex): GroupId | undefined | ClientResult {
    if (placement === undefined) return undefined;
    if (placement.kind === 'group') {
      if (this.groups.has(placement.group)) return placement.group;
      return errorResult('group_missing', `this cluster has no group ${placement.group} for vaults`);
    }
    const made = this.groups.make(placement.replicas, this.members.entries, index);
    if (made.ok) return made.group;
    if (made.code === 'groups_full') return errorResult('groups_full', `a cluster has at most ${GROUPS_MAX} groups`);
    return errorResult(
      'too_few_voters',
      `${placement.replicas} replicas need as many voting nodes, and this cluster has ${made.voters}`,
    );
  }

  private organizationOf(id: Uint8Array, name: string): OrganizationEntry {
    return { id: ulidText(id), name, group: this.groups.homeOf(id) };
  }

  private reserveVault(command: ReserveVault, place: CommandPlace): ClientResult {
    const organization = this.organizationId(command.organization);
    if (organization === undefined) return ORGANIZATION_MISSING;
    const key = keyOf(DirectoryTable.vaultByName, organization, nameBytes(command.name));
    const present = this.rows.get(key);
    if (present !== undefined) {
      if (!command.allowExisting) return errorResult('vault_exists', 'the organization already has a vault of this name');
      return { kind: 'vault', vault: this.entryOf(key, present, command.organization), created: false };
    }
    const home = this.groups.homeOf(organization);
    const room = home ?? this.leastLoaded();
    if (room === undefined) return errorResult('group_missing', 'this cluster has no group that takes vaults');
    if (this.vaultsIn(room) >= VAULTS_MAX) {
      return errorResult('overloaded', `${home === undefined ? 'every group' : `group ${home}`} holds its maximum of vaults`);
    }
    this.count(room, 1);
    const row = new Writer(ULID_BYTES + 12);
    const id = idAt(this.hasher, place);
    row.raw(id);
    row.u32(room);
    row.u64(place.time);
    this.rows.set(key, row.peek());
    this.rows.set(keyOf(DirectoryTable.vaultById, id), concatBytes(organization, nameBytes(command.name)));
    return { kind: 'vault', vault: this.entryOf(key, row.peek(), command.organization), created: true };
  }

  /** The name is free again; the id never is. */
  private releaseVault(command: ReleaseVault, place: CommandPlace): ClientResult {
    const organization = this.organizationId(command.organization);
    if (organization === undefined) return ORGANIZATION_MISSING;
    const id = ulidBytes(command.vault);
    const byId = keyOf(DirectoryTable.vaultById, id);
    const named = this.rows.get(byId);
    if (named === undefined)
      return this.isDeletedOf(id, organization) ? { kind: 'vaultDeleted', vault: command.vault } : VAULT_MISSING;
    if (!equalBytes(named.subarray(0, ULID_BYTES), organization)) return VAULT_MISSING;
    const byName = keyOf(DirectoryTable.vaultByName, named);
    const row = defined(this.rows.get(byName), 'a vault id leads to its row');
    this.count(new Reader(row, ULID_BYTES).u32() as GroupId, -1);
    this.rows.delete(byName);
    this.rows.delete(byId);
    const deleted = new Writer(ULID_BYTES + 8);
    deleted.raw(organization);
    deleted.u64(place.time);
    this.rows.set(keyOf(DirectoryTable.deletedVault, id), deleted.peek());
    return { kind: 'vaultDeleted', vault: command.vault };
  }

  private isDeletedOf(vault: Uint8Array, organization: Uint8Array): boolean {
    const row = this.rows.get(keyOf(DirectoryTable.deletedVault, vault));
    return row !== undefined && equalBytes(row.subarray(0, ULID_BYTES), organization);
  }

  /** Fewest vaults first, then the smallest group. */
  private leastLoaded(): GroupId | undefined {
    let best = this.shared[0];
    for (const group of this.shared) if (best !== undefined && this.vaultsIn(group) < this.vaultsIn(best)) best = group;
    return best;
  }

  private vaultsIn(group: GroupId): number {
    return this.load.get(group) ?? 0;
  }

  private count(group: GroupId, vaults: number): void {
    this.load.set(group, this.vaultsIn(group) + vaults);
  }

  private organizationId(name: string): Uint8Array | undefined {
    return this.rows.get(keyOf(DirectoryTable.organizationByName, nameBytes(name)));
  }

  /** @param key of table vaultByName, with its row */
  private entryOf(key: Uint8Array, row: Uint8Array, organizationName: string): VaultEntry {
    const reader = new Reader(row);
    const id: VaultId = readUlid(reader);
    const group = reader.u32() as GroupId;
    const createdAt = reader.u64() as Micros;
    assert(reader.finish(true).ok, 'a vault row decodes');
    const organization: OrganizationId = ulidText(key.subarray(1, 1 + ULID_BYTES));
    return { id, organization, organizationName, name: nameText(key, 1 + ULID_BYTES), group, createdAt };
  }

  private lookup(query: LookupVault): ClientResult {
    return query.id === '' ? this.lookupByName(query) : this.lookupById(query);
  }

  private lookupByName(query: LookupVault): ClientResult {
    const organization = this.organizationId(query.organization);
    if (organization === undefined) return ORGANIZATION_MISSING;
    const key = keyOf(DirectoryTable.vaultByName, organization, nameBytes(query.name));
    const row = this.rows.get(key);
    if (row === undefined) return VAULT_MISSING;
    return { kind: 'vault', vault: this.entryOf(key, row, query.organization), created: false };
  }

  /** A vault named together with another organization is not found. */
  private lookupById(query: LookupVault): ClientResult {
    const id = decodeUlid(query.id);
    const found = id === undefined ? undefined : this.rows.get(keyOf(DirectoryTable.vaultById, id));
    if (found === undefined) return id === undefined ? VAULT_MISSING : this.deletedOrMissing(id, query.organization);
    const organizationName = this.organizationName(found.subarray(0, ULID_BYTES));
    if (query.organization !== '' && query.organization !== organizationName) return VAULT_MISSING;
    const key = keyOf(DirectoryTable.vaultByName, found);
    const row = defined(this.rows.get(key), 'a vault id leads to its row');
    return { kind: 'vault', vault: this.entryOf(key, row, organizationName), created: false };
  }

  private deletedOrMissing(vault: Uint8Array, organizationName: string): ClientResult {
    const row = this.rows.get(keyOf(DirectoryTable.deletedVault, vault));
    if (row === undefined) return VAULT_MISSING;
    const isAsked = organizationName === '' || this.organizationName(row.subarray(0, ULID_BYTES)) === organizationName;
    return isAsked ? VAULT_DELETED : VAULT_MISSING;
  }

  private organizationName(id: Uint8Array): string {
    return nameText(defined(this.rows.get(keyOf(DirectoryTable.organizationById, id)), 'an organization id has its name'), 0);
  }

  private listVaults(query: ListVaults): ClientResult {
    const organization = this.organizationId(query.organization);
    if (organization === undefined) return ORGANIZATION_MISSING;
    const range = prefixRange(keyOf(DirectoryTable.vaultByName, organization));
    // Behind `after`: its key and one zero byte is the next key there can be.
    const from = query.after === '' ? range.from : concatBytes(range.from, nameBytes(query.after), Uint8Array.of(0));
    const limit = Math.min(query.limit, LIST_ROWS_MAX);
    const vaults: VaultEntry[] = [];
    for (const { key, value } of this.rows.scan({ from, to: range.to })) {
      if (vaults.length >= limit) return { kind: 'vaults', vaults, more: true };
      vaults.push(this.entryOf(key, value, query.organization));
    }
    return { kind: 'vaults', vaults, more: false };
  }

  private listOrganizations(): ClientResult {
    const organizations: OrganizationEntry[] = [];
    for (const { key, value } of this.rows.scan(tableRange(DirectoryTable.organizationByName))) {
      organizations.push(this.organizationOf(value, nameText(key, 1)));
    }
    return { kind: 'organizations', organizations };
  }
}
