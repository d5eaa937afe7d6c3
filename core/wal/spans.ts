/**
 * Where the entries of one group stand: for each segment that holds some, the first index written there. It answers the one
 * question of reclamation: which is the oldest segment still needed?
 * Invariant: segments and first indexes both grow. A later segment that begins at or below an earlier first index holds a newer
 * copy of everything from there on, so the earlier one is forgotten.
 */
import type { LogIndex } from '../ids.ts';

interface Span {
  readonly segment: number;
  first: LogIndex;
}

export class EntrySpans {
  private readonly spans: Span[] = [];
  /** The newest index written; a truncation may have taken it back. */
  private last: number = 0;

  /** Entries first..last were written to a segment; it is not older than any told before. */
  wrote(segment: number, first: LogIndex, last: LogIndex): void {
    this.last = last;
    const { spans } = this;
    for (let last = spans.at(-1); last !== undefined && last.first >= first; last = spans.at(-1)) spans.pop();
    if (spans.at(-1)?.segment !== segment) spans.push({ segment, first });
  }

  /** The log was given up: a snapshot stands in its place. */
  clear(): void {
    this.spans.length = 0;
    this.last = 0;
  }

  /** The oldest segment that holds entries from an index on; Infinity where none does. */
  oldestFrom(from: number): number {
    const { spans } = this;
    if (from > this.last) return Number.POSITIVE_INFINITY;
    let needed = 0;
    while (needed + 1 < spans.length && (spans[needed + 1] as Span).first <= from) needed += 1;
    return spans[needed]?.segment ?? Number.POSITIVE_INFINITY;
  }

  /** Forgets what lies before an index. */
  forgetBefore(from: number): void {
    const oldest = this.oldestFrom(from);
    while (this.spans.length > 0 && (this.spans[0] as Span).segment < oldest) this.spans.shift();
  }

  copy(): EntrySpans {
    const copy = new EntrySpans();
    copy.last = this.last;
    for (const { segment, first } of this.spans) copy.spans.push({ segment, first });
    return copy;
  }
}
