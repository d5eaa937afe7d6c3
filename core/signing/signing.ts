/**
 * Signed checkpoints as a replica sees them: its own key and what it signs (cosigner.ts), how the key comes into the directory
 * (registration.ts), and whose signatures are gathered for whom (gatherer.ts). Works at the end of a step, so that one persist
 * carries what all of them signed.
 */
import type { ClientRequest, ClientResult, SigningStatus } from '../client/protocol.ts';
import { type GroupId, type Height, type Micros, minOf, type NodeId, type RequestId, type Seq, type VaultId } from '../ids.ts';
import { Cosigner } from './cosigner.ts';
import { Gatherer, type Wanted } from './gatherer.ts';
import type { SigningHost } from './host.ts';
import type { SigningMessage } from './message.ts';
import { Registration } from './registration.ts';

export class Signing {
  private readonly host: SigningHost;
  private readonly cosigner: Cosigner;
  private readonly registration: Registration;
  private readonly gatherer: Gatherer;
  /** Requests whose read is not answered yet. */
  private readonly reading: Map<RequestId, Wanted> = new Map();
  /** Requests whose read is, in this step. */
  private read: { readonly id: RequestId; readonly wanted: Wanted }[] = [];

  constructor(host: SigningHost) {
    this.host = host;
    this.cosigner = new Cosigner(host);
    this.registration = new Registration(host, this.cosigner);
    this.gatherer = new Gatherer(host, this.cosigner);
  }

  persisted(seq: Seq): void {
    const wasDurable = this.cosigner.isDurable;
    this.cosigner.persisted(seq);
    if (this.cosigner.isDurable && !wasDurable) this.registration.begin();
  }

  /** A client asks for a checkpoint: the read that says how new the vault is here has to be first. */
  asked(id: RequestId, body: Extract<ClientRequest, { kind: 'query' }>): void {
    if (body.query.kind !== 'checkpoint') return;
    this.reading.set(id, { group: body.group, vault: body.vault, signatures: body.query.signatures });
  }

  /** Something was answered. @returns whether the answer is for this part alone */
  answered(id: RequestId, result: ClientResult): boolean {
    if (this.registration.isOwn(id)) return true;
    const wanted = this.reading.size === 0 ? undefined : this.reading.get(id);
    if (wanted === undefined) return false;
    this.reading.delete(id);
    if (result.kind !== 'checkpoint') return false;
    this.read.push({ id, wanted });
    return true;
  }

  message(from: NodeId, group: GroupId, message: SigningMessage): void {
    switch (message.kind) {
      case 'checkpointAsked':
        this.gatherer.covered(message.vault, message.size);
        return this.cosigner.asked(from, group, message);
      case 'checkpointSigned':
        return this.gatherer.signed(from, message);
      case 'checkpointPassed':
        return this.gatherer.passed(message);
      case 'keyOffered':
        return this.registration.propose(from, message.publicKey);
    }
  }

  /** A block was sealed by an entry just applied. */
  sealed(group: GroupId, vault: VaultId, height: Height): void {
    if (this.host.everyMicros !== undefined) this.gatherer.sealed(group, vault, height);
  }

  nextDeadline(): Micros {
    return minOf(this.registration.nextDeadline(), this.gatherer.nextDeadline());
  }

  deadline(): void {
    this.registration.deadline();
    this.gatherer.deadline();
  }

  /** At the end of a step. */
  settle(): void {
    const { read } = this;
    this.read = [];
    for (const { id, wanted } of read) this.gatherer.want(id, wanted);
    this.gatherer.settle();
    this.cosigner.settle();
  }

  /** For operators. */
  get status(): SigningStatus {
    const { publicKey, isRegistered, loss } = this.cosigner;
    return { publicKey, registered: isRegistered, loss, replaced: this.registration.hasReplaced };
  }
}
