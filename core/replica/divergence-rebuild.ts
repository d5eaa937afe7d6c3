/**
 * The way back of diverged vaults: the state of their group is fetched from its leader, follows the log beside the present state,
 * and takes its place (fetch-job.ts); then the quorum is asked whether it has the same blocks. So siblings are served all the
 * time, and what the group keeps of its sessions, which holds answers of the diverged vault, comes right with it.
 *
 *   waiting -> asking -> fetching -> verifying -> idle
 *      ^_________|__________|___________|  three times, with 1 s, 2 s, 4 s in between; then escalated: the operator's turn
 */
import { type Micros, minOf, NEVER, type NodeId, plus } from '../ids.ts';
import { REBUILD_ATTEMPTS_MAX, REBUILD_BACKOFF_MICROS, REBUILD_OFFER_MICROS } from '../limits.ts';

export type RebuildPhase = 'idle' | 'waiting' | 'asking' | 'fetching' | 'verifying' | 'escalated';

export interface RebuildOptions {
  /** Time between two questions for a copy. */
  readonly askMicros: number;
  /** Asks the leader for a copy. @returns whom it asked; undefined where there is nobody to ask now */
  readonly ask: () => NodeId | undefined;
  /** Begins to fetch an offered snapshot. @returns whether it is of use */
  readonly fetch: (from: NodeId, manifest: Uint8Array) => boolean;
  readonly escalated: (why: string) => void;
  readonly mark: (name: string) => void;
}

export class Rebuild {
  private readonly options: RebuildOptions;
  phase: RebuildPhase = 'idle';
  /** The one under way, or the last one; from 1. */
  attempt: number = 0;
  private dueAt: Micros = NEVER;
  private askAt: Micros = NEVER;
  private asked: NodeId | undefined = undefined;

  constructor(options: RebuildOptions) {
    this.options = options;
  }

  /** There is something to rebuild. Begins anew where nothing is under way. */
  begin(now: Micros): void {
    if (this.phase !== 'idle' && this.phase !== 'escalated') return;
    this.attempt = 0;
    this.wait(now);
  }

  /** The operator wants it now. */
  beginNow(now: Micros): void {
    this.begin(now);
    if (this.phase === 'waiting') this.dueAt = now;
  }

  /** Nothing is left to rebuild. */
  end(): void {
    this.phase = 'idle';
    this.attempt = 0;
    this.dueAt = NEVER;
    this.askAt = NEVER;
  }

  get nextDeadline(): Micros {
    return this.phase === 'asking' ? minOf(this.dueAt, this.askAt) : this.dueAt;
  }

  deadline(now: Micros): void {
    if (this.phase === 'waiting' && this.dueAt <= now) {
      this.attempt += 1;
      this.phase = 'asking';
      this.dueAt = plus(now, REBUILD_OFFER_MICROS);
      this.askAt = now;
    }
    if (this.phase === 'asking' && this.dueAt <= now) return this.failed(now, 'nobody offered a copy in time');
    if (this.phase === 'verifying' && this.dueAt <= now) return this.failed(now, 'no quorum confirmed the rebuilt vault in time');
    if (this.phase !== 'asking' || this.askAt > now) return;
    this.askAt = plus(now, this.options.askMicros);
    this.asked = this.options.ask();
  }

  /** A peer offers a copy. */
  offered(from: NodeId, manifest: Uint8Array): void {
    if (this.phase !== 'asking' || from !== this.asked) return;
    if (!this.options.fetch(from, manifest)) return this.options.mark('divergence.copy-of-no-use');
    this.phase = 'fetching';
    this.dueAt = NEVER;
  }

  /** Another state has taken the place of the group's: it has to show that it is what the quorum has. */
  replaced(now: Micros): void {
    this.phase = 'verifying';
    this.attempt = Math.max(this.attempt, 1);
    this.dueAt = plus(now, REBUILD_OFFER_MICROS);
  }

  /** The attempt came to nothing. */
  failed(now: Micros, why: string): void {
    if (this.phase === 'idle' || this.phase === 'escalated' || this.phase === 'waiting') return;
    this.options.mark('divergence.attempt-failed');
    if (this.attempt < REBUILD_ATTEMPTS_MAX) return this.wait(now);
    this.phase = 'escalated';
    this.dueAt = NEVER;
    this.options.escalated(why);
  }

  private wait(now: Micros): void {
    this.phase = 'waiting';
    this.dueAt = plus(now, REBUILD_BACKOFF_MICROS * 2 ** this.attempt);
  }
}
