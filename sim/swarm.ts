/** Adds up the runs of a swarm: the object of `vouch sim swarm --json`, field by field. Pure; who runs the seeds is not its business. */
import { ALL_MARKS } from './marks.ts';
import type { Summaries } from './measure/measures.ts';
import type { RunReport, RunVerdict, RunViolation } from './result.ts';
import { exitCodeOf } from './result.ts';

export interface SwarmFailure {
  readonly seed: string;
  readonly verdict: Exclude<RunVerdict, 'pass'>;
  readonly violation: RunViolation;
  /** The exact command that runs this seed again. */
  readonly replay: string;
}

/** What was asked for: equal plans and different shards are parts of one swarm. */
export interface SwarmPlan {
  /** Of the package. */
  readonly version: string;
  /** Everything on the command line that shapes a run. */
  readonly command: string;
  /** The first seed. */
  readonly from: number;
  /** Seeds of all shards together; null = as many as the budget allows. */
  readonly seeds: number | null;
  readonly shard: number;
  readonly shards: number;
}

export interface SwarmReport {
  readonly plan: SwarmPlan;
  /** Ctrl-C came first: these are the seeds that were finished. */
  readonly interrupted?: true;
  readonly seeds: number;
  readonly passed: number;
  readonly failed: readonly SwarmFailure[];
  readonly events: number;
  readonly ops: { readonly ok: number; readonly fail: number; readonly info: number };
  readonly elections: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly wallMs: number;
  readonly eventsPerSecond: number;
  readonly seedsPerMinute: number;
  readonly marks: { readonly hit: number; readonly total: number; readonly missed: readonly string[] };
  /** In how many seeds the story came to what it is about; present where the scenario says what that is. */
  readonly reach?: { readonly words: string; readonly seeds: number };
  readonly measures?: Summaries;
  readonly rows?: readonly { readonly seed: string; readonly traceHash: string }[];
}

/** What a report says beyond the sums. */
export interface ReportOptions {
  readonly plan: SwarmPlan;
  readonly rows: boolean;
  readonly interrupted: boolean;
  readonly measures?: Summaries;
}

export class SwarmTally {
  private readonly replayOf: (seed: string) => string;
  private readonly reports: RunReport[] = [];
  private readonly reached: Set<string> = new Set();

  constructor(replayOf: (seed: string) => string) {
    this.replayOf = replayOf;
  }

  /** @param marks what the run has covered. */
  add(report: RunReport, marks: readonly string[]): void {
    this.reports.push(report);
    for (const mark of marks) this.reached.add(mark);
  }

  get seeds(): number {
    return this.reports.length;
  }
  get failures(): number {
    return this.reports.filter(({ verdict }) => verdict !== 'pass').length;
  }
  /** Faults injected so far. */
  get faultCount(): number {
    return Object.values(this.faults()).reduce((sum, count) => sum + count, 0);
  }

  /** The worst verdict: safety before liveness before what proves nothing. */
  get exitCode(): number {
    const order: readonly RunVerdict[] = ['violation', 'nondeterminism', 'liveness', 'unknown', 'vacuous'];
    const worst = order.find((verdict) => this.reports.some((report) => report.verdict === verdict));
    return worst === undefined ? 0 : exitCodeOf(worst);
  }

  /** @param wallMs real time from the first seed to the last. Rows and failures come in order of seeds, however they were run. */
  report(wallMs: number, options: ReportOptions): SwarmReport {
    const reports = [...this.reports].sort((a, b) => Number(a.seed) - Number(b.seed));
    const sum = (of: (report: RunReport) => number): number => reports.reduce((total, report) => total + of(report), 0);
    const events = sum((report) => report.events);
    const failed = reports.flatMap(({ seed, verdict, violation }) =>
      violation === null || verdict === 'pass' ? [] : [{ seed, verdict, violation, replay: this.replayOf(seed) }],
    );
    return {
      plan: options.plan,
      ...(options.interrupted ? { interrupted: true } : {}),
      seeds: reports.length,
      passed: reports.length - failed.length,
      failed,
      events,
      ops: { ok: sum(({ ops }) => ops.ok), fail: sum(({ ops }) => ops.fail), info: sum(({ ops }) => ops.info) },
      elections: sum((report) => report.elections),
      faults: this.faults(),
      wallMs: Math.round(wallMs),
      eventsPerSecond: Math.round((events * 1000) / Math.max(wallMs, 1)),
      seedsPerMinute: Math.round((reports.length * 60_000) / Math.max(wallMs, 1)),
      marks: this.marks(),
      ...this.reach(),
      ...(options.measures === undefined ? {} : { measures: options.measures }),
      ...(options.rows ? { rows: reports.map(({ seed, traceHash }) => ({ seed, traceHash })) } : {}),
    };
  }

  /** Another protocol has no marks at all. */
  private marks(): SwarmReport['marks'] {
    if (this.reached.size === 0) return { hit: 0, total: 0, missed: [] };
    const missed = ALL_MARKS.filter((mark) => !this.reached.has(mark));
    return { hit: ALL_MARKS.length - missed.length, total: ALL_MARKS.length, missed };
  }

  private reach(): Pick<SwarmReport, 'reach'> {
    const told = this.reports.flatMap(({ reach }) => (reach === undefined ? [] : [reach]));
    const [first] = told;
    if (first === undefined) return {};
    return { reach: { words: first.words, seeds: told.filter(({ reached }) => reached).length } };
  }

  private faults(): Record<string, number> {
    const totals = new Map<string, number>();
    for (const { faults } of this.reports) {
      for (const [kind, count] of Object.entries(faults)) totals.set(kind, (totals.get(kind) ?? 0) + count);
    }
    return Object.fromEntries([...totals].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
