/**
 * Which buggify sites of the core are active in a run, and how often each says yes. Half of them are off per seed, as
 * with faults: what always happens hides what needs its absence.
 */
import type { Draws } from './tape.ts';

/** Every site in core; a test holds the list and the code equal. The factor tames sites that are asked often or cost much. */
const SITES: readonly (readonly [site: string, factor: number])[] = [
  ['raft.append-one-entry', 1],
  ['raft.eager-election', 1],
  ['replica.apply-one-entry', 1],
  ['replica.batch-one-command', 1],
  ['replica.change-jointly', 5],
  ['replica.hand-over-leadership', 0.05],
  ['replica.proof-rests', 1.5],
  ['replica.refuse-read-round', 0.2],
  ['replica.short-proof-slice', 0.5],
  ['snapshot.postpone-renewal', 0.3],
  ['snapshot.refuse-pull', 0.1],
  ['snapshot.short-slice', 0.3],
  ['snapshot.spoil-chunk', 0.7],
  ['wal.rotate-early', 0.05],
];

/**
 * What ends with the faults: a leader that gives up leadership again and again is a disturbance from outside, and the voter that
 * the operator prefers has to be there undisturbed for some election timeouts before it is given it (core/replica/preference.ts).
 */
const UNSETTLING: readonly string[] = ['replica.hand-over-leadership'];

/** Names of all sites. */
export const BUGGIFY_SITES: readonly string[] = SITES.map(([site]) => site);

export class BuggifySites {
  private readonly rates: Map<string, number> = new Map();

  /** @param rate how often an active site says yes, before its factor; 0 draws nothing. */
  constructor(draws: Draws, rate: number) {
    if (rate === 0) return;
    for (const [site, factor] of SITES) if (draws.below(2) === 1) this.rates.set(site, Math.min(1, rate * factor));
  }

  /** The faults have stopped. */
  settle(): void {
    for (const site of UNSETTLING) this.rates.delete(site);
  }

  isActive(site: string): boolean {
    return this.rates.has(site);
  }

  rate(site: string): number {
    return this.rates.get(site) ?? 0;
  }
}
