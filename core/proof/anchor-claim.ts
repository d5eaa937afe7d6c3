/**
 * What ties an answer to a block: its header with the fields beside it, and what the caller already trusts. The header hashes
 * to the block hash and says what the fields say; then it is the one that the caller expects, where one is expected.
 */

import { equalBytes } from '../bytes/compare.ts';
import { type Parsed, refused } from '../bytes/parsed.ts';
import { fromHex, toHex } from '../bytes/text.ts';
import type { U64 } from '../bytes/u64.ts';
import type { Hasher } from '../capability.ts';
import { blockHash, decodeHeader, type Header } from '../chain/header.ts';
import { BUCKET_VECTOR_BYTES, stateRootOf, treeRootOf } from '../merkle/buckets.ts';
import type { Fields } from './json-fields.ts';

/** What ties the answer to something the caller already trusts. `none`: consistent with its own header, NOT authenticated. */
export type Anchored = 'block' | 'root' | 'none';

/** The fields of any answer with a proof, read but not believed. */
export interface AnchorClaim {
  readonly height: number;
  readonly blockHash: Uint8Array;
  readonly stateRoot: Uint8Array;
  readonly treeRoot: Uint8Array;
  readonly header: Uint8Array;
  readonly proof: Uint8Array;
  /** The 256 bucket hashes, where the answer carries them: they bind state_root to tree_root. */
  readonly bucketHashes: Uint8Array | undefined;
}

/** What a verdict says of the block. */
export interface ProvenBlock {
  readonly height: number;
  /** Block time, microseconds since 1970. */
  readonly time: U64;
  /** Lower-case hex. */
  readonly blockHash: string;
  readonly stateRoot: string;
  readonly treeRoot: string;
}

/** What the caller knows of the block. Every one given must hold. */
export interface AnchorExpectations {
  /** Block hash, 64 hex digits: authenticates the whole header. */
  readonly block?: string;
  /**
   * tree_root or state_root, 64 hex digits: authenticates the contents. A state_root counts only where the answer carries
   * bucket_hashes: without them nothing binds it to the tree_root that the proof opens.
   */
  readonly root?: string;
}

/** Reads the fields that every answer with a proof has. */
export function readAnchorClaim(fields: Fields): Parsed<AnchorClaim> {
  const claim: AnchorClaim = {
    height: fields.height('height'),
    blockHash: fields.hash('block_hash'),
    stateRoot: fields.hash('state_root'),
    treeRoot: fields.hash('tree_root'),
    header: fields.base64('header'),
    proof: fields.base64('proof'),
    bucketHashes: fields.has('bucket_hashes') ? fields.base64('bucket_hashes') : undefined,
  };
  if (fields.problem !== undefined) return refused(fields.problem);
  if (claim.bucketHashes !== undefined && claim.bucketHashes.length !== BUCKET_VECTOR_BYTES) {
    return refused('answer.bucket_hashes is not 256 hashes');
  }
  return { ok: true, value: claim };
}

/** The header, if it is the one hashed and says what the fields beside it say. */
export function checkHeader(hasher: Hasher, claim: AnchorClaim): Parsed<Header> {
  const decoded = decodeHeader(claim.header);
  if (!decoded.ok) return refused(`header: ${decoded.reason}`);
  const reason = contradictionOf(hasher, claim, decoded.value);
  return reason === undefined ? decoded : refused(reason);
}

function contradictionOf(hasher: Hasher, claim: AnchorClaim, header: Header): string | undefined {
  if (!equalBytes(blockHash(hasher, claim.header), claim.blockHash)) return 'block_hash is not the hash of the header';
  if (header.height !== claim.height) return 'height is not that of the header';
  if (!equalBytes(header.stateRoot, claim.stateRoot)) return 'state_root is not that of the header';
  if (!equalBytes(header.treeRoot, claim.treeRoot)) return 'tree_root is not that of the header';
  if (claim.bucketHashes === undefined) return undefined;
  if (!equalBytes(stateRootOf(hasher, claim.bucketHashes), header.stateRoot)) return 'bucket_hashes do not hash to state_root';
  if (!equalBytes(treeRootOf(hasher, claim.bucketHashes), header.treeRoot)) return 'bucket_hashes do not fold to tree_root';
  return undefined;
}

/** The block of a header that was checked: its height is that of an answer or a place in a log, so a number holds it. */
export function provenBlock({ height, time, stateRoot, treeRoot }: Header, hash: Uint8Array): ProvenBlock {
  return {
    height: height as number,
    time,
    blockHash: toHex(hash),
    stateRoot: toHex(stateRoot),
    treeRoot: toHex(treeRoot),
  };
}

/** A hash the caller typed: either case. */
function expectedHash(text: string): Uint8Array | undefined {
  return text.length === 64 ? fromHex(text.toLowerCase()) : undefined;
}

/** Whether the block is the one that the caller expects, and by what. */
export function checkAnchor(claim: AnchorClaim, expected: AnchorExpectations): Parsed<Anchored> {
  let anchored: Anchored = 'none';
  if (expected.root !== undefined) {
    const root = expectedHash(expected.root);
    if (root === undefined) return refused('the expected root is not 64 hex digits');
    const isTreeRoot = equalBytes(root, claim.treeRoot);
    if (!isTreeRoot && !equalBytes(root, claim.stateRoot)) return refused('another root than expected');
    if (!isTreeRoot && claim.bucketHashes === undefined) {
      return {
        ok: false,
        reason: 'a state_root authenticates nothing without bucket_hashes: expect the tree_root or the block hash',
      };
    }
    anchored = 'root';
  }
  if (expected.block !== undefined) {
    const block = expectedHash(expected.block);
    if (block === undefined) return refused('the expected block hash is not 64 hex digits');
    if (!equalBytes(block, claim.blockHash)) return refused('another block than expected');
    anchored = 'block';
  }
  return { ok: true, value: anchored };
}
