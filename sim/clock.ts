/**
 * What one node takes for the time. The monotonic clock runs at its own rate (1 ± ε) from its own origin and never steps or
 * stops; a pause stops the node, not its clock. The wall clock is offset and may be stepped without limit.
 * True time is the scheduler's; no core ever sees it.
 */
import type { Clocks } from '../core/effect.ts';
import { type Micros, NEVER } from '../core/ids.ts';

/** True time 0 on a correct wall clock: 2026-01-01T00:00:00Z, microseconds since 1970. */
const WALL_ORIGIN: number = 1_767_225_600_000_000;

export class NodeClock {
  /** Monotonic microseconds per true microsecond. */
  private readonly rate: number;
  private readonly origin: number;
  /** Microseconds by which the wall clock is wrong. */
  wallOffset: number;

  constructor(options: { readonly ratePpm: number; readonly origin: number; readonly wallOffset: number }) {
    this.rate = 1 + options.ratePpm / 1_000_000;
    this.origin = options.origin;
    this.wallOffset = options.wallOffset;
  }

  now(trueTime: number): Micros {
    return (this.origin + Math.floor(trueTime * this.rate)) as Micros;
  }

  wall(trueTime: number): Micros {
    return (WALL_ORIGIN + trueTime + this.wallOffset) as Micros;
  }

  read(trueTime: number): Clocks {
    return { now: this.now(trueTime), wall: this.wall(trueTime) };
  }

  /** The first true microsecond at which this clock shows the deadline, or Infinity. */
  trueTimeOf(deadline: Micros): number {
    if (deadline >= NEVER) return Number.POSITIVE_INFINITY;
    let at = Math.max(0, Math.floor((deadline - this.origin) / this.rate) - 1);
    while (this.now(at) < deadline) at += 1;
    return at;
  }
}
