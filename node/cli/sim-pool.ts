/** Runs seeds on worker threads, one seed per worker at a time; with one job, in this thread. */
import { Worker } from 'node:worker_threads';
import type { RunReport } from '../../sim/result.ts';
import { type RunPlan, runPlan } from './sim-options.ts';

export interface SeedSource {
  /** The next seed, or undefined where there is none any more. */
  next(): string | undefined;
  /** @param marks what the run has covered. */
  done(report: RunReport, marks: readonly string[]): void;
}

/** What a worker sends for a seed. */
export interface SeedDone {
  readonly report: RunReport;
  readonly marks: readonly string[];
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
      const { report, marks } = runPlan(this.plan, seed);
      this.source.done(report, marks);
      await new Promise<void>((resolve) => setImmediate(resolve)); // lets Ctrl-C in
    }
  }

  private runWorker(): Promise<void> {
    const first = this.source.next();
    if (first === undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./sim-worker.js', import.meta.url), { workerData: this.plan });
      worker.on('message', ({ report, marks }: SeedDone) => {
        this.source.done(report, marks);
        worker.postMessage(this.source.next());
      });
      worker.on('error', reject);
      worker.on('exit', () => resolve());
      worker.postMessage(first);
    });
  }
}
