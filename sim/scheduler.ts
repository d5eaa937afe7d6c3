/**
 * The heap of future events, ordered by (time, sequence): events of one instant happen in the order they were scheduled.
 * Why typed arrays and slots instead of objects: an event costs no allocation and comparing touches two flat arrays.
 */
import { assert } from '../core/assert.ts';

/** What `pop` left in the scheduler's fields; valid until the next `pop`. */
export class Scheduler {
  private times: Float64Array = new Float64Array(1024);
  private sequences: Float64Array = new Float64Array(1024);
  private kinds: Uint8Array = new Uint8Array(1024);
  private firsts: Int32Array = new Int32Array(1024);
  private seconds: Int32Array = new Int32Array(1024);
  private payloads: unknown[] = [];
  /** heap[0, count) are slots in heap order; free slots wait behind. */
  private heap: Int32Array = Int32Array.from({ length: 1024 }, (_, slot) => slot);
  private count: number = 0;
  private sequence: number = 0;

  /** True time of the event popped last, microseconds. Never goes back. */
  now: number = 0;
  kind: number = 0;
  first: number = 0;
  second: number = 0;
  payload: unknown = undefined;

  get pending(): number {
    return this.count;
  }

  /** Schedules an event. @param at true time in microseconds, not in the past. first and second are the kind's small integers. */
  push(at: number, kind: number, first: number, second: number, payload: unknown): void {
    assert(at >= this.now, 'an event is never scheduled in the past');
    if (this.count === this.heap.length) this.grow();
    const slot = this.heap[this.count] as number;
    this.times[slot] = at;
    this.sequences[slot] = this.sequence;
    this.sequence += 1;
    this.kinds[slot] = kind;
    this.firsts[slot] = first;
    this.seconds[slot] = second;
    this.payloads[slot] = payload;
    this.count += 1;
    this.siftUp(this.count - 1, slot);
  }

  /** True time of the next event, or Infinity. */
  peekTime(): number {
    return this.count === 0 ? Number.POSITIVE_INFINITY : (this.times[this.heap[0] as number] as number);
  }

  /** Takes the next event into this object's fields. @returns false where nothing is left. */
  pop(): boolean {
    if (this.count === 0) return false;
    const slot = this.heap[0] as number;
    this.now = this.times[slot] as number;
    this.kind = this.kinds[slot] as number;
    this.first = this.firsts[slot] as number;
    this.second = this.seconds[slot] as number;
    this.payload = this.payloads[slot];
    this.payloads[slot] = undefined;
    this.count -= 1;
    const last = this.heap[this.count] as number;
    this.heap[this.count] = slot;
    if (this.count > 0) this.siftDown(last);
    return true;
  }

  private before(a: number, b: number): boolean {
    const timeA = this.times[a] as number;
    const timeB = this.times[b] as number;
    if (timeA !== timeB) return timeA < timeB;
    return (this.sequences[a] as number) < (this.sequences[b] as number);
  }

  private siftUp(from: number, slot: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = this.heap[parent] as number;
      if (!this.before(slot, above)) break;
      this.heap[at] = above;
      at = parent;
    }
    this.heap[at] = slot;
  }

  private siftDown(slot: number): void {
    let at = 0;
    const half = this.count >> 1;
    while (at < half) {
      let child = 2 * at + 1;
      const right = child + 1;
      if (right < this.count && this.before(this.heap[right] as number, this.heap[child] as number)) child = right;
      const below = this.heap[child] as number;
      if (!this.before(below, slot)) break;
      this.heap[at] = below;
      at = child;
    }
    this.heap[at] = slot;
  }

  private grow(): void {
    const old = this.heap.length;
    const size = old * 2;
    this.times = enlarged(new Float64Array(size), this.times);
    this.sequences = enlarged(new Float64Array(size), this.sequences);
    this.kinds = enlarged(new Uint8Array(size), this.kinds);
    this.firsts = enlarged(new Int32Array(size), this.firsts);
    this.seconds = enlarged(new Int32Array(size), this.seconds);
    this.heap = enlarged(new Int32Array(size), this.heap);
    for (let slot = old; slot < size; slot += 1) this.heap[slot] = slot;
  }
}

function enlarged<T extends Float64Array | Uint8Array | Int32Array>(larger: T, smaller: T): T {
  larger.set(smaller);
  return larger;
}
