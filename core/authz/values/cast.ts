/**
 * Values of a context, as they come in JSON, made into what a parameter's type says. JSON has no integers of 64 bits, moments or
 * addresses: they come as texts, and integers as numbers without a fraction.
 * Source: OpenFGA's typed condition parameters, whose rules and messages these are (types are named as Go names them).
 */
import { unreachable } from '../../assert.ts';
import type { ParameterType } from '../../model/model.ts';
import { parseIpAddress } from './ip-address.ts';
import { parseDuration, parseTimestamp } from './time.ts';

export type Cast = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string };

/** What the expression language holds unsigned integers in. */
export type ToUint = (value: bigint) => unknown;

function no(reason: string): Cast {
  return { ok: false, reason };
}

function goTypeOf(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return 'float64';
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
}

function mismatch(wanted: string, value: unknown): Cast {
  return no(`expected type value '${wanted}', but found '${goTypeOf(value)}'`);
}

export function castParameter(type: ParameterType, value: unknown, toUint: ToUint): Cast {
  switch (type.name) {
    case 'any':
      return { ok: true, value: ordered(value) };
    case 'bool':
      return typeof value === 'boolean' ? { ok: true, value } : mismatch('bool', value);
    case 'string':
      return typeof value === 'string' ? { ok: true, value } : mismatch('string', value);
    case 'int': {
      const cast = castInteger('int64', value, [-(1n << 63n), (1n << 63n) - 1n]);
      return typeof cast === 'bigint' ? { ok: true, value: cast } : cast;
    }
    case 'uint': {
      const cast = castInteger('uint64', value, [0n, (1n << 64n) - 1n]);
      return typeof cast === 'bigint' ? { ok: true, value: toUint(cast) } : cast;
    }
    case 'double':
      return castDouble(value);
    case 'duration':
      return castText(value, parseDuration, 'a valid duration string');
    case 'timestamp':
      return castText(value, parseTimestamp, 'RFC 3339 formatted timestamp string');
    case 'ipaddress':
      return castText(value, parseIpAddress, 'a well-formed IP address');
    case 'list':
      return castList(type, value, toUint);
    case 'map':
      return castMap(type, value, toUint);
    default:
      return unreachable(type.name);
  }
}

function castText<T>(value: unknown, parse: (text: string) => T | undefined, wanted: string): Cast {
  const parsed = typeof value === 'string' ? parse(value) : undefined;
  if (parsed !== undefined) return { ok: true, value: parsed };
  return no(`expected ${wanted}, but found: ${typeof value === 'string' ? `'${value}'` : goTypeOf(value)}`);
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?$/;
/** Digits that any integer of 64 bits has at most. */
const DIGITS_MAX = 20;

function castInteger(name: string, value: unknown, [least, most]: readonly [bigint, bigint]): bigint | Cast {
  if (typeof value !== 'number' && typeof value !== 'string') return mismatch(name, value);
  const text = String(value);
  if (!DECIMAL.test(text)) return no(`expected a numeric value, but found '${text}'`);
  const integer = integerOf(text);
  if (integer === undefined) return no(`expected an integer value, but found '${text}'`);
  if (integer === 'large' || integer < least || integer > most) return no(`number cannot be represented as ${name}: ${text}`);
  return integer;
}

/** The integer that a decimal means; undefined where it has a fraction. */
function integerOf(text: string): bigint | 'large' | undefined {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().replace(/^[+-]/, '').split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  if (digits === '') return 0n;
  const trailing = digits.length - digits.replace(/0+$/, '').length;
  const shift = Number(exponent) - fraction.length;
  if (shift + trailing < 0) return undefined;
  if (digits.length + shift > DIGITS_MAX) return 'large';
  const size = BigInt(shift < 0 ? digits.slice(0, shift) : digits.padEnd(digits.length + shift, '0'));
  return text.startsWith('-') ? -size : size;
}

function castDouble(value: unknown): Cast {
  if (typeof value !== 'number' && typeof value !== 'string') return mismatch('float64', value);
  if (typeof value === 'string' && !DECIMAL.test(value)) return no(`expected a numeric value, but found '${value}'`);
  const number = Number(value);
  return Number.isFinite(number) ? { ok: true, value: number } : no(`number cannot be represented as float64: ${value}`);
}

function castList(type: ParameterType, value: unknown, toUint: ToUint): Cast {
  if (!Array.isArray(value)) return mismatch('[]interface {}', value);
  const items: unknown[] = [];
  for (const [index, item] of value.entries()) {
    const cast = castParameter(type.of ?? { name: 'any', of: undefined }, item, toUint);
    if (!cast.ok) return no(`found an invalid list item at index '${index}': ${cast.reason}`);
    items.push(cast.value);
  }
  return { ok: true, value: items };
}

function castMap(type: ParameterType, value: unknown, toUint: ToUint): Cast {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return mismatch('map[string]interface {}', value);
  const members = new Map<string, unknown>();
  for (const key of Object.keys(value).sort()) {
    const cast = castParameter(type.of ?? { name: 'any', of: undefined }, (value as Record<string, unknown>)[key], toUint);
    if (!cast.ok) return no(`found an invalid value for key '${key}': ${cast.reason}`);
    members.set(key, cast.value);
  }
  return { ok: true, value: members };
}

/** Any JSON value, its objects in the order of their names: an expression may walk them. */
function ordered(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(ordered);
  const members = value as Readonly<Record<string, unknown>>;
  const names = Object.keys(members).sort();
  return new Map(names.map((name) => [name, ordered(members[name])]));
}
