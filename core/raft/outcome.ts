/**
 * What a message did to a group, in one word: with the role it met and its kind, a tuple of coverage. Only where somebody
 * watches (the simulator); production never calls this.
 */
import type { LogIndex, Term } from '../ids.ts';
import type { Message } from './message.ts';
import type { Role } from './ready.ts';
import type { RaftState } from './state.ts';

/** In order of precedence. */
export type StepOutcome = 'dropped' | 'newTerm' | 'newRole' | 'refused' | 'answered' | 'advanced' | 'nothing';

/** Told of rare branches by name, and of what each message did. */
export interface RaftProbe {
  mark(name: string): void;
  stepped(role: Role, kind: Message['kind'], outcome: StepOutcome): void;
}

/** What an outcome is judged against. */
export interface Before {
  readonly role: Role;
  readonly term: Term;
  readonly dropped: number;
  readonly messages: number;
  readonly lastIndex: LogIndex;
  readonly commitIndex: LogIndex;
}

export function before(state: RaftState): Before {
  const { role, term, dropped, outbox, log } = state;
  return { role, term, dropped, messages: outbox.messages.length, lastIndex: log.lastIndex, commitIndex: log.commitIndex };
}

export function outcomeSince(old: Before, state: RaftState): StepOutcome {
  if (state.dropped > old.dropped) return 'dropped';
  if (state.term !== old.term) return 'newTerm';
  if (state.role !== old.role) return 'newRole';
  const answer = state.outbox.messages[old.messages]?.message;
  if (answer !== undefined) return isRefusal(answer) ? 'refused' : 'answered';
  const { lastIndex, commitIndex } = state.log;
  return lastIndex !== old.lastIndex || commitIndex !== old.commitIndex ? 'advanced' : 'nothing';
}

function isRefusal(message: Message): boolean {
  return ('granted' in message && !message.granted) || ('ok' in message && !message.ok);
}
