/**
 * Which leaves are due, in the order in which `expire` removes them: by time, then by key (docs/reference/formats.md, "Keys of a vault").
 * A heap. What is not in force any more is passed over when it comes up, and thrown out when it makes up more than half.
 */
import { compareBytes } from '../bytes/compare.ts';

export interface Expiry<T> {
  /** Microseconds since 1970. */
  readonly at: number;
  /** Key of the leaf's row; the caller's own bytes. */
  readonly key: Uint8Array;
  readonly leaf: T;
}

/** Entries up to which nobody looks for those that are not in force. */
const SLACK = 1024;

function isBefore<T>(a: Expiry<T>, b: Expiry<T>): boolean {
  return a.at !== b.at ? a.at < b.at : compareBytes(a.key, b.key) < 0;
}

export class Expiries<T> {
  private heap: Expiry<T>[] = [];
  private readonly isInForce: (expiry: Expiry<T>) => boolean;
  private slack: number = SLACK;

  /** @param isInForce whether the leaf is there and expires at that time. */
  constructor(isInForce: (expiry: Expiry<T>) => boolean) {
    this.isInForce = isInForce;
  }

  add(expiry: Expiry<T>): void {
    if (this.heap.length >= this.slack) this.tidy();
    this.heap.push(expiry);
    this.rise(this.heap.length - 1);
  }

  /** Takes the next one that is due, and in force; undefined where there is none. @param time what expires at or before it is due */
  takeDue(time: number): Expiry<T> | undefined {
    for (let first = this.heap[0]; first !== undefined && first.at <= time; first = this.heap[0]) {
      this.removeFirst();
      if (this.isInForce(first)) return first;
    }
    return undefined;
  }

  private tidy(): void {
    this.heap = this.heap.filter(this.isInForce).sort((a, b) => (isBefore(a, b) ? -1 : 1)); // a sorted array is a heap
    this.slack = Math.max(SLACK, 2 * this.heap.length);
  }

  private rise(from: number): void {
    const { heap } = this;
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(heap[at] as Expiry<T>, heap[above] as Expiry<T>)) return;
      this.swap(at, above);
      at = above;
    }
  }

  private removeFirst(): void {
    const { heap } = this;
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return;
    heap[0] = last;
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      if (left >= heap.length) return;
      const right = left + 1;
      const isRight = right < heap.length && isBefore(heap[right] as Expiry<T>, heap[left] as Expiry<T>);
      const least = isRight ? right : left;
      if (!isBefore(heap[least] as Expiry<T>, heap[at] as Expiry<T>)) return;
      this.swap(at, least);
      at = least;
    }
  }

  private swap(a: number, b: number): void {
    const { heap } = this;
    const moved = heap[a] as Expiry<T>;
    heap[a] = heap[b] as Expiry<T>;
    heap[b] = moved;
  }
}
