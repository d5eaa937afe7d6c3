/** A vault's blocks as they come: `Vault.watch`. Each follows the one before, whichever nodes they came from. */
import { equalBytes } from '../../core/bytes/compare.ts';
import { blockHash, decodeHeader } from '../../core/chain/header.ts';
import type { LogInclusion } from '../../core/chain/inclusion.ts';
import type { KeptBlock } from '../../core/client/chain-protocol.ts';
import { portableHasher } from '../../core/hasher.ts';
import type { Height } from '../../core/ids.ts';
import type { ChainReader, Proven } from './chain.ts';
import { VouchError, type VouchErrorCode } from './error.ts';

export interface WatchOptions {
  /** Ends it between two blocks. */
  readonly signal?: AbortSignal;
  /** Whether each block is to come with its place in the log, verified here. Default false. */
  readonly proof?: boolean;
  /** Between two looks where nothing comes, milliseconds. Default 200. */
  readonly pauseMs?: number;
}

export interface WatchedBlock extends KeptBlock {
  readonly height: Height;
  readonly blockHash: Uint8Array;
  /** With proof. */
  readonly proven: Proven<LogInclusion> | undefined;
}

const PAUSE_MS = 200;
/** The cluster says these while it elects, restarts or is busy: a watch goes on when it is back. */
const PASSING: readonly VouchErrorCode[] = [
  'unavailable',
  'timeout',
  'overloaded',
  'not_leader',
  'quarantined',
  'vault_diverged',
];

/**
 * Blocks in order without a gap, from a height on and without end, at the caller's pace: nothing is asked for before the last one is
 * taken. Whoever stops goes on later from the height behind the last one.
 */
export async function* watchBlocks(reader: ChainReader, from: number, options: WatchOptions): AsyncGenerator<WatchedBlock, void> {
  const { signal, proof = false, pauseMs = PAUSE_MS } = options;
  let next = from;
  let previous: Uint8Array | undefined;
  const isOver = (): boolean => signal?.aborted === true;
  while (!isOver()) {
    try {
      for await (const block of reader.blocks(next)) {
        if (isOver()) return;
        const hash = blockHash(portableHasher, block.header);
        if (previous !== undefined && !follows(block, previous)) {
          throw new VouchError('proof_invalid', `The proof does not hold: block ${next} does not name the block before it.`);
        }
        const height = next as Height;
        const proven = proof ? await reader.inclusion(height, { block: hash }) : undefined;
        yield { ...block, height, blockHash: hash, proven };
        previous = hash;
        next += 1;
      }
    } catch (error) {
      if (!(error instanceof VouchError) || !(error.code === 'height_missing' || PASSING.includes(error.code))) throw error;
    }
    if (!isOver()) await pause(pauseMs, signal);
  }
}

function follows({ header }: KeptBlock, previous: Uint8Array): boolean {
  const decoded = decodeHeader(header);
  return decoded.ok && equalBytes(decoded.value.previousHash, previous);
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
}
