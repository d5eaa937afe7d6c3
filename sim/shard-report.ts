/**
 * Checks a swarm's report that comes from outside, field by field, before it is added to others: a sum is no better than its worst
 * part, and a file that was edited or cut may still be JSON.
 */
import type { SwarmReport } from './swarm.ts';

type Fields = Readonly<Record<string, unknown>>;

const VERDICTS: readonly unknown[] = ['violation', 'liveness', 'nondeterminism', 'vacuous', 'unknown'];
const COUNTS = ['seeds', 'passed', 'events', 'elections', 'wallMs', 'eventsPerSecond', 'seedsPerMinute'] as const;
/** Seeds are numbers, so that they have an order. */
const SEED = /^[0-9]{1,9}$/;

export type ReadShard =
  | { readonly ok: true; readonly report: SwarmReport }
  /** Continues "the file: …"; names the field. */
  | { readonly ok: false; readonly reason: string };

export function readShard(value: unknown): ReadShard {
  const reason = isFields(value) ? complaint(value) : 'it is no object';
  return reason === undefined ? { ok: true, report: value as SwarmReport } : { ok: false, reason };
}

function complaint(report: Fields): string | undefined {
  return planComplaint(report.plan) ?? countComplaint(report) ?? listComplaint(report);
}

function planComplaint(plan: unknown): string | undefined {
  if (!isFields(plan)) return 'plan is no object';
  const { version, command, from, seeds, shard, shards } = plan;
  if (typeof version !== 'string') return 'plan.version is no text';
  if (typeof command !== 'string') return 'plan.command is no text';
  if (!isCount(from)) return not('plan.from', from, 'a whole number from 0');
  if (seeds !== null && !(isCount(seeds) && seeds > 0)) return not('plan.seeds', seeds, 'a whole number from 1, or null');
  if (!isCount(shards) || shards < 1) return not('plan.shards', shards, 'a whole number from 1');
  if (!isCount(shard) || shard < 1 || shard > shards) return not('plan.shard', shard, `a whole number from 1 to ${shards}`);
  return undefined;
}

function countComplaint(report: Fields): string | undefined {
  for (const name of COUNTS) if (!isCount(report[name])) return not(name, report[name], 'a whole number from 0');
  const { ops, faults, marks, interrupted, reach } = report;
  if (!isFields(ops)) return 'ops is no object';
  for (const name of ['ok', 'fail', 'info'])
    if (!isCount(ops[name])) return not(`ops.${name}`, ops[name], 'a whole number from 0');
  if (!isFields(faults)) return 'faults is no object';
  for (const [kind, count] of Object.entries(faults))
    if (!isCount(count)) return not(`faults.${kind}`, count, 'a whole number from 0');
  if (!isFields(marks) || !Array.isArray(marks.missed)) return 'marks is no object with a list "missed"';
  if (!isCount(marks.total) || !isCount(marks.hit)) return 'marks.hit and marks.total are whole numbers from 0';
  if (marks.hit + marks.missed.length !== marks.total) return 'marks.hit and marks.missed do not add up to marks.total';
  if (reach !== undefined && !(isFields(reach) && typeof reach.words === 'string' && isCount(reach.seeds)))
    return 'reach has no text "words" and no whole number "seeds"';
  if (isFields(reach) && (reach.seeds as number) > (report.seeds as number))
    return `reach.seeds (${String(reach.seeds)}) is more than seeds (${String(report.seeds)})`;
  if (interrupted !== undefined && interrupted !== true) return not('interrupted', interrupted, 'true, or left out');
  return undefined;
}

function listComplaint({ seeds, passed, failed, rows }: Fields): string | undefined {
  if (!Array.isArray(failed)) return 'failed is no list';
  for (const [at, failure] of (failed as readonly unknown[]).entries()) {
    const place = `failed[${at}]`;
    if (!isFields(failure) || !isFields(failure.violation)) return `${place} is no object with a violation`;
    if (!isSeed(failure.seed)) return not(`${place}.seed`, failure.seed, 'a number as a text');
    if (!VERDICTS.includes(failure.verdict)) return not(`${place}.verdict`, failure.verdict, `one of ${VERDICTS.join(', ')}`);
    const { oracle, message } = failure.violation;
    if (typeof oracle !== 'string' || typeof message !== 'string') return `${place}.violation has no texts oracle and message`;
    if (typeof failure.replay !== 'string') return `${place}.replay is no text`;
  }
  if (passed !== undefined && (passed as number) + failed.length !== seeds)
    return `passed (${String(passed)}) and failed (${failed.length}) do not add up to seeds (${String(seeds)})`;
  if (rows === undefined) return undefined;
  if (!Array.isArray(rows) || rows.length !== seeds) return 'rows is no list with one row per seed';
  const broken = (rows as readonly unknown[]).findIndex(
    (row) => !isFields(row) || !isSeed(row.seed) || typeof row.traceHash !== 'string',
  );
  return broken < 0 ? undefined : `rows[${broken}] has no seed and traceHash`;
}

function not(field: string, value: unknown, wanted: string): string {
  return `${field} is ${JSON.stringify(value) ?? 'missing'}, not ${wanted}`;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isSeed(value: unknown): boolean {
  return typeof value === 'string' && SEED.test(value);
}
