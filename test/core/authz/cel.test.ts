/** Conditions: what OpenFGA's users write in them, what becomes of their contexts, and what no expression can do to a node. */
import { describe, expect, test } from 'vitest';
import { celConditions } from '../../../core/authz/cel.ts';
import type { Context } from '../../../core/authz/condition.ts';
import { CONDITION_CACHE_MAX } from '../../../core/limits.ts';
import type { Condition, ParameterType, ScalarType } from '../../../core/model/model.ts';

function scalar(name: ScalarType): ParameterType {
  return { name, of: undefined };
}

function listOf(name: ScalarType): ParameterType {
  return { name: 'list', of: scalar(name) };
}

function conditionOf(expression: string, parameters: Readonly<Record<string, ScalarType | ParameterType>>): Condition {
  const entries = Object.entries(parameters);
  return {
    name: 'c',
    expression,
    parameters: new Map(entries.map(([name, type]) => [name, typeof type === 'string' ? scalar(type) : type])),
  };
}

function verdictOf(
  expression: string,
  parameters: Readonly<Record<string, ScalarType | ParameterType>>,
  context: Context,
): unknown {
  const condition = conditionOf(expression, parameters);
  expect(celConditions.problem(condition), expression).toBeUndefined();
  return celConditions.evaluate(condition, {}, context);
}

const met = { kind: 'met' };
const unmet = { kind: 'unmet' };

function failed(reason: string): unknown {
  return { kind: 'failed', reason: expect.stringContaining(reason) };
}

describe('values of parameters', () => {
  test.each<[ScalarType, string, unknown, unknown]>([
    ['bool', 'v', true, met],
    ['bool', 'v', 'true', failed("expected type value 'bool', but found 'string'")],
    ['string', 'v == "a"', 'a', met],
    [
      'string',
      'v == "a"',
      1,
      failed("failed to convert context parameter 'v': expected type value 'string', but found 'float64'"),
    ],
    ['string', 'v == "a"', null, failed("'<nil>'")],
    ['int', 'v == 10', 10, met],
    ['int', 'v == 10', '10', met],
    ['int', 'v == 10', '1e1', met],
    ['int', 'v == -10', '-10.0', met],
    ['int', 'v == 10', 10.5, failed("expected an integer value, but found '10.5'")],
    ['int', 'v == 10', '0x0a', failed('expected a numeric value')],
    ['int', 'v == 9223372036854775807', '9223372036854775807', met],
    ['int', 'v == 0', '9223372036854775808', failed('number cannot be represented as int64')],
    ['int', 'v == 0', '1e999', failed('number cannot be represented as int64')],
    ['int', 'v == 0', Number.NaN, failed('expected a numeric value')],
    ['uint', 'v == 3u', '3.0', met],
    ['uint', 'v == 3u', -3, failed('number cannot be represented as uint64')],
    ['double', 'v > 0.1', '0.2', met],
    ['double', 'v > 0.1', Number.POSITIVE_INFINITY, failed('number cannot be represented as float64')],
    ['double', 'v > 0.1', '1e309', failed('number cannot be represented as float64')],
    ['duration', 'v == duration("90m")', '1h30m', met],
    ['duration', 'v < duration("-1s")', '-1.000000001s', met],
    ['duration', 'v == duration("90m")', '90', failed("expected a valid duration string, but found: '90'")],
    ['timestamp', 'v == timestamp("2023-10-11T08:00:00Z")', '2023-10-11T10:00:00+02:00', met],
    ['timestamp', 'v > timestamp("2023-10-11T08:00:00Z")', '2023-10-11T08:00:00.000000001Z', met],
    ['timestamp', 'v > timestamp("2023-10-11T08:00:00Z")', '2023-10-11 08:00:01', failed('expected RFC 3339 formatted')],
    ['timestamp', 'v > timestamp("2023-10-11T08:00:00Z")', '2023-02-29T08:00:01Z', failed('expected RFC 3339 formatted')],
    ['ipaddress', 'v.in_cidr("192.168.0.0/24")', '192.168.0.1', met],
    ['ipaddress', 'v.in_cidr("192.168.0.0/24")', '::ffff:192.168.0.1', unmet],
    ['ipaddress', 'v.in_cidr("2001:db8::/33")', '2001:db8:7fff::1', met],
    ['ipaddress', 'v.in_cidr("2001:db8::/33")', '2001:db8:8000::1', unmet],
    ['ipaddress', 'v == ipaddress("::1")', '0:0:0:0:0:0:0:1', met],
    [
      'ipaddress',
      'v == ipaddress("::1")',
      '192.168.0.256',
      failed("expected a well-formed IP address, but found: '192.168.0.256'"),
    ],
    ['any', 'v == "a"', 'a', met],
    ['any', 'v.a.b == [1.0, 2.0]', { a: { b: [1, 2] } }, met],
    ['any', 'v == null', null, met],
  ])('%s: %s of %j', (type, expression, value, expected) => {
    expect(verdictOf(expression, { v: type }, { v: value })).toEqual(expected);
  });

  test('lists and maps hold values of their type, and say which one is not', () => {
    const parameters = { l: listOf('timestamp'), m: { name: 'map', of: scalar('int') } as const };
    const expression = 'l.exists(t, t > timestamp("2023-01-01T00:00:00Z")) && m["a"] + m.b == 3';
    expect(
      verdictOf(expression, parameters, { l: ['2022-01-01T00:00:00Z', '2024-01-01T00:00:00Z'], m: { a: 1, b: '2' } }),
    ).toEqual(met);
    expect(verdictOf(expression, parameters, { l: ['2022-01-01T00:00:00Z', 'x'], m: {} })).toEqual(
      failed("found an invalid list item at index '1': expected RFC 3339"),
    );
    expect(verdictOf(expression, parameters, { l: [], m: { a: 'x' } })).toEqual(failed("found an invalid value for key 'a'"));
  });
});

describe('evaluation', () => {
  test('the context of the tuple counts before that of the question, which may hold more', () => {
    const condition = conditionOf('x < y', { x: 'int', y: 'int' });
    expect(celConditions.evaluate(condition, { x: 1 }, { x: 9, y: 5, z: 'other' })).toEqual(met);
    expect(celConditions.evaluate(condition, { x: 9, y: 5 }, { x: 1 })).toEqual(unmet);
  });

  test('parameters that neither context has are missing, whether or not they would decide', () => {
    const condition = conditionOf('x < 5 || y < 5', { y: 'int', x: 'int' });
    expect(celConditions.evaluate(condition, {}, {})).toEqual({ kind: 'missing', parameters: ['x', 'y'] });
    expect(celConditions.evaluate(condition, { x: 1 }, {})).toEqual({ kind: 'missing', parameters: ['y'] });
    expect(celConditions.evaluate(condition, { constructor: 1 }, { toString: 1 })).toEqual({
      kind: 'missing',
      parameters: ['x', 'y'],
    });
  });

  test('dates are taken apart in UTC or at an offset, and named zones are refused when the model is written', () => {
    const at = { t: '2024-03-01T23:30:00.125Z' };
    const expression = 't.getDayOfYear() == 60 && t.getDate("+02:00") == 2 && t.getHours("+02:00") == 1 && t.getDayOfWeek() == 5';
    expect(verdictOf(expression, { t: 'timestamp' }, at)).toEqual(met);
    expect(verdictOf('t.getMonth() == 2 && t.getMilliseconds() == 125', { t: 'timestamp' }, at)).toEqual(met);
    const named = conditionOf('t.getHours("Europe/Berlin") > 8', { t: 'timestamp' });
    expect(celConditions.problem(named)).toContain("the time zone 'Europe/Berlin' is not known");
  });

  test('moments and spans are added and subtracted to the nanosecond', () => {
    const parameters = { now: 'timestamp', granted: 'timestamp', ttl: 'duration' } as const;
    const context = { granted: '2024-02-28T23:00:00Z', ttl: '25h0.000000001s' };
    expect(verdictOf('now < granted + ttl', parameters, { ...context, now: '2024-03-01T00:00:00Z' })).toEqual(met);
    expect(verdictOf('now - granted < ttl', parameters, { ...context, now: '2024-03-01T00:00:00.000000001Z' })).toEqual(unmet);
  });

  test('nothing throws: what goes wrong is a verdict', () => {
    expect(verdictOf('1 / x == 1', { x: 'int' }, { x: 0 })).toEqual(failed('division by zero'));
    expect(verdictOf('l[3] == 1', { l: listOf('int') }, { l: [1] })).toEqual(failed('index out of bounds'));
    expect(verdictOf('v.in_cidr("x")', { v: 'ipaddress' }, { v: '::1' })).toEqual(failed("'x' is no CIDR range"));
    expect(verdictOf('v.a.b == 1', { v: 'any' }, { v: { a: 1 } })).toEqual(failed('No such key'));
  });
});

describe('what cannot be compiled', () => {
  test.each([
    ['x <', 'Unexpected token'],
    ['y < 1', 'Unknown variable: y'],
    ['x', "expected a bool condition expression output, but got 'int'"],
    ['x < "a"', 'no such overload: int < string'],
    ['now() < x', "undeclared reference to 'now'"],
    ['"a".lowerAscii() == "a"', "undeclared reference to 'lowerAscii'"],
    ['cel.bind(a, x, a == 1)', "undeclared reference to 'bind'"],
    ['b"a" == b"a"', 'byte strings are not supported'],
    [`x == 1 ${'|| x == 1'.repeat(60)}`, 'more than 512 bytes'],
  ])('%s', (expression, reason) => {
    const condition = conditionOf(expression, { x: 'int' });
    expect(celConditions.problem(condition)).toContain(`failed to compile expression on condition 'c' - `);
    expect(celConditions.problem(condition)).toContain(reason);
    expect(celConditions.evaluate(condition, {}, { x: 1 })).toEqual(failed(reason));
  });

  test('contexts that are stored hold declared parameters only, each of its type', () => {
    const condition = conditionOf('x < 1', { x: 'int' });
    expect(celConditions.contextProblem(condition, { x: 1 })).toBeUndefined();
    expect(celConditions.contextProblem(condition, { y: 1 })).toBe('found invalid context parameter: y');
    expect(celConditions.contextProblem(condition, { x: 'a' })).toBe(
      "parameter type error on condition 'c' - failed to convert context parameter 'x': expected a numeric value, but found 'a'",
    );
  });
});

describe('cost', () => {
  const numbers = Array.from({ length: 2000 }, (_, index) => index + 1);

  test('nested loops end at the limit, also where the expression would hide their error', () => {
    const loops = 'l.all(a, l.all(b, l.all(c, l.all(d, a + b + c + d > 0))))';
    for (const expression of [loops, `${loops} || true`, `l.exists(x, ${loops}) || true`]) {
      expect(verdictOf(expression, { l: listOf('int') }, { l: numbers })).toEqual(failed('the cost limit is exceeded'));
    }
  });

  test('a loop over what fits is evaluated, as often as one likes', () => {
    const condition = conditionOf('l.all(a, a > 0)', { l: listOf('int') });
    for (let i = 0; i < 3; i += 1) expect(celConditions.evaluate(condition, {}, { l: numbers })).toEqual(met);
  });

  test('lists that grow in a loop are paid for', () => {
    const context = { l: Array.from({ length: 1000 }, () => 1) };
    expect(verdictOf('l.map(a, l + l).size() > 0', { l: listOf('int') }, context)).toEqual(failed('the cost limit is exceeded'));
  });

  test('patterns take time linear in the text', () => {
    const parameters = { s: 'string' } as const;
    expect(verdictOf('s.matches("^(a+)+$")', parameters, { s: `${'a'.repeat(20_000)}b` })).toEqual(unmet);
    expect(verdictOf('s.matches("(a|b){1,300}c")', parameters, { s: 'a'.repeat(30_000) })).toEqual(
      failed('the cost limit is exceeded'),
    );
  });

  test('more expressions than are kept are compiled anew', () => {
    for (let i = 0; i < CONDITION_CACHE_MAX + 10; i += 1) expect(verdictOf(`x == ${i}`, { x: 'int' }, { x: i })).toEqual(met);
    expect(verdictOf('x == 0', { x: 'int' }, { x: 0 })).toEqual(met);
  });
});
