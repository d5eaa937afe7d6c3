/**
 * The append-only log of RFC 6962: the chain of a vault (leaf = header, index = height - 1) and the transactions of a
 * block (leaf = the transaction's canonical bytes). Any leaf count, no duplication of an odd last leaf.
 * Needed: the hash of every complete subtree, so any root or proof of any past size costs O(log size) of them.
 * Source: RFC 6962, section 2.1.
 */
import { assert } from '../assert.ts';
import type { Hasher } from '../capability.ts';

const HASH_BYTES: number = 32;
/** Hashes per chunk of a level. Why chunks: growing never copies more than one of them. */
const CHUNK_SHIFT: number = 10;
const CHUNK_MASK: number = (1 << CHUNK_SHIFT) - 1;
/** Hashes the first chunk of a level starts with. Why small: most vaults and nearly all blocks are. */
const CHUNK_START: number = 4;

/** Longest data of a leaf that is hashed without an array of its own. Why: most transactions, and every header, are below. */
const SCRATCH_BYTES: number = 1024;
const leafScratch: Uint8Array = new Uint8Array(1 + SCRATCH_BYTES);
const nodeScratch: Uint8Array = new Uint8Array(1 + 2 * HASH_BYTES);
nodeScratch[0] = 1;

/** SHA-256(0x00 ‖ data). */
export function leafHash(hasher: Hasher, data: Uint8Array): Uint8Array {
  const preimage = data.length <= SCRATCH_BYTES ? leafScratch : new Uint8Array(1 + data.length);
  preimage.set(data, 1);
  const out = new Uint8Array(HASH_BYTES);
  hasher.digest(preimage, 0, 1 + data.length, out, 0);
  return out;
}

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(hasher: Hasher, left: Uint8Array, right: Uint8Array): Uint8Array {
  nodeScratch.set(left, 1);
  nodeScratch.set(right, 1 + HASH_BYTES);
  const out = new Uint8Array(HASH_BYTES);
  hasher.digest(nodeScratch, 0, nodeScratch.length, out, 0);
  return out;
}

/** Root over the leaves' data, in order: a block's tx_root. Why no MerkleLog: verifiers need this, and no log. */
export function transactionsRoot(hasher: Hasher, leaves: readonly Uint8Array[]): Uint8Array {
  // Hashes of complete subtrees, the largest first: one for each bit of the count.
  const complete: Uint8Array[] = [];
  leaves.forEach((data, index) => {
    let hash = leafHash(hasher, data);
    for (let rest = index; rest % 2 === 1; rest = (rest - 1) / 2) hash = nodeHash(hasher, complete.pop() as Uint8Array, hash);
    complete.push(hash);
  });
  let root = complete.pop() ?? hashOfNothing(hasher);
  for (let left = complete.pop(); left !== undefined; left = complete.pop()) root = nodeHash(hasher, left, root);
  return root;
}

function hashOfNothing(hasher: Hasher): Uint8Array {
  const out = new Uint8Array(HASH_BYTES);
  hasher.digest(out, 0, 0, out, 0);
  return out;
}

/** Where a log keeps its hashes: (level, index) -> the hash over leaves [index * 2^level, (index + 1) * 2^level), where that is complete. */
export interface LogHashes {
  /** Given in the order in which they become complete, a leaf before the nodes that it completes. */
  put(level: number, index: number, hash: Uint8Array): void;
  /** A copy. */
  get(level: number, index: number): Uint8Array;
}

/** All of them in memory. */
class MemoryHashes implements LogHashes {
  private readonly levels: HashColumn[] = [];

  put(level: number, index: number, hash: Uint8Array): void {
    const column = this.levels[level] ?? new HashColumn();
    this.levels[level] = column;
    column.put(index, hash);
  }

  get(level: number, index: number): Uint8Array {
    return (this.levels[level] as HashColumn).get(index);
  }
}

/** A growing column of hashes. */
class HashColumn {
  private readonly chunks: Uint8Array[] = [];

  put(index: number, hash: Uint8Array): void {
    const chunk = index >> CHUNK_SHIFT;
    const at = (index & CHUNK_MASK) * HASH_BYTES;
    let bytes = this.chunks[chunk];
    if (bytes === undefined || at >= bytes.length) {
      const full = (CHUNK_MASK + 1) * HASH_BYTES;
      const grown = new Uint8Array(chunk > 0 ? full : Math.min(full, Math.max(CHUNK_START * HASH_BYTES, 2 * at)));
      if (bytes !== undefined) grown.set(bytes);
      this.chunks[chunk] = grown;
      bytes = grown;
    }
    bytes.set(hash, at);
  }

  /** A copy of the hash at index. */
  get(index: number): Uint8Array {
    const at = (index & CHUNK_MASK) * HASH_BYTES;
    return (this.chunks[index >> CHUNK_SHIFT] as Uint8Array).slice(at, at + HASH_BYTES);
  }
}

/** The largest power of two below count. @param count at least 2 */
function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

/** k where count is 2^k. */
function levelOf(count: number): number {
  let level = 0;
  for (let rest = count; rest > 1; rest /= 2) level += 1;
  return level;
}

export class MerkleLog {
  private readonly hasher: Hasher;
  private readonly hashes: LogHashes;
  private leaves: number;

  /** @param hashes where they are kept. Default: in memory. @param size leaves that it holds already */
  constructor(hasher: Hasher, hashes: LogHashes = new MemoryHashes(), size: number = 0) {
    this.hasher = hasher;
    this.hashes = hashes;
    this.leaves = size;
  }

  /** Leaves appended. */
  get size(): number {
    return this.leaves;
  }

  /** Appends a leaf by its hash (leafHash of its data), and completes the subtrees it completes. */
  append(hash: Uint8Array): void {
    assert(hash.length === HASH_BYTES, 'a leaf hash has 32 bytes');
    let index = this.leaves;
    let node = hash;
    for (let level = 0; ; level += 1) {
      this.hashes.put(level, index, node);
      if (index % 2 === 0) break;
      node = nodeHash(this.hasher, this.hashes.get(level, index - 1), node);
      index = (index - 1) / 2;
    }
    this.leaves += 1;
  }

  /** Hash of leaf index. */
  leaf(index: number): Uint8Array {
    assert(index >= 0 && index < this.leaves, 'a leaf lies within the log');
    return this.hashes.get(0, index);
  }

  /** Root over the first size leaves; of none: the hash of nothing. */
  root(size: number = this.leaves): Uint8Array {
    assert(Number.isSafeInteger(size) && size >= 0 && size <= this.leaves, 'a root is asked for a size that was');
    return size > 0 ? this.range(0, size) : hashOfNothing(this.hasher);
  }

  /** MTH over leaves [from, from + count); from is a multiple of the power of two that count calls for. */
  private range(from: number, count: number): Uint8Array {
    if (count === 1) return this.hashes.get(0, from);
    const split = splitOf(count);
    if (split * 2 === count) return this.hashes.get(levelOf(count), from / count);
    return nodeHash(this.hasher, this.range(from, split), this.range(from + split, count - split));
  }

  /** Audit path of leaf index in the log of size leaves, leaf's sibling first. */
  inclusion(index: number, size: number = this.leaves): readonly Uint8Array[] {
    assert(index >= 0 && index < size && size <= this.leaves, 'an inclusion proof is asked within the log');
    const path: Uint8Array[] = [];
    let from = 0;
    let count = size;
    while (count > 1) {
      const split = splitOf(count);
      if (index - from < split) {
        path.push(this.range(from + split, count - split));
        count = split;
      } else {
        path.push(this.range(from, split));
        from += split;
        count -= split;
      }
    }
    return path.reverse();
  }

  /** Proof that the log of size newer extends the log of size older, deepest hash first. 1 <= older <= newer. */
  consistency(older: number, newer: number = this.leaves): readonly Uint8Array[] {
    assert(older >= 1 && older <= newer && newer <= this.leaves, 'a consistency proof is asked between sizes that were');
    const path: Uint8Array[] = [];
    let from = 0;
    let count = newer;
    let whole = true;
    while (older - from < count) {
      const split = splitOf(count);
      if (older - from <= split) {
        path.push(this.range(from + split, count - split));
        count = split;
      } else {
        path.push(this.range(from, split));
        from += split;
        count -= split;
        whole = false;
      }
    }
    if (!whole) path.push(this.range(from, count));
    return path.reverse();
  }
}
