/**
 * Block headers: 196 bytes, identical on every replica and after every crash.
 *
 *   OFFSET SIZE
 *        0    2  flags; bit 0: every tuple of this state has its reverse leaf; the others are zero
 *        2    2  version = 1
 *        4    8  height, the first block is 1
 *       12   16  organization (the 128 bits of its ULID)
 *       28   16  vault (the 128 bits of its ULID)
 *       44   32  hash of the previous block, zeros in the first
 *       76   32  tx_root: RFC 6962 root over the block's transactions
 *      108   32  state_root: SHA-256 over the 256 bucket hashes
 *      140   32  tree_root: root hash of the commitment tree
 *      172    8  time, microseconds since 1970, strictly increasing within the vault
 *      180    8  term of the Raft entry
 *      188    8  index of the Raft entry
 *
 * All numbers big-endian. block_hash = SHA-256(0x00 ‖ header): chain link and leaf of the vault's log are the same hash.
 */
import { assert } from '../assert.ts';
import { Reader } from '../bytes/reader.ts';
import { readU64, type U64, u64Of, writeU64 } from '../bytes/u64.ts';
import { readWord } from '../bytes/word.ts';
import type { Hasher } from '../capability.ts';
import type { Decoded } from '../errors.ts';
import { leafHash } from './merkle-log.ts';
import { ULID_BYTES } from './ulid.ts';

export const HEADER_BYTES: number = 196;
const HEADER_VERSION: number = 1;
const STATE_ROOT_AT: number = 108;
const TREE_ROOT_AT: number = 140;
const TIME_AT: number = 172;
const INDEX_AT: number = 188;
/** Flag bit 0: every tuple of this state has its reverse leaf, so a reverse range is complete. */
const FLAG_REVERSE: number = 1;

/** Hashes are 32 bytes, ids 16. Counters are U64: numbers in what Vouch writes, wider only in what a stranger may send. */
export interface Header {
  /** Every tuple of this state has its reverse leaf. Statements over reverse prefixes need it. */
  readonly reverse: boolean;
  readonly height: U64;
  readonly organization: Uint8Array;
  readonly vault: Uint8Array;
  readonly previousHash: Uint8Array;
  readonly transactionsRoot: Uint8Array;
  readonly stateRoot: Uint8Array;
  readonly treeRoot: Uint8Array;
  /** Microseconds since 1970. */
  readonly time: U64;
  readonly term: U64;
  readonly raftIndex: U64;
}

/** The 196 bytes of a header. */
export function encodeHeader(header: Header): Uint8Array {
  const out = new Uint8Array(HEADER_BYTES);
  out[1] = header.reverse ? FLAG_REVERSE : 0;
  out[3] = HEADER_VERSION;
  writeU64(header.height, out, 4);
  assert(header.organization.length === ULID_BYTES && header.vault.length === ULID_BYTES, 'header ids have 16 bytes');
  out.set(header.organization, 12);
  out.set(header.vault, 28);
  let at = 44;
  for (const hash of [header.previousHash, header.transactionsRoot, header.stateRoot, header.treeRoot]) {
    assert(hash.length === 32, 'header hashes have 32 bytes');
    out.set(hash, at);
    at += 32;
  }
  writeU64(header.time, out, TIME_AT);
  writeU64(header.term, out, 180);
  writeU64(header.raftIndex, out, 188);
  return out;
}

/** Reads exactly 196 bytes: version 1, no unknown flag, height at least 1. What is returned holds copies. */
export function decodeHeader(bytes: Uint8Array): Decoded<Header> {
  const reader = new Reader(bytes);
  const flags = reader.u16();
  if (flags > FLAG_REVERSE) reader.fail('bad_value');
  if (reader.u16() !== HEADER_VERSION) reader.fail('bad_version');
  const height = readU64(reader);
  if (height === 0) reader.fail('bad_value');
  const organization = reader.copy(ULID_BYTES);
  const vault = reader.copy(ULID_BYTES);
  const previousHash = reader.copy(32);
  const transactionsRoot = reader.copy(32);
  const stateRoot = reader.copy(32);
  const treeRoot = reader.copy(32);
  const time = readU64(reader);
  const term = readU64(reader);
  const raftIndex = readU64(reader);
  const reverse = flags === FLAG_REVERSE;
  return reader.finish({
    reverse,
    height,
    organization,
    vault,
    previousHash,
    transactionsRoot,
    stateRoot,
    treeRoot,
    time,
    term,
    raftIndex,
  });
}

/** The roots and the time of a header that was encoded here, without decoding the rest. */
export function headerStateRoot(header: Uint8Array): Uint8Array {
  return header.slice(STATE_ROOT_AT, STATE_ROOT_AT + 32);
}
export function headerTreeRoot(header: Uint8Array): Uint8Array {
  return header.slice(TREE_ROOT_AT, TREE_ROOT_AT + 32);
}
/** Index of the Raft entry that made the block. */
export function headerIndex(header: Uint8Array): U64 {
  return u64Of(readWord(header, INDEX_AT), readWord(header, INDEX_AT + 4));
}
/** @param start where the header begins in bytes. */
export function headerTime(bytes: Uint8Array, start: number): U64 {
  return u64Of(readWord(bytes, start + TIME_AT), readWord(bytes, start + TIME_AT + 4));
}

/** SHA-256(0x00 ‖ header). */
export function blockHash(hasher: Hasher, headerBytes: Uint8Array): Uint8Array {
  assert(headerBytes.length === HEADER_BYTES, 'a header has 196 bytes');
  return leafHash(hasher, headerBytes);
}
