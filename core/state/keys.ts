/**
 * Keys of a vault's B+ tree. Everything that belongs together is contiguous within its table: a bucket, a userset, a kind.
 *
 *   OFFSET  SIZE  FIELD
 *   0       1     table
 *   1       1     bucket = path[0] of the leaf (40-commitment); tables 1 to 4, bucketHistory
 *   2       …     fields, each escaped and ended by 00
 *     1 tuple          resource, relation, u8 kind (not ended), subject
 *     2 reverse        subject, relation, resource
 *     3 entity         key
 *     4 model          id
 *     5 transaction    (no bucket) u64 height, u32 position                -> canonical transaction bytes
 *     6 header         (no bucket) u64 height                              -> 196 bytes
 *     7 history        (no bucket) a key of table 1 to 4, u64 ~height      -> the row that ended in that block
 *     8 bucketHistory  u64 ~height                                         -> bucket hash after that block
 *     9 expiry         (no bucket) u64 expires_at, a key of table 1 or 3   -> empty
 *     10 retention     (no bucket, no field)                               -> what is kept, and the floor (retention.ts)
 *    11 chain          (no bucket) u8 level, u64 index                     -> hash of a subtree of the log (chain-hashes.ts)
 *    12 modelOrder     (no bucket) 16 bytes of a model id                  -> empty; ids sort in the order of writing
 * History is kept when a row is replaced or removed, not when it is written: the newest row is in its own table, and a key's
 * state at height h is the row with the smallest height above h if its version is at most h, else absent. Loads write none.
 * Escape: 00 -> 01 01, 01 -> 01 02; it keeps the order of the fields. ~height = 2^64 - 1 - height: newest first.
 *
 * Every builder returns a view of one scratch array, valid until the next call: trees copy what they keep. One serves a group.
 */
import { writeUtf8 } from '../bytes/text.ts';
import type { Height } from '../ids.ts';
import { ENTITY_KEY_BYTES_MAX, NAME_BYTES_MAX, OBJECT_BYTES_MAX } from '../limits.ts';
import { subjectKind } from '../merkle/path.ts';
import type { PathCache } from './path-cache.ts';
import type { TupleKey } from './transaction.ts';

/** On disk: do not renumber. */
export const Table = {
  tuple: 1,
  reverse: 2,
  entity: 3,
  model: 4,
  transaction: 5,
  header: 6,
  history: 7,
  bucketHistory: 8,
  expiry: 9,
  retention: 10,
  chain: 11,
  modelOrder: 12,
} as const;

/** Longest key, bytes: an escaped tuple or entity with its framing, inside a history or expiry key. */
export const STATE_KEY_BYTES_MAX: number = Math.max(
  2 * (2 * OBJECT_BYTES_MAX + NAME_BYTES_MAX) + 6 + 9,
  2 * ENTITY_KEY_BYTES_MAX + 3 + 9,
);

/** Writes a number as u64, or as 2^64 - 1 - number where newer must sort first. */
function putU64(out: Uint8Array, at: number, value: number, flip: 0 | 0xff): number {
  const high = Math.floor(value / 0x1_0000_0000);
  const low = value - high * 0x1_0000_0000;
  for (let i = 0; i < 4; i += 1) {
    out[at + i] = (high >>> (24 - 8 * i)) ^ flip;
    out[at + 4 + i] = (low >>> (24 - 8 * i)) ^ flip;
  }
  return at + 8;
}

/** Escapes out[start, end) in place and returns the new end. Names hold no such bytes, so this runs only for odd fields. */
function escapeField(out: Uint8Array, start: number, end: number): number {
  const plain = out.slice(start, end);
  let at = start;
  for (const byte of plain) {
    if (byte <= 1) {
      out[at++] = 1;
      out[at++] = byte + 1;
    } else out[at++] = byte;
  }
  return at;
}

/** Appends a field and its end mark. */
function putField(out: Uint8Array, start: number, text: string): number {
  let end = writeUtf8(text, out, start);
  for (let i = start; i < end; i += 1) {
    if ((out[i] as number) <= 1) {
      end = escapeField(out, start, end);
      break;
    }
  }
  out[end] = 0;
  return end + 1;
}

export class KeyBuilder {
  /** Where paths and buckets come from. */
  readonly paths: PathCache;
  /** Keys of tables 1 to 4. */
  private readonly leaf: Uint8Array = new Uint8Array(STATE_KEY_BYTES_MAX);
  /** Keys of tables 5 to 12; they may be built around a leaf key. */
  private readonly outer: Uint8Array = new Uint8Array(STATE_KEY_BYTES_MAX);

  private own: KeyBuilder | undefined = undefined;

  constructor(paths: PathCache) {
    this.paths = paths;
  }

  /** Another builder of the same memory: for who may be called while somebody still holds a key or path of this one. */
  get beside(): KeyBuilder {
    this.own ??= new KeyBuilder(this.paths.beside());
    return this.own;
  }

  private start(table: number, bucket: number): number {
    this.leaf[0] = table;
    this.leaf[1] = bucket;
    return 2;
  }

  /** Key of a tuple. */
  tuple(tuple: TupleKey): Uint8Array {
    let at = this.start(Table.tuple, this.paths.resourceBucket(tuple.resource));
    at = putField(this.leaf, at, tuple.resource);
    at = putField(this.leaf, at, tuple.relation);
    this.leaf[at] = subjectKind(tuple.subject);
    return this.leaf.subarray(0, putField(this.leaf, at + 1, tuple.subject));
  }

  /** Prefix of every tuple of a resource, or of one of its relations. @param relation empty = all */
  tuplePrefix(resource: string, relation: string): Uint8Array {
    let at = this.start(Table.tuple, this.paths.resourceBucket(resource));
    at = putField(this.leaf, at, resource);
    if (relation !== '') at = putField(this.leaf, at, relation);
    return this.leaf.subarray(0, at);
  }

  /** Key of a tuple's reverse row. */
  reverse(tuple: TupleKey): Uint8Array {
    let at = this.start(Table.reverse, this.paths.subjectBucket(tuple.subject));
    at = putField(this.leaf, at, tuple.subject);
    at = putField(this.leaf, at, tuple.relation);
    return this.leaf.subarray(0, putField(this.leaf, at, tuple.resource));
  }

  /** Prefix of everything granted directly to a subject, or of one relation of it. @param relation empty = all */
  reversePrefix(subject: string, relation: string): Uint8Array {
    let at = this.start(Table.reverse, this.paths.subjectBucket(subject));
    at = putField(this.leaf, at, subject);
    if (relation !== '') at = putField(this.leaf, at, relation);
    return this.leaf.subarray(0, at);
  }

  /** Key of an entity. */
  entity(key: string): Uint8Array {
    const at = this.start(Table.entity, this.paths.entityBucket(key));
    return this.leaf.subarray(0, putField(this.leaf, at, key));
  }

  /** Key of an authorization model. */
  model(id: string): Uint8Array {
    const at = this.start(Table.model, this.paths.model(id)[0] as number);
    return this.leaf.subarray(0, putField(this.leaf, at, id));
  }

  /** Where a model stands in the order of writing. @param id its 16 bytes */
  modelOrder(id: Uint8Array): Uint8Array {
    this.outer[0] = Table.modelOrder;
    this.outer.set(id, 1);
    return this.outer.subarray(0, 1 + id.length);
  }

  /** Key of a block's transaction. */
  transaction(height: Height, position: number): Uint8Array {
    this.outer[0] = Table.transaction;
    const at = putU64(this.outer, 1, height, 0);
    for (let i = 0; i < 4; i += 1) this.outer[at + i] = position >>> (24 - 8 * i);
    return this.outer.subarray(0, at + 4);
  }

  /** Prefix of every transaction of a block. */
  transactionPrefix(height: Height): Uint8Array {
    this.outer[0] = Table.transaction;
    return this.outer.subarray(0, putU64(this.outer, 1, height, 0));
  }

  header(height: Height): Uint8Array {
    this.outer[0] = Table.header;
    return this.outer.subarray(0, putU64(this.outer, 1, height, 0));
  }

  /** Key of the row that ended in the block at height. @param leafKey may be a view from this builder. */
  history(leafKey: Uint8Array, height: Height): Uint8Array {
    this.outer[0] = Table.history;
    this.outer.set(leafKey, 1);
    return this.outer.subarray(0, putU64(this.outer, 1 + leafKey.length, height, 0xff));
  }

  /** Prefix of every hash that a bucket had. */
  bucketPrefix(bucket: number): Uint8Array {
    this.outer[0] = Table.bucketHistory;
    this.outer[1] = bucket;
    return this.outer.subarray(0, 2);
  }

  bucketHistory(bucket: number, height: Height): Uint8Array {
    this.outer[0] = Table.bucketHistory;
    this.outer[1] = bucket;
    return this.outer.subarray(0, putU64(this.outer, 2, height, 0xff));
  }

  /** Key of a complete subtree of the vault's log. */
  chain(level: number, index: number): Uint8Array {
    this.outer[0] = Table.chain;
    this.outer[1] = level;
    return this.outer.subarray(0, putU64(this.outer, 2, index, 0));
  }

  /** @param leafKey may be a view from this builder. */
  expiry(expiresAt: number, leafKey: Uint8Array): Uint8Array {
    this.outer[0] = Table.expiry;
    const at = putU64(this.outer, 1, expiresAt, 0);
    this.outer.set(leafKey, at);
    return this.outer.subarray(0, at + leafKey.length);
  }

  /** Everything that expires at or before a time begins below this key. */
  expiryEnd(time: number): Uint8Array {
    this.outer[0] = Table.expiry;
    return this.outer.subarray(0, putU64(this.outer, 1, time + 1, 0));
  }
}
