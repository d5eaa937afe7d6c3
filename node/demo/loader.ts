/**
 * Writes tuples through whichever nodes answer, while others are being killed. A batch counts as acknowledged when a node said
 * 200. A batch whose answer was lost may have been applied, so it is repeated with `on_duplicate: ignore`.
 */
import type { TupleKey } from '../../core/state/transaction.ts';
import { tupleKeyJson } from '../http/answer.ts';

export interface LoadTarget {
  /** URLs of all nodes, running or not. */
  readonly urls: readonly string[];
  readonly store: string;
}

export interface LoadReport {
  readonly acknowledged: readonly TupleKey[];
  readonly batches: number;
  /** Attempts without a definite answer, or refused for the moment. */
  readonly repeated: number;
  readonly seconds: number;
}

const WORKERS = 8;
const ATTEMPT_MS = 12_000;
const PAUSE_MS = 30;
/** A batch that no node takes for this long means that the cluster is gone. */
const GIVE_UP_MS = 60_000;

/** @param onProgress told after each acknowledged batch; may be used to inject faults. */
export async function load(
  target: LoadTarget,
  tuples: readonly TupleKey[],
  options: { readonly batch: number; readonly onProgress: (acknowledged: number) => void },
): Promise<LoadReport> {
  const startedAt = performance.now();
  const acknowledged: TupleKey[] = [];
  let next = 0;
  let batches = 0;
  let repeated = 0;
  const worker = async (index: number): Promise<void> => {
    let node = index;
    while (next < tuples.length) {
      const batch = tuples.slice(next, next + options.batch);
      next += batch.length;
      const giveUpAt = performance.now() + GIVE_UP_MS;
      while (!(await write(target, node % target.urls.length, batch))) {
        repeated += 1;
        node += 1;
        if (performance.now() > giveUpAt) throw new Error(`No node took a write for ${GIVE_UP_MS / 1000} s.`);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
      batches += 1;
      acknowledged.push(...batch);
      options.onProgress(acknowledged.length);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, (_, index) => worker(index)));
  return { acknowledged, batches, repeated, seconds: (performance.now() - startedAt) / 1000 };
}

/** @returns whether the batch is acknowledged; false = nobody knows, or not now. Throws where the request itself is refused. */
async function write(target: LoadTarget, node: number, batch: readonly TupleKey[]): Promise<boolean> {
  let response: Response;
  try {
    response = await fetch(`${target.urls[node]}/stores/${target.store}/write`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'vouch-actor': 'demo', 'vouch-reason': 'initial load' },
      body: JSON.stringify({ writes: { tuple_keys: batch.map(tupleKeyJson), on_duplicate: 'ignore' } }),
      signal: AbortSignal.timeout(ATTEMPT_MS),
    });
    const text = await response.text();
    if (response.ok) return true;
    if (response.status < 500) throw new RefusedWrite(`A write was refused (${response.status}): ${text}`);
  } catch (error) {
    if (error instanceof RefusedWrite) throw error;
  }
  return false;
}

class RefusedWrite extends Error {
  override readonly name: string = 'RefusedWrite';
}
