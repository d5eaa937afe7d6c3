/**
 * History files of `vouch sim check`: JSON lines of invocations and completions in real-time order (60-simulator).
 * Read line by line, so that a file may be larger than the memory would like. Everything that is wrong with a line is told
 * with its number; nothing is guessed.
 */
import { DIALECTS, type Dialect, type ModelName } from './dialects.ts';
import { CHECK_STEPS_MAX, checkLinearizable } from './linearizable.ts';
import type { Operation, Outcome } from './model.ts';

export type HistoryVerdict = {
  readonly operations: number;
  readonly keys: number;
  /** Questions put to the model. */
  readonly steps: number;
} & (
  | { readonly verdict: 'linearizable' }
  /** key: the object that could not be judged; stepsMax: the budget it used up. */
  | { readonly verdict: 'unknown'; readonly key: string; readonly stepsMax: number }
  | { readonly verdict: 'violation'; readonly key: string; readonly stuck: Stuck }
);

/** The operation whose return no order reaches; lines of its invocation and its completion. */
export interface Stuck {
  readonly process: number;
  readonly line: number;
  readonly returnLine: number;
  readonly operation: unknown;
}

export type CheckedHistory =
  | { readonly ok: true; readonly result: HistoryVerdict }
  | { readonly ok: false; readonly line: number; readonly reason: string };

/** Added to the budget per operation: a long history may take longer than a hard one. */
const STEPS_PER_OPERATION = 100;

interface Line {
  readonly process: number;
  readonly type: 'invoke' | Outcome;
  readonly f: string;
  readonly key: string;
  readonly value: unknown;
  readonly index: number | undefined;
}

interface Open {
  readonly line: Line;
  readonly number: number;
}

class LineError extends Error {}

/** Checks a history that is in memory. @param text JSON lines. @param stepsMax budget per key. */
export function checkHistory(text: string, model: ModelName, stepsMax?: number): CheckedHistory {
  const reader = new HistoryReader(model);
  for (const line of text.split('\n')) {
    const reason = reader.take(line);
    if (reason !== undefined) return { ok: false, line: reader.lines, reason };
  }
  return { ok: true, result: reader.judge(stepsMax) };
}

/** Takes a history line by line, then judges it. */
export class HistoryReader {
  private readonly dialect: Dialect<never>;
  private readonly open: Map<number, Open> = new Map();
  private readonly byKey: Map<string, Operation<never>[]> = new Map();
  private operations: number = 0;
  /** Lines taken so far. */
  lines: number = 0;

  constructor(model: ModelName) {
    this.dialect = DIALECTS[model];
  }

  /** Takes the next line; empty ones are skipped. @returns what is wrong with it, if anything is. */
  take(raw: string): string | undefined {
    this.lines += 1;
    if (raw.trim() === '') return undefined;
    try {
      this.event(parseLine(raw));
      return undefined;
    } catch (error) {
      if (error instanceof LineError) return error.message;
      throw error;
    }
  }

  /** Judges what was taken; what is still open has an unknown outcome. Keys are independent objects. */
  judge(stepsMax?: number): HistoryVerdict {
    for (const { line, number } of this.open.values()) this.record(line, number, 'info', undefined, undefined);
    this.open.clear();
    let steps = 0;
    let given: { readonly key: string; readonly stepsMax: number } | undefined;
    const counts = { operations: this.operations, keys: this.byKey.size };
    for (const [key, history] of this.byKey) {
      const budget = stepsMax ?? CHECK_STEPS_MAX + STEPS_PER_OPERATION * history.length;
      const verdict = checkLinearizable(this.dialect.model, history, budget);
      steps += verdict.steps;
      if (verdict.verdict === 'unknown') given ??= { key, stepsMax: budget };
      if (verdict.verdict !== 'violation') continue;
      const { process, input, invokedAt, returnedAt } = verdict.stuck;
      const stuck = { process, line: invokedAt, returnLine: returnedAt, operation: input };
      return { verdict: 'violation', ...counts, steps, key, stuck };
    }
    return given === undefined
      ? { verdict: 'linearizable', ...counts, steps }
      : { verdict: 'unknown', ...counts, steps, ...given };
  }

  private event(line: Line): void {
    const before = this.open.get(line.process);
    if (line.type === 'invoke') {
      if (before !== undefined)
        throw new LineError(`process ${line.process} invokes while its operation of line ${before.number} is open`);
      const reason = this.dialect.refusal(line.f, line.value);
      if (reason !== undefined) throw new LineError(reason);
      this.open.set(line.process, { line, number: this.lines });
      return;
    }
    if (before === undefined) throw new LineError(`process ${line.process} has no open operation`);
    const asked = before.line;
    if (asked.f !== line.f || asked.key !== line.key)
      throw new LineError(
        `process ${line.process} invoked ${asked.f} of key "${asked.key}" on line ${before.number}; this completes ${line.f} of key "${line.key}"`,
      );
    this.record(asked, before.number, line.type, line.value, line.index);
    this.open.delete(line.process);
  }

  private record(asked: Line, number: number, outcome: Outcome, told: unknown, index: number | undefined): void {
    const read = this.dialect.read(asked.f, asked.value, told, outcome === 'ok');
    if (!read.ok) throw new LineError(read.reason);
    this.operations += 1;
    const operation: Operation<never> = {
      process: asked.process,
      input: read.input,
      outcome,
      invokedAt: number,
      returnedAt: outcome === 'info' ? Number.POSITIVE_INFINITY : this.lines,
      index,
    };
    const list = this.byKey.get(asked.key);
    if (list === undefined) this.byKey.set(asked.key, this.saysSomething(asked.f, outcome) ? [operation] : []);
    else if (this.saysSomething(asked.f, outcome)) list.push(operation);
  }

  /** What failed has not happened, and only a failed cas says something about the state it met. */
  private saysSomething(f: string, outcome: Outcome): boolean {
    return outcome !== 'fail' || f === 'cas';
  }
}

function parseLine(raw: string): Line {
  let parsed: unknown;
  try {
    parsed = JSON.parse(raw);
  } catch {
    throw new LineError('this is not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new LineError('an event is a JSON object');
  const { process, type, f, key, value, index } = parsed as { readonly [field: string]: unknown };
  if (typeof process !== 'number' || !Number.isSafeInteger(process)) throw new LineError('process is a whole number');
  if (type !== 'invoke' && type !== 'ok' && type !== 'fail' && type !== 'info')
    throw new LineError('type is invoke, ok, fail or info');
  if (typeof f !== 'string') throw new LineError('f is a text');
  if (typeof key !== 'string' && typeof key !== 'number') throw new LineError('key is a text');
  if (index !== undefined && index !== null && (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0))
    throw new LineError('index is a whole number from 0');
  return { process, type, f, key: String(key), value, index: typeof index === 'number' ? index : undefined };
}
