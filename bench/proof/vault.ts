/**
 * The commitment of a vault with that many tuples, reverse leaves on, and changes for it. One tree serves both hashers: they say the
 * same, so its hasher can be exchanged between rounds.
 */
import type { Hasher } from '../../core/capability.ts';
import { CommitmentTree } from '../../core/merkle/tree.ts';
import { Random } from '../../core/random.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { type Leaf, leavesOf, tupleOf } from './tuples.ts';

/** Tuples whose leaves are at hand to be changed: many more than a processor's caches hold nodes of. */
const CHANGING = 16_384;

/** Hands on to another hasher, and counts. */
export class ExchangeableHasher implements Hasher {
  readonly name: Hasher['name'] = 'native';
  hasher: Hasher = nativeHasher;
  digests: number = 0;

  digest(input: Uint8Array, start: number, end: number, out: Uint8Array, outOffset: number): void {
    this.digests += 1;
    this.hasher.digest(input, start, end, out, outOffset);
  }
}

export class BenchVault {
  readonly count: number;
  readonly hasher: ExchangeableHasher = new ExchangeableHasher();
  readonly tree: CommitmentTree = new CommitmentTree(this.hasher);
  private readonly random: Random = Random.stream([5, 6, 7, 8], 'bench');
  /** For each changing tuple its leaves in two versions. */
  private readonly changing: readonly (readonly [readonly [Leaf, Leaf], readonly [Leaf, Leaf]])[];
  private turn: number = 0;

  constructor(count: number) {
    this.count = count;
    for (let n = 0; n < count; n += 1) {
      for (const { path, valueHash } of leavesOf(nativeHasher, tupleOf(n, count), 1)) this.tree.set(path, valueHash);
    }
    this.tree.stateRoot();
    this.changing = Array.from({ length: Math.min(count, CHANGING) }, () => {
      const tuple = tupleOf(this.random.below(count), count);
      return [leavesOf(nativeHasher, tuple, 2), leavesOf(nativeHasher, tuple, 3)];
    });
  }

  private next(): readonly [Leaf, Leaf] {
    this.turn += 1;
    const versions = this.changing[this.random.below(this.changing.length)] as (typeof this.changing)[number];
    return versions[this.turn & 1] as readonly [Leaf, Leaf];
  }

  /** Changes k leaves: forward ones. */
  changeLeaves(k: number): void {
    for (let i = 0; i < k; i += 1) {
      const [{ path, valueHash }] = this.next();
      this.tree.set(path, valueHash);
    }
  }

  /** Changes k tuples: two leaves each. */
  changeTuples(k: number): void {
    for (let i = 0; i < k; i += 1) for (const { path, valueHash } of this.next()) this.tree.set(path, valueHash);
  }

  /** Digests that a change and its roots take, on average. */
  digestsOf(change: () => void, rounds: number): number {
    const before = this.hasher.digests;
    for (let i = 0; i < rounds; i += 1) change();
    return (this.hasher.digests - before) / rounds;
  }
}
