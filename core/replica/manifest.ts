/**
 * What a node knows of its cluster before any log entry: how it began, which never changes, and who its members are, as far as
 * this node has heard. Durable before the node takes part, and written anew whenever the applied directory knows better.
 * Why the founders stay: a node without a log begins with their configuration and their directory, then follows the log.
 *
 * Bytes (file CLUSTER, and the manifest frame of a peer link), big-endian:
 *   OFFSET SIZE
 *   0      8    magic "VOUCHCLU"
 *   8      1    format = 3
 *   9      16   cluster id
 *   25     4    founder count, then per founder: 16 id, u32 length + UTF-8 address
 *   …      4    group count, then per group: u32 group, u32 voter count, 16 bytes a voter
 *   …      8    revision
 *   …      4    member count, then member entries (core/state/member-entry.ts)
 *   …      4    count of the groups made later, then those (core/state/placed-group.ts), ascending
 *   end-4  4    CRC-32C of everything before
 * Older formats are still read: format 2 ends behind the members, format 1 behind the groups; its members were the founders.
 */
import { crc32c } from '../bytes/crc32c.ts';
import { ID_BYTES, readId, writeId } from '../bytes/hex-id.ts';
import { Reader } from '../bytes/reader.ts';
import { toUtf8 } from '../bytes/text.ts';
import { Writer } from '../bytes/writer.ts';
import type { MemberEntry } from '../client/protocol.ts';
import type { Decoded } from '../errors.ts';
import { type ClusterId, GLOBAL_GROUP, type GroupId, INDEX_ZERO, type LogIndex, type NodeId } from '../ids.ts';
import { ADDRESS_BYTES_MAX, GROUPS_MAX, MEMBERS_MAX, MEMBERS_REMOVED_MAX } from '../limits.ts';
import { MEMBER_ENTRY_BYTES_MIN, readMemberEntry, writeMemberEntry } from '../state/member-entry.ts';
import { memberOf } from '../state/member-table.ts';
import { PLACED_GROUP_BYTES_MIN, type PlacedGroup, readPlacedGroup, writePlacedGroup } from '../state/placed-group.ts';

export interface Member {
  readonly id: NodeId;
  /** HOST:PORT that other nodes and clients reach it under. */
  readonly address: string;
}

export interface GroupMembers {
  readonly group: GroupId;
  /** Sorted by id. */
  readonly voters: readonly NodeId[];
}

/** How a cluster begins. */
export interface Founding {
  readonly cluster: ClusterId;
  /** The nodes that it begins with, sorted by id. */
  readonly founders: readonly Member[];
  /** First voters of each group, sorted by group; GLOBAL (0) is always there and lists every founder. */
  readonly groups: readonly GroupMembers[];
}

export interface Manifest extends Founding {
  /** The index in GLOBAL's log of the newest change to the members that is known here; 0 = none, they are the founders. */
  readonly revision: LogIndex;
  /** Every node there is and was, removed ones too, sorted by id. */
  readonly members: readonly MemberEntry[];
  /** Groups that were made later, ascending. */
  readonly placed: readonly PlacedGroup[];
}

const MAGIC: Uint8Array = toUtf8('VOUCHCLU') as Uint8Array;
const FORMAT = 3;
const FORMAT_WITHOUT_PLACED = 2;
const FORMAT_WITHOUT_MEMBERS = 1;

/** The manifest of a cluster that begins. */
export function foundingManifest(founding: Founding): Manifest {
  return {
    ...founding,
    revision: INDEX_ZERO,
    members: founding.founders.map(({ id, address }) => memberOf(id, address)),
    placed: [],
  };
}

/** The members that were not removed. */
export function presentMembers(manifest: Manifest): readonly MemberEntry[] {
  return manifest.members.filter((member) => !member.removed);
}

/** Canonical bytes: equal manifests are equal byte strings. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const writer = new Writer();
  writer.raw(MAGIC);
  writer.u8(FORMAT);
  writeId(writer, manifest.cluster);
  writer.u32(manifest.founders.length);
  for (const founder of manifest.founders) {
    writeId(writer, founder.id);
    writer.text(founder.address);
  }
  writer.u32(manifest.groups.length);
  for (const { group, voters } of manifest.groups) {
    writer.u32(group);
    writer.u32(voters.length);
    for (const voter of voters) writeId(writer, voter);
  }
  writer.u64(manifest.revision);
  writer.u32(manifest.members.length);
  for (const member of manifest.members) writeMemberEntry(writer, member);
  writer.u32(manifest.placed.length);
  for (const placed of manifest.placed) writePlacedGroup(writer, placed);
  writer.u32(crc32c(writer.peek()));
  return writer.finish();
}

/** Every group, by its first voters, ascending. */
export function groupsOf({ groups, placed }: Manifest): readonly GroupMembers[] {
  return [...groups, ...placed.map(({ group, founders }) => ({ group, voters: founders }))];
}

/** The first voters of a group; undefined where the cluster has no such group. */
export function foundingOf(manifest: Manifest, group: GroupId): GroupMembers | undefined {
  return groupsOf(manifest).find((each) => each.group === group);
}

/** Strict: sorted, unique, every voter a founder, GLOBAL first. */
export function decodeManifest(bytes: Uint8Array): Decoded<Manifest> {
  const reader = new Reader(bytes);
  const magic = reader.raw(MAGIC.length);
  if (reader.failed === undefined && MAGIC.some((byte, i) => magic[i] !== byte)) reader.fail('bad_tag');
  const format = reader.u8();
  if (format < FORMAT_WITHOUT_MEMBERS || format > FORMAT) reader.fail('bad_version');
  const cluster = readId<'ClusterId'>(reader);
  const founders = readFounders(reader);
  const founding = { cluster, founders, groups: readGroups(reader, founders) };
  const manifest = readCurrent(reader, format, founding);
  const checked = reader.at;
  if (reader.u32() !== crc32c(bytes, 0, checked)) reader.fail('bad_checksum');
  return reader.finish(manifest);
}

/** What may change, as far as the format has it. */
function readCurrent(reader: Reader, format: number, founding: Founding): Manifest {
  if (format === FORMAT_WITHOUT_MEMBERS) return foundingManifest(founding);
  const revision = reader.u64() as LogIndex;
  const members = readMembers(reader);
  return { ...founding, revision, members, placed: format === FORMAT_WITHOUT_PLACED ? [] : readPlaced(reader, founding) };
}

function readPlaced(reader: Reader, founding: Founding): PlacedGroup[] {
  const placed: PlacedGroup[] = [];
  const count = readCount(reader, GROUPS_MAX, PLACED_GROUP_BYTES_MIN);
  let last = founding.groups.at(-1)?.group ?? GLOBAL_GROUP;
  for (let i = 0; i < count && reader.failed === undefined; i += 1) {
    const group = readPlacedGroup(reader);
    if (group.group <= last) reader.fail('bad_value');
    last = group.group;
    placed.push(group);
  }
  return placed;
}

function readCount(reader: Reader, max: number, itemBytesMin: number): number {
  const count = reader.u32();
  if (count > max) reader.fail('too_large');
  if (count * itemBytesMin > reader.remaining) reader.fail('truncated');
  return reader.failed === undefined ? count : 0;
}

/** Ids that follow each other in order, none twice. */
function checkOrder(reader: Reader, previous: { readonly id: NodeId } | undefined, id: NodeId): void {
  if (previous !== undefined && previous.id >= id) reader.fail('bad_value');
}

function readFounders(reader: Reader): Member[] {
  const founders: Member[] = [];
  const count = readCount(reader, MEMBERS_MAX, ID_BYTES);
  for (let i = 0; i < count; i += 1) {
    const id = readId<'NodeId'>(reader);
    checkOrder(reader, founders[i - 1], id);
    founders.push({ id, address: reader.text(ADDRESS_BYTES_MAX) });
  }
  return founders;
}

function readMembers(reader: Reader): MemberEntry[] {
  const members: MemberEntry[] = [];
  const count = readCount(reader, MEMBERS_MAX + MEMBERS_REMOVED_MAX, MEMBER_ENTRY_BYTES_MIN);
  for (let i = 0; i < count; i += 1) {
    const member = readMemberEntry(reader);
    checkOrder(reader, members[i - 1], member.id);
    members.push(member);
  }
  return members;
}

function readGroups(reader: Reader, founders: readonly Member[]): GroupMembers[] {
  const groups: GroupMembers[] = [];
  const known = new Set(founders.map((founder) => founder.id));
  const count = readCount(reader, GROUPS_MAX, 8);
  if (count === 0) reader.fail('bad_value');
  for (let i = 0; i < count; i += 1) {
    const group = reader.u32() as GroupId;
    if (i === 0 ? group !== GLOBAL_GROUP : group <= (groups[i - 1] as GroupMembers).group) reader.fail('bad_value');
    const voters: NodeId[] = [];
    const votersCount = readCount(reader, MEMBERS_MAX, ID_BYTES);
    for (let v = 0; v < votersCount; v += 1) {
      const voter = readId<'NodeId'>(reader);
      if (!known.has(voter) || (v > 0 && (voters[v - 1] as NodeId) >= voter)) reader.fail('bad_value');
      voters.push(voter);
    }
    if (voters.length === 0) reader.fail('bad_value');
    groups.push({ group, voters });
  }
  return groups;
}
