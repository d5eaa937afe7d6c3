/**
 * A set of sleeping groups with their terms, and what it comes to in eight bytes: nodes compare those with every beat, and the
 * sets themselves only where they differ. The sum does not depend on the order in which groups came and is kept up to date by
 * one exclusive-or a change. Two sets that differ have the same sum once in 2^64 by chance; nodes of one cluster do not seek it.
 */
import type { GroupId, Term } from '../ids.ts';

export interface SleepingGroup {
  readonly group: GroupId;
  readonly term: Term;
}

/** Comparable: count, and 32 bits each of two independent sums. */
export interface SleepersSum {
  readonly count: number;
  readonly low: number;
  readonly high: number;
}

export class Sleepers {
  private readonly terms: Map<GroupId, Term> = new Map();
  private low: number = 0;
  private high: number = 0;

  get size(): number {
    return this.terms.size;
  }

  /** The group is not among them. */
  add(group: GroupId, term: Term): void {
    this.terms.set(group, term);
    this.toggle(group, term);
  }

  remove(group: GroupId): void {
    const term = this.terms.get(group);
    if (term === undefined) return;
    this.terms.delete(group);
    this.toggle(group, term);
  }

  termOf(group: GroupId): Term | undefined {
    return this.terms.get(group);
  }

  sum(): SleepersSum {
    return { count: this.terms.size, low: this.low >>> 0, high: this.high >>> 0 };
  }

  isSum({ count, low, high }: SleepersSum): boolean {
    return count === this.terms.size && low === this.low >>> 0 && high === this.high >>> 0;
  }

  /** By group. */
  list(): readonly SleepingGroup[] {
    return [...this.terms].map(([group, term]) => ({ group, term })).sort((a, b) => a.group - b.group);
  }

  private toggle(group: GroupId, term: Term): void {
    const upper = Math.floor(term / 0x1_0000_0000);
    this.low ^= mixed(mixed(mixed(group ^ 0x9e37_79b9) ^ term) ^ upper);
    this.high ^= mixed(mixed(mixed(group ^ 0x85eb_ca6b) ^ term) ^ upper);
  }
}

/** 32 bits to 32 bits, each of the former changing half of the latter. Source: Wellons 2018, "lowbias32". */
function mixed(word: number): number {
  let bits = word | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x21f0_aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a_2d97);
  return bits ^ (bits >>> 15);
}
