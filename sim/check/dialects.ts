/** What a line of a history file means under each model: which operations there are, and which values they take. */
import { canonicalJson } from '../../core/bytes/canonical-json.ts';
import type { Model } from './model.ts';
import { type KeyValueInput, keyValueModel, type LedgerInput, ledgerModel, type RegisterInput, registerModel } from './models.ts';

export type ModelName = 'register' | 'cas-register' | 'kv' | 'ledger';
export const MODEL_NAMES: readonly ModelName[] = ['register', 'cas-register', 'kv', 'ledger'];

/** A value as it stands in a line; undefined = the field is missing. */
type Value = unknown;

export type Read<I> = { readonly ok: true; readonly input: I } | { readonly ok: false; readonly reason: string };

export interface Dialect<I> {
  readonly model: Model<I>;
  /** Why an invocation makes no sense, if so. */
  refusal(f: string, asked: Value): string | undefined;
  /** The operation, once its outcome is there. @param told value of the completion; asked for where hasAnswer. */
  read(f: string, asked: Value, told: Value, hasAnswer: boolean): Read<I>;
}

/** Equal values have equal texts, however their keys are ordered. */
function textOf(value: Value): string {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  const canonical = canonicalJson(value);
  return canonical.ok ? canonical.text : JSON.stringify(value);
}

const isPair = (value: Value): value is readonly [unknown, unknown] => Array.isArray(value) && value.length === 2;
const isPlain = (value: Value): value is string | number => typeof value === 'string' || typeof value === 'number';

/** A completion may repeat what was asked, or say nothing; anything else is a history of something else. */
function echoComplaint(f: string, asked: Value, told: Value, hasAnswer: boolean): string | undefined {
  if (!hasAnswer || told === undefined || told === null || textOf(told) === textOf(asked)) return undefined;
  return `the ${f} was invoked with ${JSON.stringify(asked)}, but its ok says ${JSON.stringify(told)}: repeat the value or leave it out`;
}

const registerDialect: Dialect<RegisterInput> = {
  model: registerModel,
  refusal(f, asked) {
    if (f === 'read') return undefined;
    if (f === 'write') return asked === undefined ? 'a write has a value' : undefined;
    if (f === 'cas') return isPair(asked) ? undefined : 'the value of a cas is [from, to]';
    return `a register has read, write and cas, not "${f}"`;
  },
  read(f, asked, told, hasAnswer) {
    const complaint = f === 'read' ? undefined : echoComplaint(f, asked, told, hasAnswer);
    if (complaint !== undefined) return { ok: false, reason: complaint };
    if (f === 'write') return { ok: true, input: { f, value: textOf(asked) } };
    if (f === 'cas' && isPair(asked)) return { ok: true, input: { f, from: textOf(asked[0]), to: textOf(asked[1]) } };
    if (hasAnswer && told === undefined) return { ok: false, reason: 'a read that is ok says what it read, in "value"' };
    return { ok: true, input: { f: 'read', value: hasAnswer ? textOf(told) : 'null' } };
  },
};

const keyValueDialect: Dialect<KeyValueInput> = {
  model: keyValueModel,
  refusal(f, asked) {
    if (f === 'get') return undefined;
    if (f === 'put' || f === 'append') return isPlain(asked) ? undefined : `the value of ${f} is a text`;
    return `kv has get, put and append, not "${f}"`;
  },
  read(f, asked, told, hasAnswer) {
    const complaint = f === 'get' ? undefined : echoComplaint(f, asked, told, hasAnswer);
    if (complaint !== undefined) return { ok: false, reason: complaint };
    if (f === 'put' || f === 'append') return { ok: true, input: { f, value: String(asked) } };
    if (hasAnswer && !isPlain(told) && told !== null)
      return { ok: false, reason: 'a get that is ok says what it read: "value" is a text, "" or null for nothing' };
    return { ok: true, input: { f: 'get', value: String(told ?? '') } };
  },
};

const ledgerDialect: Dialect<LedgerInput> = {
  model: ledgerModel,
  refusal(f) {
    return f === 'grant' || f === 'revoke' || f === 'check' ? undefined : `the ledger has grant, revoke and check, not "${f}"`;
  },
  read(f, _asked, told, hasAnswer) {
    if (f === 'grant' || f === 'revoke') return { ok: true, input: { f } };
    if (hasAnswer && typeof told !== 'boolean') return { ok: false, reason: 'a check that is ok says true or false, in "value"' };
    return { ok: true, input: { f: 'check', value: told === true } };
  },
};

export const DIALECTS: { readonly [name in ModelName]: Dialect<never> } = {
  register: registerDialect as Dialect<never>,
  'cas-register': registerDialect as Dialect<never>,
  kv: keyValueDialect as Dialect<never>,
  ledger: ledgerDialect as Dialect<never>,
};
