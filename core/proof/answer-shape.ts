/**
 * Reading the JSON object of an answer with a proof into typed fields. Unknown fields of the answer are ignored; inside the
 * statement they are refused, because there they would be part of what is claimed.
 *
 *   { allowed, height, block_hash, state_root, tree_root, header, proof, bucket_hashes?,
 *     statement: { v: 1, org, store, height, tuple: { user, relation, object }, verdict: "allow" | "deny" } }
 *
 * Hashes are lower-case hex; header, proof and bucket_hashes are canonical base64; ids are ULIDs in canonical text.
 */
import { fromBase64 } from '../bytes/base64.ts';
import { fromHex, utf8Length } from '../bytes/text.ts';
import { decodeUlid } from '../chain/ulid.ts';
import { BUCKET_VECTOR_BYTES } from '../merkle/buckets.ts';
import { HASH_BYTES } from '../merkle/hashes.ts';
import type { TupleKey } from '../state/transaction.ts';
import { PROOF_BYTES_MAX } from './format.ts';

/** What a statement over a direct tuple claims. */
export interface Statement {
  /** ULID texts, and their 16 bytes. */
  readonly organization: string;
  readonly store: string;
  readonly organizationBytes: Uint8Array;
  readonly storeBytes: Uint8Array;
  readonly height: number;
  readonly tuple: TupleKey;
  readonly allowed: boolean;
}

/** An answer with a proof, read but not believed. */
export interface AnswerClaim {
  readonly allowed: boolean;
  readonly height: number;
  readonly blockHash: Uint8Array;
  readonly stateRoot: Uint8Array;
  readonly treeRoot: Uint8Array;
  readonly header: Uint8Array;
  readonly proof: Uint8Array;
  /** The 256 bucket hashes, where the answer carries them: they bind state_root to tree_root. */
  readonly bucketHashes: Uint8Array | undefined;
  readonly statement: Statement;
}

export type Shaped<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

const STATEMENT_FIELDS: readonly string[] = ['v', 'org', 'store', 'height', 'tuple', 'verdict'];
const TUPLE_FIELDS: readonly string[] = ['user', 'relation', 'object'];
/** Longest base64 text that is looked at. */
const BASE64_CHARACTERS_MAX: number = Math.ceil(PROOF_BYTES_MAX / 3) * 4;

/** Fields of a JSON object; the first field that is missing or malformed is remembered. */
class Fields {
  private readonly value: Readonly<Record<string, unknown>> | undefined;
  private readonly name: string;
  problem: string | undefined = undefined;

  constructor(value: unknown, name: string) {
    this.name = name;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    this.value = isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
    if (!isObject) this.refuse('', 'is not an object');
  }

  private refuse(field: string, why: string): void {
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
    const value = this.any(field);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) return value;
    this.refuse(field, 'is not a height');
    return 0;
  }

  text(field: string): string {
    const value = this.any(field);
    if (typeof value === 'string' && utf8Length(value) >= 0) return value;
    this.refuse(field, 'is not a well-formed text');
    return '';
  }

  hash(field: string): Uint8Array {
    const value = this.any(field);
    const bytes = typeof value === 'string' && value.length === 2 * HASH_BYTES ? fromHex(value) : undefined;
    if (bytes === undefined) this.refuse(field, 'is not 64 lower-case hex digits');
    return bytes ?? new Uint8Array(HASH_BYTES);
  }

  base64(field: string): Uint8Array {
    const value = this.any(field);
    const bytes = typeof value === 'string' && value.length <= BASE64_CHARACTERS_MAX ? fromBase64(value) : undefined;
    if (bytes === undefined) this.refuse(field, 'is not canonical base64');
    return bytes ?? new Uint8Array(0);
  }

  ulid(field: string): Uint8Array {
    const bytes = decodeUlid(this.text(field));
    if (bytes === undefined) this.refuse(field, 'is not a ULID');
    return bytes ?? new Uint8Array(0);
  }
}

function readStatement(value: unknown): Shaped<Statement> {
  const fields = new Fields(value, 'statement');
  fields.only(STATEMENT_FIELDS);
  if (fields.problem === undefined && fields.any('v') !== 1) return { ok: false, reason: 'statement.v is not 1' };
  const tuple = new Fields(fields.any('tuple'), 'statement.tuple');
  tuple.only(TUPLE_FIELDS);
  const verdict = fields.any('verdict');
  const statement: Statement = {
    organization: fields.text('org'),
    store: fields.text('store'),
    organizationBytes: fields.ulid('org'),
    storeBytes: fields.ulid('store'),
    height: fields.height('height'),
    tuple: { resource: tuple.text('object'), relation: tuple.text('relation'), subject: tuple.text('user') },
    allowed: verdict === 'allow',
  };
  const problem = fields.problem ?? tuple.problem;
  if (problem !== undefined) return { ok: false, reason: problem };
  if (verdict !== 'allow' && verdict !== 'deny') return { ok: false, reason: 'statement.verdict is not allow or deny' };
  return { ok: true, value: statement };
}

/** Reads a parsed JSON value as an answer with a proof. Never throws on parsed JSON. */
export function readAnswer(answer: unknown): Shaped<AnswerClaim> {
  const fields = new Fields(answer, 'answer');
  if (fields.problem !== undefined) return { ok: false, reason: fields.problem };
  const statement = readStatement(fields.any('statement'));
  if (!statement.ok) return statement;
  const bucketHashes = fields.has('bucket_hashes') ? fields.base64('bucket_hashes') : undefined;
  const claim: AnswerClaim = {
    allowed: fields.boolean('allowed'),
    height: fields.height('height'),
    blockHash: fields.hash('block_hash'),
    stateRoot: fields.hash('state_root'),
    treeRoot: fields.hash('tree_root'),
    header: fields.base64('header'),
    proof: fields.base64('proof'),
    bucketHashes,
    statement: statement.value,
  };
  if (fields.problem !== undefined) return { ok: false, reason: fields.problem };
  if (bucketHashes !== undefined && bucketHashes.length !== BUCKET_VECTOR_BYTES) {
    return { ok: false, reason: 'answer.bucket_hashes is not 256 hashes' };
  }
  return { ok: true, value: claim };
}
