/**
 * One node as the directory knows it, in bytes: a row of the directory, part of CLUSTER and of an answer. Big-endian.
 *
 *   16  id
 *   1   flags: bit 0 removed, bit 1 learner, bit 2 a priority follows; the others are zero
 *   16  the node that replaces it; zeros = none
 *   …   address: u32 length, UTF-8 HOST:PORT
 *   1   priority, where it is not the usual one
 */
import { ID_BYTES, readId, writeId } from '../bytes/hex-id.ts';
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import type { MemberEntry } from '../client/protocol.ts';
import type { NodeId } from '../ids.ts';
import { ADDRESS_BYTES_MAX } from '../limits.ts';

const REMOVED = 1;
const LEARNER = 2;
const PRIORITY = 4;
/** Of every member that nobody has given another one. */
export const USUAL_PRIORITY: number = 100;
export const PRIORITY_MAX: number = 255;
/** Names no node: what stands for "none" in bytes. */
export const NO_NODE: NodeId = '0'.repeat(2 * ID_BYTES) as NodeId;
/** Smallest entry, bytes. */
export const MEMBER_ENTRY_BYTES_MIN: number = 2 * ID_BYTES + 1 + 4;

export function writeMemberEntry(writer: Writer, entry: MemberEntry): void {
  writeId(writer, entry.id);
  const isUsual = entry.priority === USUAL_PRIORITY;
  writer.u8((entry.removed ? REMOVED : 0) | (entry.role === 'learner' ? LEARNER : 0) | (isUsual ? 0 : PRIORITY));
  writeId(writer, entry.replacedBy ?? NO_NODE);
  writer.text(entry.address);
  if (!isUsual) writer.u8(entry.priority);
}

/** Reads one entry; after a violation the reader has failed and the result means nothing. */
export function readMemberEntry(reader: Reader): MemberEntry {
  const id = readId<'NodeId'>(reader);
  const flags = reader.u8();
  if (id === NO_NODE || flags > (REMOVED | LEARNER | PRIORITY)) reader.fail('bad_value');
  const replacedBy = readId<'NodeId'>(reader);
  const address = reader.text(ADDRESS_BYTES_MAX);
  const removed = (flags & REMOVED) !== 0;
  const hasPriority = (flags & PRIORITY) !== 0;
  const priority = hasPriority ? reader.u8() : USUAL_PRIORITY;
  if (hasPriority && priority === USUAL_PRIORITY) reader.fail('bad_value');
  if (replacedBy === id || (replacedBy !== NO_NODE && !removed)) reader.fail('bad_value');
  return {
    id,
    address,
    role: (flags & LEARNER) === 0 ? 'voter' : 'learner',
    removed,
    replacedBy: replacedBy === NO_NODE ? undefined : replacedBy,
    priority,
  };
}
