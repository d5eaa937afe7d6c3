/**
 * The log of one group in memory, contiguous from index 1, and how far it is committed.
 * Not here: what is durable (persistence.ts). Every access goes through an index, so a compacted prefix changes this file only.
 * Source: Ongaro 2014, 3.5, 3.6.1; conflict hints as in etcd/raft's findConflictByTerm.
 */
import { assert } from '../assert.ts';
import { INDEX_ZERO, type LogIndex, minOf, plus, TERM_ZERO, type Term } from '../ids.ts';
import type { Entry } from './message.ts';

const NO_ENTRIES: readonly Entry[] = [];

export class RaftLog {
  private readonly entries: Entry[] = [];
  private committed: LogIndex = INDEX_ZERO;

  constructor(entries: readonly Entry[]) {
    for (const entry of entries) this.append(entry);
  }

  get lastIndex(): LogIndex {
    return this.entries.length as LogIndex;
  }

  get lastTerm(): Term {
    return this.termAt(this.lastIndex);
  }

  get commitIndex(): LogIndex {
    return this.committed;
  }

  entry(index: LogIndex): Entry | undefined {
    return this.entries[index - 1];
  }

  /** Term of the entry at index; 0 before the log and behind its end. */
  termAt(index: LogIndex): Term {
    const entry = this.entries[index - 1];
    return entry === undefined ? TERM_ZERO : entry.term;
  }

  /** Entries from..toInclusive that exist. */
  slice(from: LogIndex, toInclusive: LogIndex): readonly Entry[] {
    if (from > toInclusive || from > this.lastIndex) return NO_ENTRIES;
    return this.entries.slice(from - 1, toInclusive);
  }

  /** Last index of the longest run from `from` within both limits; at least one entry where there is one. */
  runEnd(from: LogIndex, entriesMax: number, bytesMax: number): LogIndex {
    const last = minOf(this.lastIndex, plus(from, entriesMax - 1));
    let bytes = 0;
    for (let index = from; index <= last; index = plus(index, 1)) {
      bytes += (this.entries[index - 1] as Entry).data.length;
      if (bytes > bytesMax && index > from) return plus(index, -1);
    }
    return last;
  }

  /** Data bytes of the entries from..toInclusive. */
  bytesBetween(from: LogIndex, toInclusive: LogIndex): number {
    let bytes = 0;
    for (let index = from; index <= toInclusive; index = plus(index, 1)) bytes += (this.entries[index - 1] as Entry).data.length;
    return bytes;
  }

  /** Appends one entry right behind the last. */
  append(entry: Entry): void {
    assert(entry.index === this.entries.length + 1, 'an entry follows the last one');
    assert(entry.term >= this.lastTerm, 'terms never fall along a log');
    this.entries.push(entry);
  }

  /** Forgets every entry from `from` on. */
  truncate(from: LogIndex): void {
    assert(from > this.committed, 'a committed entry is never truncated');
    this.entries.length = from - 1;
  }

  /** Whether the log holds the entry (index, term); the empty prefix matches everywhere. */
  matches(index: LogIndex, term: Term): boolean {
    if (index === 0) return true;
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
   * Skips a whole term of conflict per round trip (the optimisation at the end of 3.5).
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
