/**
 * The exact index as a vault uses it: one for all vaults of a group, begun by the first check. Why so late: a group that answers
 * no checks pays neither memory nor writes for it, and most groups of a node are such.
 */
import { EXACT_INDEX_BYTES } from '../limits.ts';
import type { SeedWords } from '../random.ts';
import { ExactIndex } from './exact-index.ts';

/** The index that the vaults of a group share; it begins when one of them is first asked. */
export class GroupIndex {
  private readonly seed: SeedWords;
  private index: ExactIndex | undefined = undefined;

  constructor(seed: SeedWords) {
    this.seed = seed;
  }

  begin(): ExactIndex {
    this.index ??= new ExactIndex({ budgetBytes: EXACT_INDEX_BYTES, seed: this.seed });
    return this.index;
  }
}

/** One vault's part of it. */
export class ExactRows {
  private readonly group: GroupIndex;
  private index: ExactIndex | undefined = undefined;
  private space: number = 0;

  constructor(group: GroupIndex) {
    this.group = group;
  }

  /** expires_at of the key's row, ABSENT, or UNKNOWN. @param isEmpty whether the vault has no row at all */
  find(key: Uint8Array, isEmpty: boolean): number {
    if (this.index === undefined) {
      this.index = this.group.begin();
      this.space = this.index.openSpace(isEmpty);
    }
    return this.index.find(this.space, key);
  }

  /** What the tree said after UNKNOWN. @param expiresAt of the row, or ABSENT */
  learn(key: Uint8Array, expiresAt: number): void {
    this.index?.learn(this.space, key, expiresAt);
  }

  /** The key's row was written. */
  written(key: Uint8Array, expiresAt: number): void {
    this.index?.written(this.space, key, expiresAt);
  }

  /** The key's row was removed. */
  removed(key: Uint8Array): void {
    this.index?.removed(this.space, key);
  }
}
