/** What is asked after the load: does every node hold everything, and are they of one mind about the chain? */
import type { TupleKey } from '../../core/state/transaction.ts';
import type { TupleJson } from '../http/answer.ts';

export interface BlockView {
  readonly height: number;
  readonly block_hash: string;
  readonly state_root: string;
  readonly tree_root: string;
}

const ANSWER_MS = 20_000;

/** JSON of a good answer; throws otherwise. */
export async function ask<T>(url: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_MS) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return JSON.parse(text) as T;
}

export async function post<T>(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<T> {
  return ask<T>(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
}

/** A block as one node has it; the newest where no height is given. */
export async function blockOf(url: string, store: string, height: number | 'latest'): Promise<BlockView> {
  return ask<BlockView>(`${url}/v1/stores/${store}/blocks/${height}`);
}

export function nameOf(tuple: TupleKey): string {
  return `${tuple.resource}#${tuple.relation}@${tuple.subject}`;
}

/** Every tuple a node's own copy holds. */
export async function tuplesOf(url: string, store: string): Promise<Set<string>> {
  const found = new Set<string>();
  let token = '';
  do {
    const page: { tuples: readonly TupleJson[]; continuation_token: string } = await post(`${url}/stores/${store}/read`, {
      page_size: 100,
      continuation_token: token,
    });
    for (const { key } of page.tuples) found.add(`${key.object}#${key.relation}@${key.user}`);
    token = page.continuation_token;
  } while (token !== '');
  return found;
}

/** The block hash that more than half of all nodes give for a height; undefined where there is none. */
export async function majorityHash(urls: readonly string[], store: string, height: number): Promise<string | undefined> {
  const votes = new Map<string, number>();
  for (const url of urls) {
    const { block_hash: hash } = await blockOf(url, store, height);
    votes.set(hash, (votes.get(hash) ?? 0) + 1);
  }
  for (const [hash, count] of votes) if (count * 2 > urls.length) return hash;
  return undefined;
}
