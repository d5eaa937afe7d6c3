/** What the corpus calls things: nodes by number, roles and progress by etcd/raft's names, configurations and entries as text. */
import type { NodeId } from '../../../core/ids.ts';
import type { Configuration } from '../../../core/raft/message.ts';
import type { ProgressState } from '../../../core/raft/progress.ts';
import type { Role } from '../../../core/raft/ready.ts';

/** Node 7 is 00…07: hexadecimal, and sorted as its number. */
export function idOf(number: number): NodeId {
  return String(number).padStart(32, '0') as NodeId;
}
/** 0 where there is none. */
export function numberOf(id: NodeId | undefined): number {
  return id === undefined ? 0 : Number(id);
}

const ROLES: Record<Role, string> = {
  follower: 'StateFollower',
  preCandidate: 'StatePreCandidate',
  candidate: 'StateCandidate',
  leader: 'StateLeader',
};
export function roleName(role: Role): string {
  return ROLES[role];
}

/** As in "became pre-candidate at term 1". */
const SPOKEN: Record<string, Role> = {
  follower: 'follower',
  'pre-candidate': 'preCandidate',
  candidate: 'candidate',
  leader: 'leader',
};
export function spokenRole(text: string): string {
  const role = SPOKEN[text];
  return role === undefined ? text : ROLES[role];
}

const PROGRESS: Record<ProgressState, string> = {
  probe: 'StateProbe',
  replicate: 'StateReplicate',
  snapshot: 'StateSnapshot',
};
export function progressName(state: ProgressState): string {
  return PROGRESS[state];
}

function numbers(ids: readonly NodeId[]): string {
  return `(${ids.map(numberOf).join(' ')})`;
}

/** voters=(1 2)&&(1) learners=(3) learners_next=(4) autoleave */
export function configurationText(configuration: Configuration): string {
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = configuration;
  const parts = [`voters=${numbers(voters)}${votersOutgoing.length > 0 ? `&&${numbers(votersOutgoing)}` : ''}`];
  if (learners.length > 0) parts.push(`learners=${numbers(learners)}`);
  if (learnersNext.length > 0) parts.push(`learners_next=${numbers(learnersNext)}`);
  if (autoLeave) parts.push('autoleave');
  return parts.join(' ');
}

/** A snapshot's configuration: Voters:[1 2] VotersOutgoing:[] Learners:[] LearnersNext:[] AutoLeave:false */
export function confStateText(configuration: Configuration): string {
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = configuration;
  const list = (ids: readonly NodeId[]): string => `[${ids.map(numberOf).join(' ')}]`;
  return `Voters:${list(voters)} VotersOutgoing:${list(votersOutgoing)} Learners:${list(learners)} LearnersNext:${list(learnersNext)} AutoLeave:${autoLeave}`;
}
