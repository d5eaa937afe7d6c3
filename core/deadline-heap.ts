/** A binary heap of things that want to be woken, each of which knows its place: rescheduling and removal cost O(log n). */
import { assert } from './assert.ts';
import { type Micros, NEVER } from './ids.ts';

export interface Sleeper {
  /** Owned by the heap. */
  wakeAt: Micros;
  /** Owned by the heap: index in it, -1 when not in it. */
  heapIndex: number;
}

export class DeadlineHeap<T extends Sleeper> {
  private readonly items: T[] = [];

  /** The earliest time, NEVER when nothing waits. */
  next(): Micros {
    const first = this.items[0];
    return first === undefined ? NEVER : first.wakeAt;
  }

  /** Puts the item in, or moves it. */
  schedule(item: T, wakeAt: Micros): void {
    item.wakeAt = wakeAt;
    if (item.heapIndex < 0) {
      item.heapIndex = this.items.length;
      this.items.push(item);
    }
    this.up(item.heapIndex);
    this.down(item.heapIndex);
  }

  /** Takes the item out; nothing happens where it is not in. */
  remove(item: T): void {
    const at = item.heapIndex;
    if (at < 0) return;
    assert(this.items[at] === item, 'an item knows its place');
    const last = this.items.pop() as T;
    item.heapIndex = -1;
    if (last === item) return;
    this.items[at] = last;
    last.heapIndex = at;
    this.up(at);
    this.down(last.heapIndex);
  }

  /** Takes out the earliest item that is due, or undefined. */
  popDue(now: Micros): T | undefined {
    const first = this.items[0];
    if (first === undefined || first.wakeAt > now) return undefined;
    this.remove(first);
    return first;
  }

  private up(start: number): void {
    let at = start;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.items[parent] as T).wakeAt <= (this.items[at] as T).wakeAt) return;
      this.swap(at, parent);
      at = parent;
    }
  }

  private down(start: number): void {
    let at = start;
    for (;;) {
      let least = at;
      for (let child = 2 * at + 1; child <= 2 * at + 2; child += 1) {
        const item = this.items[child];
        if (item !== undefined && item.wakeAt < (this.items[least] as T).wakeAt) least = child;
      }
      if (least === at) return;
      this.swap(at, least);
      at = least;
    }
  }

  private swap(a: number, b: number): void {
    const first = this.items[a] as T;
    const second = this.items[b] as T;
    this.items[a] = second;
    this.items[b] = first;
    first.heapIndex = b;
    second.heapIndex = a;
  }
}
