/** A small vault with reverse leaves and entities, a header over it, and the answers that an honest server gives to questions. */

import { toHex } from '../../core/bytes/text.ts';
import { blockHash, encodeHeader, type Header } from '../../core/chain/header.ts';
import { encodeUlid } from '../../core/chain/ulid.ts';
import type { Anchor } from '../../core/client/protocol.ts';
import { hashOf } from '../../core/hasher.ts';
import type { Height } from '../../core/ids.ts';
import { prove } from '../../core/merkle/prove.ts';
import { CommitmentTree } from '../../core/merkle/tree.ts';
import { encodeValue, hashValue, type LeafValue, valuePath } from '../../core/merkle/value.ts';
import { type Question, targetOf } from '../../core/proof/statement.ts';
import { type StatementsAnswer, statementsAnswer } from '../../core/proof/statements-answer.ts';
import type { TupleKey } from '../../core/state/transaction.ts';
import { nativeHasher } from '../../node/hasher.ts';

export const HEIGHT = 9;
export const TIME = 1_700_000_000_000_000;
const ORGANIZATION_BYTES: Uint8Array = new Uint8Array(16).fill(1);
const STORE_BYTES: Uint8Array = new Uint8Array(16).fill(2);
export const ORGANIZATION: string = encodeUlid(ORGANIZATION_BYTES);
export const STORE: string = encodeUlid(STORE_BYTES);

export type TupleLeaf = Extract<LeafValue, { kind: 'tuple' }>;

export interface StatedWorld {
  readonly tree: CommitmentTree;
  readonly values: ReadonlyMap<string, Uint8Array>;
  readonly header: Header;
  readonly anchor: Anchor;
}

export function tupleLeaf(tuple: TupleKey, expiresAt: number = 0, condition: string = ''): TupleLeaf {
  const conditionContext = condition === '' ? '' : '{}';
  return { kind: 'tuple', ...tuple, conditionName: condition, conditionContext, expiresAt, version: 7 };
}

export function entityLeaf(key: string, value: Uint8Array, expiresAt: number = 0): LeafValue {
  return { kind: 'entity', key, value, expiresAt, version: 5 };
}

/** The reverse leaf of a tuple's leaf. */
export function reverseOf(leaf: TupleLeaf): LeafValue {
  const { resource, relation, subject, expiresAt, version } = leaf;
  return { kind: 'reverse', resource, relation, subject, forwardHash: hashValue(nativeHasher, leaf), expiresAt, version };
}

/** A vault of these leaves, the reverse ones added, and a header over it. */
export function statedWorld(leaves: readonly LeafValue[], header: Partial<Header> = {}): StatedWorld {
  const reverse = leaves.flatMap((leaf) => (leaf.kind === 'tuple' && header.reverse !== false ? [reverseOf(leaf)] : []));
  return rawWorld([...leaves, ...reverse], header);
}

/** The same of exactly these leaves. */
export function rawWorld(leaves: readonly LeafValue[], given: Partial<Header> = {}): StatedWorld {
  const tree = new CommitmentTree(nativeHasher);
  const values = new Map<string, Uint8Array>();
  for (const leaf of leaves) {
    const value = encodeValue(leaf);
    const path = valuePath(nativeHasher, leaf);
    tree.set(path, hashOf(nativeHasher, value));
    values.set(toHex(path), value);
  }
  const header: Header = {
    reverse: true,
    height: HEIGHT,
    organization: ORGANIZATION_BYTES,
    vault: STORE_BYTES,
    previousHash: new Uint8Array(32).fill(3),
    transactionsRoot: new Uint8Array(32).fill(4),
    stateRoot: tree.stateRoot(),
    treeRoot: tree.treeRoot(),
    time: TIME,
    term: 1,
    raftIndex: 12,
    ...given,
  };
  const bytes = encodeHeader(header);
  const anchor = {
    height: Number(header.height) as Height,
    blockHash: blockHash(nativeHasher, bytes),
    stateRoot: header.stateRoot,
    treeRoot: header.treeRoot,
    header: bytes,
  };
  return { tree, values, header, anchor };
}

export function proofFor({ tree, values }: StatedWorld, questions: readonly Question[]): Uint8Array {
  const targets = questions.map((question) => targetOf(nativeHasher, question));
  return prove(tree, targets, (path) => values.get(toHex(path)) as Uint8Array);
}

/** The honest answer, as parsed JSON. */
export function answerTo(world: StatedWorld, questions: readonly Question[]): StatementsAnswer {
  const { anchor } = world;
  const proof = proofFor(world, questions);
  const made = statementsAnswer({ hasher: nativeHasher, organization: ORGANIZATION, store: STORE, questions, anchor, proof });
  if (!made.ok) throw new Error(`${made.stage}: ${made.reason}`);
  return JSON.parse(JSON.stringify(made.answer));
}
