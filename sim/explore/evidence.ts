/** What letters to a node prove of the past: who has led a term, and who has voted for the receiver. */
import type { Message } from '../../core/raft/message.ts';
import type { Messages } from './messages.ts';

export class Evidence {
  private readonly messages: Messages;

  constructor(messages: Messages) {
    this.messages = messages;
  }

  /** Nodes that have led a term: a leader's first act is an append to everybody. */
  leadersOf(term: number, set: number): readonly number[] {
    return this.senders(set, (message) => message.kind === 'appendEntries' && message.term === term);
  }

  /** How many others have granted the receiver their vote in a term. */
  votesIn(term: number, set: number): number {
    const isGrant = (message: Message): boolean =>
      message.kind === 'requestVoteResponse' && message.granted && message.term === term;
    return this.senders(set, isGrant).length;
  }

  private senders(set: number, proves: (message: Message) => boolean): readonly number[] {
    const letters = this.messages.inSet(set).map((number) => this.messages.letter(number));
    return [...new Set(letters.filter(({ message }) => proves(message)).map(({ from }) => from))];
  }
}
