/**
 * Bytes of a configuration: the data of a configuration entry, and part of a WAL record and of installSnapshot. Big-endian.
 *
 *   u8 version, 1
 *   u8 flags     bit 0: autoLeave; the others are zero
 *   5 x (u8 count ‖ count x 16 bytes node id): voters, outgoing voters, learners, next learners, promotable
 *
 * Ids stand in ascending order, each at most once in a list; a reader refuses anything else, so that equal configurations
 * have equal bytes.
 */
import { assert } from '../assert.ts';
import { ID_BYTES, readId, writeId } from '../bytes/hex-id.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import type { NodeId } from '../ids.ts';
import { MEMBERS_MAX } from '../limits.ts';
import { isVoter } from './configuration.ts';
import type { Configuration } from './message.ts';

const VERSION = 1;
const AUTO_LEAVE = 1;

assert(MEMBERS_MAX <= 255, 'a member count is one byte');

function listsOf(configuration: Configuration): readonly (readonly NodeId[])[] {
  const { voters, votersOutgoing, learners, learnersNext, promotable } = configuration;
  return [voters, votersOutgoing, learners, learnersNext, promotable];
}

/** Exact size of what writeConfiguration appends. */
export function configurationBytes(configuration: Configuration): number {
  let bytes = 2;
  for (const ids of listsOf(configuration)) bytes += 1 + ids.length * ID_BYTES;
  return bytes;
}

/** Appends a configuration; its lists are sorted and within MEMBERS_MAX. */
export function writeConfiguration(writer: Writer, configuration: Configuration): void {
  writer.u8(VERSION);
  writer.u8(configuration.autoLeave ? AUTO_LEAVE : 0);
  for (const ids of listsOf(configuration)) {
    assert(ids.length <= MEMBERS_MAX, 'a configuration is bounded');
    writer.u8(ids.length);
    for (const id of ids) writeId(writer, id);
  }
}

/** Reads one configuration; after a violation the reader has failed and the result means nothing. */
export function readConfiguration(reader: Reader): Configuration {
  if (reader.u8() !== VERSION) reader.fail('bad_version');
  const flags = reader.u8();
  if (flags > AUTO_LEAVE) reader.fail('bad_value');
  const configuration: Configuration = {
    voters: readIds(reader),
    votersOutgoing: readIds(reader),
    learners: readIds(reader),
    learnersNext: readIds(reader),
    promotable: readIds(reader),
    autoLeave: flags === AUTO_LEAVE,
  };
  if (reader.failed === undefined && !isConsistent(configuration)) reader.fail('bad_value');
  return configuration;
}

/** The data of a configuration entry. */
export function encodeConfiguration(configuration: Configuration): Uint8Array {
  const writer = new Writer(configurationBytes(configuration));
  writeConfiguration(writer, configuration);
  return writer.finish();
}

/** A configuration entry's data read back; undefined where the bytes are none. */
export function decodeConfiguration(data: Uint8Array): Configuration | undefined {
  const reader = new Reader(data);
  const decoded = reader.finish(readConfiguration(reader));
  return decoded.ok ? decoded.value : undefined;
}

function readIds(reader: Reader): readonly NodeId[] {
  const count = reader.u8();
  if (count > MEMBERS_MAX) reader.fail('too_large');
  const ids: NodeId[] = [];
  for (let i = 0; i < count && reader.failed === undefined; i += 1) {
    const id: NodeId = readId(reader);
    if (i > 0 && id <= (ids[i - 1] as NodeId)) reader.fail('bad_value');
    ids.push(id);
  }
  return ids;
}

function isConsistent(configuration: Configuration): boolean {
  const { voters, votersOutgoing, learners, learnersNext, promotable, autoLeave } = configuration;
  if (votersOutgoing.length === 0 && (autoLeave || learnersNext.length > 0)) return false;
  if (voters.length === 0) return false;
  if (learners.some((id) => isVoter(configuration, id))) return false;
  if (learnersNext.some((id) => voters.includes(id) || !votersOutgoing.includes(id))) return false;
  return promotable.every((id) => learners.includes(id) || learnersNext.includes(id));
}
