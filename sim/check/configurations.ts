/**
 * Configurations of the search (linearizable.ts) and which of them are worth looking at.
 * Of two that differ only in the unknown operations they used, one that used fewer can do all the other can: the other is
 * dropped. That is what keeps operations of unknown outcome from doubling the work each.
 */

/** A way to have got here. */
export interface Configuration {
  readonly state: string;
  /** Open operations that will return and are placed already; ascending. */
  readonly placed: readonly number[];
  /** Unknown operations that were placed; ascending. */
  readonly used: readonly number[];
}

/** The configurations met on one level. */
export class Met {
  private readonly usedBy: Map<string, (readonly number[])[]> = new Map();

  /** @returns whether it is new and no other makes it superfluous. */
  add({ state, placed, used }: Configuration): boolean {
    const key = `${placed.join()}|${state}`;
    const known = this.usedBy.get(key);
    if (known === undefined) {
      this.usedBy.set(key, [used]);
      return true;
    }
    if (known.some((other) => isSubset(other, used))) return false;
    known.push(used);
    return true;
  }
}

/** Both ascending. */
function isSubset(part: readonly number[], whole: readonly number[]): boolean {
  let at = 0;
  for (const item of part) {
    while (at < whole.length && (whole[at] as number) < item) at += 1;
    if (whole[at] !== item) return false;
    at += 1;
  }
  return true;
}

/** The ascending list with one more item. */
export function including(list: readonly number[], item: number): readonly number[] {
  const at = list.findLastIndex((other) => other < item) + 1;
  return [...list.slice(0, at), item, ...list.slice(at)];
}
