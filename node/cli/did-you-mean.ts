/** Near misses: what somebody meant who wrote a name that does not exist. */

/** Edits up to which another name is worth mentioning. */
const EDITS_MAX = 3;

/** A sentence that names the nearest known name, with a space before it; '' where none is near. */
export function nearest(name: string, known: readonly string[]): string {
  let best = '';
  let edits = Math.min(EDITS_MAX, Math.ceil(name.length / 2)) + 1;
  for (const candidate of known) {
    const distance =
      candidate.startsWith(name) && name.length > 2 ? 1 : editsBetween(name.toLowerCase(), candidate.toLowerCase());
    if (distance >= edits) continue;
    best = candidate;
    edits = distance;
  }
  return best === '' ? '' : ` Did you mean ${best}?`;
}

/** Levenshtein distance. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
