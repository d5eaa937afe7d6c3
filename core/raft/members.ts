/** The members of a group as their leader counts them: everybody's progress, and which of it makes up a quorum. */
import { assert } from '../assert.ts';
import type { LogIndex, Micros, NodeId } from '../ids.ts';
import type { Configuration } from './message.ts';
import type { RaftLimits } from './options.ts';
import { Progress } from './progress.ts';
import { reachedByQuorum } from './quorum.ts';

const matchIndexOf = (member: Progress): number => member.matchIndex;
const lastHeardOf = (member: Progress): number => member.lastHeard;
const readRoundOf = (member: Progress): number => member.readRound;

export class Members {
  readonly configuration: Configuration;
  /** This node, where it is a member. */
  readonly self: Progress | undefined;
  /** Whether this node is a voter. */
  readonly selfVotes: boolean;
  /** Everybody else, learners included, sorted by id. */
  readonly peers: readonly Progress[];
  private readonly incoming: readonly Progress[];
  private readonly outgoing: readonly Progress[];

  constructor(self: NodeId, configuration: Configuration, limits: RaftLimits) {
    const { voters, votersOutgoing, learners } = configuration;
    const ids = [...new Set([...voters, ...votersOutgoing, ...learners])].sort();
    const all = ids.map((id) => new Progress(id, limits.inflightAppendsMax, limits.inflightBytesMax));
    this.configuration = configuration;
    this.self = all.find((member) => member.id === self);
    this.peers = all.filter((member) => member.id !== self);
    this.incoming = all.filter((member) => voters.includes(member.id));
    this.outgoing = all.filter((member) => votersOutgoing.includes(member.id));
    this.selfVotes = this.isVoter(self);
    assert(!learners.some((id) => this.isVoter(id)), 'a learner is not a voter');
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
    return this.configuration.voters.includes(id) || this.configuration.votersOutgoing.includes(id);
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
}
