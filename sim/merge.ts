/** Adds up what the shards of one swarm said (`vouch sim merge`), after checking that they are shards of one swarm. */
import type { SwarmReport } from './swarm.ts';

/** A report and where it was read. */
export interface ShardFile {
  readonly file: string;
  readonly report: SwarmReport;
}

export type Merged =
  | { readonly ok: true; readonly report: SwarmReport; readonly missing: readonly string[] }
  | { readonly ok: false; readonly reason: string };

/** @returns the swarm's report as if it had run in one place; its wall time is that of the slowest shard. */
export function mergeShards(files: readonly ShardFile[]): Merged {
  const [first, ...others] = files;
  if (first === undefined) return { ok: false, reason: 'there is nothing to merge' };
  for (const other of others) {
    const reason = mismatch(first, other);
    if (reason !== undefined) return { ok: false, reason };
  }
  const { plan } = first.report;
  const seen = new Map<number, string>();
  for (const { file, report } of files) {
    const earlier = seen.get(report.plan.shard);
    if (earlier !== undefined)
      return { ok: false, reason: `${earlier} and ${file} are both shard ${report.plan.shard}/${plan.shards}` };
    seen.set(report.plan.shard, file);
  }
  const missing = Array.from({ length: plan.shards }, (_, i) => i + 1).filter((shard) => !seen.has(shard));
  const reports = files.map(({ report }) => report);
  const whole = add(reports);
  // Shard 0 of n: some of the swarm. Nobody takes it for the swarm, nor for one of its shards.
  const report = missing.length === 0 ? whole : { ...whole, plan: { ...plan, shard: 0 } };
  return { ok: true, report, missing: missing.map((shard) => `${shard}/${plan.shards}`) };
}

function mismatch(a: ShardFile, b: ShardFile): string | undefined {
  for (const field of ['version', 'command', 'from', 'seeds', 'shards'] as const) {
    const [left, right] = [a.report.plan[field], b.report.plan[field]];
    if (left !== right)
      return `${a.file} and ${b.file} are not of one swarm: ${field} is ${JSON.stringify(left)} in one and ${JSON.stringify(right)} in the other`;
  }
  return undefined;
}

function add(reports: readonly SwarmReport[]): SwarmReport {
  const sum = (of: (report: SwarmReport) => number): number => reports.reduce((total, report) => total + of(report), 0);
  const events = sum((report) => report.events);
  const seeds = sum((report) => report.seeds);
  const wallMs = Math.max(...reports.map((report) => report.wallMs));
  const rows = reports.flatMap((report) => report.rows ?? []);
  const { plan } = reports[0] as SwarmReport;
  return {
    plan: { ...plan, shard: 1, shards: 1 },
    ...(reports.some(({ interrupted }) => interrupted === true) ? { interrupted: true } : {}),
    seeds,
    passed: sum((report) => report.passed),
    failed: reports.flatMap((report) => report.failed).sort(bySeed),
    events,
    ops: { ok: sum(({ ops }) => ops.ok), fail: sum(({ ops }) => ops.fail), info: sum(({ ops }) => ops.info) },
    elections: sum((report) => report.elections),
    faults: addCounts(reports.map((report) => report.faults)),
    wallMs,
    eventsPerSecond: Math.round((events * 1000) / Math.max(wallMs, 1)),
    seedsPerMinute: Math.round((seeds * 60_000) / Math.max(wallMs, 1)),
    marks: addMarks(reports.map((report) => report.marks)),
    ...addReach(reports),
    ...(rows.length > 0 ? { rows: [...rows].sort(bySeed) } : {}),
  };
}

function bySeed(a: { readonly seed: string }, b: { readonly seed: string }): number {
  return Number(a.seed) - Number(b.seed);
}

function addCounts(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const totals = new Map<string, number>();
  for (const counts of all) for (const [name, count] of Object.entries(counts)) totals.set(name, (totals.get(name) ?? 0) + count);
  return Object.fromEntries([...totals].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function addReach(reports: readonly SwarmReport[]): Pick<SwarmReport, 'reach'> {
  const told = reports.flatMap(({ reach }) => (reach === undefined ? [] : [reach]));
  const [first] = told;
  if (first === undefined) return {};
  return { reach: { words: first.words, seeds: told.reduce((sum, { seeds }) => sum + seeds, 0) } };
}

/** A mark is missed only where every shard missed it. */
function addMarks(all: readonly SwarmReport['marks'][]): SwarmReport['marks'] {
  const first = all[0] as SwarmReport['marks'];
  const missed = first.missed.filter((mark) => all.every((marks) => marks.missed.includes(mark)));
  return { hit: first.total - missed.length, total: first.total, missed };
}
