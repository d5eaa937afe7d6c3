/**
 * `GET /v1/stores/{id}/blocks/watch?from=H`: blocks as they come, one JSON object a line, or as server-sent events where the client
 * accepts those. The client sets the pace: a block is read when the last one is gone. Nothing ends it but the client, the node's own
 * end, or the store's; who comes back names the next height, as `from` or as `Last-Event-ID`.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { toHex } from '../../core/bytes/text.ts';
import { blockAnswer, type ChainAnswer } from '../../core/chain/chain-answer.ts';
import { blockHash, decodeHeader } from '../../core/chain/header.ts';
import { NEWEST, type VaultEntry } from '../../core/client/protocol.ts';
import type { Height } from '../../core/ids.ts';
import { decodeLedgerTransaction } from '../../core/state/transaction-codec.ts';
import { nativeHasher } from '../hasher.ts';
import type { Ledger } from '../ledger.ts';
import { base64 } from './answer.ts';
import { blockFeed, type FedBlock } from './block-feed.ts';
import { HttpError } from './errors.ts';
import { exactTime } from './expiry.ts';
import { type OperationJson, operationJson } from './operations.ts';
import { headerOf, storeOf, wantsProof } from './request.ts';

/** Clients that watch on one node. Why 512: each holds a connection and, while it lags, a page of blocks. */
const WATCHES_MAX = 512;
const NOW = { consistency: 'linearizable', at: NEWEST, proof: false } as const;
const NO_HEAD = { exposeHeadRoute: false };

/** A transaction of a watched block. */
export interface WatchedTransaction {
  /** Canonical bytes, base64: what the block's transactions root and an inclusion are of. */
  readonly transaction: string;
  readonly kind: 'createVault' | 'transact' | 'expire';
  readonly actor?: string;
  readonly reason?: string;
  readonly operations?: readonly OperationJson[];
}

export interface WatchedBlock {
  readonly height: number;
  readonly block_hash: string;
  readonly state_root: string;
  readonly tree_root: string;
  readonly time: string;
  /** base64 of 196 bytes */
  readonly header: string;
  /** Empty where pruned: the store does not keep them. */
  readonly transactions: readonly WatchedTransaction[];
  readonly pruned: boolean;
  /** With Vouch-Proof: the block in the log, for `vouch verify`. */
  readonly inclusion?: ChainAnswer;
}

type Format = 'lines' | 'events';

/** @param ending aborted when the node is about to stop */
export function addWatchRoutes(app: FastifyInstance, ledger: Ledger, ending: AbortSignal): void {
  let watching = 0;
  app.get('/v1/stores/:store/blocks/watch', NO_HEAD, async (request, reply) => {
    const vault = await storeOf(ledger, request);
    const proof = wantsProof(request);
    const from = await firstHeight(ledger, vault, request);
    if (watching >= WATCHES_MAX) throw new HttpError(503, 'resource_exhausted', 'Too many clients watch on this node.', 1);
    const gone = new AbortController();
    watching += 1;
    reply.raw.once('close', () => {
      watching -= 1;
      gone.abort();
    });
    const feed = { ledger, vault, from, signal: AbortSignal.any([ending, gone.signal]) };
    const format = (request.headers.accept ?? '').includes('text/event-stream') ? 'events' : 'lines';
    return send(reply, format, texts(blockFeed(feed), { ledger, vault, proof, format }));
  });
}

function send(reply: FastifyReply, format: Format, chunks: AsyncGenerator<string, void>): FastifyReply {
  reply.type(format === 'events' ? 'text/event-stream' : 'application/x-ndjson').header('cache-control', 'no-store');
  // The headers go at once: who watches a quiet store is to know that it watches.
  reply.raw.once('pipe', () => reply.raw.flushHeaders());
  return reply.send(Readable.from(chunks, { objectMode: false, highWaterMark: 0 }));
}

/** Where to begin: `from`, or behind the event that a browser saw last, or with the next block that comes. */
async function firstHeight(ledger: Ledger, vault: VaultEntry, request: FastifyRequest): Promise<Height> {
  const seen = headerOf(request, 'last-event-id');
  const given = (request.query as { readonly from?: unknown }).from;
  if (seen !== undefined && seen !== '') return (heightOf('Last-Event-ID', seen) + 1) as Height;
  const { newest } = await ledger.query(vault, { kind: 'block', height: 0 as Height }, NOW, 'block');
  if (given === undefined) return (newest + 1) as Height;
  const from = heightOf('from', given);
  if (from <= newest + 1) return from;
  throw new HttpError(404, 'height_not_found', `The newest block is ${newest}: watch from ${newest + 1} at most.`);
}

function heightOf(name: string, text: unknown): Height {
  if (typeof text === 'string' && /^[1-9][0-9]{0,14}$/.test(text)) return Number(text) as Height;
  throw new HttpError(400, 'validation_error', `${name} is a height from 1, not ${JSON.stringify(text)}.`);
}

interface Shown {
  readonly ledger: Ledger;
  readonly vault: VaultEntry;
  readonly proof: boolean;
  readonly format: Format;
}

/** What goes over the wire: a block, a sign of life, or as the last of all why there is no more. */
async function* texts(feed: AsyncGenerator<FedBlock | undefined, void>, shown: Shown): AsyncGenerator<string, void> {
  const { format } = shown;
  try {
    for await (const block of feed) {
      if (block === undefined) yield format === 'events' ? ':\n\n' : '\n';
      else yield lineOf(format, block.height, await watchedBlock(block, shown));
    }
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    const { code, message } = error;
    const json = JSON.stringify({ error: { code, message } });
    yield format === 'events' ? `event: error\ndata: ${json}\n\n` : `${json}\n`;
  }
}

function lineOf(format: Format, height: Height, block: WatchedBlock): string {
  const json = JSON.stringify(block);
  return format === 'events' ? `id: ${height}\nevent: block\ndata: ${json}\n\n` : `${json}\n`;
}

async function watchedBlock(block: FedBlock, { ledger, vault, proof }: Shown): Promise<WatchedBlock> {
  const { height, header, transactions } = block;
  const decoded = decodeHeader(header);
  if (!decoded.ok) throw new Error(`block ${height} has a header that does not decode`);
  const { stateRoot, treeRoot, time } = decoded.value;
  const hash = blockHash(nativeHasher, header);
  const shown: WatchedBlock = {
    height,
    block_hash: toHex(hash),
    state_root: toHex(stateRoot),
    tree_root: toHex(treeRoot),
    time: exactTime(Number(time)),
    header: base64(header),
    transactions: (transactions ?? []).map(watchedTransaction),
    pruned: transactions === undefined,
  };
  if (!proof) return shown;
  const { inclusion } = await ledger.query(vault, { kind: 'logInclusion', height, size: 0 as Height }, NOW, 'logInclusion');
  const place = { organization: vault.organization, vault: vault.id, height, blockHash: hash };
  return { ...shown, inclusion: blockAnswer(place, inclusion) };
}

function watchedTransaction(bytes: Uint8Array): WatchedTransaction {
  const decoded = decodeLedgerTransaction(bytes);
  if (!decoded.ok) throw new Error('a transaction of a block does not decode');
  const { value } = decoded;
  if (value.kind !== 'transact') return { transaction: base64(bytes), kind: value.kind };
  const { actor, reason, operations } = value.transaction;
  return { transaction: base64(bytes), kind: value.kind, actor, reason, operations: operations.map(operationJson) };
}
