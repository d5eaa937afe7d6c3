/**
 * The logs of an exploration by number, and what is known to be committed: the longest log that any node has ever committed, with the
 * term of the node that committed each entry first. Raft never looks into an entry: index, term and kind say which it is.
 */
import type { Entry } from '../../core/raft/message.ts';
import { entryText } from './abstraction.ts';
import { ABSENT, PairTable } from './pair-table.ts';

interface Committed {
  readonly entry: string;
  /** At least the term that it was committed in. */
  readonly seenInTerm: number;
}

/** The log without entries; no commitments. */
export const EMPTY = 0;

export class Logs {
  private readonly logs: (readonly string[])[] = [[]];
  private readonly numbers: Map<string, number> = new Map([['', EMPTY]]);
  private readonly commitments: (readonly Committed[])[] = [[]];
  private readonly commitmentNumbers: Map<string, number> = new Map([['', EMPTY]]);
  private readonly shared: PairTable = new PairTable();
  private readonly held: PairTable = new PairTable();

  numberOf(entries: readonly Entry[]): number {
    const texts = entries.map(entryText);
    const key = texts.join();
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    this.numbers.set(key, this.logs.length);
    return this.logs.push(texts) - 1;
  }

  length(log: number): number {
    return (this.logs[log] as readonly string[]).length;
  }

  /** Entries of the log, each as text. */
  entries(log: number): readonly string[] {
    return this.logs[log] as readonly string[];
  }

  /** Term of the entry at an index; 0 where there is none. */
  termAt(log: number, index: number): number {
    const entry = this.entries(log)[index - 1];
    return entry === undefined ? 0 : Number(entry.split('.')[0]);
  }

  /** How many entries two logs have in common, from the first on. */
  common(a: number, b: number): number {
    const known = this.shared.get(a, b);
    return known === ABSENT ? this.shared.put(a, b, commonLength(this.entries(a), this.entries(b))) : known;
  }

  /** The last index at which both logs hold the same entry of the same term, and the entries before it differ; 0 where there is none. */
  mismatch(a: number, b: number): number {
    const [left, right] = [this.entries(a), this.entries(b)];
    let index = Math.min(left.length, right.length);
    while (index > 0 && this.termAt(a, index) !== this.termAt(b, index)) index -= 1;
    return index > this.common(a, b) ? index : 0;
  }

  committedEntries(commitments: number): readonly Committed[] {
    return this.commitments[commitments] as readonly Committed[];
  }

  /** How many of the committed entries a log holds, from the first on. */
  committedIn(log: number, commitments: number): number {
    const known = this.held.get(log, commitments);
    if (known !== ABSENT) return known;
    const committed = this.committedEntries(commitments).map(({ entry }) => entry);
    return this.held.put(log, commitments, commonLength(committed, this.entries(log)));
  }

  /** What is committed once a node of that term has committed its log up to `commit`. */
  extended(commitments: number, log: number, commit: number, term: number): number {
    const known = this.committedEntries(commitments);
    if (commit <= known.length) return commitments;
    const more = this.entries(log)
      .slice(known.length, commit)
      .map((entry) => ({ entry, seenInTerm: term }));
    const all = [...known, ...more];
    const key = all.map(({ entry, seenInTerm }) => `${entry}@${seenInTerm}`).join();
    const number = this.commitmentNumbers.get(key);
    if (number !== undefined) return number;
    this.commitmentNumbers.set(key, this.commitments.length);
    return this.commitments.push(all) - 1;
  }
}

function commonLength(a: readonly string[], b: readonly string[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}
