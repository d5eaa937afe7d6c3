/**
 * One Raft group on one node: the door to the files of this folder. Pure; driven by messages, deadlines and completions.
 * Use: after every call below that takes `now`, or persisted(), carry out ready() until it is undefined (contract in
 * ready.ts), and call deadline() once nextDeadline() has passed.
 * Source: Ongaro 2014 ("Consensus: bridging theory and practice"). Hostile input is dropped and counted, never thrown.
 */
import { assert, unreachable } from '../assert.ts';
import { type LogIndex, type Micros, maxOf, type NodeId, plus, type Term } from '../ids.ts';
import { handleAppendEntries, handleHeartbeat } from './append.ts';
import { advanceCommit } from './commit.ts';
import type { ConfigurationFrom } from './configurations.ts';
import {
  campaign,
  countOwnVote,
  handlePreVote,
  handlePreVoteResponse,
  handleRequestVote,
  handleRequestVoteResponse,
  startElection,
} from './election.ts';
import { checkQuorum, heartbeatDue } from './heartbeat.ts';
import { creditLeader, handleHibernate, hibernate, maySleep, wake, wakesLeader } from './hibernation.ts';
import { holdsLease } from './lease.ts';
import { type ConfigurationChange, type ConfigurationResult, concludeChange, proposeConfiguration } from './membership.ts';
import type { Entry, HardState, Message, SnapshotMeta } from './message.ts';
import type { RaftOptions, Recovered } from './options.ts';
import { before, outcomeSince } from './outcome.ts';
import { failReads, handleReadIndex, handleReadIndexResponse, readIndex } from './read-index.ts';
import type { PeerStatus, Proposal, ProposeResult, RaftStatus, Ready, Role } from './ready.ts';
import { announceCommit, announceNow, handleAppendResponse, handleHeartbeatResponse, propose } from './replication.ts';
import { compactTo, handleInstallSnapshot, offerAsked, snapshotFailed, snapshotInstalled } from './snapshot.ts';
import { RaftState } from './state.ts';
import { statusOf } from './status.ts';
import { abandonTransfer, transferLeadership } from './transfer.ts';

/** Terms beyond are refused: a hostile term must not exhaust the integers. One election a microsecond lasts 8 years. */
export const TERM_MAX: number = 2 ** 48;

export class Raft {
  private readonly state: RaftState;

  constructor(options: RaftOptions, recovered: Recovered, now: Micros) {
    this.state = new RaftState(options, recovered, now);
  }

  /** A message of a peer, or of somebody who is none. */
  step(now: Micros, from: NodeId, message: Message): void {
    const { state } = this;
    state.now = now;
    if (from === state.id || !(message.term >= 0 && message.term <= TERM_MAX)) {
      state.dropped += 1;
      return;
    }
    const { probe } = state.options;
    if (state.asleep) {
      creditLeader(state);
      if (state.role === 'leader' && wakesLeader(message.kind)) wake(state);
    }
    if (probe === undefined) return dispatch(state, from, message);
    const old = before(state);
    dispatch(state, from, message);
    probe.stepped(old.role, message.kind, outcomeSince(old, state));
  }

  /** Acts on whatever is due; harmless when early. */
  deadline(now: Micros): void {
    const { state } = this;
    state.now = now;
    failReads(state, now);
    if (state.transferDeadline <= now) abandonTransfer(state);
    if (state.quorumDeadline <= now) checkQuorum(state);
    if (state.heartbeatDeadline <= now) heartbeatDue(state);
    if (state.announceDeadline <= now) announceNow(state);
    if (state.electionDeadline <= now) campaign(state);
  }

  nextDeadline(): Micros {
    return this.state.nextDeadline();
  }

  /** Appends entries where this node leads. */
  propose(now: Micros, proposals: readonly Proposal[]): ProposeResult {
    this.wake(now);
    return propose(this.state, proposals);
  }

  /** Asks for a read index; the answer comes in Ready.reads under the context. @returns false where there is nobody to ask. */
  readIndex(now: Micros, context: number): boolean {
    if (this.state.role === 'leader') this.wake(now);
    this.state.now = now;
    return readIndex(this.state, context);
  }

  /** Whether this node leads and nobody else can: then its commit index is the highest of the group. A comparison, mostly. */
  holdsLease(now: Micros): boolean {
    return holdsLease(this.state, now);
  }

  /** Begins an election as if the timeout had passed. Does nothing on a leader or a node that does not vote. */
  campaign(now: Micros): void {
    this.state.now = now;
    campaign(this.state);
  }

  /** Changes who are members, where this node leads. The change is in force at once and may be undone until it commits. */
  proposeConfiguration(now: Micros, change: ConfigurationChange): ConfigurationResult {
    this.wake(now);
    return proposeConfiguration(this.state, change);
  }

  /** The snapshot that Ready.snapshot asked for is durable (ready.ts, 5). */
  snapshotInstalled(now: Micros, meta: SnapshotMeta): void {
    this.state.now = now;
    snapshotInstalled(this.state, meta);
  }

  /** It could not be fetched or is not what it should be. */
  snapshotFailed(now: Micros, meta: SnapshotMeta): void {
    this.state.now = now;
    snapshotFailed(this.state, meta);
  }

  /** A member that lost its log asks for the newest snapshot, where this node leads. */
  offerSnapshot(now: Micros, peer: NodeId): void {
    this.wake(now);
    offerAsked(this.state, peer);
  }

  /** A durable snapshot stands for the log up to index (ready.ts, 6). @returns the index that the log begins behind now. */
  compactTo(index: LogIndex): LogIndex {
    return compactTo(this.state, index);
  }

  /** Messages to a peer do not arrive: a leader stops sending it more than one at a time until it answers. */
  peerUnreachable(now: Micros, peer: NodeId): void {
    this.state.now = now;
    if (this.state.role === 'leader') this.state.members.find(peer)?.unreachable();
  }

  /**
   * A follower has reason to think that its leader is gone: it may vote for others at once. Its own timer runs on.
   * Not to be called while a promise to the leader, such as a lease, stands.
   */
  forgetLeader(now: Micros): void {
    this.state.now = now;
    if (this.state.role === 'follower') this.state.forgetLeader();
  }

  /** Sets the timeout of the present wait for a leader, which was drawn at random. */
  setElectionTimeout(micros: number): void {
    this.state.setElectionTimeout(micros);
  }

  /** Puts a leader's group to sleep where nothing is under way in it (hibernation.ts). @returns whether it sleeps. */
  hibernate(now: Micros): boolean {
    this.state.now = now;
    if (!maySleep(this.state)) return false;
    hibernate(this.state);
    return true;
  }

  /** Ends the sleep: a leader sends heartbeats, a follower waits for one. Does nothing where nobody sleeps. */
  wake(now: Micros): void {
    this.state.now = now;
    wake(this.state);
  }

  /** Hands leadership to another voter. @returns whether that began. */
  transferLeadership(now: Micros, target: NodeId): boolean {
    this.wake(now);
    return transferLeadership(this.state, target);
  }

  /** All Readys up to and including mark are durable. */
  persisted(mark: number): void {
    const { state } = this;
    if (!state.persistence.complete(mark)) return;
    countOwnVote(state);
    advanceCommit(state);
  }

  /** Everything since the last call, exactly once; undefined where there is nothing. */
  ready(): Ready | undefined {
    const { state } = this;
    const { log, persistence, outbox, reads } = state;
    announceCommit(state);
    concludeChange(state);
    const hardStateChanged = persistence.hardStateChanged(state.term, state.votedFor);
    const hasEntries = persistence.handedIndex < log.lastIndex;
    const persists = hardStateChanged || hasEntries || persistence.truncateFrom !== 0;
    const commitMoved = state.commitHanded !== log.commitIndex;
    const tells = outbox.messages.length > 0 || outbox.reads.length > 0 || outbox.leadership !== undefined;
    const installs = outbox.snapshot !== undefined;
    if (!persists && !commitMoved && !tells && !installs) return undefined;

    const hardState = hardStateChanged ? this.hardState() : undefined;
    const truncateFrom = persistence.truncateFrom === 0 ? undefined : persistence.truncateFrom;
    const entries = log.slice(plus(persistence.handedIndex, 1), log.lastIndex);
    if (persists) persistence.handOut(state.term, state.votedFor, log.lastIndex);
    state.commitHanded = log.commitIndex;
    reads.roundLeft = true;
    const leadership = outbox.leadership;
    outbox.leadership = undefined;
    return {
      mark: persistence.mark,
      hardState,
      truncateFrom,
      entries,
      messages: outbox.takeMessages(),
      commitIndex: log.commitIndex,
      reads: outbox.takeReads(),
      snapshot: outbox.takeSnapshot(),
      leadership,
    };
  }

  entry(index: LogIndex): Entry | undefined {
    return this.state.log.entry(index);
  }

  /** Entries from..toInclusive, as far as they exist. */
  entries(from: LogIndex, toInclusive: LogIndex): readonly Entry[] {
    return this.state.log.slice(maxOf(from, plus(this.state.log.baseIndex, 1)), toInclusive);
  }

  /** Whether no timer of heartbeats and elections runs. */
  get isAsleep(): boolean {
    return this.state.asleep;
  }
  get role(): Role {
    return this.state.role;
  }
  get term(): Term {
    return this.state.term;
  }
  get votedFor(): NodeId | undefined {
    return this.state.votedFor;
  }
  get leader(): NodeId | undefined {
    return this.state.leader;
  }
  get commitIndex(): LogIndex {
    return this.state.log.commitIndex;
  }
  get lastIndex(): LogIndex {
    return this.state.log.lastIndex;
  }
  /** The log begins behind this index. */
  get baseIndex(): LogIndex {
    return this.state.log.baseIndex;
  }
  /** The configuration in force, and the index of its entry. */
  get newestConfiguration(): ConfigurationFrom {
    return this.state.configurations.newest;
  }
  /** Whether leadership is being handed to another voter. */
  get isTransferring(): boolean {
    return this.state.transferee !== undefined;
  }
  /** Entries up to here are durable on this node. */
  get stableIndex(): LogIndex {
    return this.state.persistence.stableIndex;
  }

  /** What this node knows of the others if it leads; for oracles that look after every message. Not to be changed. */
  get peers(): readonly Pick<PeerStatus, 'id' | 'matchIndex' | 'nextIndex'>[] {
    return this.state.members.peers;
  }

  /** What a snapshot at an index that the log still knows has to say of it: of its last entry, and who are members there. */
  snapshotMeta(index: LogIndex): SnapshotMeta {
    const { log, configurations } = this.state;
    assert(index >= log.baseIndex && index <= log.commitIndex, 'a snapshot ends where the log is known and committed');
    return { index, term: log.termAt(index), configuration: configurations.at(index).configuration };
  }

  /** A view of everything, for operators, oracles and tests; the getters above are for hot paths. */
  status(): RaftStatus {
    return statusOf(this.state);
  }

  /** The commit hint is capped by what is durable: a torn batch must not leave it above the log it speaks of. */
  private hardState(): HardState {
    const { term, votedFor, log, persistence } = this.state;
    const commitIndex = log.commitIndex < persistence.stableIndex ? log.commitIndex : persistence.stableIndex;
    return { term, votedFor, commitIndex };
  }
}

function dispatch(state: RaftState, from: NodeId, message: Message): void {
  switch (message.kind) {
    case 'preVote':
      return handlePreVote(state, from, message);
    case 'preVoteResponse':
      return handlePreVoteResponse(state, from, message);
    case 'requestVote':
      return handleRequestVote(state, from, message);
    case 'requestVoteResponse':
      return handleRequestVoteResponse(state, from, message);
    case 'appendEntries':
      return handleAppendEntries(state, from, message);
    case 'appendResponse':
      return handleAppendResponse(state, from, message);
    case 'heartbeat':
      return handleHeartbeat(state, from, message);
    case 'heartbeatResponse':
      return handleHeartbeatResponse(state, from, message);
    case 'readIndex':
      return handleReadIndex(state, from, message);
    case 'readIndexResponse':
      return handleReadIndexResponse(state, from, message);
    case 'hibernate':
      return handleHibernate(state, from, message);
    case 'wake':
      return; // a leader that slept is awake by now
    case 'timeoutNow':
      return handleTimeoutNow(state, message.term);
    case 'installSnapshot':
      return handleInstallSnapshot(state, from, message);
    default:
      return unreachable(message);
  }
}

/** The leader hands over: campaign at once, exempt from PreVote and stickiness. */
function handleTimeoutNow(state: RaftState, term: Term): void {
  if (term > state.term) state.becomeFollower(term, undefined);
  if (term !== state.term || state.role !== 'follower' || !state.members.selfVotes) return;
  startElection(state, true);
}
