/**
 * The states that were visited, by 64 bits each. A state's fingerprint is the smallest, over all renamings of nodes, of the sums of
 * what stands for its parts and for what they share: a sum does not depend on the order of parts, and a move changes few of them.
 * Two states that are not the same have one fingerprint with probability 2^-64, times the renamings: among n states, with one of
 * about (n^2 / 2) * renamings / 2^64 somewhere; for 10^7 states of three nodes that is 2 in 100,000. Then a state would be missed, never one made up.
 */

/** 32 of the bits that stand for a pair of numbers. Source of the mixing: MurmurHash3 (fmix32), once for each number. */
export function apart(first: number, second: number, lane: number): number {
  const mixed = finalMix(Math.imul(first + 1, 0x9e3779b1) ^ Math.imul(lane, 0x7feb352d));
  return finalMix(mixed + Math.imul(second + 1, 0x85ebca6b) + (lane === 1 ? 0x165667b1 : 0x27d4eb2f));
}

function finalMix(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

export class Visited {
  /** Slots of two words; both 0 = empty. */
  private slots: Int32Array = new Int32Array(2 << 16);
  private mask: number = (1 << 16) - 1;
  count: number = 0;

  /** @returns whether the fingerprint is new. */
  add(high: number, low: number): boolean {
    const second = high === 0 && low === 0 ? 1 : low;
    const { slots } = this;
    for (let at = (high ^ Math.imul(low, 0x9e3779b1)) & this.mask; ; at = (at + 1) & this.mask) {
      const slot = at * 2;
      const [a, b] = [slots[slot] as number, slots[slot + 1] as number];
      if (a === high && b === second) return false;
      if (a === 0 && b === 0) {
        slots[slot] = high;
        slots[slot + 1] = second;
        this.count += 1;
        if (this.count * 2 > this.mask) this.grow();
        return true;
      }
    }
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new Int32Array(old.length * 2);
    this.mask = this.mask * 2 + 1;
    for (let slot = 0; slot < old.length; slot += 2) {
      const [high, low] = [old[slot] as number, old[slot + 1] as number];
      if (high !== 0 || low !== 0) this.place(high, low);
    }
  }

  private place(high: number, low: number): void {
    const { slots } = this;
    let at = (high ^ Math.imul(low, 0x9e3779b1)) & this.mask;
    while (slots[at * 2] !== 0 || slots[at * 2 + 1] !== 0) at = (at + 1) & this.mask;
    slots[at * 2] = high;
    slots[at * 2 + 1] = low;
  }
}
