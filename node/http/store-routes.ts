/** `/stores`: create, list, get. A store is a vault; the organization comes from the header Vouch-Organization. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { fromUtf8, toUtf8 } from '../../core/bytes/text.ts';
import type { VaultEntry } from '../../core/client/protocol.ts';
import { LIST_ROWS_MAX } from '../../core/limits.ts';
import type { Retention } from '../../core/state/transaction.ts';
import type { Ledger } from '../ledger.ts';
import { storeJson } from './answer.ts';
import { HttpError } from './errors.ts';
import { auditOf, organizationOf, storeNow } from './request.ts';
import { retentionFrom } from './retention-text.ts';
import { CreateStoreBody, ListStoresQuery } from './schemas.ts';
import { decodeToken, encodeToken } from './translate.ts';

const STORES_PAGE_DEFAULT = 50;

export function addStoreRoutes(app: FastifyInstance, ledger: Ledger): void {
  app.post('/stores', { schema: { body: CreateStoreBody } }, async (request, reply) => create(ledger, request, reply));
  app.get('/stores', { schema: { querystring: ListStoresQuery } }, async (request) => list(ledger, request));
  app.get('/stores/:store', async (request) => storeJson(await storeNow(ledger, request)));
  app.delete('/stores/:store', async (request, reply) => {
    await ledger.deleteStore(await storeNow(ledger, request));
    return reply.code(204).send();
  });
}

async function create(ledger: Ledger, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const { name, retention } = request.body as { readonly name: string; readonly retention?: string };
  const wanted = retention === undefined ? undefined : retentionFrom(retention);
  const vault = await ledger.createStore(organizationOf(request), name);
  if (wanted !== undefined) await keep(ledger, vault, wanted, request);
  reply.code(201);
  return storeJson(vault);
}

/** A vault is made with everything kept, then told what to keep; nothing can be lost in between. */
async function keep(ledger: Ledger, vault: VaultEntry, retention: Retention, request: FastifyRequest): Promise<void> {
  try {
    await ledger.setRetention(vault, retention, auditOf(request));
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    const message = `The store ${vault.id} was created and keeps everything: its retention was not set, or nobody knows (${error.message}). Repeat that with PUT /v1/stores/${vault.id}/retention.`;
    throw new HttpError(error.status, error.code, message, error.retryAfterSeconds);
  }
}

interface ListQuery {
  readonly page_size?: string;
  readonly continuation_token?: string;
  readonly name?: string;
}

async function list(ledger: Ledger, request: FastifyRequest): Promise<unknown> {
  const query = request.query as ListQuery;
  const organization = organizationOf(request);
  if (query.name !== undefined && query.name !== '') {
    const named = await ledger.findStoreByName(organization, query.name);
    return { stores: named === undefined ? [] : [storeJson(named)], continuation_token: '' };
  }
  const limit = Number(query.page_size ?? STORES_PAGE_DEFAULT);
  if (limit < 1 || limit > LIST_ROWS_MAX) throw new HttpError(400, 'validation_error', `page_size is 1 to ${LIST_ROWS_MAX}.`);
  const after = fromUtf8(decodeToken(['stores', organization], query.continuation_token)) ?? '';
  const page = await ledger.listStores(organization, after, limit);
  const last = page.vaults.at(-1);
  const next = page.more && last !== undefined ? (toUtf8(last.name) ?? new Uint8Array(0)) : new Uint8Array(0);
  return { stores: page.vaults.map(storeJson), continuation_token: encodeToken(['stores', organization], next) };
}
