/**
 * The window of appends that a follower has not answered yet: a ring of (last index, bytes), bounded in both.
 * A slot is freed by any acknowledgement at or above its index, so a lost answer costs nothing once a later one arrives;
 * a lost append is found by the empty append behind each heartbeat response. Source: Ongaro 2014, 10.2.1; etcd/raft's Inflights.
 */
import { assert } from '../assert.ts';
import type { LogIndex } from '../ids.ts';

export class Inflight {
  private readonly appendsMax: number;
  private readonly bytesMax: number;
  private readonly lastIndexes: number[] = [];
  private readonly sizes: number[] = [];
  private start: number = 0;
  private bytes: number = 0;
  /** Appends on their way. */
  count: number = 0;

  constructor(appendsMax: number, bytesMax: number) {
    assert(appendsMax >= 1 && bytesMax >= 1, 'one append may always be in flight');
    this.appendsMax = appendsMax;
    this.bytesMax = bytesMax;
  }

  get full(): boolean {
    return this.count >= this.appendsMax || this.bytes >= this.bytesMax;
  }

  /** Notes an append that ends in lastIndex; indexes only grow between two calls of clear. */
  add(lastIndex: LogIndex, bytes: number): void {
    assert(!this.full, 'the window has room');
    const slot = (this.start + this.count) % this.appendsMax;
    this.lastIndexes[slot] = lastIndex;
    this.sizes[slot] = bytes;
    this.count += 1;
    this.bytes += bytes;
  }

  /** Frees every append that ends at or below index. */
  freeTo(index: LogIndex): void {
    while (this.count > 0 && (this.lastIndexes[this.start] as number) <= index) {
      this.bytes -= this.sizes[this.start] as number;
      this.start = (this.start + 1) % this.appendsMax;
      this.count -= 1;
    }
  }

  clear(): void {
    this.start = 0;
    this.count = 0;
    this.bytes = 0;
  }
}
