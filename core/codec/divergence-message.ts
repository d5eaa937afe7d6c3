/**
 * Bytes of a message about blocks that replicas compare; they share the tags of raft-message.ts. Numbers are big-endian.
 *
 *   TAG NAME            FIELDS
 *   80  blocksTold      claims
 *   81  blocksAsked     u32 round, claims
 *   82  blocksAnswered  u32 round, claims
 *   83  copyAsked       u64 above
 *   84  copyOffered     u32 length, manifest (core/snapshot/manifest.ts)
 * claims: u16 count, at most CLAIMS_MAX, then each: ulid vault, u64 height, u64 index, block hash 32
 */
import { assert, unreachable } from '../assert.ts';
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import type { Height, LogIndex } from '../ids.ts';
import { CLAIMS_MAX, MANIFEST_BYTES_MAX } from '../limits.ts';
import type { Claim, DivergenceMessage } from '../replica/divergence-message.ts';
import { readUlid, writeUlid } from '../state/ulid-field.ts';
import type { PeerMessage } from './envelope.ts';

/** On the wire: do not renumber. */
const Tag = { blocksTold: 80, blocksAsked: 81, blocksAnswered: 82, copyAsked: 83, copyOffered: 84 } as const;
const HASH_BYTES = 32;
const CLAIM_BYTES = 16 + 8 + 8 + HASH_BYTES;
const OVERHEAD_BYTES = 9;

/** Whether a tag is one of these messages. */
export function isDivergenceTag(tag: number): boolean {
  return tag >= Tag.blocksTold && tag <= Tag.copyOffered;
}

/** Whether a message is about blocks that replicas compare. */
export function isDivergenceMessage(message: PeerMessage): message is DivergenceMessage {
  return message.kind in Tag;
}

/** An upper bound of what writeDivergenceMessage appends. */
export function divergenceMessageBytesMax(message: DivergenceMessage): number {
  if (message.kind === 'copyAsked') return OVERHEAD_BYTES;
  if (message.kind === 'copyOffered') return OVERHEAD_BYTES + message.manifest.length;
  return OVERHEAD_BYTES + message.claims.length * CLAIM_BYTES;
}

export function writeDivergenceMessage(writer: Writer, message: DivergenceMessage): void {
  writer.u8(Tag[message.kind]);
  switch (message.kind) {
    case 'blocksTold':
      return writeClaims(writer, message.claims);
    case 'blocksAsked':
    case 'blocksAnswered':
      writer.u32(message.round);
      return writeClaims(writer, message.claims);
    case 'copyAsked':
      return writer.u64(message.above);
    case 'copyOffered':
      return writer.blob(message.manifest);
    default:
      return unreachable(message);
  }
}

function writeClaims(writer: Writer, claims: readonly Claim[]): void {
  assert(claims.length <= CLAIMS_MAX, 'a message holds a bounded number of claims');
  writer.u16(claims.length);
  for (const { vault, height, index, blockHash } of claims) {
    writeUlid(writer, vault);
    writer.u64(height);
    writer.u64(index);
    writer.raw(blockHash);
  }
}

/** Reads what follows a message's tag; after a violation the reader has failed and the result means nothing. Bytes are copies. */
export function readDivergenceMessage(reader: Reader, tag: number): DivergenceMessage {
  switch (tag) {
    case Tag.copyAsked:
      return { kind: 'copyAsked', above: reader.u64() as LogIndex };
    case Tag.copyOffered:
      return { kind: 'copyOffered', manifest: reader.blobCopy(MANIFEST_BYTES_MAX) };
    case Tag.blocksAsked:
      return { kind: 'blocksAsked', round: reader.u32(), claims: readClaims(reader) };
    case Tag.blocksAnswered:
      return { kind: 'blocksAnswered', round: reader.u32(), claims: readClaims(reader) };
    default:
      return { kind: 'blocksTold', claims: readClaims(reader) };
  }
}

function readClaims(reader: Reader): readonly Claim[] {
  const count = reader.u16();
  if (count > CLAIMS_MAX) reader.fail('too_large');
  const claims: Claim[] = [];
  for (let i = 0; i < count && reader.failed === undefined; i += 1) {
    const vault = readUlid<'VaultId'>(reader);
    const height = reader.u64() as Height;
    const index = reader.u64() as LogIndex;
    if (height < 1 || index < 1) reader.fail('bad_value');
    claims.push({ vault, height, index, blockHash: reader.copy(HASH_BYTES) });
  }
  return claims;
}
