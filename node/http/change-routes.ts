/** `/stores/{id}/changes`: what was written and deleted of tuples, in the order of writing. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Reader } from '../../core/bytes/reader.ts';
import { Writer } from '../../core/bytes/writer.ts';
import type { ChangePlace, TupleChange } from '../../core/client/model-protocol.ts';
import { NEWEST, type VaultEntry } from '../../core/client/protocol.ts';
import type { Height, Micros } from '../../core/ids.ts';
import { LIST_ROWS_MAX } from '../../core/limits.ts';
import type { Ledger } from '../ledger.ts';
import { anchorJson, timestamp, tupleKeyJson } from './answer.ts';
import { HttpError } from './errors.ts';
import { expiryText } from './expiry.ts';
import { microsOf, readOptionsOf } from './read-options.ts';
import { storeOf } from './request.ts';
import { ChangesQuery } from './schemas.ts';
import { decodeToken, encodeToken } from './translate.ts';

const PAGE_DEFAULT = 50;
/** In front of everything that can be read. */
const START: ChangePlace = { height: 0 as Height, position: 0 };
const NOW = { consistency: 'linearizable', proof: false } as const;

interface ChangesShape {
  readonly type?: string;
  readonly page_size?: string;
  readonly continuation_token?: string;
  readonly start_time?: string;
}

export function addChangeRoutes(app: FastifyInstance, ledger: Ledger): void {
  app.get('/stores/:store/changes', { schema: { querystring: ChangesQuery } }, async (request) => changes(ledger, request));
}

async function changes(ledger: Ledger, request: FastifyRequest): Promise<unknown> {
  const { type = '', page_size: size, continuation_token: token = '', start_time: since = '' } = request.query as ChangesShape;
  const limit = Number(size ?? PAGE_DEFAULT);
  if (limit < 1 || limit > LIST_ROWS_MAX) throw new HttpError(400, 'validation_error', `page_size is 1 to ${LIST_ROWS_MAX}.`);
  const vault = await storeOf(ledger, request);
  const question = [vault.id, 'changes', type];
  const after = token === '' ? await placeAt(ledger, vault, since) : placeOf(decodeToken(question, token));
  const options = { ...readOptionsOf(request), proof: false };
  const page = await ledger.query(vault, { kind: 'changes', type, after, limit }, options, 'changes');
  return {
    changes: page.changes.map(changeJson),
    continuation_token: encodeToken(question, bytesOf(page.next)),
    ...anchorJson(page.anchor),
  };
}

/** Behind the last block before a time; at the beginning where that is not kept, or was before there was the store. */
async function placeAt(ledger: Ledger, vault: VaultEntry, text: string): Promise<ChangePlace> {
  if (text === '') return START;
  const time = microsOf(text);
  if (time === undefined) {
    const message = `start_time is a time like "2026-01-31T12:00:00Z", not ${JSON.stringify(text)}.`;
    throw new HttpError(400, 'validation_error', message);
  }
  if (time === 0) return START;
  const query = { kind: 'block', height: 0 as Height } as const;
  try {
    const at = { kind: 'time', time: (time - 1) as Micros } as const;
    const { anchor } = await ledger.query(vault, query, { ...NOW, at }, 'block');
    return { height: (anchor.height + 1) as Height, position: 0 };
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    if (error.code === 'pruned_height' || error.code === 'store_id_not_found') return START;
    if (error.code !== 'time_in_future') throw error;
    const { newest } = await ledger.query(vault, query, { ...NOW, at: NEWEST }, 'block');
    return { height: (newest + 1) as Height, position: 0 };
  }
}

function bytesOf({ height, position }: ChangePlace): Uint8Array {
  const writer = new Writer();
  writer.u64(height);
  writer.u64(position);
  return writer.finish();
}

function placeOf(bytes: Uint8Array): ChangePlace {
  const reader = new Reader(bytes);
  const [height, position] = [reader.u64(), reader.u64()];
  const read = reader.finish({ height: height as Height, position });
  if (read.ok) return read.value;
  throw new HttpError(400, 'invalid_continuation_token', 'The continuation token is not one this server gave for this question.');
}

function changeJson({ operation, tuple, condition, expiresAt, time }: TupleChange): unknown {
  const context: unknown = condition === undefined ? undefined : JSON.parse(condition.context);
  const key = tupleKeyJson(tuple);
  const expires = expiryText(expiresAt);
  return {
    tuple_key: condition === undefined ? key : { ...key, condition: { name: condition.name, context } },
    operation: operation === 'write' ? 'TUPLE_OPERATION_WRITE' : 'TUPLE_OPERATION_DELETE',
    timestamp: timestamp(time),
    ...(expires === undefined ? {} : { expires_at: expires }),
  };
}
