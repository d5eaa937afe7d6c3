/**
 * Writes whose answer is to carry the transaction's inclusion in the chain. The result of a command is replicated and kept for
 * retries; a proof is neither: it is made from the state when the answer leaves, by whichever node gives it.
 */
import { equalBytes } from '../bytes/compare.ts';
import type { ClientRequest, ClientResult } from '../client/protocol.ts';
import { HEIGHT_ZERO, type RequestId, type VaultId } from '../ids.ts';
import { blockOf, type OpenBlock, transactionInclusion } from '../state/chain-query.ts';
import type { GroupState } from '../state/group-state.ts';
import { oldestHeight } from '../state/retention.ts';
import { encodeLedgerTransaction } from '../state/transaction-codec.ts';

type Transact = Extract<ClientRequest, { kind: 'transact' }>;

interface Waiting {
  readonly state: () => GroupState;
  readonly body: Transact;
}

export class ProvenWrites {
  private readonly waiting: Map<RequestId, Waiting> = new Map();
  /** The block that was asked for last: commands of one entry share theirs. */
  private open: (OpenBlock & { readonly vault: VaultId }) | undefined = undefined;

  /** A request is on its way; every request is answered once. @param state of its group, when the answer leaves */
  note(id: RequestId, body: ClientRequest, state: () => GroupState): void {
    if (body.kind === 'transact' && body.proof) this.waiting.set(id, { state, body });
  }

  /** What is answered instead: the same with the inclusion, where the transaction is in the chain. */
  answered(id: RequestId, result: ClientResult): ClientResult {
    const waiting = this.waiting.size === 0 ? undefined : this.waiting.get(id);
    if (waiting === undefined) return result;
    this.waiting.delete(id);
    if (result.kind !== 'transacted' || !result.outcome.ok || !result.outcome.changed) return result;
    const { height } = result.outcome;
    const { transaction, vault: vaultId } = waiting.body;
    const vault = waiting.state().vault(vaultId);
    if (vault === undefined || height < oldestHeight(vault)) return result;
    if (this.open?.vault !== vaultId || this.open.height !== height) {
      this.open = { ...blockOf(vault, height), vault: vaultId };
    }
    const wanted = encodeLedgerTransaction({ kind: 'transact', transaction });
    // Of two equal ones the first: the chain does not tell them apart, and either stands for what was asked.
    const index = this.open.transactions.findIndex((bytes) => equalBytes(bytes, wanted));
    const inclusion = transactionInclusion(vault, this.open, { index, size: HEIGHT_ZERO });
    return inclusion === undefined ? result : { ...result, inclusion };
  }
}
