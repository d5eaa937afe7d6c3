/**
 * How a node's key comes to stand in the directory: the node offers it to GLOBAL's leader until the directory that it has applied
 * says so, and the leader puts it into the log. Why not a client's command: a frame comes from the node that it names as its
 * sender, so nobody registers a key for another node; and no session is needed, since the command is idempotent.
 */
import { equalBytes } from '../bytes/compare.ts';
import { GLOBAL_GROUP, type Micros, NEVER, type NodeId, plus, type RequestId, SEQ_ZERO } from '../ids.ts';
import type { Cosigner } from './cosigner.ts';
import type { SigningHost } from './host.ts';

/** Offers become rarer, up to so many times the first interval: a node may wait for long until it is a member. */
const BACK_OFF_MAX = 64;

export class Registration {
  private readonly host: SigningHost;
  private readonly cosigner: Pick<Cosigner, 'publicKey' | 'isDurable' | 'isRegistered'>;
  private offerAt: Micros = NEVER;
  /** Whether the directory had another key of this node when this one was offered. */
  hasReplaced: boolean = false;
  private intervals: number = 1;
  /** Requests of this node to its own group have ids that no client's has. */
  private lastRequest: number = 0;

  constructor(host: SigningHost, cosigner: Pick<Cosigner, 'publicKey' | 'isDurable' | 'isRegistered'>) {
    this.host = host;
    this.cosigner = cosigner;
  }

  /** Whether a request is one of this node's own, whose answer nobody waits for. */
  isOwn(id: RequestId): boolean {
    return id < 0;
  }

  /** The key is on the disk: it may be offered. What the log already says is not applied at once. */
  begin(): void {
    this.intervals = 1;
    this.offerAt = plus(this.host.now(), this.host.timing.electionTimeoutMinMicros);
  }

  nextDeadline(): Micros {
    return this.offerAt;
  }

  deadline(): void {
    const { now, timing, send, self, group } = this.host;
    if (this.offerAt > now()) return;
    if (this.cosigner.isRegistered) {
      this.offerAt = NEVER;
      return;
    }
    this.offerAt = plus(now(), this.intervals * timing.electionTimeoutMaxMicros);
    this.intervals = Math.min(2 * this.intervals, BACK_OFF_MAX);
    const leader = group(GLOBAL_GROUP)?.raft.leader;
    if (leader === undefined || !this.cosigner.isDurable) return;
    if (group(GLOBAL_GROUP)?.state.nodeKeys?.currentOf(self) !== undefined) this.hasReplaced = true;
    if (leader === self) this.propose(self, this.cosigner.publicKey);
    else send(leader, GLOBAL_GROUP, SEQ_ZERO, { kind: 'keyOffered', publicKey: this.cosigner.publicKey });
  }

  /** A member offers its key. Where this node does not lead, the other one asks again. */
  propose(node: NodeId, publicKey: Uint8Array): void {
    const { group: groupOf, guarded, now, wall, mark } = this.host;
    const group = groupOf(GLOBAL_GROUP);
    const current = group?.state.nodeKeys?.currentOf(node);
    if (group === undefined || group.quarantined || group.raft.role !== 'leader') return;
    if (current !== undefined && equalBytes(current, publicKey)) return;
    mark(current === undefined ? 'signing.key-registered' : 'signing.key-replaced');
    this.lastRequest -= 1;
    const request = this.lastRequest as RequestId;
    guarded(group, () => group.command(now(), wall(), request, { kind: 'registerKey', node, publicKey }));
  }
}
