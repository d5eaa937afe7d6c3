/** Fields of a parsed JSON object, read into typed values: the first one that is missing or malformed is remembered. */
import { fromBase64 } from '../bytes/base64.ts';
import { fromHex, utf8Length } from '../bytes/text.ts';
import { decodeUlid } from '../chain/ulid.ts';
import { HASH_BYTES } from '../merkle/hashes.ts';
import { PROOF_BYTES_MAX } from './format.ts';

/** Longest base64 text that is looked at. */
const BASE64_CHARACTERS_MAX: number = Math.ceil(PROOF_BYTES_MAX / 3) * 4;

const NONE: Uint8Array = new Uint8Array(0);

export class Fields {
  private readonly value: Readonly<Record<string, unknown>> | undefined;
  private readonly name: string;
  problem: string | undefined = undefined;

  constructor(value: unknown, name: string) {
    this.name = name;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    this.value = isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
    if (!isObject) this.refuse('', 'is not an object');
  }

  refuse(field: string, why: string): void {
    this.problem ??= `${[this.name, field].filter((part) => part !== '').join('.')} ${why}`;
  }

  has(field: string): boolean {
    return this.value !== undefined && Object.hasOwn(this.value, field);
  }
  any(field: string): unknown {
    return this.has(field) ? this.value?.[field] : undefined;
  }

  /** Refuses any field besides these. */
  only(fields: readonly string[]): void {
    for (const field of Object.keys(this.value ?? {})) {
      if (!fields.includes(field)) this.refuse('', 'holds an unknown field');
    }
  }

  boolean(field: string): boolean {
    const value = this.any(field);
    if (typeof value !== 'boolean') this.refuse(field, 'is not true or false');
    return value === true;
  }

  /** A height: an integer from 1 that a double holds exactly. */
  height(field: string): number {
    return this.integer(field, 1, 'is not a height');
  }

  /** An integer from 0 that a double holds exactly. */
  count(field: string): number {
    return this.integer(field, 0, 'is not a count');
  }

  private integer(field: string, least: number, why: string): number {
    const value = this.any(field);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
    this.refuse(field, why);
    return 0;
  }

  text(field: string): string {
    const value = this.any(field);
    if (typeof value === 'string' && utf8Length(value) >= 0) return value;
    this.refuse(field, 'is not a well-formed text');
    return '';
  }

  hash(field: string): Uint8Array {
    const decode = (text: string) => (text.length === 2 * HASH_BYTES ? fromHex(text) : undefined);
    return this.bytes(field, decode, 'is not 64 lower-case hex digits');
  }

  base64(field: string): Uint8Array {
    const decode = (text: string) => (text.length <= BASE64_CHARACTERS_MAX ? fromBase64(text) : undefined);
    return this.bytes(field, decode, 'is not canonical base64');
  }

  ulid(field: string): Uint8Array {
    return this.bytes(field, decodeUlid, 'is not a ULID');
  }

  private bytes(field: string, decode: (text: string) => Uint8Array | undefined, why: string): Uint8Array {
    const value = this.any(field);
    const bytes = typeof value === 'string' ? decode(value) : undefined;
    if (bytes === undefined) this.refuse(field, why);
    return bytes ?? NONE;
  }
}
