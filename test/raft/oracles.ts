/**
 * What must hold after every step, judged from outside: figure 3.2 of Ongaro 2014 and the promises of 20-consensus.
 * Not here: liveness (the tests demand it once faults have stopped).
 */
import type { LogIndex, NodeId } from '../../core/ids.ts';
import type { Entry } from '../../core/raft/message.ts';
import { majority } from '../../core/raft/quorum.ts';
import type { Raft } from '../../core/raft/raft.ts';
import type { Ready } from '../../core/raft/ready.ts';
import type { TestNode } from './harness.ts';
import { index } from './support.ts';

function claim(holds: boolean, property: string, detail: () => string): void {
  if (!holds) throw new Error(`${property}: ${detail()}`);
}
function same(a: Entry | undefined, b: Entry | undefined): boolean {
  return a !== undefined && b !== undefined && a.term === b.term && a.data.toString() === b.data.toString();
}
function logOfNode(node: TestNode): readonly Entry[] {
  return node.raft === undefined ? node.disk.entries : node.raft.entries(index(1), node.raft.lastIndex);
}

export class Oracles {
  /** Committed entries by index - 1, and the highest term that anyone had when it was first seen committed. */
  readonly committed: { readonly entry: Entry; readonly term: number }[] = [];
  readsAnswered: number = 0;
  private readonly leaderOfTerm: Map<number, NodeId> = new Map();
  private readonly durableVotes: Map<string, NodeId> = new Map();
  private readonly lastSeen: Map<NodeId, { term: number; commit: number }> = new Map();
  private readonly matches: Map<string, number> = new Map();
  private readonly invocations: Map<number, { node: NodeId; committed: LogIndex }> = new Map();

  started(node: TestNode): void {
    this.lastSeen.delete(node.id);
  }

  /** Reads begun on nodes that have not crashed since, without an answer yet. */
  get readsOpen(): number {
    return this.invocations.size;
  }

  /** A read begins: it must not miss anything that is committed anywhere by now. */
  invoked(context: number, node: NodeId, nodes: readonly TestNode[]): void {
    const committed = index(Math.max(0, ...nodes.map(({ raft }) => raft?.commitIndex ?? 0)));
    this.invocations.set(context, { node, committed });
  }
  refused(context: number): void {
    this.invocations.delete(context);
  }
  crashed(node: NodeId): void {
    for (const [context, invocation] of this.invocations) if (invocation.node === node) this.invocations.delete(context);
  }

  handedOut(node: TestNode, ready: Ready): void {
    for (const { context, index: readIndex, ok } of ready.reads) {
      const invocation = this.invocations.get(context);
      if (invocation === undefined) throw new Error(`each read is answered once: ${context} on ${node.id}`);
      this.invocations.delete(context);
      if (!ok) continue;
      this.readsAnswered += 1;
      const { committed } = invocation;
      claim(readIndex >= committed, 'reads are linearizable', () => `${readIndex} < ${committed} on ${node.id}`);
    }
  }

  check(nodes: readonly TestNode[]): void {
    for (const node of nodes) {
      this.durableVote(node);
      if (node.raft === undefined) continue;
      this.monotone(node, node.raft);
      this.stateMachineSafety(nodes, node, node.raft);
    }
    for (const { id, raft } of nodes) {
      if (raft === undefined || raft.role !== 'leader') continue;
      this.electionSafety(id, raft);
      this.leaderCompleteness(id, raft);
      matchIndexTruth(nodes, raft);
      this.matchIndexMonotone(id, raft);
    }
    logMatching(nodes);
  }

  private durableVote({ id, disk }: TestNode): void {
    const { term, votedFor } = disk.hardState;
    if (votedFor === undefined) return;
    const key = `${id} in ${term}`;
    const before = this.durableVotes.get(key) ?? votedFor;
    claim(before === votedFor, 'one durable vote per term', () => `${key}: ${before} and ${votedFor}`);
    this.durableVotes.set(key, votedFor);
  }

  private monotone({ id }: TestNode, raft: Raft): void {
    const { term, commitIndex: commit } = raft;
    const before = this.lastSeen.get(id) ?? { term: 0, commit: 0 };
    claim(term >= before.term && commit >= before.commit, 'term and commit never fall', () => id);
    this.lastSeen.set(id, { term, commit });
  }

  private matchIndexMonotone(leader: NodeId, raft: Raft): void {
    for (const { id, matchIndex } of raft.status().peers) {
      const key = `${leader} of ${id} in ${raft.term}`;
      claim(matchIndex >= (this.matches.get(key) ?? 0), 'match index never falls within a term', () => key);
      this.matches.set(key, matchIndex);
    }
  }

  private electionSafety(id: NodeId, raft: Raft): void {
    const before = this.leaderOfTerm.get(raft.term) ?? id;
    claim(before === id, 'one leader per term', () => `${before} and ${id} in ${raft.term}`);
    this.leaderOfTerm.set(raft.term, id);
  }

  private stateMachineSafety(nodes: readonly TestNode[], node: TestNode, raft: Raft): void {
    for (let i = 1; i <= raft.commitIndex; i += 1) {
      const entry = raft.entry(index(i)) as Entry;
      const known = this.committed[i - 1];
      if (known === undefined) {
        this.committed.push({ entry, term: raft.term });
        durableOnQuorum(nodes, entry);
      } else claim(same(known.entry, entry), 'committed entries are the same everywhere', () => `${node.id} at ${i}`);
    }
  }

  private leaderCompleteness(id: NodeId, raft: Raft): void {
    this.committed.forEach(({ entry, term }, i) => {
      if (term >= raft.term) return;
      claim(same(raft.entry(index(i + 1)), entry), 'a leader has every entry committed before', () => `${id} at ${i + 1}`);
    });
  }
}

function durableOnQuorum(nodes: readonly TestNode[], entry: Entry): void {
  const voters = nodes.filter((node) => node.raft?.status().configuration.learners.includes(node.id) !== true);
  const holders = voters.filter(({ disk }) => same(disk.entries[entry.index - 1], entry));
  claim(holders.length >= majority(voters.length), 'committed means durable on a quorum', () => `index ${entry.index}`);
}

function matchIndexTruth(nodes: readonly TestNode[], leader: Raft): void {
  for (const { id, matchIndex, nextIndex } of leader.status().peers) {
    claim(matchIndex < nextIndex, 'matchIndex < nextIndex', () => id);
    const disk = nodes.find((node) => node.id === id)?.disk;
    if (matchIndex === 0 || disk === undefined) continue;
    const isNewer = disk.hardState.term > leader.term; // a newer leader may have replaced what was acknowledged to this one
    const holds = isNewer || same(disk.entries[matchIndex - 1], leader.entry(matchIndex));
    claim(holds, 'match index is durable truth', () => `${id} at ${matchIndex}`);
  }
}

function logMatching(nodes: readonly TestNode[]): void {
  const logs = nodes.map(logOfNode);
  for (let a = 0; a < logs.length; a += 1) {
    for (let b = a + 1; b < logs.length; b += 1) {
      const [left, right] = [logs[a] as readonly Entry[], logs[b] as readonly Entry[]];
      let meet = Math.min(left.length, right.length);
      while (meet > 0 && left[meet - 1]?.term !== right[meet - 1]?.term) meet -= 1;
      for (let i = 0; i < meet; i += 1) claim(same(left[i], right[i]), 'logs match below a common entry', () => `index ${i + 1}`);
    }
  }
}
