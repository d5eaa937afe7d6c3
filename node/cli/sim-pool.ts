/** Runs seeds on worker threads, one seed per worker at a time; with one job, in this thread. */
import { Worker } from 'node:worker_threads';
import type { Samples } from '../../sim/measure/measures.ts';
import type { RunReport } from '../../sim/result.ts';
import { type RunPlan, runPlan } from './sim-options.ts';

export interface SeedSource {
  /** The next seed, or undefined where there is none any more. */
  next(): string | undefined;
  done(done: SeedDone): void;
}

/** What a worker sends for a seed. */
export interface SeedDone {
  readonly report: RunReport;
  /** What the run has covered. */
  readonly marks: readonly string[];
  /** Present where the plan measures. */
  readonly samples: Samples | undefined;
}

/** Runs one seed of a plan, for the pool. */
export function doneBy(plan: RunPlan, seed: string): SeedDone {
  const { report, marks, samples } = runPlan(plan, seed);
  return { report, marks, samples };
}

export class SeedPool {
  private readonly plan: RunPlan;
  private readonly jobs: number;
  private readonly source: SeedSource;

  constructor(plan: RunPlan, jobs: number, source: SeedSource) {
    this.plan = plan;
    this.jobs = jobs;
    this.source = source;
  }

  /** Resolves when no seed is left and none is under way. Rejects where a worker died. */
  async run(): Promise<void> {
    if (this.jobs === 1) return this.runHere();
    await Promise.all(Array.from({ length: this.jobs }, () => this.runWorker()));
  }

  private async runHere(): Promise<void> {
    for (let seed = this.source.next(); seed !== undefined; seed = this.source.next()) {
      this.source.done(doneBy(this.plan, seed));
      await new Promise<void>((resolve) => setImmediate(resolve)); // lets Ctrl-C in
    }
  }

  private runWorker(): Promise<void> {
    const first = this.source.next();
    if (first === undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./sim-worker.js', import.meta.url), { workerData: this.plan });
      worker.on('message', (done: SeedDone) => {
        this.source.done(done);
        worker.postMessage(this.source.next());
      });
      worker.on('error', reject);
      worker.on('exit', () => resolve());
      worker.postMessage(first);
    });
  }
}
