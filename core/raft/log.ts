/**
 * The log of one group in memory: contiguous behind its base, and how far it is committed. The base is the entry (index, term)
 * that the newest snapshot ends with, or (0, 0): what is below it is committed, and gone.
 * Not here: what is durable (persistence.ts), who are members (configurations.ts).
 * Source: Ongaro 2014, 3.5, 3.6.1, 5.1; conflict hints as in etcd/raft's findConflictByTerm.
 */
import { assert } from '../assert.ts';
import { type LogIndex, minOf, plus, TERM_ZERO, type Term } from '../ids.ts';
import type { Entry } from './message.ts';

const NO_ENTRIES: readonly Entry[] = [];

export class RaftLog {
  private readonly entries: Entry[] = [];
  private committed: LogIndex;
  private base: LogIndex;
  private baseTerm: Term;

  constructor(base: { readonly index: LogIndex; readonly term: Term }, entries: readonly Entry[]) {
    this.base = base.index;
    this.baseTerm = base.term;
    this.committed = base.index;
    for (const entry of entries) this.append(entry);
  }

  /** Last index that is gone; 0 where none is. */
  get baseIndex(): LogIndex {
    return this.base;
  }

  get lastIndex(): LogIndex {
    return (this.base + this.entries.length) as LogIndex;
  }

  get lastTerm(): Term {
    return this.termAt(this.lastIndex);
  }

  get commitIndex(): LogIndex {
    return this.committed;
  }

  entry(index: LogIndex): Entry | undefined {
    return this.entries[index - this.base - 1];
  }

  /** Term of the entry at index, which may be the base; 0 below it and behind the end. */
  termAt(index: LogIndex): Term {
    const entry = this.entries[index - this.base - 1];
    if (entry !== undefined) return entry.term;
    return index === this.base ? this.baseTerm : TERM_ZERO;
  }

  /** Entries from..toInclusive that exist. @param from behind the base. */
  slice(from: LogIndex, toInclusive: LogIndex): readonly Entry[] {
    if (from > toInclusive || from > this.lastIndex) return NO_ENTRIES;
    assert(from > this.base, 'entries below the base are gone');
    return this.entries.slice(from - this.base - 1, toInclusive - this.base);
  }

  /** Last index of the longest run from `from` within both limits; at least one entry where there is one. */
  runEnd(from: LogIndex, entriesMax: number, bytesMax: number): LogIndex {
    const last = minOf(this.lastIndex, plus(from, entriesMax - 1));
    let bytes = 0;
    for (let index = from; index <= last; index = plus(index, 1)) {
      bytes += (this.entry(index) as Entry).data.length;
      if (bytes > bytesMax && index > from) return plus(index, -1);
    }
    return last;
  }

  /** Data bytes of the entries from..toInclusive. */
  bytesBetween(from: LogIndex, toInclusive: LogIndex): number {
    let bytes = 0;
    for (let index = from; index <= toInclusive; index = plus(index, 1)) bytes += (this.entry(index) as Entry).data.length;
    return bytes;
  }

  /** Appends one entry right behind the last. */
  append(entry: Entry): void {
    assert(entry.index === this.lastIndex + 1, 'an entry follows the last one');
    assert(entry.term >= this.lastTerm, 'terms never fall along a log');
    this.entries.push(entry);
  }

  /** Forgets every entry from `from` on. */
  truncate(from: LogIndex): void {
    assert(from > this.committed, 'a committed entry is never truncated');
    this.entries.length = from - this.base - 1;
  }

  /** Forgets everything up to and including index, which is committed: a snapshot stands for it. */
  compactTo(index: LogIndex): void {
    assert(index <= this.committed, 'only what is committed is compacted');
    if (index <= this.base) return;
    const term = this.termAt(index);
    this.entries.splice(0, index - this.base);
    this.base = index;
    this.baseTerm = term;
  }

  /** Forgets everything: a snapshot of another log's prefix stands here now. */
  restore(index: LogIndex, term: Term): void {
    assert(index > this.committed, 'a snapshot moves a log forward');
    this.entries.length = 0;
    this.base = index;
    this.baseTerm = term;
    this.committed = index;
  }

  /** Whether the log holds the entry (index, term). What is gone was committed: it matches every leader's log. */
  matches(index: LogIndex, term: Term): boolean {
    if (index < this.base || index === 0) return true;
    return index <= this.lastIndex && this.termAt(index) === term;
  }

  /** Whether a candidate's log, by its last entry, holds everything that this one may have helped to commit. */
  isUpToDate(lastIndex: LogIndex, lastTerm: Term): boolean {
    if (lastTerm !== this.lastTerm) return lastTerm > this.lastTerm;
    return lastIndex >= this.lastIndex;
  }

  /** Position of the first of the entries that the log does not hold; their number if it holds all. */
  firstNew(entries: readonly Entry[]): number {
    let position = 0;
    while (position < entries.length && this.matches((entries[position] as Entry).index, (entries[position] as Entry).term)) {
      position += 1;
    }
    return position;
  }

  /**
   * The highest index at or below `from` whose term is at most `term`: above it, the two logs cannot meet.
   * Skips a whole term of conflict per round trip (the optimisation at the end of 3.5). Below the base terms are unknown.
   */
  highestWithTermAtMost(from: LogIndex, term: Term): LogIndex {
    let index = minOf(from, this.lastIndex);
    while (index > 0 && this.termAt(index) > term) index = plus(index, -1);
    return index;
  }

  /** Moves the commit index forward, never beyond the log. @returns whether it moved. */
  commitTo(index: LogIndex): boolean {
    const target = minOf(index, this.lastIndex);
    if (target <= this.committed) return false;
    this.committed = target;
    return true;
  }
}
