/** What every route reads from a request besides its body: one header, the organization, the store. */
import type { FastifyRequest } from 'fastify';
import type { VaultEntry } from '../../core/client/protocol.ts';
import type { Ledger } from '../ledger.ts';
import { HttpError } from './errors.ts';

/** The organization that `vouch init` makes, used where Vouch-Organization is absent. */
export const DEFAULT_ORGANIZATION: string = 'default';

/** A header that occurs at most once. */
export function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  if (Array.isArray(value)) throw new HttpError(400, 'validation_error', `The header ${name} is given more than once.`);
  return value;
}

/** Name of the organization the request is about. */
export function organizationOf(request: FastifyRequest): string {
  const header = headerOf(request, 'vouch-organization');
  return header === undefined || header === '' ? DEFAULT_ORGANIZATION : header;
}

/** Who asks and why: both become part of a transaction. */
export function auditOf(request: FastifyRequest): { readonly actor: string; readonly reason: string } {
  return { actor: headerOf(request, 'vouch-actor') ?? '', reason: headerOf(request, 'vouch-reason') ?? '' };
}

/** Whether the answer is to carry its proof. */
export function wantsProof(request: FastifyRequest): boolean {
  const header = headerOf(request, 'vouch-proof');
  if (header === undefined || header === '' || header === '0') return false;
  if (header === '1') return true;
  throw new HttpError(400, 'validation_error', `Vouch-Proof is "1" or absent, not ${JSON.stringify(header)}.`);
}

/** The store of the path, if it belongs to the request's organization; otherwise it is not found, like one that never was. */
export async function storeOf(ledger: Ledger, request: FastifyRequest): Promise<VaultEntry> {
  return ownStore(request, (id) => ledger.findStore(id));
}

/** The same as the directory has it now, for those who ask what there is. */
export async function storeNow(ledger: Ledger, request: FastifyRequest): Promise<VaultEntry> {
  return ownStore(request, (id) => ledger.lookupStore(id));
}

async function ownStore(request: FastifyRequest, find: (id: string) => Promise<VaultEntry | undefined>): Promise<VaultEntry> {
  const { store } = request.params as { readonly store: string };
  const organization = organizationOf(request);
  const vault = await find(store);
  if (vault === undefined || vault.organizationName !== organization) {
    throw new HttpError(404, 'store_id_not_found', `Store ID '${store}' not found.`);
  }
  return vault;
}
