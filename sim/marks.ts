/**
 * Coverage of a run: named marks on rare branches of the core, and tuples (role x message x outcome) of the Raft steps seen.
 * A swarm adds them up and tells what no seed has reached. The lists below say what can be reached; a test compares
 * the names with the code.
 */
import type { Message } from '../core/raft/message.ts';
import type { RaftProbe, StepOutcome } from '../core/raft/outcome.ts';
import type { Role } from '../core/raft/ready.ts';
import { AUTHORIZATION_MARKS } from './authorization/marks.ts';
import { REACHABLE_TUPLES } from './reachable-tuples.ts';

const ROLES: readonly Role[] = ['follower', 'preCandidate', 'candidate', 'leader'];
const KINDS: readonly Message['kind'][] = [
  'preVote',
  'preVoteResponse',
  'requestVote',
  'requestVoteResponse',
  'appendEntries',
  'appendResponse',
  'heartbeat',
  'heartbeatResponse',
  'readIndex',
  'readIndexResponse',
  'timeoutNow',
  'installSnapshot',
  'hibernate',
  'wake',
];
const OUTCOMES: readonly StepOutcome[] = ['dropped', 'newTerm', 'newRole', 'refused', 'answered', 'advanced', 'nothing'];

/** Marks that core sets, by file. */
export const NAMED_MARKS: readonly string[] = [
  'checkpoint.written',
  'raft.append-refused-conflict',
  'raft.append-refused-gap',
  'raft.committed-before-own-disk',
  'raft.durable-entries-replaced',
  'raft.election-lost',
  'raft.entries-replaced',
  'raft.forwarded-read-failed',
  'raft.hibernated',
  'raft.hibernation-declined',
  'raft.joint-entered',
  'raft.joint-left',
  'raft.learner-promoted',
  'raft.leader-lost-with-uncommitted',
  'raft.leader-reads-failed',
  'raft.leader-without-quorum',
  'raft.leader-woken',
  'raft.old-snapshot-refused',
  'raft.older-term-not-committed-by-counting',
  'raft.pre-vote-lost',
  'raft.pre-vote-tells-newer-term',
  'raft.probe-repeated',
  'raft.read-answer-too-late',
  'raft.read-refused',
  'raft.reads-waited-for-own-term',
  'raft.snapshot-discards-suffix',
  'raft.snapshot-failed',
  'raft.snapshot-matches-log',
  'raft.snapshot-offered-again',
  'raft.stale-acknowledgement-ignored',
  'raft.stale-leader-answered',
  'raft.stale-refusal-ignored',
  'raft.vote-granted-by-candidate',
  'raft.vote-refused-for-old-log',
  'raft.vote-refused-having-voted',
  'raft.vote-request-ignored-by-sticky',
  'raft.voters-changed',
  'raft.window-full',
  'replica.apply-in-slices',
  'replica.apply-waits-for-buckets',
  'replica.bounded-read-at-once',
  'replica.bounded-read-waits-for-apply',
  'replica.deletion-awaited',
  'replica.disk-failed',
  'replica.disk-failed-while-opening',
  'replica.expiry-proposed',
  'replica.frame-before-start',
  'replica.group-commit',
  'replica.fitted-write-again',
  'replica.fitted-write-waits',
  'replica.forgotten-term-bounded',
  'replica.group-healed',
  'replica.group-joined',
  'replica.group-quarantined-at-start',
  'replica.leader-gives-way-to-recovery',
  'replica.leader-woken-by-list',
  'replica.leadership-handed-over',
  'replica.member-let-go',
  'replica.member-taken-in',
  'replica.preferred-node-takes-over',
  'replica.proof-asked-anew',
  'replica.proof-in-slices',
  'replica.proposed-commands-lost',
  'replica.read-pruned',
  'replica.read-round-refused',
  'replica.read-under-lease',
  'replica.reply-before-own-disk',
  'replica.request-to-quarantined-group',
  'replica.sleeping-leader-missed',
  'replica.sleeping-quorum-missed',
  'replica.time-closed-by-empty-entry',
  'replica.time-in-future',
  'replica.time-not-closed-here',
  'replica.vault-deleted',
  'replica.waiting-commands-lost',
  'replica.woken-by-list',
  'signing.answer-too-late',
  'signing.gathered-anew',
  'signing.key-made',
  'signing.key-registered',
  'signing.key-replaced',
  'signing.note-kept',
  'signing.periodic-checkpoint',
  'signing.smaller-size-refused',
  'snapshot.fetch-overtaken',
  'snapshot.fetch-resumed',
  'snapshot.installed',
  'snapshot.pull-timed-out',
  'snapshot.source-has-it-no-more',
  'snapshot.written',
  'snapshot.wrong-chunk-refused',
  'wal.damage-of-known-group',
  'wal.damage-of-unknown-group',
  'wal.new-segment-after-damage',
  'wal.rotated',
  'wal.rotated-within-a-plan',
  'wal.segments-reclaimed',
  'wal.torn-tail-cut',
  'wal.unborn-segment-removed',
];

/**
 * Set only where a snapshot's file is damaged, or where two replicas of
 * a group have forgotten their terms, or where a state is tampered with (scenario diverged-vault), or where somebody signed what is
 * not the chain, or so seldom that no swarm is asked for it: tests reach them.
 */
export const CHANGE_MARKS: readonly string[] = [
  'checkpoint.given-up',
  'checkpoint.none-left',
  'checkpoint.passed-over',
  'divergence.attempt-failed',
  'divergence.copy-of-no-use',
  'divergence.copy-offered',
  'divergence.copy-refused',
  'divergence.disputed',
  'divergence.doubted',
  'divergence.doubts-full',
  'divergence.escalated',
  'divergence.majority-agrees',
  'divergence.vault-isolated',
  'divergence.vault-recovered',
  'divergence.vault-refused',
  'raft.configuration-rolled-back',
  'raft.no-snapshot-to-offer',
  'raft.old-snapshot-ignored',
  'raft.removed-leader-stepped-down',
  'raft.removed-node-campaigns',
  'raft.snapshot-keeps-suffix',
  'replica.forgotten-term-not-told',
  'replica.old-snapshot-not-believed',
  'scrub.page-lost',
  'scrub.page-repaired',
  'signing.key-contradicted',
  'signing.root-differs',
  'signing.signature-refused',
  'snapshot.fetched-file-not-whole',
  'snapshot.fetched-file-unreadable',
  'snapshot.fetched-state-refused',
  'snapshot.given-up',
  'snapshot.manifest-refused',
  'snapshot.served-file-damaged',
];

/** Every mark that a swarm is to reach. */
export const ALL_MARKS: readonly string[] = [...NAMED_MARKS, ...AUTHORIZATION_MARKS, ...REACHABLE_TUPLES];

export class Marks implements RaftProbe {
  private readonly named: Set<string> = new Set();
  private readonly tuples: Uint8Array = new Uint8Array(ROLES.length * KINDS.length * OUTCOMES.length);

  mark(name: string): void {
    this.named.add(name);
  }

  stepped(role: Role, kind: Message['kind'], outcome: StepOutcome): void {
    const row = ROLES.indexOf(role) * KINDS.length + KINDS.indexOf(kind);
    this.tuples[row * OUTCOMES.length + OUTCOMES.indexOf(outcome)] = 1;
  }

  /** Everything reached, sorted. */
  hit(): readonly string[] {
    const reached = [...this.named];
    for (let at = 0; at < this.tuples.length; at += 1) {
      if (this.tuples[at] === 0) continue;
      const row = Math.floor(at / OUTCOMES.length);
      const role = ROLES[Math.floor(row / KINDS.length)];
      reached.push(`${role} ${KINDS[row % KINDS.length]} ${OUTCOMES[at % OUTCOMES.length]}`);
    }
    return reached.sort();
  }
}
