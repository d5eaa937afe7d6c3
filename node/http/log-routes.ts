/** `/v1/stores/{id}/log` and proofs of a block's transactions: where a store's blocks and transactions stand, and whole blocks. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { toHex } from '../../core/bytes/text.ts';
import { encodeBlockPage } from '../../core/chain/block-bytes.ts';
import { blockAnswer, type ChainAnswer, type ChainPlace, transactionAnswer } from '../../core/chain/chain-answer.ts';
import { blockHash } from '../../core/chain/header.ts';
import type { TransactionInclusion } from '../../core/chain/inclusion.ts';
import { NEWEST, type VaultEntry } from '../../core/client/protocol.ts';
import type { Height } from '../../core/ids.ts';
import { nativeHasher } from '../hasher.ts';
import type { Ledger } from '../ledger.ts';
import { HttpError } from './errors.ts';
import { readOptionsOf } from './read-options.ts';
import { headerOf, storeOf } from './request.ts';

export function addLogRoutes(app: FastifyInstance, ledger: Ledger): void {
  app.get('/v1/stores/:store/log/inclusion', async (request) => inclusion(ledger, request));
  app.get('/v1/stores/:store/log/consistency', async (request) => consistency(ledger, request));
  app.get('/v1/stores/:store/log/blocks', async (request, reply) => blocks(ledger, request, reply));
  app.get('/v1/stores/:store/blocks/:height/transactions/:index/proof', async (request) => transaction(ledger, request));
}

/** A number in the query string; 0 where it is absent and may be. */
function numberOf(request: FastifyRequest, name: string, isOptional: 'optional' | 'required'): Height {
  const value = (request.query as Readonly<Record<string, unknown>>)[name];
  if (value === undefined && isOptional === 'optional') return 0 as Height;
  return wholeNumber(name, value);
}

function wholeNumber(name: string, text: unknown): Height {
  if (typeof text === 'string' && /^(?:0|[1-9][0-9]{0,14})$/.test(text)) return Number(text) as Height;
  const found = text === undefined ? 'missing' : `not ${JSON.stringify(text)}`;
  throw new HttpError(400, 'validation_error', `${name} is a whole number, ${found}.`);
}

/** The log names its own heights: `Vouch-At` has no meaning here. */
function optionsOf(request: FastifyRequest): { readonly consistency: ReturnType<typeof readOptionsOf>['consistency'] } {
  if ((headerOf(request, 'vouch-at') ?? '') !== '') {
    throw new HttpError(400, 'validation_error', 'What is asked of the log names its own heights: leave Vouch-At out.');
  }
  return { consistency: readOptionsOf(request).consistency };
}

async function inclusion(ledger: Ledger, request: FastifyRequest): Promise<ChainAnswer> {
  const options = { ...optionsOf(request), at: NEWEST, proof: false };
  const vault = await storeOf(ledger, request);
  const height = numberOf(request, 'height', 'required');
  const query = { kind: 'logInclusion', height, size: numberOf(request, 'size', 'optional') } as const;
  const { inclusion: found } = await ledger.query(vault, query, options, 'logInclusion');
  return blockAnswer(placeOf(vault, height, found.header), found);
}

async function consistency(ledger: Ledger, request: FastifyRequest): Promise<unknown> {
  const options = { ...optionsOf(request), at: NEWEST, proof: false };
  const vault = await storeOf(ledger, request);
  const from = numberOf(request, 'from', 'required');
  const query = { kind: 'logConsistency', from, to: numberOf(request, 'to', 'optional') } as const;
  const { consistency: found } = await ledger.query(vault, query, options, 'logConsistency');
  return {
    from: found.from,
    to: found.to,
    from_root: toHex(found.fromRoot),
    to_root: toHex(found.toRoot),
    path: found.path.map((hash) => toHex(hash)),
  };
}

async function transaction(ledger: Ledger, request: FastifyRequest): Promise<ChainAnswer> {
  const options = { ...optionsOf(request), at: NEWEST, proof: false };
  const vault = await storeOf(ledger, request);
  const { height: heightText, index: indexText } = request.params as { readonly height: string; readonly index: string };
  const height = wholeNumber('A height', heightText);
  const index = wholeNumber('The place of a transaction', indexText);
  const query = { kind: 'transactionProof', height, index, size: numberOf(request, 'size', 'optional') } as const;
  const { inclusion: found } = await ledger.query(vault, query, options, 'transactionProof');
  return writtenAnswer(vault, height, found);
}

async function blocks(ledger: Ledger, request: FastifyRequest, reply: FastifyReply): Promise<Buffer> {
  const options = { ...optionsOf(request), at: NEWEST, proof: false };
  const vault = await storeOf(ledger, request);
  const query = { kind: 'blocks', from: numberOf(request, 'from', 'required') } as const;
  const found = await ledger.query(vault, query, options, 'blocks');
  const page = encodeBlockPage(found.anchor.height, found.blocks);
  reply.type('application/octet-stream').header('cache-control', 'no-store');
  return Buffer.from(page.buffer, page.byteOffset, page.byteLength);
}

function placeOf({ organization, id: vault }: VaultEntry, height: number, header: Uint8Array): ChainPlace {
  return { organization, vault, height, blockHash: blockHash(nativeHasher, header) };
}

/** A transaction in the chain, in JSON. */
export function writtenAnswer(vault: VaultEntry, height: number, found: TransactionInclusion): ChainAnswer {
  return transactionAnswer(placeOf(vault, height, found.block.header), found);
}
