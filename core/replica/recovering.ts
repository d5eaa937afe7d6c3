/**
 * A replica whose log or checkpoint is damaged comes back to health with the help of its peers. It has forgotten something, and
 * what that was nobody knows: entries that it acknowledged, perhaps votes. So while it recovers it does nothing that counts: it
 * grants no vote, campaigns never, acknowledges nothing, answers no heartbeat and no client. Two steps lead back:
 *   1. `above`, a term that bounds its past: it never voted, acknowledged or followed in a later one. Where its newest hard state
 *      is sure, that says it. Else every other member is asked for its term, under a number that belongs to this start: whoever
 *      led or won a vote here has at least that term on its own disk.
 *   2. It takes one thing only: a snapshot that ends with an entry of a term above that. The leader of that term was elected
 *      without this node, so it holds everything that this node ever helped to commit, or that its old acknowledgements still will.
 * One record, the mark that says `healed`, ends it; before that is durable, a crash leads back to the beginning, with the newest
 * term as the new bound. Why this is safe, case by case: docs/internals/damaged-replicas.md. Sources: Alagappan et al., "Protocol-
 * Aware Recovery for Consensus-Based Storage" (2018); Michael et al., "Recovering Shared Objects Without Stable Storage" (2017).
 */
import type { PeerMessage } from '../codec/envelope.ts';
import { isSnapshotMessage } from '../codec/peer-message.ts';
import { type Micros, maxOf, type NodeId, plus, type Term } from '../ids.ts';
import { TERM_MAX } from '../raft/raft.ts';

export type RecoveryMessage =
  /** How high is your term? The number is returned, so that no answer to an earlier life of the asker is taken for one. */
  | { readonly kind: 'termAsked'; readonly nonce: number }
  | { readonly kind: 'termTold'; readonly nonce: number; readonly term: Term }
  /** The sender needs a snapshot that ends with an entry of a later term than this one; only a leader of such a term has it. */
  | { readonly kind: 'stateAsked'; readonly above: Term };

export interface RecoveringOptions {
  /** The newest term that the node remembers. */
  readonly term: Term;
  /** Whether it may have known a later one. */
  readonly isForgetful: boolean;
  /** Everybody that is or was a member of the cluster, without this node. */
  readonly others: () => readonly NodeId[];
  /** Drawn anew at each start, [0, 2^48). */
  readonly nonce: number;
  /** Time between two rounds of questions. */
  readonly askMicros: number;
  /** Whether a snapshot is being fetched, so that there is nothing to ask for. */
  readonly isFetching: () => boolean;
  readonly send: (to: NodeId, message: RecoveryMessage) => void;
  readonly mark: (name: string) => void;
}

export class Recovering {
  private readonly options: RecoveringOptions;
  /** The bound, once it is known. */
  private bound: Term | undefined;
  private readonly told: Map<NodeId, Term> = new Map();
  private askAt: Micros = 0 as Micros;

  constructor(options: RecoveringOptions) {
    this.options = options;
    this.bound = options.isForgetful ? undefined : options.term;
  }

  /** No promise of this node belongs to a later term; undefined while that is not known. */
  get above(): Term | undefined {
    return this.bound;
  }

  get nextDeadline(): Micros {
    return this.askAt;
  }

  /** Asks again where it is time. */
  deadline(now: Micros): void {
    if (now < this.askAt) return;
    this.askAt = plus(now, this.options.askMicros);
    this.ask();
  }

  /** A peer tells its term. */
  heard(from: NodeId, message: Extract<RecoveryMessage, { kind: 'termTold' }>): void {
    const { nonce, term, others, mark } = this.options;
    if (this.bound !== undefined || message.nonce !== nonce || message.term > TERM_MAX) return;
    this.told.set(from, message.term);
    if (!others().every((id) => this.told.has(id))) return;
    let bound = term;
    for (const each of this.told.values()) bound = maxOf(bound, each);
    this.bound = bound;
    mark('replica.forgotten-term-bounded');
    this.ask();
  }

  /** Whether the group may see a message: chunks of a snapshot, and the offer of one that ends above the bound. */
  admits(message: PeerMessage): boolean {
    if (isSnapshotMessage(message)) return true;
    if (message.kind !== 'installSnapshot' || this.bound === undefined) return false;
    const isNew = message.term > this.bound && message.indexTerm > this.bound;
    if (!isNew) this.options.mark('replica.old-snapshot-not-believed');
    return isNew;
  }

  private ask(): void {
    const { bound, told } = this;
    const { others, nonce, send, isFetching } = this.options;
    if (bound !== undefined && isFetching()) return;
    for (const id of others()) {
      if (bound !== undefined) send(id, { kind: 'stateAsked', above: bound });
      else if (!told.has(id)) send(id, { kind: 'termAsked', nonce });
    }
  }
}
