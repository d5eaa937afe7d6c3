/**
 * Whatever the mode of a read, it says what the chain says at the block it names: the transactions of all blocks up to there,
 * applied to the sequential model. It knows nothing of real time (other oracles do), so it judges reads of the past, too.
 */
import { Violation } from '../../observer.ts';
import { seconds } from '../../record/time.ts';
import { askedPhrase, toldPhrase } from '../../record/words.ts';
import type { History, Invocation } from '../../workload/history.ts';
import { VaultModel } from './vault-model.ts';
import type { Place } from './witness.ts';

export const READS_MATCH_BLOCKS: string = 'reads-match-blocks';
export const READS_MATCH_BLOCKS_CLAIM: string = 'A read of any mode says what the chain says at the block it names.';

interface Change {
  readonly place: Place;
  readonly invocation: Invocation;
}

/** Throws a Violation where a read differs from its block. @param placeOf where a transaction was executed, by its mark. */
export function demandReadsMatchBlocks(history: History, placeOf: (mark: string) => Place | undefined): void {
  const changes = new Map<number, Change[]>();
  const reads = new Map<number, Invocation[]>();
  for (const invocation of history.invocations) {
    const { asked, vault, outcome, seenAt } = invocation;
    if (asked.kind === 'transact') {
      const place = placeOf(asked.mark);
      if (place !== undefined) listOf(changes, vault).push({ place, invocation });
    } else if (outcome === 'ok' && seenAt !== undefined) listOf(reads, vault).push(invocation);
  }
  for (const [vault, list] of reads) judgeVault(vault, changes.get(vault) ?? [], list);
}

function listOf<T>(lists: Map<number, T[]>, key: number): T[] {
  let list = lists.get(key);
  if (list === undefined) {
    list = [];
    lists.set(key, list);
  }
  return list;
}

function judgeVault(vault: number, changes: Change[], reads: Invocation[]): void {
  const model = new VaultModel();
  changes.sort((a, b) => a.place.height - b.place.height || a.place.position - b.place.position);
  reads.sort((a, b) => (a.seenAt as number) - (b.seenAt as number));
  let state = model.initial;
  let next = 0;
  for (const read of reads) {
    for (
      let change = changes[next];
      change !== undefined && change.place.height <= (read.seenAt as number);
      change = changes[next]
    ) {
      const { asked } = change.invocation;
      // As of unknown outcome: what its client was told is judged elsewhere.
      state = model.apply(state, { asked, told: undefined, at: change.place.time }, 'info') ?? state;
      next += 1;
    }
    const { asked, told, seenTime, seenAt } = read;
    if (model.apply(state, { asked, told, at: seenTime }, 'ok') !== undefined) continue;
    throw new Violation(
      READS_MATCH_BLOCKS,
      `vault ${vault}: a read invoked at ${seconds(read.invokedAt)} names block ${seenAt}, which says otherwise: ${askedPhrase(asked)} → ${told === undefined ? 'unknown' : toldPhrase(told)}`,
      'safety',
      { operation: { process: read.process, invokedAt: read.invokedAt } },
    );
  }
}
