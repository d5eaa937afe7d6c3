/**
 * What a quorum has reached or decided. Every rule about counting voters is here, and every one is written for joint
 * configurations: both halves must agree, each by its own majority; learners are in neither half.
 * Source: Ongaro 2014, 4.3. Not here: whose answers are recorded (votes.ts, replication.ts).
 */
import type { NodeId } from '../ids.ts';
import type { Configuration } from './message.ts';
import type { Progress } from './progress.ts';

export type VoteOutcome = 'won' | 'lost' | 'pending';

/** Smallest number of voters of which any two sets share one. @param voters at least 1. */
export function majority(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/** Sorted by insertion: halves have a handful of members, and no comparator is called. */
const descending: number[] = [];

function insertDescending(value: number, count: number): void {
  let at = count;
  while (at > 0 && (descending[at - 1] as number) < value) {
    descending[at] = descending[at - 1] as number;
    at -= 1;
  }
  descending[at] = value;
}

/** The highest value that a majority of one half has reached. A half without voters holds nothing back. */
function reachedByMajority(half: readonly Progress[], measure: (member: Progress) => number): number {
  if (half.length === 0) return Number.MAX_SAFE_INTEGER;
  for (let i = 0; i < half.length; i += 1) insertDescending(measure(half[i] as Progress), i);
  return descending[majority(half.length) - 1] as number;
}

/**
 * The highest value that a quorum has reached: of matchIndex it is what may be committed, of lastHeard since when a
 * quorum has been silent, of readRound which read rounds are confirmed.
 * @param measure a function of the module level: a closure per call would be allocated on the hot path.
 */
export function reachedByQuorum(
  incoming: readonly Progress[],
  outgoing: readonly Progress[],
  measure: (member: Progress) => number,
): number {
  return Math.min(reachedByMajority(incoming, measure), reachedByMajority(outgoing, measure));
}

function count(half: readonly NodeId[], senders: readonly NodeId[]): number {
  let total = 0;
  for (const sender of senders) {
    if (half.includes(sender)) total += 1;
  }
  return total;
}

function outcomeOfHalf(half: readonly NodeId[], granted: readonly NodeId[], refused: readonly NodeId[]): VoteOutcome {
  if (half.length === 0) return 'won';
  const needed = majority(half.length);
  if (count(half, granted) >= needed) return 'won';
  if (half.length - count(half, refused) < needed) return 'lost';
  return 'pending';
}

/** Outcome of an election in a configuration, by who granted and who refused. Only voters count. */
export function voteOutcome(configuration: Configuration, granted: readonly NodeId[], refused: readonly NodeId[]): VoteOutcome {
  const incoming = outcomeOfHalf(configuration.voters, granted, refused);
  const outgoing = outcomeOfHalf(configuration.votersOutgoing, granted, refused);
  if (incoming === 'lost' || outgoing === 'lost') return 'lost';
  return incoming === 'won' && outgoing === 'won' ? 'won' : 'pending';
}
