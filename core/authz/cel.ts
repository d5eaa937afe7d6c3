/**
 * Conditions in CEL (Common Expression Language), in the dialect of OpenFGA: its parameter types and how JSON becomes values of them, `ipaddress` with
 * `in_cidr`, and a limit on what one evaluation may cost. Nothing here knows the time of day, and one question has one answer on every machine;
 * where the library does not keep to that, ours stands in its place (cel-syntax.ts, values/).
 * Source: the CEL specification; OpenFGA's conditions.
 */
import { Environment, UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { utf8Length } from '../bytes/text.ts';
import { CONDITION_CACHE_MAX, CONDITION_EXPRESSION_BYTES_MAX } from '../limits.ts';
import type { Condition, ParameterType } from '../model/model.ts';
import { admitSyntax, Meter, nodesOf, type SyntaxNode, unknownZone, unreplaced } from './cel-syntax.ts';
import type { Conditions, ConditionVerdict, Context } from './condition.ts';
import { castParameter } from './values/cast.ts';
import { IpAddress, isInCidr, isSameAddress, parseCidr, parseIpAddress } from './values/ip-address.ts';
import { compilePattern, costOf, isMatch } from './values/pattern.ts';
import {
  type CivilTime,
  civilTimeOf,
  DURATION_NANOS_MAX,
  Duration,
  durationText,
  offsetMinutesOf,
  parseDuration,
  parseTimestamp,
  SECOND,
  Timestamp,
  timestampOf,
  timestampText,
} from './values/time.ts';

type Compiled =
  | { readonly ok: true; readonly run: (values: ReadonlyMap<string, unknown>) => unknown; readonly meter: Meter }
  | { readonly ok: false; readonly reason: string };

function toUint(value: bigint): unknown {
  return new UnsignedInt(value);
}

/** Why something was thrown: by the library with a picture of the place behind it, which is left out. */
function reasonOf(error: unknown): string {
  const { summary, message } = error as { readonly summary?: string; readonly message?: string };
  return unreplaced(summary ?? message ?? String(error));
}

/** What a text of the expression means; thrown to the library, which carries it to who evaluates. */
function need<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new RangeError(what);
  return value;
}

function span(nanos: bigint): Duration {
  const isHeld = nanos <= DURATION_NANOS_MAX && nanos >= -DURATION_NANOS_MAX - 1n;
  return new Duration(need(isHeld ? nanos : undefined, 'duration overflow'));
}

function moment(nanos: bigint): Timestamp {
  return need(timestampOf(nanos), 'timestamp overflow');
}

function environmentWithTypes(): Environment {
  const environment = new Environment({ homogeneousAggregateLiterals: false });
  const define = (signature: string, handler: (...values: never[]) => unknown): void => {
    environment.registerFunction(signature, handler as (...values: unknown[]) => unknown);
  };
  environment.registerType('timestamp', Timestamp).registerType('duration', Duration).registerType('ipaddress', IpAddress);
  defineConversions(define);
  defineParts(define);
  for (const type of ['timestamp', 'duration']) {
    environment.registerOperator(`${type} == ${type}`, (a: Timestamp, b: Timestamp) => a.nanos === b.nanos);
    environment.registerOperator(`${type} < ${type}`, (a: Timestamp, b: Timestamp) => a.nanos < b.nanos);
    environment.registerOperator(`${type} <= ${type}`, (a: Timestamp, b: Timestamp) => a.nanos <= b.nanos);
    environment.registerOperator(`${type} > ${type}`, (a: Timestamp, b: Timestamp) => a.nanos > b.nanos);
    environment.registerOperator(`${type} >= ${type}`, (a: Timestamp, b: Timestamp) => a.nanos >= b.nanos);
  }
  environment.registerOperator('timestamp - timestamp: duration', (a: Timestamp, b: Timestamp) => span(a.nanos - b.nanos));
  environment.registerOperator('timestamp - duration: timestamp', (a: Timestamp, b: Duration) => moment(a.nanos - b.nanos));
  environment.registerOperator('timestamp + duration: timestamp', (a: Timestamp, b: Duration) => moment(a.nanos + b.nanos));
  environment.registerOperator('duration + timestamp: timestamp', (a: Duration, b: Timestamp) => moment(a.nanos + b.nanos));
  environment.registerOperator('duration + duration: duration', (a: Duration, b: Duration) => span(a.nanos + b.nanos));
  environment.registerOperator('duration - duration: duration', (a: Duration, b: Duration) => span(a.nanos - b.nanos));
  environment.registerOperator('ipaddress == ipaddress', isSameAddress);
  return environment;
}

type Define = (signature: string, handler: (...values: never[]) => unknown) => void;

function defineConversions(define: Define): void {
  define('timestamp_(string): timestamp', (text: string) => need(parseTimestamp(text), `'${text}' is no RFC 3339 timestamp`));
  define('timestamp_(int): timestamp', (seconds: bigint) => moment(seconds * SECOND));
  define('timestamp_(timestamp): timestamp', (value: Timestamp) => value);
  define('duration_(string): duration', (text: string) => need(parseDuration(text), `'${text}' is no duration`));
  define('duration_(duration): duration', (value: Duration) => value);
  define('ipaddress(string): ipaddress', (text: string) => need(parseIpAddress(text), `'${text}' is no IP address`));
  define('ipaddress.in_cidr(string): bool', (ip: IpAddress, text: string) =>
    isInCidr(ip, need(parseCidr(text), `'${text}' is no CIDR range`)),
  );
  define('string(timestamp): string', timestampText);
  define('string(duration): string', durationText);
  define('int(timestamp): int', (value: Timestamp) => (value.nanos - (((value.nanos % SECOND) + SECOND) % SECOND)) / SECOND);
}

/** What of a moment can be asked for, in UTC or at an offset; months and days are from 0 but for getDate. */
const PARTS: readonly (readonly [string, (time: CivilTime) => number])[] = [
  ['getFullYear', (time) => time.year],
  ['getMonth', (time) => time.month - 1],
  ['getDate', (time) => time.day],
  ['getDayOfMonth', (time) => time.day - 1],
  ['getDayOfWeek', (time) => time.dayOfWeek],
  ['getDayOfYear', (time) => time.dayOfYear],
  ['getHours', (time) => time.hours],
  ['getMinutes', (time) => time.minutes],
  ['getSeconds', (time) => time.seconds],
  ['getMilliseconds', (time) => time.milliseconds],
];

function defineParts(define: Define): void {
  for (const [name, part] of PARTS) {
    define(`timestamp.${name}(): int`, (value: Timestamp) => BigInt(part(civilTimeOf(value, 0))));
    define(`timestamp.${name}(string): int`, (value: Timestamp, zone: string) => {
      const offset = need(offsetMinutesOf(zone), unknownZone(zone));
      return BigInt(part(civilTimeOf(value, offset)));
    });
  }
  define('duration.getHours(): int', ({ nanos }: Duration) => nanos / (3600n * SECOND));
  define('duration.getMinutes(): int', ({ nanos }: Duration) => nanos / (60n * SECOND));
  define('duration.getSeconds(): int', ({ nanos }: Duration) => nanos / SECOND);
  define('duration.getMilliseconds(): int', ({ nanos }: Duration) => nanos / 1_000_000n);
}

/** Steps of an automaton that cost as much as one node of an expression. */
const STEPS_A_NODE = 16;

function searchPaidFor(meter: Meter): (text: string, pattern: string) => boolean {
  return (text, pattern) => {
    const compiled = need(compilePattern(pattern), `'${pattern}' is no pattern that is supported`);
    meter.pay(Math.ceil(costOf(compiled, text) / STEPS_A_NODE));
    return isMatch(compiled, text);
  };
}

function typeNameOf(type: ParameterType): string {
  if (type.name === 'any') return 'dyn';
  const of = type.of === undefined ? 'dyn' : typeNameOf(type.of);
  if (type.name === 'list') return `list<${of}>`;
  return type.name === 'map' ? `map<string, ${of}>` : type.name;
}

/** Expressions, compiled once: a cache that nothing depends on but speed. */
class CelConditions implements Conditions {
  private readonly base: Environment = environmentWithTypes();
  private readonly byCondition: WeakMap<Condition, Compiled> = new WeakMap();
  private readonly byText: Map<string, Compiled> = new Map();

  problem(condition: Condition): string | undefined {
    const compiled = this.compiled(condition);
    return compiled.ok ? undefined : `failed to compile expression on condition '${condition.name}' - ${compiled.reason}`;
  }

  contextProblem(condition: Condition, context: Context): string | undefined {
    for (const name of Object.keys(context).sort()) {
      const type = condition.parameters.get(name);
      if (type === undefined) return `found invalid context parameter: ${name}`;
      const cast = castParameter(type, context[name], toUint);
      if (cast.ok) continue;
      return `parameter type error on condition '${condition.name}' - failed to convert context parameter '${name}': ${cast.reason}`;
    }
    return undefined;
  }

  evaluate(condition: Condition, stored: Context, asked: Context): ConditionVerdict {
    const compiled = this.compiled(condition);
    if (!compiled.ok) return { kind: 'failed', reason: compiled.reason };
    const values = new Map<string, unknown>();
    const missing: string[] = [];
    for (const [name, type] of condition.parameters) {
      const context = Object.hasOwn(stored, name) ? stored : asked;
      if (!Object.hasOwn(context, name)) {
        missing.push(name);
        continue;
      }
      const cast = castParameter(type, context[name], toUint);
      if (!cast.ok) return { kind: 'failed', reason: `failed to convert context parameter '${name}': ${cast.reason}` };
      values.set(name, cast.value);
    }
    if (missing.length > 0) return { kind: 'missing', parameters: missing.sort() };
    return run(compiled, values);
  }

  private compiled(condition: Condition): Compiled {
    const known = this.byCondition.get(condition);
    if (known !== undefined) return known;
    const parameters = [...condition.parameters].map(([name, type]) => `${name}\0${typeNameOf(type)}`).sort();
    const text = [condition.expression, ...parameters].join('\0\0');
    const compiled = this.byText.get(text) ?? this.compile(condition);
    this.byText.delete(text);
    this.byText.set(text, compiled);
    const [oldest] = this.byText.keys();
    if (this.byText.size > CONDITION_CACHE_MAX && oldest !== undefined) this.byText.delete(oldest);
    this.byCondition.set(condition, compiled);
    return compiled;
  }

  private compile({ expression, parameters }: Condition): Compiled {
    const length = utf8Length(expression);
    if (length < 0 || length > CONDITION_EXPRESSION_BYTES_MAX) {
      return { ok: false, reason: `the expression has more than ${CONDITION_EXPRESSION_BYTES_MAX} bytes` };
    }
    try {
      const meter = new Meter();
      const environment = this.base.clone();
      environment.registerFunction('string.matches_(string): bool', searchPaidFor(meter));
      for (const name of [...parameters.keys()].sort()) {
        environment.registerVariable(name, typeNameOf(parameters.get(name) as ParameterType));
      }
      const parsed = environment.parse(expression);
      const nodes = nodesOf(parsed.ast as unknown as SyntaxNode);
      const refusal = admitSyntax(nodes);
      if (refusal !== undefined) return { ok: false, reason: refusal };
      const { type, error } = parsed.check();
      if (error !== undefined) return { ok: false, reason: reasonOf(error) };
      if (type !== 'bool') return { ok: false, reason: `expected a bool condition expression output, but got '${type}'` };
      meter.watch(nodes);
      return { ok: true, run: (values) => parsed(values), meter };
    } catch (error) {
      return { ok: false, reason: reasonOf(error) };
    }
  }
}

function run(
  { run: evaluate, meter }: Extract<Compiled, { readonly ok: true }>,
  values: ReadonlyMap<string, unknown>,
): ConditionVerdict {
  meter.fill();
  try {
    const result = evaluate(values);
    // An error that was hidden in the expression is none that may be passed over.
    if (meter.isExhausted) return { kind: 'failed', reason: 'the cost limit is exceeded' };
    if (typeof result === 'boolean') return { kind: result ? 'met' : 'unmet' };
    return { kind: 'failed', reason: 'the expression does not result in a bool' };
  } catch (error) {
    return { kind: 'failed', reason: `failed to evaluate condition expression: ${reasonOf(error)}` };
  }
}

/** CEL as this project evaluates it. */
export const celConditions: Conditions = new CelConditions();
