/**
 * Liveness mode. The faults stop inside a drawn quorum of whole nodes, the core; outside it they become permanent: a node
 * stays down, or cut off, or deaf, or mute, or dies again and again. Then the core must elect, serve and converge.
 * Why no half-open links between core and outside: a leader outside that reaches a majority, but not one node of the core,
 * is within its rights, and that node then waits for ever (known limit of Raft; Howard & Abraham 2020).
 */
import { GLOBAL_GROUP, type GroupId, type NodeId } from '../core/ids.ts';
import { isJoint, membersOf } from '../core/raft/configuration.ts';
import type { Configuration } from '../core/raft/message.ts';
import type { ReplicaGroup } from '../core/replica/group.ts';
import type { Replica } from '../core/replica/replica.ts';
import type { Topology } from '../core/state/directory.ts';
import { newestLeader } from './check/newest-leader.ts';
import { blockAll, drawOrder } from './faults/fault.ts';
import type { Draws } from './tape.ts';
import type { VouchShape } from './vouch.ts';
import type { History } from './workload/history.ts';
import type { World } from './world.ts';

type Fate = 'down' | 'cut off' | 'deaf' | 'mute' | 'dying';

const FATES: readonly Fate[] = ['down', 'cut off', 'deaf', 'mute', 'dying'];
/** Pause between two deaths of a dying node: longer than an election, so that the core is not disturbed for ever. */
const DYING_MICROS = 3_000_000;
/** A group on a node of the core. */
interface Copy {
  readonly node: number;
  readonly copy: ReplicaGroup;
}

const OPEN_SHOWN_MAX = 3;

export interface LivenessOptions {
  readonly world: World<VouchShape, Replica>;
  readonly groups: readonly GroupId[];
  readonly history: History;
  readonly draws: Draws;
  /** change: then every node is of the core, because no smaller one is sure to hold a quorum of what the groups become. */
  readonly members: 'stay' | 'change';
  /** A lost node that somebody has to be brought in for; undefined: there is none. */
  readonly unreplaced: () => number | undefined;
}

export class Liveness {
  private readonly world: World<VouchShape, Replica>;
  private readonly groups: readonly GroupId[];
  private readonly history: History;
  private readonly draws: Draws;
  private readonly members: LivenessOptions['members'];
  private readonly unreplaced: LivenessOptions['unreplaced'];
  private readonly fates: Map<number, Fate> = new Map();
  private readonly mending: (() => void)[] = [];
  private isOver: boolean = false;

  constructor(options: LivenessOptions) {
    this.world = options.world;
    this.groups = options.groups;
    this.history = options.history;
    this.draws = options.draws;
    this.members = options.members;
    this.unreplaced = options.unreplaced;
  }

  /** Every node runs and hears every other, but those outside the core. */
  begin(): void {
    const { world, draws } = this;
    const whole = drawOrder(world.nodeCount, draws).filter((node) => world.atlas.isWhole(node));
    const quorum = Math.floor(world.nodeCount / 2) + 1;
    const outside = this.members === 'change' ? 0 : draws.below(Math.max(whole.length - quorum, 0) + 1);
    for (const node of whole.slice(whole.length - outside)) this.doom(node, draws.pick(FATES));
    for (let node = 0; node < world.nodeCount; node += 1) if (this.fates.get(node) !== 'down') world.restart(node);
  }

  /** The permanent faults end, too. */
  end(): void {
    this.isOver = true;
    for (const mend of this.mending) mend();
    this.fates.clear();
  }

  /** Whether the core agrees in every group: one leads, and all have applied its whole log. */
  isConverged(): boolean {
    return this.groups.every((group) => this.laggards(group).length === 0);
  }

  /** What is missing, for a person who wants to know who is stuck. */
  whatIsMissing(): string {
    const parts = this.groups.flatMap((group) => this.laggards(group));
    const open = this.history.invocations.filter(({ outcome }) => outcome === 'open');
    for (const { process, asked, vault, invokedAt } of open.slice(0, OPEN_SHOWN_MAX))
      parts.push(`process ${process} waits since ${Math.floor(invokedAt / 1000)} ms for its ${asked.kind} in vault ${vault}`);
    if (open.length > OPEN_SHOWN_MAX) parts.push(`${open.length - OPEN_SHOWN_MAX} more operations wait`);
    for (const [node, fate] of this.fates) parts.push(`node ${node} is ${fate}`);
    return parts.length === 0 ? 'every group has converged, so the clients are stuck' : parts.join('; ');
  }

  private doom(node: number, fate: Fate): void {
    const { world } = this;
    this.fates.set(node, fate);
    const peers = world.nodes.map(({ index }) => index).filter((peer) => peer !== node);
    if (fate === 'down' || fate === 'dying') world.crash(node, 'powerLoss');
    if (fate === 'dying') this.dieAgain(node);
    if (fate === 'cut off' || fate === 'deaf')
      this.mending.push(
        blockAll(
          world,
          peers.map((peer) => [peer, node]),
        ),
      );
    if (fate === 'cut off' || fate === 'mute')
      this.mending.push(
        blockAll(
          world,
          peers.map((peer) => [node, peer]),
        ),
      );
  }

  private dieAgain(node: number): void {
    const { world } = this;
    world.at(world.now + DYING_MICROS, () => {
      if (this.isOver) return;
      if (world.isRunning(node)) world.crash(node, 'powerLoss');
      else world.restart(node);
      this.dieAgain(node);
    });
  }

  /**
   * Damaged copies that should be whole again. Once every node runs nothing keeps them from it, but that two which both forgot their
   * terms cannot tell each other (docs/internals/damaged-replicas.md), and one that did needs everybody to tell it.
   */
  private notHealed(group: GroupId, copies: readonly Copy[]): readonly string[] {
    if (this.fates.size > 0) return [];
    const damaged = copies.filter(({ copy }) => copy.recovering !== undefined);
    const forgetful = damaged.filter(({ copy }) => copy.recovering?.above === undefined);
    const isToldAll = forgetful.length < 2 && this.world.nodes.every(({ running }) => running);
    const due = damaged.filter((each) => isToldAll || !forgetful.includes(each));
    return due.map(({ node }) => `node ${node} has not fetched again what it lost of group ${group}`);
  }

  /** Diverged vaults that are on their way back: the quorum is there to help. */
  private notRebuilt(group: GroupId, copies: readonly Copy[]): readonly string[] {
    if (this.fates.size > 0) return [];
    const diverged = copies.filter(({ copy }) => !copy.quarantined && copy.divergence.hasIsolated);
    return diverged.map(({ node }) => `node ${node} has not rebuilt a diverged vault of group ${group}`);
  }

  /** Why the group is not at rest; empty where it is. Nodes outside the core are not waited for. */
  private laggards(group: GroupId): readonly string[] {
    const core = this.world.nodes.filter(({ index, isWiped }) => !this.fates.has(index) && !isWiped);
    const copies = core.flatMap((node) => {
      const copy = node.running ? node.core?.group(group) : undefined;
      return copy === undefined ? [] : [{ node: node.index, copy }];
    });
    const whole = copies.filter(({ copy }) => !copy.quarantined);
    const leader = newestLeader(core, group);
    const down = core.filter(({ index, running }) => !running && this.world.atlas.isWhole(index));
    const missing = down.map(({ index }) => `node ${index} does not run`);
    const lost = this.unreplaced();
    if (lost !== undefined) missing.push(`node ${lost} is lost, and nobody was brought in for it`);
    if (leader === undefined) {
      const roles = whole.map(({ node, copy }) => `node ${node} ${copy.raft.role} of term ${copy.raft.term}`);
      return [...missing, `group ${group} has no leader (${roles.join(', ')})`];
    }
    missing.push(...this.notHealed(group, copies), ...this.notRebuilt(group, copies));
    const { lastIndex } = leader.raft;
    const { configuration } = leader.raft.status();
    missing.push(...this.unlikeTheDirectory(group, configuration));
    missing.push(...this.preferredElsewhere(group, leader, copies));
    for (const { node, copy } of whole) {
      const { raft, state } = copy;
      if (!membersOf(configuration).includes(this.world.nodes[node]?.id as NodeId)) continue; // it was let go, or is to join yet
      if (raft.lastIndex === lastIndex && raft.commitIndex === lastIndex && state.lastApplied === lastIndex) continue;
      missing.push(
        `node ${node} holds ${raft.lastIndex}, has committed ${raft.commitIndex} and applied ${state.lastApplied} of ${lastIndex} entries of group ${group}`,
      );
    }
    return missing;
  }

  /** Whether a voter that runs, and holds the group, has a higher priority than the leader: that one is to take over by itself. */
  private preferredElsewhere(group: GroupId, leader: ReplicaGroup, copies: readonly Copy[]): readonly string[] {
    const entries = this.directory()?.members.entries ?? [];
    const priorityOf = (id: NodeId): number => entries.find((entry) => entry.id === id)?.priority ?? 0;
    const { id, configuration } = leader.raft.status();
    const better = copies.filter(({ node, copy }) => {
      const other = this.world.nodes[node]?.id as NodeId;
      return !copy.quarantined && configuration.voters.includes(other) && priorityOf(other) > priorityOf(id);
    });
    return better.map(({ node }) => `node ${node} is preferred to the leader of group ${group}`);
  }

  /** The newest that any node has applied. */
  private directory(): Topology | undefined {
    const states = this.world.nodes.flatMap(({ core }) => core?.group(GLOBAL_GROUP)?.state ?? []);
    return states.reduce((best, state) => (state.lastApplied > best.lastApplied ? state : best)).topology;
  }

  /** In what a group's members differ from those that the directory wants: leaders are to settle that by themselves. */
  private unlikeTheDirectory(group: GroupId, configuration: Configuration): readonly string[] {
    const directory = this.directory();
    const wanted = directory?.members.entries.filter(({ removed }) => !removed) ?? [];
    const placed = directory?.groups.entries.find((each) => each.group === group);
    const voters = placed?.voters ?? wanted.filter(({ role }) => role === 'voter').map(({ id }) => id);
    const learners = placed === undefined ? wanted.filter(({ role }) => role === 'learner').map(({ id }) => id) : [];
    const isSettled = isSame(configuration.voters, voters) && isSame(configuration.learners, learners) && !isJoint(configuration);
    if (isSettled) return [];
    const { voters: has, learners: learns } = configuration;
    return [
      `group ${group} has ${has.length} voters and ${learns.length} learners, not the ${voters.length} and ${learners.length} that the directory wants`,
    ];
  }
}

function isSame(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return [...a].sort().join() === [...b].sort().join();
}
