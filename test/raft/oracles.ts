/**
 * What must hold after every step, judged from outside: figure 3.2 of Ongaro 2014 and the promises of 20-consensus.
 * Not here: liveness (the tests demand it once faults have stopped).
 */
import type { LogIndex, NodeId } from '../../core/ids.ts';
import { decodeConfiguration, encodeConfiguration } from '../../core/raft/configuration-bytes.ts';
import { type Configuration, type Entry, EntryKind } from '../../core/raft/message.ts';
import { voteOutcome } from '../../core/raft/quorum.ts';
import type { Raft } from '../../core/raft/raft.ts';
import type { Ready } from '../../core/raft/ready.ts';
import { quorumsOverlap } from '../../sim/check/raft/configurations-overlap.ts';
import type { TestDisk } from './disk.ts';
import type { TestNode } from './harness.ts';
import { index } from './support.ts';

function claim(holds: boolean, property: string, detail: () => string): void {
  if (!holds) throw new Error(`${property}: ${detail()}`);
}
function same(a: Entry | undefined, b: Entry | undefined): boolean {
  return a !== undefined && b !== undefined && a.term === b.term && a.data.toString() === b.data.toString();
}
/** What a node still holds of its log, by index; snapshots stand for the rest. */
function logOfNode({ raft, disk }: TestNode): { readonly base: number; readonly entries: readonly Entry[] } {
  if (raft === undefined) return { base: disk.base, entries: disk.entries };
  return { base: raft.baseIndex, entries: raft.entries(index(1), raft.lastIndex) };
}
/** Whether a disk holds the entry, itself or in its snapshot. */
function holds({ disk }: TestNode, entry: Entry): boolean {
  return entry.index <= disk.base || same(disk.entry(entry.index), entry);
}

export class Oracles {
  /** Committed entries by index - 1, and the highest term that anyone had when it was first seen committed. */
  readonly committed: { readonly entry: Entry; readonly term: number }[] = [];
  readsAnswered: number = 0;
  private readonly leaderOfTerm: Map<number, NodeId> = new Map();
  private readonly durableVotes: Map<string, NodeId> = new Map();
  private readonly lastSeen: Map<NodeId, { term: number; commit: number }> = new Map();
  private readonly matches: Map<string, number> = new Map();
  /** In force on each node when it was looked at last. */
  private readonly configurations: Map<NodeId, Configuration> = new Map();
  private readonly invocations: Map<number, { node: NodeId; committed: LogIndex }> = new Map();

  started(node: TestNode): void {
    this.lastSeen.delete(node.id);
    this.configurations.delete(node.id);
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
      this.overlap(node, node.raft);
      stableIsDurable(node, node.raft);
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

  /** A member that comes back begins anew. */
  private matchIndexMonotone(leader: NodeId, raft: Raft): void {
    const { peers } = raft.status();
    for (const key of this.matches.keys()) {
      const isOwn = key.startsWith(`${leader} of `) && key.endsWith(` in ${raft.term}`);
      if (isOwn && !peers.some(({ id }) => key.startsWith(`${leader} of ${id} `))) this.matches.delete(key);
    }
    for (const { id, matchIndex } of peers) {
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
    for (let i = raft.baseIndex + 1; i <= raft.commitIndex; i += 1) {
      const entry = raft.entry(index(i)) as Entry;
      const known = this.committed[i - 1];
      if (known === undefined) {
        this.committed.push({ entry, term: raft.term });
        this.durableOnQuorum(nodes, raft, entry);
      } else claim(same(known.entry, entry), 'committed entries are the same everywhere', () => `${node.id} at ${i}`);
    }
  }

  private leaderCompleteness(id: NodeId, raft: Raft): void {
    this.committed.forEach(({ entry, term }, i) => {
      if (term >= raft.term || i < raft.baseIndex) return;
      claim(same(raft.entry(index(i + 1)), entry), 'a leader has every entry committed before', () => `${id} at ${i + 1}`);
    });
  }

  /** By a configuration that was in force when it was committed: that at its index, or one that came into force since. */
  private durableOnQuorum(nodes: readonly TestNode[], raft: Raft, entry: Entry): void {
    const holders = nodes.filter((node) => holds(node, entry)).map(({ id }) => id);
    const candidates = [raft.status().configuration, raft.snapshotMeta(entry.index).configuration];
    const before = this.configurations.get(raft.status().id);
    if (before !== undefined) candidates.push(before);
    const counted = candidates.some((configuration) => voteOutcome(configuration, holders, []) === 'won');
    claim(counted, 'committed means durable on a quorum', () => `index ${entry.index} on ${holders}`);
  }

  /** Whoever decides by one configuration and whoever decides by the next share a node, and only one change is on its way. */
  private overlap({ id, disk }: TestNode, raft: Raft): void {
    const { configuration, epoch } = raft.status();
    this.configurations.set(id, configuration);
    const known = raft.entries(index(1), raft.lastIndex).filter(({ kind }) => kind === EntryKind.configuration);
    const newest = known.at(-1);
    const previous = known.at(-2);
    const inForce = newest === undefined ? snapshotConfiguration(disk, raft) : decodeConfiguration(newest.data);
    const isInForce =
      inForce === undefined || encodeConfiguration(inForce).toString() === encodeConfiguration(configuration).toString();
    claim(isInForce && (newest?.index ?? epoch) === epoch, 'the newest configuration is in force', () => `${id} at ${epoch}`);
    if (newest === undefined || previous === undefined || raft.role !== 'leader') return;
    claim(previous.index <= this.committed.length, 'one change is on its way', () => `${id} at ${epoch}`);
    const [older, newer] = [previous, newest].map(({ data }) => decodeConfiguration(data) as Configuration);
    claim(quorumsOverlap(older as Configuration, newer as Configuration), 'quorums overlap', () => `${id} at ${epoch}`);
  }
}

function snapshotConfiguration({ snapshot }: TestDisk, raft: Raft): Configuration | undefined {
  return snapshot?.index === raft.baseIndex ? snapshot.configuration : undefined;
}

/** What a node takes for durable is on its disk. */
function stableIsDurable({ id, disk }: TestNode, raft: Raft): void {
  const stable = raft.stableIndex;
  const isDurable = stable <= raft.baseIndex || same(disk.entry(stable), raft.entry(stable));
  claim(isDurable, 'what is stable is durable', () => `${id} at ${stable}`);
}

function matchIndexTruth(nodes: readonly TestNode[], leader: Raft): void {
  for (const { id, matchIndex, nextIndex } of leader.status().peers) {
    claim(matchIndex < nextIndex, 'matchIndex < nextIndex', () => id);
    const disk = nodes.find((node) => node.id === id)?.disk;
    if (matchIndex === 0 || disk === undefined) continue;
    const isNewer = disk.hardState.term > leader.term; // a newer leader may have replaced what was acknowledged to this one
    const holds =
      isNewer ||
      matchIndex <= disk.base ||
      matchIndex <= leader.baseIndex ||
      same(disk.entry(matchIndex), leader.entry(matchIndex));
    claim(holds, 'match index is durable truth', () => `${id} at ${matchIndex}`);
    const raft = nodes.find((node) => node.id === id)?.raft;
    const isKept = isNewer || raft === undefined || raft.term !== leader.term || raft.lastIndex >= matchIndex;
    claim(isKept, 'what was acknowledged is kept', () => `${id} at ${matchIndex}`);
  }
}

function logMatching(nodes: readonly TestNode[]): void {
  const logs = nodes.map(logOfNode);
  for (let a = 0; a < logs.length; a += 1) {
    for (let b = a + 1; b < logs.length; b += 1) {
      const [left, right] = [logs[a], logs[b]] as [(typeof logs)[0], (typeof logs)[0]];
      const entryOf = (log: typeof left, i: number): Entry | undefined => log.entries[i - log.base - 1];
      let meet = Math.min(left.base + left.entries.length, right.base + right.entries.length);
      const base = Math.max(left.base, right.base);
      while (meet > base && entryOf(left, meet)?.term !== entryOf(right, meet)?.term) meet -= 1;
      for (let i = base + 1; i <= meet; i += 1)
        claim(same(entryOf(left, i), entryOf(right, i)), 'logs match below a common entry', () => `index ${i}`);
    }
  }
}
