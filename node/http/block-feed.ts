/**
 * A store's blocks as they come, from a height on: what a watching client is sent, at the pace at which it reads.
 *
 * A block that this node has applied is committed, so it is never taken back; what follows is looked for on this node, a few times a
 * second, without asking anybody. Nothing is kept for a client: it goes on from whatever height it names.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { KeptBlock } from '../../core/client/chain-protocol.ts';
import { NEWEST, type VaultEntry } from '../../core/client/protocol.ts';
import type { Height } from '../../core/ids.ts';
import type { Ledger } from '../ledger.ts';
import { HttpError } from './errors.ts';

/** Between two looks: at first, and where nothing comes. Why so short: it is a look into memory, and who watches wants to know. */
const PAUSE_MIN_MS = 10;
const PAUSE_MAX_MS = 200;
/** After so long without a block a sign of life is sent, so that proxies keep the connection and a dead client is noticed. */
const SILENCE_MS = 15_000;
/** How long the store may be out of reach before the client is told to look elsewhere. Why a minute: elections and restarts are shorter. */
const PATIENCE_MS = 60_000;

const LOCAL = { consistency: 'eventual', at: NEWEST, proof: false } as const;

export interface FedBlock extends KeptBlock {
  readonly height: Height;
}

export interface Feed {
  readonly ledger: Ledger;
  readonly vault: VaultEntry;
  readonly from: Height;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Blocks in order without a gap; undefined is a sign of life. Ends with the signal; throws HttpError where the store is gone. */
export async function* blockFeed({ ledger, vault, from, signal }: Feed): AsyncGenerator<FedBlock | undefined, void> {
  let next: number = from;
  let pause = PAUSE_MIN_MS;
  let saidAt = performance.now();
  let reachedAt = performance.now();
  while (!signal.aborted) {
    const page = await pageFrom(ledger, vault, next as Height);
    if (page !== 'out of reach') reachedAt = performance.now();
    else if (performance.now() - reachedAt > PATIENCE_MS) {
      throw new HttpError(503, 'unavailable', 'The vault has been out of reach for a minute: watch it on another node.');
    }
    if (typeof page !== 'string') {
      for (const block of page) {
        if (signal.aborted) return;
        yield { ...block, height: next as Height };
        next += 1;
      }
      pause = PAUSE_MIN_MS;
      saidAt = performance.now();
      continue;
    }
    if (performance.now() - saidAt >= SILENCE_MS) {
      yield undefined;
      saidAt = performance.now();
    }
    await delay(pause, undefined, { signal }).catch(() => undefined); // an end of the wait is what the loop looks for
    pause = Math.min(2 * pause, PAUSE_MAX_MS);
  }
}

async function pageFrom(
  ledger: Ledger,
  vault: VaultEntry,
  from: Height,
): Promise<readonly KeptBlock[] | 'none yet' | 'out of reach'> {
  try {
    return (await ledger.query(vault, { kind: 'blocks', from }, LOCAL, 'blocks')).blocks;
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    if (error.code === 'height_not_found') return 'none yet';
    if (error.status >= 500) return 'out of reach';
    throw error;
  }
}
