/**
 * Scenarios that change configurations: ours are active at append, etcd/raft's at apply, and a removed leader of ours steps
 * down. Only what a cluster at rest shows is compared, and a difference counts as diverged only where the value that is
 * expected is the one that follows from etcd/raft's rule; any other is a failure.
 */
import type { Cluster } from './cluster.ts';
import { type Comparison, type Difference, differencesOf, different, presentState, stateText } from './compare.ts';
import type { Fact } from './facts.ts';
import { configurationText, numberOf } from './names.ts';
import { hardText, momentOf, softText } from './trail.ts';

const STEPPED_DOWN = 'a removed leader steps down, where etcd/raft lets it lead on';

type NodeFact = Extract<Fact, { readonly node: number }>;

export class Divergences {
  private readonly cluster: Cluster;
  /** Who led before the directive, in which term. */
  private leading: readonly { readonly node: number; readonly term: number }[] = [];
  /** Leaders that their own change removed. */
  private readonly removed: { readonly node: number; readonly term: number }[] = [];

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  begin(): void {
    this.leading = this.cluster.nodes
      .filter(({ raft }) => raft.role === 'leader')
      .map(({ number, raft }) => ({ node: number, term: raft.term }));
  }

  end(): void {
    for (const { node, term } of this.leading) {
      const { raft, id, configuration } = this.cluster.node(node);
      if (raft.term === term && raft.role !== 'leader' && !configuration.voters.includes(id)) this.removed.push({ node, term });
    }
  }

  /** Leader, commit, log and configuration of a cluster at rest; facts of one node are about its last state. */
  atRest(facts: readonly Fact[], comparison: Comparison): readonly Difference[] {
    const nodes = [...new Set(facts.flatMap((fact) => ('node' in fact ? [fact.node] : [])))];
    const observed = facts.filter(({ kind }) => kind === 'state' || kind === 'entry' || kind === 'empty');
    const differences = nodes.flatMap((number) => {
      const own = facts.filter((fact): fact is NodeFact => 'node' in fact && fact.node === number);
      return this.ofNode(number, own);
    });
    return [...differences, ...differencesOf(this.cluster, observed, comparison)].sort((a, b) => a.line - b.line);
  }

  /** Why a difference was to be expected; undefined where it was not. */
  reasonOf({ fact }: Difference): string | undefined {
    if (fact.kind === 'state') {
      const ghost = this.removed.find(({ node }) => node === fact.node);
      if (ghost === undefined || presentState(this.cluster.node(ghost.node)).role === 'StateLeader') return undefined;
      const led = stateText({ role: 'StateLeader', voter: false, term: ghost.term, leader: ghost.node });
      return stateText(fact) === led ? STEPPED_DOWN : undefined;
    }
    return undefined;
  }

  private ofNode(number: number, facts: readonly NodeFact[]): readonly Difference[] {
    const { raft } = this.cluster.node(number);
    const status = raft.status();
    const present = momentOf(status);
    const last = <K extends Fact['kind']>(kind: K): Extract<Fact, { kind: K }> | undefined =>
      facts.filter((fact): fact is Extract<NodeFact, { kind: K }> => fact.kind === kind).at(-1) as never;
    const differences: Difference[] = [];
    const [soft, hard, configuration] = [last('soft'), last('hard'), last('configuration')];
    if (soft !== undefined && softText(soft) !== softText(present)) {
      differences.push(different(soft, softText(soft), softText(present)));
    }
    if (hard !== undefined && hardText(hard) !== hardText(present)) {
      differences.push(different(hard, hardText(hard), hardText(present)));
    }
    const inForce = configurationText(status.configuration);
    if (configuration !== undefined && configuration.configuration !== inForce) {
      differences.push(different(configuration, configuration.configuration, inForce));
    }
    for (const fact of facts) {
      if (fact.kind !== 'stored' && fact.kind !== 'applied') continue;
      const found = this.entryAt(number, Number(/\/(\d+)/.exec(fact.entry)?.[1]));
      if (found !== fact.entry) differences.push(different(fact, fact.entry, found));
    }
    return differences;
  }

  /** A node's entry; where a snapshot stands for it, whoever still has it shows what it was. */
  private entryAt(number: number, index: number): string {
    const own = this.cluster.node(number);
    if (index > own.raft.lastIndex) return 'no entry';
    for (const node of [own, ...this.cluster.nodes]) {
      const entry = node.raft.entry(index as never);
      if (entry !== undefined && (node === own || index <= own.raft.baseIndex)) return node.entryText(entry);
    }
    return `no entry before node ${numberOf(own.id)}'s snapshot`;
  }
}
