/**
 * One timer for one moving deadline. The deadline moves with nearly every step, mostly later: a timer that is armed too
 * early is left alone and re-armed when it fires, which saves a clearTimeout and setTimeout per turn.
 */
import { type Micros, NEVER } from '../core/ids.ts';

/** setTimeout takes 31 bits of milliseconds. */
const TIMEOUT_MS_MAX = 0x7fff_ffff;

export class DeadlineTimer {
  private readonly now: () => Micros;
  private readonly onDue: () => void;
  private handle: NodeJS.Timeout | undefined = undefined;
  /** When the armed timer fires; meaningless without a handle. */
  private firesAt: Micros = NEVER;
  private deadline: Micros = NEVER;

  constructor(now: () => Micros, onDue: () => void) {
    this.now = now;
    this.onDue = onDue;
  }

  /** Sets the deadline; NEVER for none. */
  arm(deadline: Micros): void {
    this.deadline = deadline;
    if (deadline === NEVER || (this.handle !== undefined && this.firesAt <= deadline)) return;
    this.clear();
    const now = this.now();
    const delayMs = Math.min(Math.max(0, Math.ceil((deadline - now) / 1000)), TIMEOUT_MS_MAX);
    this.firesAt = (now + delayMs * 1000) as Micros;
    this.handle = setTimeout(() => this.fire(), delayMs);
  }

  /** Never fires again unless armed again. */
  stop(): void {
    this.deadline = NEVER;
    this.clear();
  }

  private clear(): void {
    if (this.handle !== undefined) clearTimeout(this.handle);
    this.handle = undefined;
  }

  private fire(): void {
    this.handle = undefined;
    if (this.deadline === NEVER) return;
    if (this.now() >= this.deadline) this.onDue();
    else this.arm(this.deadline);
  }
}
