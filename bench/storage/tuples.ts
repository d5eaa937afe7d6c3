/** The tuples of the storage benchmark, the same for Vouch and for its peers: keys of 44 bytes as the state lays them out. */
import { writeUtf8 } from '../../core/bytes/text.ts';
import { Random } from '../../core/random.ts';
import type { TupleKey } from '../../core/state/transaction.ts';

export const KEY_BYTES: number = 44;
/** Rows without a condition have no more: expires_at and version. */
export const ROW: Uint8Array = new Uint8Array(16).fill(7);
const USERS = 5000;

export const random: Random = Random.stream([1, 2, 3, 4], 'bench');

/** Spreads consecutive numbers over all documents, without two alike. */
function scattered(n: number): number {
  return Math.imul(n, 0x9e3779b1) >>> 0;
}

export function tupleOf(n: number): TupleKey {
  const resource = `document:${scattered(n).toString().padStart(10, '0')}`;
  return { resource, relation: 'viewer', subject: `user:${(n % USERS).toString().padStart(8, '0')}` };
}

/** Writes the key of tuple n at `at`: table, bucket, resource, relation, kind, subject. The bucket is a hash of the resource. */
export function writeKey(n: number, out: Uint8Array, at: number): void {
  const { resource, relation, subject } = tupleOf(n);
  out[at] = 1;
  out[at + 1] = Math.imul(scattered(n), 0x85ebca6b) >>> 24;
  writeUtf8(`${resource}\u0000${relation}\u0000\u0000${subject}\u0000`, out, at + 2);
}

/** A key as an object of its own. */
export function keyOf(n: number): Uint8Array {
  const key = new Uint8Array(KEY_BYTES);
  writeKey(n, key, 0);
  return key;
}

/** Numbers from 0 on in random order. */
export function shuffled(count: number): Uint32Array {
  const numbers = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i -= 1) {
    const j = random.below(i + 1);
    const other = numbers[j] as number;
    numbers[j] = numbers[i] as number;
    numbers[i] = other;
  }
  return numbers;
}

/** Random inserts of all, with a third of them deleted and inserted again in between: the shape of a tree that has lived. */
export function churn(count: number, set: (n: number) => void, remove: (n: number) => void): void {
  const half = count >>> 1;
  const order = shuffled(count);
  for (let i = 0; i < half; i += 1) set(order[i] as number);
  for (let i = half, gone = 0; i < count; i += 1) {
    set(order[i] as number);
    if (i % 3 !== 0) continue;
    remove(order[gone] as number);
    if (gone > 8) set(order[gone - 8] as number);
    gone += 1;
  }
  for (const n of order) set(n); // whatever is out at the end
}

const PROBES = 1 << 16;

/**
 * Keys to ask for, one after the other in one scratch array: a server builds a key in place, and an array of key objects
 * would make every candidate pay for the cache misses of the keys.
 */
export class Probes {
  /** The present key. */
  readonly key: Uint8Array;
  /** The same bytes, for peers that take nothing else. */
  readonly buffer: Buffer;
  private readonly words: Int32Array;
  private readonly slab: Int32Array;
  private at: number = 0;

  /** @param numberOf draws the number of a tuple to ask for */
  constructor(numberOf: () => number) {
    const memory = new ArrayBuffer(KEY_BYTES);
    this.key = new Uint8Array(memory);
    this.buffer = Buffer.from(memory);
    this.words = new Int32Array(memory);
    const bytes = new Uint8Array(PROBES * KEY_BYTES);
    for (let i = 0; i < PROBES; i += 1) writeKey(numberOf(), bytes, i * KEY_BYTES);
    this.slab = new Int32Array(bytes.buffer);
  }

  next(): void {
    const { words, slab, at } = this;
    for (let i = 0; i < KEY_BYTES / 4; i += 1) words[i] = slab[at + i] as number;
    this.at = at + KEY_BYTES / 4 === slab.length ? 0 : at + KEY_BYTES / 4;
  }
}
