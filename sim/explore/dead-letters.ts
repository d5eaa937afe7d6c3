/**
 * Letters that can make no difference any more at the node that they were sent to, in whatever order things go on there. A state
 * need not remember them; without this, most states differ in nothing but what old answers have been sent.
 * Dead is an answer
 * - that the node has asked for in a term which its disk knows, where it asks and leads no more: a crash leads back to a follower of
 *   that term at the least, and whoever campaigns does so in a later one;
 * - to a request for votes, where the node leads that term by now;
 * - of a follower that tells the leader of less than it knows to be there: match indexes never fall within a term;
 * and a request of an older term, once the disk knows the last term of the scope: what it would be answered is always the same, and
 * was sent when it arrived.
 * Each of these says something about the code of Raft. test/sim/explore/dead-letters.test.ts asks the code itself, for every member
 * state and letter of a scope; explorations of known bugs do without.
 */
import type { Message } from '../../core/raft/message.ts';
import type { Facts } from './locals.ts';
import type { Letter } from './messages.ts';
import type { Scope } from './scope.ts';

export function isDead(facts: Facts, { from, message }: Letter, scope: Scope): boolean {
  switch (message.kind) {
    case 'requestVoteResponse':
      return isAskedNoMore(facts, message) || leads(facts, message);
    case 'heartbeatResponse':
      return isAskedNoMore(facts, message);
    case 'appendResponse': {
      const match = facts.match[from] ?? 0;
      const isOld = message.ok ? message.index < match : message.index <= match;
      return isAskedNoMore(facts, message) || (leads(facts, message) && isOld);
    }
    case 'requestVote':
    case 'appendEntries':
    case 'heartbeat':
      return scope.links === 0 && facts.diskTerm === scope.terms && message.term < scope.terms && facts.pending === 0;
    default:
      return false;
  }
}

function leads({ role, term, diskTerm }: Facts, message: Message): boolean {
  return role === 'leader' && term === message.term && diskTerm === message.term;
}

function isAskedNoMore({ role, term, diskTerm }: Facts, message: Message): boolean {
  const isBusy = term === message.term && (role === 'candidate' || role === 'leader');
  return diskTerm >= message.term && !isBusy;
}
