/** The other direction of keys.ts: names out of keys that this node wrote, for lists, expiry and audits. */
import { assert, defined } from '../assert.ts';
import { fromUtf8 } from '../bytes/text.ts';
import { encodeUlid, ULID_BYTES } from '../chain/ulid.ts';
import { Table } from './keys.ts';
import type { TupleKey } from './transaction.ts';

/** A range of keys: from is included, to is not. */
export interface KeyRange {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

/** Everything that begins with prefix, as copies. @param prefix holds a byte below ff: all of them start with a table. */
export function prefixRange(prefix: Uint8Array): KeyRange {
  let last = prefix.length - 1;
  while (prefix[last] === 0xff) last -= 1;
  assert(last >= 0, 'a key prefix starts with a table number');
  const to = prefix.slice(0, last + 1);
  to[last] = (to[last] as number) + 1;
  return { from: prefix.slice(), to };
}

/** Every key of a table. */
export function tableRange(table: number): KeyRange {
  return prefixRange(Uint8Array.of(table));
}

class FieldReader {
  private readonly key: Uint8Array;
  private at: number;

  constructor(key: Uint8Array, at: number) {
    this.key = key;
    this.at = at;
  }

  skip(count: number): void {
    this.at += count;
  }

  field(): string {
    const { key, at: start } = this;
    // One loop instead of two calls of indexOf: fields are short, and a call costs more than they are long.
    let end = start;
    let isEscaped = false;
    for (let byte = key[end]; byte !== 0; end += 1, byte = key[end]) {
      assert(byte !== undefined, 'a key field is ended');
      if (byte === 1) isEscaped = true;
    }
    this.at = end + 1;
    return defined(fromUtf8(isEscaped ? this.unescape(start, end) : key.subarray(start, end)), 'a key field is UTF-8');
  }

  private unescape(start: number, end: number): Uint8Array {
    const out: number[] = [];
    for (let i = start; i < end; i += 1) {
      if (this.key[i] === 1) {
        i += 1;
        out.push((this.key[i] as number) - 1);
      } else out.push(this.key[i] as number);
    }
    return Uint8Array.from(out);
  }
}

/** The tuple of a key of table 1. */
export function tupleOfKey(key: Uint8Array): TupleKey {
  assert(key[0] === Table.tuple, 'a tuple is read from a tuple key');
  const reader = new FieldReader(key, 2);
  const resource = reader.field();
  const relation = reader.field();
  reader.skip(1);
  return { resource, relation, subject: reader.field() };
}

/** The last field of a key of table 1 or 2 that begins with a prefix. @param at where the field begins */
export function lastFieldOfKey(key: Uint8Array, at: number): string {
  return new FieldReader(key, at).field();
}

/** The tuple of a key of table 2. */
export function tupleOfReverseKey(key: Uint8Array): TupleKey {
  assert(key[0] === Table.reverse, 'a reverse tuple is read from a reverse key');
  const reader = new FieldReader(key, 2);
  const subject = reader.field();
  const relation = reader.field();
  return { resource: reader.field(), relation, subject };
}

/** The entity of a key of table 3. */
export function entityOfKey(key: Uint8Array): string {
  assert(key[0] === Table.entity, 'an entity is read from an entity key');
  return new FieldReader(key, 2).field();
}

/** The id of a key of table 4. */
export function modelOfKey(key: Uint8Array): string {
  assert(key[0] === Table.model, 'a model is read from a model key');
  return new FieldReader(key, 2).field();
}

/** The id of a key of table 12. */
export function modelOfOrderKey(key: Uint8Array): string {
  assert(key[0] === Table.modelOrder && key.length === 1 + ULID_BYTES, 'a place in the order of models holds an id');
  return encodeUlid(key.subarray(1));
}

/** Time and leaf key (a view) of a key of table 9. */
export function expiryOfKey(key: Uint8Array): { readonly expiresAt: number; readonly leafKey: Uint8Array } {
  assert(key[0] === Table.expiry && key.length > 9, 'an expiry is read from an expiry key');
  let expiresAt = 0;
  for (let i = 1; i <= 8; i += 1) expiresAt = expiresAt * 256 + (key[i] as number);
  return { expiresAt, leafKey: key.subarray(9) };
}
