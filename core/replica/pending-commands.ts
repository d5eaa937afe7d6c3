/**
 * Client commands of one group on their way through the log: waiting -> proposed -> applied, or lost.
 * Group commit lives here: while an earlier batch of this leader is not yet durable on its own disk, commands wait and
 * then travel together; an idle leader proposes at once, so nothing ever waits for a timer.
 */
import { assert } from '../assert.ts';
import type { CommandRef } from '../client/protocol.ts';
import type { LogIndex, RequestId, Seq, Term } from '../ids.ts';
import { PROPOSAL_QUEUE_BYTES_MAX } from '../limits.ts';
import type { Command } from '../state/command.ts';

export interface PendingCommand {
  /** undefined: the leader's own (expiry). */
  readonly request: RequestId | undefined;
  readonly command: Command;
  /** Encoded size, bytes; an entry is filled by it. */
  readonly bytes: number;
}

interface ProposedBatch {
  readonly index: LogIndex;
  readonly term: Term;
  /** In the order of the entry's commands. */
  readonly requests: readonly (RequestId | undefined)[];
  readonly refs: readonly (CommandRef | undefined)[];
  /** The persist that makes this node's own copy durable; set when it is handed out. */
  after: Seq;
}

function refOf(command: Command): CommandRef | undefined {
  return 'ref' in command ? command.ref : undefined;
}

export class PendingCommands {
  private waiting: PendingCommand[] = [];
  private waitingBytes: number = 0;
  private proposed: ProposedBatch[] = [];
  private readonly waitingMax: number;

  /** @param waitingMax commands that wait for a proposal at most. */
  constructor(waitingMax: number) {
    this.waitingMax = waitingMax;
  }

  /** Takes a command unless the queue is full. @returns false = overloaded. */
  enqueue(command: PendingCommand): boolean {
    const bytes = this.waitingBytes + command.bytes;
    if (this.waiting.length >= this.waitingMax || bytes > PROPOSAL_QUEUE_BYTES_MAX) return false;
    this.waitingBytes = bytes;
    this.waiting.push(command);
    return true;
  }

  /** Whether nothing waits and nothing is proposed. */
  get isEmpty(): boolean {
    return this.waiting.length === 0 && this.proposed.length === 0;
  }

  get waitingCount(): number {
    return this.waiting.length;
  }

  /** Index of the newest proposal without an answer, or 0. */
  get newestProposed(): number {
    const newest = this.proposed[this.proposed.length - 1];
    return newest === undefined ? 0 : newest.index;
  }

  /**
   * Removes the next batch: at most countMax commands and bytesMax bytes, at least one command. A session is named by the
   * index of the entry that opened it, so an entry opens one.
   */
  takeBatch(countMax: number, bytesMax: number): readonly PendingCommand[] {
    let count = 0;
    let bytes = 0;
    let sessions = 0;
    for (; count < this.waiting.length && count < countMax; count += 1) {
      const next = this.waiting[count] as PendingCommand;
      bytes += next.bytes;
      if (next.command.kind === 'openSession') sessions += 1;
      if (count > 0 && (bytes > bytesMax || sessions > 1)) break;
    }
    const batch = this.waiting.splice(0, count);
    for (const taken of batch) this.waitingBytes -= taken.bytes;
    return batch;
  }

  /** @param batch in the order of the entry's commands. */
  markProposed(index: LogIndex, term: Term, batch: readonly PendingCommand[], after: Seq): void {
    assert(index > this.newestProposed, 'proposals have growing indexes');
    const requests = batch.map(({ request }) => request);
    this.proposed.push({ index, term, requests, refs: batch.map(({ command }) => refOf(command)), after });
  }

  /** Whether a session's command of this sequence is on its way. */
  has(ref: CommandRef): boolean {
    const isSame = (other: CommandRef | undefined): boolean =>
      other?.session.index === ref.session.index && other.sequence === ref.sequence;
    return this.waiting.some(({ command }) => isSame(refOf(command))) || this.proposed.some(({ refs }) => refs.some(isSame));
  }

  /** The requests that wait for the entry at index, with what their replies must wait for. */
  takeApplied(
    index: LogIndex,
    term: Term,
  ): { readonly requests: readonly (RequestId | undefined)[]; readonly after: Seq } | undefined {
    const head = this.proposed[0];
    if (head === undefined || head.index !== index) return undefined;
    assert(head.term === term, 'proposals of a lost term were dropped when it was lost');
    this.proposed.shift();
    return head;
  }

  /** Leadership is gone: everything proposed has an unknown outcome, everything waiting was never appended. */
  drain(): { readonly unknown: readonly RequestId[]; readonly never: readonly RequestId[] } {
    const unknown: RequestId[] = [];
    for (const batch of this.proposed) for (const request of batch.requests) if (request !== undefined) unknown.push(request);
    const never: RequestId[] = [];
    for (const { request } of this.waiting) if (request !== undefined) never.push(request);
    this.proposed = [];
    this.waiting = [];
    this.waitingBytes = 0;
    return { unknown, never };
  }
}
