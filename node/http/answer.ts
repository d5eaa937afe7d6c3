/** How anchors, rows and proofs look in JSON: hashes lower-case hex, headers and proofs base64. Source: 40-commitment, "What an answer carries". */
import { toHex } from '../../core/bytes/text.ts';
import type { Anchor, TupleRow, VaultEntry } from '../../core/client/protocol.ts';
import type { TupleKey } from '../../core/state/transaction.ts';
import { tokenOf } from './consistency-token.ts';
import { expiryText } from './expiry.ts';

/** Where the answer stands; in every read and write reply. */
export interface AnchorJson {
  readonly height: number;
  readonly block_hash: string;
  readonly state_root: string;
  /** Consistency token: an answer that is asked for with it holds all that this one does. */
  readonly token: string;
}

export function anchorJson(anchor: Anchor): AnchorJson {
  return {
    height: anchor.height,
    block_hash: toHex(anchor.blockHash),
    state_root: toHex(anchor.stateRoot),
    token: tokenOf(anchor),
  };
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** RFC 3339 in UTC with milliseconds, of microseconds since 1970. */
export function timestamp(micros: number): string {
  return new Date(Math.floor(micros / 1000)).toISOString();
}

export interface TupleKeyJson {
  readonly user: string;
  readonly relation: string;
  readonly object: string;
}

export function tupleKeyJson(tuple: TupleKey): TupleKeyJson {
  return { user: tuple.subject, relation: tuple.relation, object: tuple.resource };
}

export interface TupleJson {
  readonly key: TupleKeyJson & { readonly condition?: { readonly name: string; readonly context: unknown } };
  readonly timestamp: string;
  /** Ours: when it ends to be there. */
  readonly expires_at?: string;
}

export function tupleJson(row: TupleRow): TupleJson {
  const key = tupleKeyJson(row.tuple);
  const condition = { name: row.conditionName, context: row.conditionContext === '' ? {} : JSON.parse(row.conditionContext) };
  const expires = expiryText(row.expiresAt);
  return {
    key: row.conditionName === '' ? key : { ...key, condition },
    timestamp: timestamp(row.writtenAt),
    ...(expires === undefined ? {} : { expires_at: expires }),
  };
}

export interface StoreJson {
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
  readonly updated_at: string;
}

export function storeJson(vault: VaultEntry): StoreJson {
  const createdAt = timestamp(vault.createdAt);
  return { id: vault.id, name: vault.name, created_at: createdAt, updated_at: createdAt };
}

export interface ProvenAnswer extends Omit<AnchorJson, 'token'> {
  readonly allowed: boolean;
  readonly tree_root: string;
  readonly header: string;
  readonly proof: string;
  readonly statement: {
    readonly v: 1;
    readonly org: string;
    readonly store: string;
    readonly height: number;
    readonly tuple: TupleKeyJson;
    readonly verdict: 'allow' | 'deny';
  };
}

/** A check's answer with everything `vouch verify` needs, offline. */
export function provenAnswer(
  vault: VaultEntry,
  tuple: TupleKey,
  allowed: boolean,
  anchor: Anchor,
  proof: Uint8Array,
): ProvenAnswer {
  return {
    allowed,
    height: anchor.height,
    block_hash: toHex(anchor.blockHash),
    state_root: toHex(anchor.stateRoot),
    tree_root: toHex(anchor.treeRoot),
    header: base64(anchor.header),
    proof: base64(proof),
    statement: {
      v: 1,
      org: vault.organization,
      store: vault.id,
      height: anchor.height,
      tuple: tupleKeyJson(tuple),
      verdict: allowed ? 'allow' : 'deny',
    },
  };
}
