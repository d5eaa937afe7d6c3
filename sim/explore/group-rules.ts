/**
 * Rules about the whole group, as statements about one state of it, each under the name of the simulator's oracle for the same
 * property (sim/check/raft). What such a state remembers of the past: the letters that were sent, which are the evidence of votes and
 * leaders, and what was ever committed. Only the rules are asked that a move can have broken.
 */
import { majority } from '../../core/raft/quorum.ts';
import type { Facts, Locals } from './locals.ts';
import type { Logs } from './logs.ts';
import type { Messages } from './messages.ts';
import { type Move, type Parts, Touches } from './parts.ts';
import type { Breach } from './step-rules.ts';

export class GroupRules {
  private readonly parts: Parts;
  private readonly logs: Logs;
  private readonly messages: Messages;
  private readonly nodes: number;

  constructor(nodes: number, parts: Parts, locals: Locals) {
    this.nodes = nodes;
    this.parts = parts;
    this.logs = locals.logs;
    this.messages = locals.messages;
  }

  /**
   * What is committed once `part` has moved its commit index. @returns a number of commitments, or the breach.
   */
  committed(commitments: number, part: number): number | Breach {
    const { node, log, commit, term } = this.parts.factsOf(part);
    const known = this.logs.committedEntries(commitments);
    const agreed = this.logs.committedIn(log, commitments);
    if (agreed >= Math.min(commit, known.length)) return this.logs.extended(commitments, log, commit, term);
    return {
      rule: 'committed-is-immutable',
      message: `node ${node} commits another entry ${agreed + 1} than was committed`,
    };
  }

  /**
   * @param part the one that has moved, as it was before. @param parts the state after its move.
   * @param commitments what was ever committed.
   */
  judge(part: number, { touches, target }: Move, parts: Int32Array, commitments: number): Breach | undefined {
    if (touches === 0) return undefined;
    const facts = this.parts.factsOf(target);
    return (
      ((touches & Touches.leader) === 0 ? undefined : this.aboutNewLeader(facts, this.parts.setOf(part), parts, commitments)) ??
      ((touches & Touches.log) === 0 ? undefined : this.logsMatch(facts, parts)) ??
      ((touches & (Touches.commit | Touches.disk)) === 0 ? undefined : this.committedIsDurable(parts, commitments)) ??
      ((touches & Touches.commit) === 0 || facts.role !== 'leader' ? undefined : this.matchIndexIsTrue(facts, parts))
    );
  }

  /** @param set what had been sent to it before it led. */
  private aboutNewLeader(leader: Facts, set: number, parts: Int32Array, commitments: number): Breach | undefined {
    return (
      this.oneLeaderPerTerm(leader, set, parts) ??
      this.electedByQuorum(leader, parts) ??
      this.leaderIsComplete(leader, commitments)
    );
  }

  private oneLeaderPerTerm({ node, term }: Facts, set: number, parts: Int32Array): Breach | undefined {
    const other = this.nodesWhere(parts, ({ role, term: own }) => role === 'leader' && own === term)
      .concat(this.leadersIn(term, set))
      .find((leader) => leader !== node);
    if (other === undefined) return undefined;
    return { rule: 'one-leader-per-term', message: `nodes ${other} and ${node} both lead term ${term}` };
  }

  /** Nodes that have led a term, by what they sent: a leader's first act is an append to everybody. */
  private leadersIn(term: number, set: number): readonly number[] {
    const letters = this.messages.inSet(set).map((number) => this.messages.letter(number));
    return letters.filter(({ message }) => message.kind === 'appendEntries' && message.term === term).map(({ from }) => from);
  }

  /** By what the disks hold; one that knows a newer term may have held any vote of this one. */
  private electedByQuorum({ node, term }: Facts, parts: Int32Array): Breach | undefined {
    const votes = this.nodesWhere(parts, ({ diskTerm, diskVote }) => diskTerm > term || (diskTerm === term && diskVote === node));
    if (votes.length >= majority(this.nodes)) return undefined;
    return {
      rule: 'elected-by-quorum',
      message: `node ${node} leads term ${term} with ${votes.length} durable votes of ${this.nodes} voters`,
    };
  }

  private nodesWhere(parts: Int32Array, holds: (facts: Facts) => boolean): readonly number[] {
    return Array.from(parts.keys()).filter((node) => holds(this.parts.factsOf(parts[node] as number)));
  }

  private leaderIsComplete({ node, term, log }: Facts, commitments: number): Breach | undefined {
    const held = this.logs.committedIn(log, commitments);
    const missing = this.logs.committedEntries(commitments).findIndex(({ seenInTerm }, i) => i >= held && seenInTerm < term);
    if (missing === -1) return undefined;
    return { rule: 'leader-completeness', message: `node ${node} leads term ${term} without committed entry ${missing + 1}` };
  }

  private logsMatch({ node, log }: Facts, parts: Int32Array): Breach | undefined {
    for (let other = 0; other < this.nodes; other += 1) {
      if (other === node) continue;
      const index = this.logs.mismatch(log, this.parts.factsOf(parts[other] as number).log);
      if (index === 0) continue;
      const term = this.logs.termAt(log, index);
      return {
        rule: 'log-matching',
        message: `nodes ${other} and ${node} hold an entry ${index} of term ${term}, and their logs differ up to there`,
      };
    }
    return undefined;
  }

  private committedIsDurable(parts: Int32Array, commitments: number): Breach | undefined {
    const committed = this.logs.committedEntries(commitments).length;
    if (committed === 0) return undefined;
    const held: number[] = [];
    for (let node = 0; node < this.nodes; node += 1) {
      held.push(this.logs.committedIn(this.parts.factsOf(parts[node] as number).diskLog, commitments));
    }
    for (let index = 1; index <= committed; index += 1) {
      const copies = held.filter((length) => length >= index).length;
      if (copies >= majority(this.nodes)) continue;
      return {
        rule: 'committed-is-durable',
        message: `entry ${index} is committed with ${copies} durable copies, which are no quorum`,
      };
    }
    return undefined;
  }

  private matchIndexIsTrue(leader: Facts, parts: Int32Array): Breach | undefined {
    for (let node = 0; node < this.nodes; node += 1) {
      const match = leader.match[node] as number;
      const { diskLog, diskTerm } = this.parts.factsOf(parts[node] as number);
      // A follower that has moved on to a newer leader may have dropped what this one still counts.
      if (match === 0 || diskTerm > leader.term) continue;
      if (this.logs.termAt(diskLog, match) === this.logs.termAt(leader.log, match)) continue;
      return {
        rule: 'match-index-truthful',
        message: `leader ${leader.node} counts entry ${match} on node ${node}, which does not durably hold it`,
      };
    }
    return undefined;
  }
}
