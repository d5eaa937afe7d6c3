/**
 * Rules that one step of one member can break, each under the name of the simulator's oracle for the same property (sim/check/raft).
 * Those look at a run as it goes on; an exploration has no "so far", so here they are statements about a step and what was durable
 * when it ended.
 */
import type { MessageOf } from '../../core/raft/message.ts';
import type { Facts } from './locals.ts';
import type { Logs } from './logs.ts';
import type { Letter } from './messages.ts';

/** A rule that does not hold. */
export interface Breach {
  readonly rule: string;
  readonly message: string;
}

export interface JudgedStep {
  readonly before: Facts;
  readonly after: Facts;
  readonly isRestart: boolean;
  /** What was delivered, where something was. */
  readonly letter: Letter | undefined;
  readonly sent: readonly Letter[];
  readonly logs: Logs;
}

type StepRule = (step: JudgedStep) => Breach | undefined;

export function judgeStep(step: JudgedStep): Breach | undefined {
  for (const rule of STEP_RULES) {
    const breach = rule(step);
    if (breach !== undefined) return breach;
  }
  return undefined;
}

const STEP_RULES: readonly StepRule[] = [
  votesAreDurable,
  votesStay,
  acknowledgedIsHeld,
  votesForUpToDate,
  leaderCommitsOwnTerm,
  committedStays,
  countersRise,
  matchIndexRises,
];

/** A vote leaves, and an own vote makes a leader, only once it is durable (or the disk knows a newer term). */
function votesAreDurable({ before, after, sent }: JudgedStep): Breach | undefined {
  const isDurable = (term: number, candidate: number): boolean =>
    after.diskTerm > term || (after.diskTerm === term && after.diskVote === candidate);
  const early = (term: number): Breach => ({
    rule: 'one-vote-per-term',
    message: `node ${after.node} lets its vote of term ${term} count before it is durable`,
  });
  for (const { to, message } of sent) {
    if (message.kind === 'requestVote' && !isDurable(message.term, after.node)) return early(message.term);
    if (message.kind === 'requestVoteResponse' && message.granted && !isDurable(message.term, to)) return early(message.term);
  }
  return beginsToLead(before, after) && !isDurable(after.term, after.node) ? early(after.term) : undefined;
}

/** What the disk knows of a vote stays true for its term. With the rule above: nobody votes for two in one term. */
function votesStay({ before, after }: JudgedStep): Breach | undefined {
  const isSame = after.diskTerm > before.diskTerm || after.diskVote === before.diskVote || before.diskVote === -1;
  if (isSame && after.diskTerm >= before.diskTerm) return undefined;
  return {
    rule: 'one-vote-per-term',
    message: `node ${after.node} voted for two candidates in term ${after.diskTerm}`,
  };
}

function acknowledgedIsHeld({ after, sent, logs }: JudgedStep): Breach | undefined {
  const durable = logs.length(after.diskLog);
  for (const { message } of sent) {
    if (message.kind !== 'appendResponse' || !message.ok || message.term !== after.diskTerm) continue;
    if (message.index > durable)
      return {
        rule: 'acknowledged-is-held',
        message: `node ${after.node} acknowledges entry ${message.index}, ${durable} are durable`,
      };
  }
  return undefined;
}

function votesForUpToDate({ before, after, letter, logs }: JudgedStep): Breach | undefined {
  if (letter?.message.kind !== 'requestVote' || after.log !== before.log) return undefined;
  const isNew = after.vote !== before.vote || after.term !== before.term;
  if (!isNew || after.vote !== letter.from || after.term !== letter.message.term) return undefined;
  if (isUpToDate(letter.message, logs, after.log)) return undefined;
  return {
    rule: 'votes-for-up-to-date',
    message: `node ${after.node} votes in term ${after.term} for node ${letter.from}, whose log is less up-to-date`,
  };
}

function isUpToDate({ lastTerm, lastIndex }: MessageOf<'requestVote'>, logs: Logs, log: number): boolean {
  const ownIndex = logs.length(log);
  const ownTerm = logs.termAt(log, ownIndex);
  return lastTerm > ownTerm || (lastTerm === ownTerm && lastIndex >= ownIndex);
}

function leaderCommitsOwnTerm({ before, after, logs }: JudgedStep): Breach | undefined {
  if (after.role !== 'leader' || after.commit <= before.commit) return undefined;
  const term = logs.termAt(after.log, after.commit);
  if (term === after.term) return undefined;
  return {
    rule: 'leader-commits-own-term',
    message: `leader ${after.node} of term ${after.term} commits entry ${after.commit} of term ${term}`,
  };
}

function committedStays({ before, after, isRestart, logs }: JudgedStep): Breach | undefined {
  if (isRestart || logs.common(before.log, after.log) >= before.commit) return undefined;
  return {
    rule: 'committed-is-immutable',
    message: `node ${after.node} dropped entry ${logs.common(before.log, after.log) + 1} that it had committed`,
  };
}

function countersRise({ before, after, isRestart }: JudgedStep): Breach | undefined {
  const [term, commit] = isRestart ? [before.diskTerm, 0] : [before.term, before.commit];
  if (after.term >= term && after.commit >= commit) return undefined;
  const what = after.term < term ? 'term' : 'commit index';
  return { rule: 'counters-monotone', message: `the ${what} of node ${after.node} falls` };
}

function matchIndexRises({ before, after }: JudgedStep): Breach | undefined {
  if (before.role !== 'leader' || after.role !== 'leader' || before.term !== after.term) return undefined;
  const fallen = after.match.findIndex((index, node) => index < (before.match[node] as number));
  if (fallen === -1) return undefined;
  return {
    rule: 'match-index-monotone',
    message: `leader ${after.node} forgets what node ${fallen} holds: ${before.match[fallen]} falls to ${after.match[fallen]}`,
  };
}

export function beginsToLead(before: Facts, after: Facts): boolean {
  return after.role === 'leader' && (before.role !== 'leader' || before.term !== after.term);
}
