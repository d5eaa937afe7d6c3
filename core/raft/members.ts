/**
 * The members of a group as their leader counts them: everybody's progress, and which of it makes up a quorum.
 * A change of configuration keeps the progress of everybody who stays, and that of who leaves until that is committed.
 */
import type { LogIndex, Micros, NodeId } from '../ids.ts';
import { isVoter, membersOf } from './configuration.ts';
import type { Configuration } from './message.ts';
import type { RaftLimits } from './options.ts';
import { Progress } from './progress.ts';
import { reachedByQuorum } from './quorum.ts';

const matchIndexOf = (member: Progress): number => member.matchIndex;
const lastHeardOf = (member: Progress): number => member.lastHeard;
const readRoundOf = (member: Progress): number => member.readRound;

export class Members {
  configuration: Configuration;
  /** This node, where it is a member. */
  self: Progress | undefined = undefined;
  /** Whether this node is a voter. */
  selfVotes: boolean = false;
  /** Everybody else, learners and who is leaving included, sorted by id. */
  peers: readonly Progress[] = [];
  /** Whether some are told of a configuration that has no place for them any more. */
  hasDeparting: boolean = false;
  private incoming: readonly Progress[] = [];
  private outgoing: readonly Progress[] = [];
  private readonly id: NodeId;
  private readonly limits: RaftLimits;

  constructor(self: NodeId, configuration: Configuration, limits: RaftLimits) {
    this.id = self;
    this.limits = limits;
    this.configuration = configuration;
    this.change(configuration, [], () => undefined);
  }

  /**
   * Takes over another configuration.
   * @param departing nodes it has no place for, which are told of it nevertheless.
   * @param begin called with the progress of everybody who is new.
   */
  change(configuration: Configuration, departing: readonly NodeId[], begin: (member: Progress) => void): void {
    const known = this.self === undefined ? this.peers : [this.self, ...this.peers];
    const ids = [...membersOf(configuration), ...departing].sort();
    const all = ids.map((id) => known.find((member) => member.id === id) ?? this.create(id, begin));
    const { voters, votersOutgoing } = configuration;
    this.configuration = configuration;
    this.hasDeparting = departing.length > 0;
    this.self = departing.includes(this.id) ? undefined : all.find((member) => member.id === this.id);
    this.peers = all.filter((member) => member.id !== this.id);
    this.incoming = all.filter((member) => voters.includes(member.id));
    this.outgoing = all.filter((member) => votersOutgoing.includes(member.id));
    this.selfVotes = this.isVoter(this.id);
  }

  /** A peer's progress. A scan: groups are small, and ids mostly differ in their first character. */
  find(id: NodeId): Progress | undefined {
    const peers = this.peers;
    for (let i = 0; i < peers.length; i += 1) {
      const peer = peers[i] as Progress;
      if (peer.id === id) return peer;
    }
    return undefined;
  }

  isVoter(id: NodeId): boolean {
    return isVoter(this.configuration, id);
  }

  /** Highest index that a quorum has made durable. */
  quorumMatchIndex(): LogIndex {
    return reachedByQuorum(this.incoming, this.outgoing, matchIndexOf) as LogIndex;
  }

  /** Since this time at least, every quorum has had a silent member. */
  quorumLastHeard(): Micros {
    return reachedByQuorum(this.incoming, this.outgoing, lastHeardOf) as Micros;
  }

  /** Newest read round that a quorum has answered. */
  quorumReadRound(): number {
    return reachedByQuorum(this.incoming, this.outgoing, readRoundOf);
  }

  private create(id: NodeId, begin: (member: Progress) => void): Progress {
    const member = new Progress(id, this.limits.inflightAppendsMax, this.limits.inflightBytesMax);
    begin(member);
    return member;
  }
}
