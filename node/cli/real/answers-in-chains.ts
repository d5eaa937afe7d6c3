/**
 * What a client was told stays so, judged by what every node serves when all is over: the anchor of each answer is a block of its chain, and each
 * acknowledged transaction that changed something stands in the block it was said to be in. The counterpart of sim/check/clients/answers-stay-true.ts,
 * which looks into nodes.
 */
import { equalBytes } from '../../../core/bytes/compare.ts';
import type { SealedBlock } from '../../../core/state/block-observer.ts';
import { decodeLedgerTransaction } from '../../../core/state/transaction-codec.ts';
import { Violation } from '../../../sim/observer.ts';

export const ANSWERS_STAY_TRUE: string = 'answers-stay-true';

interface Promised {
  readonly vault: string;
  readonly height: number;
  readonly header: Uint8Array;
  readonly executed: { readonly mark: string; readonly height: number } | undefined;
}

export class AnswersInChains {
  private readonly promised: Promised[] = [];
  /** Headers shown so far: most answers show one that was shown before. */
  private readonly shown: Map<string, Uint8Array> = new Map();

  told(promise: Promised): void {
    const place = `${promise.vault}/${promise.height}`;
    const before = this.shown.get(place);
    if (before !== undefined && promise.executed === undefined && equalBytes(before, promise.header)) return;
    this.shown.set(place, promise.header);
    this.promised.push(promise);
  }

  /** @param chains of each vault that was worked on, as one node serves them. @throws Violation */
  judge(node: number, chains: ReadonlyMap<string, readonly SealedBlock[]>): void {
    for (const { vault, height, header, executed } of this.promised) {
      const blocks = chains.get(vault);
      if (blocks === undefined) continue;
      const block = height === 0 ? undefined : blocks[height - 1];
      if (height > 0 && block === undefined)
        throw new Violation(ANSWERS_STAY_TRUE, `node ${node} does not have block ${height}, which a client was shown`);
      if (block !== undefined && !equalBytes(block.header, header))
        throw new Violation(ANSWERS_STAY_TRUE, `node ${node} has another block ${height} than a client was shown`);
      if (executed !== undefined && !contains(blocks[executed.height - 1], executed.mark))
        throw new Violation(
          ANSWERS_STAY_TRUE,
          `acknowledged transaction ${executed.mark} is not in block ${executed.height} of node ${node}`,
        );
    }
  }
}

function contains(block: SealedBlock | undefined, mark: string): boolean {
  return (block?.transactions ?? []).some((bytes) => {
    const decoded = decodeLedgerTransaction(bytes);
    return decoded.ok && decoded.value.kind === 'transact' && decoded.value.transaction.reason === mark;
  });
}
