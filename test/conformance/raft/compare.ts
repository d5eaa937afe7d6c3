/**
 * Compares facts with what the nodes went through. Sequences of states are compared as sequences: what is expected must have
 * been seen in this order, what a Ready shows when one was handled; a node may have been in states between that are not expected.
 */
import type { PeerStatus } from '../../../core/raft/ready.ts';
import type { Cluster } from './cluster.ts';
import type { Fact } from './facts.ts';
import { numberOf, progressName, roleName } from './names.ts';
import type { ScenarioNode } from './node.ts';
import { hardText, type Moment } from './trail.ts';

export interface Difference {
  readonly line: number;
  readonly expected: string;
  readonly found: string;
  /** The nodes it is about. */
  readonly fact: Fact;
}

type OfKind<K extends Fact['kind']> = Extract<Fact, { kind: K }>;
type NodeFact = Extract<Fact, { readonly node: number }>;

export interface Comparison {
  /** Whose log raft-log asked for, whose progress status asked for. */
  readonly asked: number;
  /** Everything came to rest: the last state that is expected is the present one. */
  readonly stabilized: boolean;
}

/** Every fact that does not hold. */
export function differencesOf(cluster: Cluster, facts: readonly Fact[], comparison: Comparison): readonly Difference[] {
  const differences: Difference[] = [];
  const nodes = [...new Set(facts.flatMap((fact) => ('node' in fact ? [fact.node] : [])))];
  for (const number of nodes) {
    const node = cluster.nodes[number - 1];
    const own = facts.filter((fact): fact is NodeFact => 'node' in fact && fact.node === number);
    if (node === undefined) differences.push(different(own[0] as Fact, `node ${number}`, 'none'));
    else differences.push(...ofNode(node, own, comparison.stabilized));
  }
  const asked = cluster.nodes[comparison.asked - 1];
  differences.push(...ofLog(asked, facts), ...ofProgress(asked, facts));
  return differences.sort((a, b) => a.line - b.line);
}

export function different(fact: Fact, expected: string, found: string): Difference {
  return { line: fact.line, expected, found, fact };
}

function pick<K extends Fact['kind']>(facts: readonly Fact[], kind: K): readonly OfKind<K>[] {
  return facts.filter((fact): fact is OfKind<K> => fact.kind === kind);
}

const roleText = (state: { readonly role: string; readonly term: number }): string => `${state.role} term ${state.term}`;

function ofNode(node: ScenarioNode, facts: readonly NodeFact[], stabilized: boolean): readonly Difference[] {
  const { trail } = node;
  const { softs, hards, steps, start, stored, applied, snapshots } = trail;
  const configurations = [start, ...steps].map((moment) => moment.configuration);
  return [
    ...ofLeaders(pick(facts, 'soft'), [trail.shown, ...softs]),
    ...inOrder(pick(facts, 'hard'), hardText, hards.map(hardText)),
    ...(stabilized ? ofLast(pick(facts, 'hard').at(-1), steps.at(-1) ?? start) : []),
    ...inOrder(pick(facts, 'became'), roleText, changesOf([start, ...steps], roleText)),
    ...inOrder(pick(facts, 'configuration'), (fact) => fact.configuration, configurations),
    ...exactly(pick(facts, 'stored'), stored),
    ...exactly(pick(facts, 'applied'), applied),
    ...inOrder(pick(facts, 'snapshot'), (fact) => fact.snapshot, snapshots),
    ...pick(facts, 'fresh').flatMap((fact) => ofFresh(node, fact)),
    ...pick(facts, 'forgot').flatMap((fact) => ofForgotten(node, fact)),
    ...pick(facts, 'state').flatMap((fact) => ofState(node, fact)),
  ];
}

/** The texts of a sequence where they change, without the first: nothing led to it. A new node's first counts. */
function changesOf(moments: readonly Moment[], text: (moment: Moment) => string): readonly string[] {
  const texts = moments.map(text);
  return texts.length === 1 ? texts : texts.filter((one, i) => i > 0 && one !== texts[i - 1]);
}

function inOrder<F extends Fact>(facts: readonly F[], text: (fact: F) => string, seen: readonly string[]): readonly Difference[] {
  const distinct = seen.filter((one, i) => i === 0 || one !== seen[i - 1]);
  const differences: Difference[] = [];
  let at = 0;
  for (const fact of facts) {
    const wanted = text(fact);
    const found = distinct.indexOf(wanted, at);
    if (found < 0)
      differences.push(different(fact, wanted, distinct.slice(at).join(', then ') || (distinct.at(-1) ?? 'nothing')));
    else at = found + 1;
  }
  return differences;
}

/** Who leads as a node sees it. Who does not lead and follows nobody may be of any other role. */
const leaderText = (state: { readonly role: string; readonly leader: number }): string => {
  if (state.role === 'StateLeader') return `leads as ${state.leader}`;
  return state.leader === 0 ? 'no leader' : `follows ${state.leader}`;
};

/** Every change of who leads, and no other. @param seen what the last Ready before showed, and the news of each one since. */
function ofLeaders(facts: readonly OfKind<'soft'>[], seen: readonly Moment[]): readonly Difference[] {
  const texts = seen.map(leaderText).filter((text, i, all) => i === 0 || text !== all[i - 1]);
  const wanted = facts.filter((fact, i) => i === 0 || leaderText(fact) !== leaderText(facts[i - 1] as OfKind<'soft'>));
  const [first] = wanted;
  if (first === undefined) return [];
  // A change of role alone, which is not compared.
  const stillNone = leaderText(first) === 'no leader' && texts[0] === 'no leader';
  const expected = stillNone ? wanted.slice(1) : wanted;
  const changes = texts.slice(1);
  const differences = expected.flatMap((fact, i) =>
    leaderText(fact) === changes[i] ? [] : [different(fact, leaderText(fact), changes[i] ?? 'no further change')],
  );
  const more = changes[expected.length];
  return more === undefined ? differences : [...differences, different(wanted.at(-1) ?? first, 'no further change', more)];
}

/** The last hard state of a node at rest is its present one. */
function ofLast(hard: OfKind<'hard'> | undefined, present: Moment): readonly Difference[] {
  if (hard === undefined || hardText(hard) === hardText(present)) return [];
  return [different(hard, hardText(hard), hardText(present))];
}

function exactly(facts: readonly (Fact & { readonly entry: string })[], seen: readonly string[]): readonly Difference[] {
  if (facts.length === 0) return [];
  const differences = facts.flatMap((fact, i) =>
    fact.entry === seen[i] ? [] : [different(fact, fact.entry, seen[i] ?? 'no further entry')],
  );
  const more = seen[facts.length];
  const last = facts.at(-1) as Fact;
  return more === undefined ? differences : [...differences, different(last, 'no further entry', more)];
}

function ofFresh({ raft, trail }: ScenarioNode, fact: OfKind<'fresh'>): readonly Difference[] {
  const text = (state: { readonly term: number; readonly commit: number; readonly last: number }): string =>
    `term ${state.term} commit ${state.commit} last ${state.last}`;
  const found = text({ term: trail.start.term, commit: trail.start.commit, last: raft.lastIndex });
  return text(fact) === found ? [] : [different(fact, text(fact), found)];
}

function ofForgotten({ trail, raft }: ScenarioNode, fact: OfKind<'forgot'>): readonly Difference[] {
  const { leader, term } = trail.start;
  if (leader === fact.leader && term === fact.term && raft.leader === undefined) return [];
  return [
    different(fact, `forgot leader ${fact.leader} of term ${fact.term}`, `leader ${numberOf(raft.leader)} of term ${raft.term}`),
  ];
}

/** One line of raft-state. */
export function stateText(fact: Omit<OfKind<'state'>, 'kind' | 'line' | 'node'>): string {
  return `${fact.role} ${fact.voter ? 'voter' : 'no voter'} term ${fact.term} leader ${fact.leader}`;
}
export function presentState({ raft, id, configuration }: ScenarioNode): Omit<OfKind<'state'>, 'kind' | 'line' | 'node'> {
  const voter = configuration.voters.includes(id) || configuration.votersOutgoing.includes(id);
  return { role: roleName(raft.role), voter, term: raft.term, leader: numberOf(raft.leader) };
}

function ofState(node: ScenarioNode, fact: OfKind<'state'>): readonly Difference[] {
  const found = stateText(presentState(node));
  return stateText(fact) === found ? [] : [different(fact, stateText(fact), found)];
}

function ofLog(node: ScenarioNode | undefined, facts: readonly Fact[]): readonly Difference[] {
  const empty = pick(facts, 'empty')[0];
  const entries = pick(facts, 'entry');
  if (node === undefined) return [];
  const { storedBase, stored } = node;
  if (empty !== undefined) {
    const text = (first: number, last: number): string => `empty, first ${first} last ${last}`;
    const found = text(storedBase + 1, storedBase + stored.length);
    return text(empty.first, empty.last) === found ? [] : [different(empty, text(empty.first, empty.last), found)];
  }
  return exactly(entries, node.entryTexts(stored));
}

function ofProgress(node: ScenarioNode | undefined, facts: readonly Fact[]): readonly Difference[] {
  const expected = pick(facts, 'progress');
  if (node === undefined || expected.length === 0) return [];
  const found = progressOf(node);
  return expected.flatMap((fact) => {
    const text = found.get(fact.peer) ?? 'no member';
    return fact.progress === text ? [] : [different(fact, fact.progress, text)];
  });
}

function progressOf(node: ScenarioNode): ReadonlyMap<number, string> {
  const { peers, stableIndex, configuration } = node.raft.status();
  const limit = node.options.inflight;
  const texts = new Map(peers.map((peer) => [numberOf(peer.id), peerText(peer, limit)] as const));
  if (configuration.voters.includes(node.id)) {
    texts.set(node.number, ['StateReplicate', `match=${stableIndex}`, `next=${stableIndex + 1}`].sort().join(' '));
  }
  return texts;
}

function peerText(peer: PeerStatus, limit: number | undefined): string {
  const { state, matchIndex, nextIndex, inflightAppends: inflight, paused, pendingSnapshot, voter } = peer;
  const words = [progressName(state), `match=${matchIndex}`, `next=${nextIndex}`];
  if (!voter) words.push('learner');
  if (paused) words.push('paused');
  if (pendingSnapshot > 0) words.push(`pendingSnap=${pendingSnapshot}`);
  if (inflight > 0) words.push(`inflight=${inflight}${inflight === limit ? '[full]' : ''}`);
  return words.sort().join(' ');
}
