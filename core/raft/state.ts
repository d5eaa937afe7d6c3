/**
 * The state of one Raft group on one node, and its changes of role. The rules that use it stand in files by topic:
 * election.ts, append.ts (follower), replication.ts (leader), read-index.ts, transfer.ts. Fields are written there and here only.
 * Source: Ongaro 2014, figure 3.1.
 */
import { assert } from '../assert.ts';
import { INDEX_ZERO, type LogIndex, type Micros, maxOf, minOf, NEVER, type NodeId, plus, TERM_ZERO, type Term } from '../ids.ts';
import { Configurations } from './configurations.ts';
import { Lease, leaseMicros } from './lease.ts';
import { RaftLog } from './log.ts';
import { Members } from './members.ts';
import type { Entry, SnapshotMeta } from './message.ts';
import { checkTiming, DEFAULT_RAFT_LIMITS, type RaftLimits, type RaftOptions, type Recovered } from './options.ts';
import { Outbox } from './outbox.ts';
import { Persistence } from './persistence.ts';
import { failReads } from './read-index.ts';
import { Reads } from './reads.ts';
import type { Role } from './ready.ts';
import { Votes } from './votes.ts';

export class RaftState {
  readonly id: NodeId;
  readonly options: RaftOptions;
  readonly limits: RaftLimits;
  readonly log: RaftLog;
  readonly configurations: Configurations;
  readonly members: Members;
  readonly persistence: Persistence;
  readonly reads: Reads;
  readonly lease: Lease;
  readonly votes: Votes = new Votes();
  readonly outbox: Outbox = new Outbox();

  term: Term = TERM_ZERO;
  votedFor: NodeId | undefined = undefined;
  role: Role = 'follower';
  leader: NodeId | undefined = undefined;
  /** Time of the newest input. */
  now: Micros;

  /** Drawn anew with each role or term; a leader's message starts it again. */
  electionTimeoutMicros: number = 0;
  /** When to campaign; NEVER on leaders and where this node does not vote. */
  electionDeadline: Micros = NEVER;
  /**
   * When a leader was last heard, of whatever term: from then on this voter owes it `electionTimeoutMin` without a grant.
   * At first the time of the start: before it, this voter may have answered a leader and forgotten.
   */
  leaderHeard: Micros;
  /** Leader only: next heartbeat, next look at who has answered. */
  heartbeatDeadline: Micros = NEVER;
  quorumDeadline: Micros = NEVER;
  /** Leader only: whom leadership is being handed to, until when. */
  transferee: NodeId | undefined = undefined;
  transferDeadline: Micros = NEVER;
  /** Leader only: data bytes of entries behind the commit index. */
  uncommittedBytes: number = 0;
  /** Nothing happens in the group, and no timer of it runs (hibernation.ts). */
  asleep: boolean = false;
  /** Follower only: the snapshot that the host has been asked to fetch and install. */
  installing: { readonly from: NodeId; readonly meta: SnapshotMeta } | undefined = undefined;
  /** Leader only: a follower waits to hear of the commit index, for a read. */
  commitAwaited: boolean = false;
  /** Leader only: when followers are told of the commit index that no append has told them of. */
  announceDeadline: Micros = NEVER;
  /** Leader only: the commit index moved since the last Ready, so the followers have to hear of it. */
  commitMoved: boolean = false;
  /** Commit index of the last Ready. */
  commitHanded: LogIndex = INDEX_ZERO;
  dropped: number = 0;

  constructor(options: RaftOptions, recovered: Recovered, now: Micros) {
    checkTiming(options.timing);
    const { hardState, entries, configuration, snapshot } = recovered;
    this.id = options.id;
    this.options = options;
    this.limits = { ...DEFAULT_RAFT_LIMITS, ...options.limits };
    this.now = now;
    this.leaderHeard = now;
    const base = snapshot ?? { index: INDEX_ZERO, term: TERM_ZERO, configuration };
    this.log = new RaftLog(base, entries);
    this.log.commitTo(hardState.commitIndex);
    this.configurations = new Configurations(base, entries);
    this.members = new Members(options.id, this.configurations.newest.configuration, this.limits);
    this.reads = new Reads(options.random, now);
    this.lease = new Lease(this.leaseMicros());
    this.persistence = new Persistence(hardState.term, hardState.votedFor, this.log.lastIndex);
    // A crash may keep entries and lose the hard state of the same batch. No vote of that term can have left.
    this.term = maxOf(hardState.term, this.log.lastTerm);
    this.votedFor = this.term === hardState.term ? hardState.votedFor : undefined;
    this.resetElectionTimer();
  }

  /** Names a rare branch; nothing where nobody watches. */
  mark(name: string): void {
    this.options.probe?.mark(name);
  }

  /**
   * Whether this node may be elected: it votes, or its removal is not committed. That entry may be on the nodes that go alone, of whom those that
   * stay lack it, and get no votes for it (4.2.2).
   */
  get mayLead(): boolean {
    return this.members.selfVotes || this.configurations.mayStillVote(this.id, this.log.commitIndex);
  }

  /** A fresh random timeout from now on; NEVER where this node is not to be elected. */
  resetElectionTimer(): void {
    const { electionTimeoutMinMicros, electionTimeoutMaxMicros } = this.options.timing;
    this.electionTimeoutMicros = this.options.random.between(electionTimeoutMinMicros, electionTimeoutMaxMicros);
    if (this.options.buggify('raft.eager-election')) this.electionTimeoutMicros = electionTimeoutMinMicros;
    this.restartElectionTimer();
  }

  /** The same timeout once more from now on. */
  restartElectionTimer(): void {
    this.asleep = false;
    this.electionDeadline = this.mayLead ? plus(this.now, this.electionTimeoutMicros) : NEVER;
  }

  /** Stops every timer of heartbeats and elections. */
  sleep(): void {
    this.asleep = true;
    this.electionDeadline = NEVER;
    this.heartbeatDeadline = NEVER;
    this.quorumDeadline = NEVER;
    this.announceDeadline = NEVER;
    this.lease.drop();
  }

  /** What the node waited for until then it has waited for long enough. */
  waitNoLongerThan(deadline: Micros): void {
    this.electionDeadline = minOf(this.electionDeadline, deadline);
  }

  /** Appends an entry right behind the last; a configuration among them is in force at once. */
  append(entry: Entry): void {
    this.log.append(entry);
    if (this.configurations.append(entry)) this.configurationChanged();
  }

  /** Forgets every entry from `from` on, and the configurations among them. */
  truncate(from: LogIndex): void {
    this.log.truncate(from);
    this.persistence.truncated(from);
    if (!this.configurations.truncate(from)) return;
    this.mark('raft.configuration-rolled-back');
    this.configurationChanged();
  }

  /** The newest configuration in the log is in force: who stays keeps its progress, who is new starts with that entry. */
  configurationChanged(): void {
    const { members, configurations, log } = this;
    const voted = members.selfVotes;
    members.change(configurations.newest.configuration, configurations.departing(log.commitIndex), (member) =>
      member.reset(maxOf(log.lastIndex, plus(log.baseIndex, 1)), this.now),
    );
    if (members.selfVotes !== voted && this.role !== 'leader') this.restartElectionTimer();
  }

  /** Notes that the leader of this term is alive. */
  heardLeader(leader: NodeId): void {
    if (this.role !== 'follower' || this.leader !== leader) this.becomeFollower(this.term, leader);
    this.leaderHeard = this.now;
    this.restartElectionTimer();
  }

  /** Follows nobody until a leader is heard again, in the same term, and waits no longer than before. */
  forgetLeader(): void {
    this.leader = undefined;
    failReads(this, NEVER);
  }

  /** In place of the one drawn: until role or term change, from when the present wait began. */
  setElectionTimeout(micros: number): void {
    if (this.electionDeadline !== NEVER) this.electionDeadline = plus(this.electionDeadline, micros - this.electionTimeoutMicros);
    this.electionTimeoutMicros = micros;
  }

  becomeFollower(term: Term, leader: NodeId | undefined): void {
    assert(term >= this.term, 'a term never falls');
    this.leaveRole();
    this.enterTerm(term);
    this.role = 'follower';
    this.leader = leader;
    this.resetElectionTimer();
  }

  becomePreCandidate(): void {
    this.leaveRole();
    this.role = 'preCandidate';
    this.votes.clear();
    this.resetElectionTimer();
  }

  becomeCandidate(): void {
    this.leaveRole();
    this.enterTerm(plus(this.term, 1));
    this.role = 'candidate';
    this.votedFor = this.id;
    this.votes.clear();
    this.resetElectionTimer();
  }

  /** The election of this term is won. What a leader does first is in replication.ts. */
  becomeLeader(): void {
    assert(this.role === 'candidate', 'only a candidate becomes leader');
    this.role = 'leader';
    this.leader = this.id;
    this.electionDeadline = NEVER;
    this.heartbeatDeadline = plus(this.now, this.options.timing.heartbeatMicros);
    this.quorumDeadline = this.options.checkQuorum ? plus(this.now, this.options.timing.electionTimeoutMaxMicros) : NEVER;
    this.installing = undefined;
    this.configurationChanged();
    const next = plus(this.log.lastIndex, 1);
    for (const peer of this.members.peers) peer.reset(next, this.now);
    this.members.self?.reset(next, this.now);
    this.reads.resetRounds();
    this.lease.reset();
    this.outbox.gainedLeadership();
  }

  /** An entry of an older term may still be replaced though a quorum has it (figure 3.7): it commits with one of this term. */
  isOfOwnTerm(index: LogIndex): boolean {
    return this.log.termAt(index) === this.term;
  }

  /** Before that, a leader's commit index may lie behind what older leaders have committed. */
  ownTermCommitted(): boolean {
    return this.isOfOwnTerm(this.log.commitIndex);
  }

  /** Earliest time at which something is due. */
  nextDeadline(): Micros {
    const { leading, forwarded } = this.reads;
    const timers = minOf(this.electionDeadline, minOf(this.heartbeatDeadline, this.quorumDeadline));
    const reads = minOf(leading[0]?.deadline ?? NEVER, forwarded[0]?.deadline ?? NEVER);
    return minOf(minOf(timers, this.announceDeadline), minOf(this.transferDeadline, reads));
  }

  private leaseMicros(): number {
    const { leaseClockRatePpm, checkQuorum, timing } = this.options;
    return leaseClockRatePpm === undefined || !checkQuorum ? 0 : leaseMicros(timing, leaseClockRatePpm);
  }

  /** A vote belongs to a term: it is kept when stepping down within one, and gone with it. */
  private enterTerm(term: Term): void {
    if (term === this.term) return;
    this.term = term;
    this.votedFor = undefined;
  }

  /** Ends what the present role and leader stand for: timers, and reads that only they could have answered. */
  private leaveRole(): void {
    this.asleep = false;
    if (this.role === 'leader') {
      if (this.uncommittedBytes > 0) this.mark('raft.leader-lost-with-uncommitted');
      this.outbox.lostLeadership();
      this.lease.reset();
      this.heartbeatDeadline = NEVER;
      this.quorumDeadline = NEVER;
      this.announceDeadline = NEVER;
      this.commitAwaited = false;
      this.transferee = undefined;
      this.transferDeadline = NEVER;
      this.uncommittedBytes = 0;
      this.commitMoved = false;
    }
    this.leader = undefined;
    failReads(this, NEVER);
  }
}
