/**
 * The JSON form of a block's or a transaction's place in the chain, as HTTP answers it, and its verification offline.
 *
 *   { height, block_hash, header, log: { size, root, path: [hash] },
 *     transaction?, index?, count?, path?: [hash],
 *     statement: { v: 1, kind: "block" | "transaction", org, store, height } }
 *
 * Hashes are lower-case hex; header and transaction are canonical base64; ids are ULIDs. The four fields of a transaction are there
 * with its kind and with no other. Unknown fields are ignored, but not inside the statement.
 */

import { toBase64 } from '../bytes/base64.ts';
import { equalBytes } from '../bytes/compare.ts';
import { type Parsed, refused, refusedAt } from '../bytes/parsed.ts';
import { fromHex, toHex } from '../bytes/text.ts';
import type { Hasher } from '../capability.ts';
import { portableHasher } from '../hasher.ts';
import { Fields } from '../proof/json-fields.ts';
import { blockHash, HEADER_BYTES } from './header.ts';
import {
  type ChainExpectations,
  type InclusionStage,
  type InclusionVerdict,
  type LogInclusion,
  type TransactionInclusion,
  verifyLogInclusion,
  verifyTransactionInclusion,
} from './inclusion.ts';

export interface LogJson {
  readonly size: number;
  readonly root: string;
  readonly path: readonly string[];
}

export interface ChainAnswer {
  readonly height: number;
  readonly block_hash: string;
  readonly header: string;
  readonly transaction?: string;
  readonly index?: number;
  readonly count?: number;
  readonly path?: readonly string[];
  readonly log: LogJson;
  readonly statement: {
    readonly v: 1;
    readonly kind: 'block' | 'transaction';
    readonly org: string;
    readonly store: string;
    readonly height: number;
  };
}

/** What an answer is about. ULIDs of organization and vault. */
export interface ChainPlace {
  readonly organization: string;
  readonly vault: string;
  readonly height: number;
  /** 32 bytes. */
  readonly blockHash: Uint8Array;
}

function hexes(path: readonly Uint8Array[]): readonly string[] {
  return path.map((hash) => toHex(hash));
}

/** A block in the log. */
export function blockAnswer(place: ChainPlace, { header, size, root, path }: LogInclusion): ChainAnswer {
  const { organization: org, vault: store, height } = place;
  return {
    height,
    block_hash: toHex(place.blockHash),
    header: toBase64(header),
    log: { size, root: toHex(root), path: hexes(path) },
    statement: { v: 1, kind: 'block', org, store, height },
  };
}

/** A transaction in its block, and the block in the log. */
export function transactionAnswer(place: ChainPlace, inclusion: TransactionInclusion): ChainAnswer {
  const { transaction, index, count, path, block } = inclusion;
  const answer = blockAnswer(place, block);
  return {
    ...answer,
    transaction: toBase64(transaction),
    index,
    count,
    path: hexes(path),
    statement: { ...answer.statement, kind: 'transaction' },
  };
}

/** The caller's own knowledge. Every one given must hold. */
export interface ChainAnswerExpectations {
  /** ULIDs. */
  readonly organization?: string;
  readonly store?: string;
  readonly height?: number;
  /** Block hash, 64 hex digits. */
  readonly block?: string;
  /** Root of the log at a size, of a checkpoint; 64 hex digits. */
  readonly log?: { readonly size: number; readonly root: string };
  /** SHA-256; the portable one unless given. */
  readonly hasher?: Hasher;
}

export type ChainAnswerVerdict =
  | (Extract<InclusionVerdict, { readonly ok: true }> & {
      readonly organization: string;
      readonly store: string;
      /** Canonical bytes; undefined where the statement is about a block. */
      readonly transaction: Uint8Array | undefined;
    })
  | { readonly ok: false; readonly stage: 'shape' | 'statement' | InclusionStage; readonly reason: string };

interface Claim {
  readonly organization: string;
  readonly store: string;
  readonly organizationBytes: Uint8Array;
  readonly storeBytes: Uint8Array;
  readonly height: number;
  readonly blockHash: Uint8Array;
  readonly block: LogInclusion;
  readonly transaction: TransactionInclusion | undefined;
}

/** Whether parsed JSON is meant as such an answer: by its statement's kind. */
export function isChainAnswer(answer: unknown): boolean {
  const kind = new Fields(new Fields(answer, '').any('statement'), '').any('kind');
  return kind === 'block' || kind === 'transaction';
}

/** Checks such an answer. @param answer parsed JSON; anything else is refused, never thrown on. */
export function verifyChainAnswer(answer: unknown, expected: ChainAnswerExpectations = {}): ChainAnswerVerdict {
  const hasher = expected.hasher ?? portableHasher;
  const read = readChainAnswer(answer);
  if (!read.ok) return refusedAt('shape', read.reason);
  const claim = read.value;
  const foreign = mismatch(hasher, claim, expected);
  if (foreign !== undefined) return refusedAt('statement', foreign);
  const wanted = expectations(claim, expected);
  if (typeof wanted === 'string') return refusedAt('anchor', wanted);
  const verdict =
    claim.transaction === undefined
      ? verifyLogInclusion(hasher, claim.block, wanted)
      : verifyTransactionInclusion(hasher, claim.transaction, wanted);
  if (!verdict.ok) return verdict;
  const { organization, store, transaction } = claim;
  return { ...verdict, organization, store, transaction: transaction?.transaction };
}

function mismatch(hasher: Hasher, claim: Claim, expected: ChainAnswerExpectations): string | undefined {
  if (claim.block.header.length !== HEADER_BYTES) return `a header has ${HEADER_BYTES} bytes`;
  if (!equalBytes(blockHash(hasher, claim.block.header), claim.blockHash)) return 'block_hash is not the hash of the header';
  if (expected.organization !== undefined && expected.organization !== claim.organization)
    return 'another organization than expected';
  if (expected.store !== undefined && expected.store !== claim.store) return 'another store than expected';
  return expected.height === undefined || expected.height === claim.height ? undefined : 'another height than expected';
}

/** The statement's own ids and height, and the caller's anchors. */
function expectations(claim: Claim, { block, log }: ChainAnswerExpectations): ChainExpectations | string {
  const hash = block === undefined ? undefined : expectedHash(block);
  if (block !== undefined && hash === undefined) return 'the expected block hash is not 64 hex digits';
  const root = log === undefined ? undefined : expectedHash(log.root);
  if (log !== undefined && root === undefined) return 'the expected root of the log is not 64 hex digits';
  return {
    organization: claim.organizationBytes,
    vault: claim.storeBytes,
    height: claim.height,
    block: hash,
    log: log === undefined || root === undefined ? undefined : { size: log.size, root },
  };
}

function expectedHash(text: string): Uint8Array | undefined {
  return text.length === 64 ? fromHex(text.toLowerCase()) : undefined;
}

const STATEMENT_FIELDS: readonly string[] = ['v', 'kind', 'org', 'store', 'height'];
const TRANSACTION_FIELDS: readonly string[] = ['transaction', 'index', 'count', 'path'];

function readChainAnswer(answer: unknown): Parsed<Claim> {
  const fields = new Fields(answer, 'answer');
  if (fields.problem !== undefined) return refused(fields.problem);
  const statement = new Fields(fields.any('statement'), 'statement');
  statement.only(STATEMENT_FIELDS);
  if (statement.problem === undefined && statement.any('v') !== 1) return refused('statement.v is not 1');
  const log = new Fields(fields.any('log'), 'log');
  const block = { header: fields.base64('header'), size: log.height('size'), root: log.hash('root'), path: pathOf(log) };
  const isTransaction = statement.any('kind') === 'transaction';
  if (!isTransaction && TRANSACTION_FIELDS.some((field) => fields.has(field))) {
    return refused('the statement is about a block, and a transaction comes with it');
  }
  const claim: Claim = {
    organization: statement.text('org'),
    store: statement.text('store'),
    organizationBytes: statement.ulid('org'),
    storeBytes: statement.ulid('store'),
    height: statement.height('height'),
    blockHash: fields.hash('block_hash'),
    block,
    transaction: isTransaction ? transactionOf(fields, block) : undefined,
  };
  if (!isTransaction && statement.any('kind') !== 'block') return refused('statement.kind is not block or transaction');
  const problem = fields.problem ?? statement.problem ?? log.problem;
  if (problem !== undefined) return refused(problem);
  if (fields.any('height') !== claim.height) return refused('answer.height is not that of the statement');
  return { ok: true, value: claim };
}

function transactionOf(fields: Fields, block: LogInclusion): TransactionInclusion {
  const index = fields.count('index');
  return { transaction: fields.base64('transaction'), index, count: fields.count('count'), path: pathOf(fields), block };
}

/** At most as many hashes as a tree of 2^53 leaves has levels. */
const PATH_HASHES_MAX = 64;

function pathOf(fields: Fields): readonly Uint8Array[] {
  const value = fields.any('path');
  const hashes = Array.isArray(value) && value.length <= PATH_HASHES_MAX ? value : [undefined];
  const path: Uint8Array[] = [];
  for (const text of hashes) {
    const hash = typeof text === 'string' && text.length === 64 ? fromHex(text) : undefined;
    if (hash === undefined) fields.refuse('path', 'is not a list of 64 lower-case hex digits');
    else path.push(hash);
  }
  return path;
}
