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

  /** Entries from `first` on were written to a segment; it is not older than any told before. */
  wrote(segment: number, first: LogIndex): void {
    const { spans } = this;
    for (let last = spans.at(-1); last !== undefined && last.first >= first; last = spans.at(-1)) spans.pop();
    if (spans.at(-1)?.segment !== segment) spans.push({ segment, first });
  }

  /** The log was given up: a snapshot stands in its place. */
  clear(): void {
    this.spans.length = 0;
  }

  /**
   * The oldest segment that a log behind `index` needs, the entry at `index` included where it is there: with it recovery sees
   * that log and snapshot belong together. Infinity where the log needs none.
   */
  oldestNeeded(index: LogIndex): number {
    const { spans } = this;
    let needed = 0;
    while (needed + 1 < spans.length && (spans[needed + 1] as Span).first <= index) needed += 1;
    return spans[needed]?.segment ?? Number.POSITIVE_INFINITY;
  }

  /** Forgets what a log behind `index` does not need. */
  forgetBefore(index: LogIndex): void {
    const oldest = this.oldestNeeded(index);
    while (this.spans.length > 0 && (this.spans[0] as Span).segment < oldest) this.spans.shift();
  }

  copy(): EntrySpans {
    const copy = new EntrySpans();
    for (const { segment, first } of this.spans) copy.spans.push({ segment, first });
    return copy;
  }
}
