/** What has gathered since the last Ready: messages, finished reads, a snapshot to install, a change of leadership. */
import type { LogIndex, NodeId } from '../ids.ts';
import { grown } from '../lists.ts';
import type { Message } from './message.ts';
import type { FinishedRead, IncomingSnapshot, OutgoingMessage, Ready } from './ready.ts';

export class Outbox {
  messages: OutgoingMessage[] = [];
  reads: FinishedRead[] = [];
  leadership: Ready['leadership'] = undefined;
  snapshot: IncomingSnapshot | undefined = undefined;

  /** Leaves at once: it promises nothing that a crash could take back. */
  sendNow(to: NodeId, message: Message): void {
    this.messages = grown(this.messages, { to, message, durable: false });
  }

  /** Leaves once everything handed out so far, and the state it speaks of, is durable. */
  sendDurable(to: NodeId, message: Message): void {
    this.messages = grown(this.messages, { to, message, durable: true });
  }

  finishRead(context: number, index: LogIndex, ok: boolean): void {
    this.reads.push({ context, index, ok });
  }

  gainedLeadership(): void {
    this.leadership = 'gained';
  }

  /** A tenure that began and ended in one turn never was. */
  lostLeadership(): void {
    this.leadership = this.leadership === 'gained' ? undefined : 'lost';
  }

  takeMessages(): OutgoingMessage[] {
    const messages = this.messages;
    this.messages = [];
    return messages;
  }

  takeSnapshot(): IncomingSnapshot | undefined {
    const snapshot = this.snapshot;
    this.snapshot = undefined;
    return snapshot;
  }

  takeReads(): FinishedRead[] {
    const reads = this.reads;
    this.reads = [];
    return reads;
  }
}
