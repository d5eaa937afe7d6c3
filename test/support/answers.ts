/** A small vault with a header over it, and the answers an honest server (or a liar with a tree of its own) gives. */
import { toBase64 } from '../../core/bytes/base64.ts';
import { toHex } from '../../core/bytes/text.ts';
import { blockHash, encodeHeader, type Header } from '../../core/chain/header.ts';
import { encodeUlid } from '../../core/chain/ulid.ts';
import { hashOf } from '../../core/hasher.ts';
import { bucketVector } from '../../core/merkle/buckets.ts';
import { tuplePath } from '../../core/merkle/path.ts';
import { prove } from '../../core/merkle/prove.ts';
import { CommitmentTree } from '../../core/merkle/tree.ts';
import { encodeValue, isLive, type LeafValue, valuePath } from '../../core/merkle/value.ts';
import type { TupleKey } from '../../core/state/transaction.ts';
import { nativeHasher } from '../../node/hasher.ts';

export interface World {
  readonly tree: CommitmentTree;
  readonly values: ReadonlyMap<string, Uint8Array>;
  readonly header: Header;
}

export interface Answer {
  readonly allowed: boolean;
  readonly height: number;
  readonly block_hash: string;
  readonly state_root: string;
  readonly tree_root: string;
  readonly header: string;
  readonly proof: string;
  readonly statement: {
    readonly v: number;
    readonly org: string;
    readonly store: string;
    readonly height: number;
    readonly tuple: { readonly user: string; readonly relation: string; readonly object: string };
    readonly verdict: string;
  };
}

export const HEIGHT = 9;
export const TIME = 1_700_000_000_000_000;
export const EXPIRES_AT: number = TIME + 1;

export function tupleLeaf(tuple: TupleKey, expiresAt: number = 0): LeafValue {
  return { kind: 'tuple', ...tuple, conditionName: '', conditionContext: '', expiresAt, version: 7 };
}

/** doc:plan has viewers alice, bob (for one more microsecond), carol (expired) and, under a condition, dave. */
export function defaultLeaves(): readonly LeafValue[] {
  const on = (user: string): TupleKey => ({ resource: 'doc:plan', relation: 'viewer', subject: `user:${user}` });
  const others = Array.from({ length: 40 }, (_, i) =>
    tupleLeaf({ resource: `doc:${i}`, relation: 'viewer', subject: `user:${i}` }),
  );
  return [
    tupleLeaf(on('alice')),
    tupleLeaf(on('bob'), EXPIRES_AT),
    tupleLeaf(on('carol'), TIME),
    { ...(tupleLeaf(on('dave')) as LeafValue & { kind: 'tuple' }), conditionName: 'in_region', conditionContext: '{}' },
    ...others,
  ];
}

/** A vault with these leaves and a header over it. */
export function world(leaves: readonly LeafValue[] = defaultLeaves(), header: Partial<Header> = {}): World {
  const tree = new CommitmentTree(nativeHasher);
  const values = new Map<string, Uint8Array>();
  for (const leaf of leaves) {
    const value = encodeValue(leaf);
    const path = valuePath(nativeHasher, leaf);
    tree.set(path, hashOf(nativeHasher, value));
    values.set(toHex(path), value);
  }
  return {
    tree,
    values,
    header: {
      reverse: false,
      height: HEIGHT,
      organization: new Uint8Array(16).fill(1),
      vault: new Uint8Array(16).fill(2),
      previousHash: new Uint8Array(32).fill(3),
      transactionsRoot: new Uint8Array(32).fill(4),
      stateRoot: tree.stateRoot(),
      treeRoot: tree.treeRoot(),
      time: TIME,
      term: 2,
      raftIndex: 30,
      ...header,
    },
  };
}

/** What a server with this world answers. */
export function answerFor(from: World, question: Partial<TupleKey>): Answer {
  const tuple: TupleKey = { resource: 'doc:plan', relation: 'viewer', subject: 'user:alice', ...question };
  const path = tuplePath(nativeHasher, tuple);
  const proof = prove(from.tree, [path], (at) => from.values.get(toHex(at)) as Uint8Array);
  const leaf = defaultExpiry(from, path);
  const allowed = leaf !== undefined && isLive(leaf, from.header.time);
  const header = encodeHeader(from.header);
  const height = Number(from.header.height);
  return {
    allowed,
    height,
    block_hash: toHex(blockHash(nativeHasher, header)),
    state_root: toHex(from.header.stateRoot),
    tree_root: toHex(from.header.treeRoot),
    header: toBase64(header),
    proof: toBase64(proof),
    statement: {
      v: 1,
      org: encodeUlid(from.header.organization),
      store: encodeUlid(from.header.vault),
      height,
      tuple: { user: tuple.subject, relation: tuple.relation, object: tuple.resource },
      verdict: allowed ? 'allow' : 'deny',
    },
  };
}

/** expires_at of the value at a path: its last 16 bytes are expires_at and version. */
function defaultExpiry(from: World, path: Uint8Array): number | undefined {
  const value = from.values.get(toHex(path));
  return value === undefined ? undefined : Number(new DataView(value.buffer).getBigUint64(value.length - 16));
}

/** The answer with the 256 bucket hashes beside it. */
export function withBuckets(answer: Answer, from: World): Answer & { readonly bucket_hashes: string } {
  const { tree } = from;
  return { ...answer, bucket_hashes: toBase64(bucketVector(tree.arena, tree.root, tree.treeRoot())) };
}
