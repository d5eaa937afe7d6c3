/** One line of progress that is written over again; nothing at all where stderr is not a terminal. */
import type { SwarmTally } from '../../sim/swarm.ts';

const PROGRESS_MS = 500;

export class Progress {
  private readonly tally: SwarmTally;
  private readonly count: number;
  private readonly label: string;
  private readonly started: number = performance.now();
  private shownAt: number = 0;

  /** @param count seeds to come; Infinity = nobody knows. @param label stands before the figures. */
  constructor(tally: SwarmTally, count: number, label: string) {
    this.tally = tally;
    this.count = count;
    this.label = label;
  }

  show(): void {
    const now = performance.now();
    if (!process.stderr.isTTY || now - this.shownAt < PROGRESS_MS) return;
    this.shownAt = now;
    const { seeds, failures, faultCount } = this.tally;
    const rate = (seeds * 1000) / (now - this.started);
    const left = Number.isFinite(this.count) ? `, ${Math.ceil((this.count - seeds) / rate)} s left` : '';
    process.stderr.write(
      `\r\u001b[K${this.label}${seeds} seeds, ${failures} failed, ${faultCount} faults, ${Math.round(rate * 60)} seeds a minute${left}`,
    );
  }

  end(): void {
    if (process.stderr.isTTY && this.shownAt > 0) process.stderr.write('\r\u001b[K');
  }
}
