/**
 * What one node takes for the time. The monotonic clock runs at a rate of its own (1 ± ε, which may change) from its own
 * origin and never steps or stops; a pause stops the node, not its clock. The wall clock is offset, drifts, may be stepped
 * without limit and may freeze. True time is the scheduler's; no core ever sees it.
 */
import type { Clocks } from '../core/effect.ts';
import { type Micros, NEVER } from '../core/ids.ts';

/** True time 0 on a correct wall clock: 2026-01-01T00:00:00Z, microseconds since 1970. */
export const WALL_ORIGIN: number = 1_767_225_600_000_000;
/** A wall clock that stands still, as a drift. */
export const FROZEN: number = -1_000_000;

export class NodeClock {
  /** Monotonic microseconds per true microsecond since `since`. */
  private rate: number;
  private since: number = 0;
  private origin: number;
  private wallRate: number = 1;
  private wallSince: number = 0;
  private wallOrigin: number;

  constructor(options: { readonly ratePpm: number; readonly origin: number; readonly wallOffset: number }) {
    this.rate = 1 + options.ratePpm / 1_000_000;
    this.origin = options.origin;
    this.wallOrigin = WALL_ORIGIN + options.wallOffset;
  }

  now(trueTime: number): Micros {
    return Math.floor(this.origin + (trueTime - this.since) * this.rate) as Micros;
  }

  wall(trueTime: number): Micros {
    return (this.wallOrigin + Math.floor((trueTime - this.wallSince) * this.wallRate)) as Micros;
  }

  read(trueTime: number): Clocks {
    return { now: this.now(trueTime), wall: this.wall(trueTime) };
  }

  /** From now on the monotonic clock runs at another rate; what it shows at this moment stays. */
  setRate(trueTime: number, ratePpm: number): void {
    this.origin += (trueTime - this.since) * this.rate; // parts of a microsecond too: they must not add up to a slow clock
    this.since = trueTime;
    this.rate = 1 + ratePpm / 1_000_000;
  }

  /** From now on the wall clock runs that much too fast or slow; FROZEN stops it. */
  setWallDrift(trueTime: number, driftPpm: number): void {
    this.wallOrigin = this.wall(trueTime);
    this.wallSince = trueTime;
    this.wallRate = 1 + driftPpm / 1_000_000;
  }

  /** The wall clock jumps. */
  stepWall(micros: number): void {
    this.wallOrigin += micros;
  }

  /** The first true microsecond, not before the last change of rate, at which this clock shows the deadline; or Infinity. */
  trueTimeOf(deadline: Micros): number {
    if (deadline >= NEVER) return Number.POSITIVE_INFINITY;
    let at = this.since + Math.max(0, Math.floor((deadline - this.origin) / this.rate) - 1);
    while (this.now(at) < deadline) at += 1;
    return at;
  }
}
