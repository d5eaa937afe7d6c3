/**
 * What a node knows of its cluster before any log entry: written once at bootstrap, durable before the node takes part.
 *
 * Bytes (file CLUSTER, and the manifest frame of a peer link), big-endian:
 *   OFFSET SIZE
 *   0      8    magic "VOUCHCLU"
 *   8      1    format = 1
 *   9      16   cluster id
 *   25     4    member count, then per member: 16 id, u32 length + UTF-8 address
 *   …      4    group count, then per group: u32 group, u32 voter count, 16 bytes a voter
 *   end-4  4    CRC-32C of everything before
 */
import { crc32c } from '../bytes/crc32c.ts';
import { ID_BYTES, readId, writeId } from '../bytes/hex-id.ts';
import { Reader } from '../bytes/reader.ts';
import { toUtf8 } from '../bytes/text.ts';
import { Writer } from '../bytes/writer.ts';
import type { Decoded } from '../errors.ts';
import { type ClusterId, GLOBAL_GROUP, type GroupId, type NodeId } from '../ids.ts';
import { GROUPS_MAX, MEMBERS_MAX, SLUG_BYTES_MAX } from '../limits.ts';

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

export interface Manifest {
  readonly cluster: ClusterId;
  /** Sorted by id. */
  readonly members: readonly Member[];
  /** Initial voters of each group, sorted by group; GLOBAL (0) is always there and lists every member. */
  readonly groups: readonly GroupMembers[];
}

const MAGIC: Uint8Array = toUtf8('VOUCHCLU') as Uint8Array;
const FORMAT = 1;
/** A host name and port, bytes. */
const ADDRESS_BYTES_MAX = 4 * SLUG_BYTES_MAX;

/** Canonical bytes: equal manifests are equal byte strings. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const writer = new Writer();
  writer.raw(MAGIC);
  writer.u8(FORMAT);
  writeId(writer, manifest.cluster);
  writer.u32(manifest.members.length);
  for (const member of manifest.members) {
    writeId(writer, member.id);
    writer.text(member.address);
  }
  writer.u32(manifest.groups.length);
  for (const { group, voters } of manifest.groups) {
    writer.u32(group);
    writer.u32(voters.length);
    for (const voter of voters) writeId(writer, voter);
  }
  writer.u32(crc32c(writer.peek()));
  return writer.finish();
}

/** Strict: sorted, unique, every voter a member, GLOBAL first. */
export function decodeManifest(bytes: Uint8Array): Decoded<Manifest> {
  const reader = new Reader(bytes);
  const magic = reader.raw(MAGIC.length);
  if (reader.failed === undefined && MAGIC.some((byte, i) => magic[i] !== byte)) reader.fail('bad_tag');
  if (reader.u8() !== FORMAT) reader.fail('bad_version');
  const cluster = readId<'ClusterId'>(reader);
  const members = readMembers(reader);
  const groups = readGroups(reader, members);
  const checked = reader.at;
  if (reader.u32() !== crc32c(bytes, 0, checked)) reader.fail('bad_checksum');
  return reader.finish({ cluster, members, groups });
}

function readCount(reader: Reader, max: number, itemBytesMin: number): number {
  const count = reader.u32();
  if (count > max) reader.fail('too_large');
  if (count * itemBytesMin > reader.remaining) reader.fail('truncated');
  return reader.failed === undefined ? count : 0;
}

function readMembers(reader: Reader): Member[] {
  const members: Member[] = [];
  const count = readCount(reader, MEMBERS_MAX, ID_BYTES);
  for (let i = 0; i < count; i += 1) {
    const id = readId<'NodeId'>(reader);
    const address = reader.text(ADDRESS_BYTES_MAX);
    const previous = members[i - 1];
    if (previous !== undefined && previous.id >= id) reader.fail('bad_value');
    members.push({ id, address });
  }
  return members;
}

function readGroups(reader: Reader, members: readonly Member[]): GroupMembers[] {
  const groups: GroupMembers[] = [];
  const known = new Set(members.map((member) => member.id));
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
