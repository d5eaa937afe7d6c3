/**
 * Proofs of one group that take more than one step: each has a slice in turn, so that a long one holds up neither the group nor the
 * short ones behind it. What was given up with its vault or state is asked anew.
 */
import type { ClientResult } from '../client/protocol.ts';
import { PROOFS_UNDER_WAY_MAX } from '../limits.ts';
import type { GroupState } from '../state/group-state.ts';
import type { ProofWork } from '../state/proof-work.ts';
import type { PendingRead } from './pending-reads.ts';

interface Proof {
  readonly read: PendingRead;
  readonly work: ProofWork;
  /** That it reads. */
  readonly state: GroupState;
}

export class ProofQueue {
  /** The one that waits longest first. */
  private proofs: Proof[] = [];

  get isEmpty(): boolean {
    return this.proofs.length === 0;
  }

  /** @returns false = overloaded. */
  add(proof: Proof): boolean {
    if (this.proofs.length >= PROOFS_UNDER_WAY_MAX) return false;
    proof.state.keep(proof.work);
    this.proofs.push(proof);
    return true;
  }

  /**
   * One slice of the first. Where that throws, it stays: `drain` gives it back.
   * @returns what there is to say of it: its answer, or that it has to be asked anew
   */
  work(slice: number): { readonly read: PendingRead; readonly result: ClientResult | 'ask anew' } | undefined {
    const [first] = this.proofs;
    if (first === undefined) return undefined;
    const { read, work, state } = first;
    const result = work.isEnded ? 'ask anew' : work.work(slice);
    this.proofs.shift();
    if (result === undefined) {
      this.proofs.push(first);
      return undefined;
    }
    state.proven(work);
    return { read, result };
  }

  /** Gives up everything; for a quarantined group. */
  drain(): readonly PendingRead[] {
    const { proofs } = this;
    this.proofs = [];
    for (const { work, state } of proofs) {
      state.proven(work);
      if (!work.isEnded) work.end();
    }
    return proofs.map(({ read }) => read);
  }
}
