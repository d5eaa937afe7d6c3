/**
 * Which group is to be looked at when. Only groups that something happened to in a step are asked for their deadline, so that
 * a step costs the same on a node of ten groups and of a thousand.
 * A deadline that follows the wall clock (the next expiry) is asked for again wherever that clock jumps.
 */
import { DeadlineHeap, type Sleeper } from '../deadline-heap.ts';
import type { GroupId, Micros } from '../ids.ts';
import type { ReplicaGroup } from './group.ts';

/** The clocks drift apart by more than this before every group is asked again. */
const WALL_JUMP_MICROS = 100_000;

interface Entry extends Sleeper {
  readonly group: ReplicaGroup;
  touched: boolean;
}

export class Schedule {
  private readonly heap: DeadlineHeap<Entry> = new DeadlineHeap();
  private readonly entries: Map<GroupId, Entry> = new Map();
  private touched: Entry[] = [];
  private settled: readonly Entry[] = [];
  /** Wall clock less monotonic clock. */
  private offset: number = 0;

  /** Something happens to the group in this step. */
  touch(group: ReplicaGroup): void {
    let entry = this.entries.get(group.id);
    if (entry === undefined) {
      entry = { group, wakeAt: 0 as Micros, heapIndex: -1, touched: false };
      this.entries.set(group.id, entry);
    }
    if (entry.touched) return;
    entry.touched = true;
    this.touched.push(entry);
  }

  /** The step is over. @param review called with every group that something happened to. */
  settle(now: Micros, wall: Micros, review: (group: ReplicaGroup) => void): void {
    const offset = wall - now;
    if (Math.abs(offset - this.offset) > WALL_JUMP_MICROS) {
      this.offset = offset;
      for (const { group } of this.entries.values()) this.touch(group);
    }
    const { touched } = this;
    this.settled = touched;
    if (touched.length === 0) return;
    this.touched = [];
    for (const entry of touched) {
      entry.touched = false;
      review(entry.group);
      this.heap.schedule(entry, entry.group.nextDeadline(now));
    }
  }

  /** Groups that something happened to in the last step. */
  get touchedLast(): readonly { readonly group: ReplicaGroup }[] {
    return this.settled;
  }

  nextDeadline(): Micros {
    return this.heap.next();
  }

  /** Groups whose deadline has passed, by id. They are taken out until they are touched again. */
  takeDue(now: Micros): readonly ReplicaGroup[] {
    const due: ReplicaGroup[] = [];
    for (let entry = this.heap.popDue(now); entry !== undefined; entry = this.heap.popDue(now)) due.push(entry.group);
    return due.sort((a, b) => a.id - b.id);
  }
}
