/**
 * History files of `vouch sim check`: JSON lines of invocations and completions in real-time order (60-simulator).
 * Everything that is wrong with a line is told with its number; nothing is guessed.
 */
import { checkLinearizable, type Verdict } from './linearizable.ts';
import type { Model, Operation, Outcome } from './model.ts';
import { type KeyValueInput, keyValueModel, type LedgerInput, ledgerModel, type RegisterInput, registerModel } from './models.ts';

export type ModelName = 'register' | 'cas-register' | 'kv' | 'ledger';
export const MODEL_NAMES: readonly ModelName[] = ['register', 'cas-register', 'kv', 'ledger'];

export type HistoryVerdict =
  | { readonly verdict: 'linearizable' | 'unknown'; readonly operations: number }
  | {
      readonly verdict: 'violation';
      readonly operations: number;
      readonly key: string;
      /** The operation that no order could place, in the longest attempt. */
      readonly stuck: { readonly process: number; readonly line: number };
    };

export type CheckedHistory =
  | { readonly ok: true; readonly result: HistoryVerdict }
  | { readonly ok: false; readonly line: number; readonly reason: string };

interface Line {
  readonly process: number;
  readonly type: 'invoke' | Outcome;
  readonly f: string;
  readonly key: string;
  readonly value: unknown;
}

interface Open {
  readonly line: Line;
  readonly number: number;
}

interface Recorded {
  readonly process: number;
  readonly f: string;
  readonly key: string;
  /** What was invoked with, and what came back. */
  readonly asked: unknown;
  readonly told: unknown;
  readonly outcome: Outcome;
  readonly invokedAt: number;
  readonly returnedAt: number;
}

class LineError extends Error {}

/** Checks a history. @param text JSON lines. */
export function checkHistory(text: string, model: ModelName, stepsMax?: number): CheckedHistory {
  let number = 0;
  const open = new Map<number, Open>();
  const recorded: Recorded[] = [];
  try {
    for (const raw of text.split('\n')) {
      number += 1;
      if (raw.trim() === '') continue;
      take(parseLine(raw), number, open, recorded);
    }
  } catch (error) {
    if (error instanceof LineError) return { ok: false, line: number, reason: error.message };
    throw error;
  }
  for (const { line, number: invokedAt } of open.values())
    recorded.push(record(line, line.value, 'info', invokedAt, Number.POSITIVE_INFINITY));
  try {
    return { ok: true, result: judge(recorded, model, stepsMax) };
  } catch (error) {
    if (error instanceof LineError) return { ok: false, line: 0, reason: error.message };
    throw error;
  }
}

function parseLine(raw: string): Line {
  let parsed: unknown;
  try {
    parsed = JSON.parse(raw);
  } catch {
    throw new LineError('this is not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null) throw new LineError('an event is an object');
  const { process, type, f, key, value } = parsed as { readonly [field: string]: unknown };
  if (typeof process !== 'number' || !Number.isSafeInteger(process)) throw new LineError('process is a whole number');
  if (type !== 'invoke' && type !== 'ok' && type !== 'fail' && type !== 'info')
    throw new LineError('type is invoke, ok, fail or info');
  if (typeof f !== 'string') throw new LineError('f is a text');
  if (typeof key !== 'string' && typeof key !== 'number') throw new LineError('key is a text');
  return { process, type, f, key: String(key), value };
}

function take(line: Line, number: number, open: Map<number, Open>, recorded: Recorded[]): void {
  const before = open.get(line.process);
  if (line.type === 'invoke') {
    if (before !== undefined)
      throw new LineError(`process ${line.process} invokes while its operation of line ${before.number} is open`);
    open.set(line.process, { line, number });
    return;
  }
  if (before === undefined) throw new LineError(`process ${line.process} has no open operation`);
  if (before.line.f !== line.f || before.line.key !== line.key)
    throw new LineError(`this does not complete the operation of line ${before.number}`);
  open.delete(line.process);
  const returnedAt = line.type === 'info' ? Number.POSITIVE_INFINITY : number;
  recorded.push(record(before.line, line.value, line.type, before.number, returnedAt));
}

function record(asked: Line, told: unknown, outcome: Outcome, invokedAt: number, returnedAt: number): Recorded {
  return { process: asked.process, f: asked.f, key: asked.key, asked: asked.value, told, outcome, invokedAt, returnedAt };
}

function judge(recorded: readonly Recorded[], model: ModelName, stepsMax: number | undefined): HistoryVerdict {
  switch (model) {
    case 'register':
    case 'cas-register':
      return judgeKeys(recorded, registerModel, registerInput, stepsMax);
    case 'kv':
      return judgeKeys(recorded, keyValueModel, keyValueInput, stepsMax);
    case 'ledger':
      return judgeKeys(recorded, ledgerModel, ledgerInput, stepsMax);
  }
}

/** Keys are independent objects; each is checked on its own. */
function judgeKeys<I>(
  recorded: readonly Recorded[],
  model: Model<I>,
  inputOf: (entry: Recorded) => I,
  stepsMax: number | undefined,
): HistoryVerdict {
  const byKey = new Map<string, Operation<I>[]>();
  for (const entry of recorded) {
    const { process, key, outcome, invokedAt, returnedAt } = entry;
    const operation = { process, input: inputOf(entry), outcome, invokedAt, returnedAt };
    const list = byKey.get(key);
    if (list === undefined) byKey.set(key, [operation]);
    else list.push(operation);
  }
  let unknown = false;
  for (const [key, operations] of byKey) {
    const verdict: Verdict<I> = checkLinearizable(model, operations, stepsMax);
    if (verdict.verdict === 'unknown') unknown = true;
    if (verdict.verdict !== 'violation') continue;
    const { process, invokedAt } = verdict.stuck;
    return { verdict: 'violation', operations: recorded.length, key, stuck: { process, line: invokedAt } };
  }
  return { verdict: unknown ? 'unknown' : 'linearizable', operations: recorded.length };
}

const text = (value: unknown): string => JSON.stringify(value ?? null);

function registerInput({ f, asked, told }: Recorded): RegisterInput {
  if (f === 'read') return { f, value: text(told) };
  if (f === 'write') return { f, value: text(asked) };
  if (f === 'cas' && Array.isArray(asked) && asked.length === 2) return { f, from: text(asked[0]), to: text(asked[1]) };
  throw new LineError(f === 'cas' ? 'the value of a cas is [from, to]' : `a register has no operation "${f}"`);
}

function keyValueInput({ f, asked, told }: Recorded): KeyValueInput {
  if (f === 'get') return { f, value: String(told ?? '') };
  if (f === 'put' || f === 'append') return { f, value: String(asked ?? '') };
  throw new LineError(`kv has no operation "${f}"`);
}

function ledgerInput({ f, told }: Recorded): LedgerInput {
  if (f === 'grant' || f === 'revoke') return { f };
  if (f === 'check') return { f, value: told === true };
  throw new LineError(`the ledger has no operation "${f}"`);
}
