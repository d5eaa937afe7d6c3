/** Runs seeds on worker threads, one seed per worker at a time. Never in this thread: it has to hear Ctrl-C. */
import { Worker } from 'node:worker_threads';
import type { Samples } from '../../sim/measure/measures.ts';
import type { RunReport } from '../../sim/result.ts';
import { CliFailure, type ExitCode } from './failure.ts';
import { type RunPlan, runPlan } from './sim-options.ts';

export interface SeedSource {
  /** The next seed, or undefined where there is none any more. */
  next(): string | undefined;
  done(done: SeedDone): void;
  /** A seed could not be run at all. */
  failed(failure: CliFailure): void;
}

/** What a worker sends for a seed. */
export interface SeedDone {
  readonly report: RunReport;
  /** What the run has covered. */
  readonly marks: readonly string[];
  /** Present where the plan measures. */
  readonly samples: Samples | undefined;
}

/** An error crosses to another thread without its class. */
export interface SeedFailed {
  readonly failure: string;
  readonly exitCode: ExitCode;
}

/** Runs one seed of a plan, for the pool. */
export function doneBy(plan: RunPlan, seed: string): SeedDone | SeedFailed {
  try {
    const { report, marks, samples } = runPlan(plan, seed);
    return { report, marks, samples };
  } catch (error) {
    if (error instanceof CliFailure) return { failure: error.message, exitCode: error.exitCode };
    throw error;
  }
}

export class SeedPool {
  private readonly plan: RunPlan;
  private readonly jobs: number;
  private readonly source: SeedSource;
  private readonly workers: Set<Worker> = new Set();

  constructor(plan: RunPlan, jobs: number, source: SeedSource) {
    this.plan = plan;
    this.jobs = jobs;
    this.source = source;
  }

  /** Resolves when no seed is left and none is under way, or when it was stopped. Rejects where a worker died. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.jobs }, () => this.runWorker()));
  }

  /** Gives up the seeds that are under way. */
  stop(): void {
    for (const worker of this.workers) void worker.terminate();
  }

  private runWorker(): Promise<void> {
    const first = this.source.next();
    if (first === undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./sim-worker.js', import.meta.url), { workerData: this.plan });
      this.workers.add(worker);
      worker.on('message', (message: SeedDone | SeedFailed) => {
        if ('failure' in message) this.source.failed(new CliFailure(message.failure, message.exitCode));
        else this.source.done(message);
        worker.postMessage(this.source.next());
      });
      worker.on('error', reject);
      worker.on('exit', () => {
        this.workers.delete(worker);
        resolve();
      });
      worker.postMessage(first);
    });
  }
}
