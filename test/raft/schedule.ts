/** Random schedules for a cluster in lock step, and what must be possible once they are over. No test runner in here. */
import * as fc from 'fast-check';
import type { NodeId } from '../../core/ids.ts';
import { membersOf } from '../../core/raft/configuration.ts';
import type { Raft } from '../../core/raft/raft.ts';
import type { TestCluster, TestNode } from './harness.ts';
import { A, TIMING } from './support.ts';

/** What a schedule does in one step; `pick` chooses among nodes or messages in flight. */
export type Action = readonly [kind: number, pick: number, amount: number];

/** A healthy mix. */
export function act(cluster: TestCluster, [kind, pick, amount]: Action): void {
  const { id } = cluster.nodes[pick % cluster.nodes.length] as { id: NodeId };
  const leading = cluster.leaders.at(-1)?.status().id ?? id;
  // Old messages first, mostly: a schedule that only picks at random starves everything once the network fills.
  const position = amount < 200 ? 0 : pick % Math.max(1, cluster.network.length);
  if (kind < 50) cluster.deliver(position);
  else if (kind < 52) cluster.drop(position);
  else if (kind < 54) cluster.duplicate(position);
  else if (kind < 78) cluster.sync(id);
  else if (kind < 82) cluster.pass(amount);
  else if (kind < 83) cluster.passTo(id);
  else if (kind < 91) cluster.propose(leading);
  else if (kind < 95) cluster.read(id);
  else if (kind < 96) cluster.crash(id, amount % 4);
  else if (kind < 99) cluster.start(id);
  else if (amount < 100) cluster.transfer(leading, id);
  else cluster.isolateFor(amount, id);
}

/** Mostly elections: candidates at once, leaders cut off with entries of their own, crashes around votes, answers late and twice. */
export function storm(cluster: TestCluster, [kind, pick, amount]: Action): void {
  const { id } = cluster.nodes[pick % cluster.nodes.length] as { id: NodeId };
  const position = amount < 150 ? 0 : pick % Math.max(1, cluster.network.length);
  const leading = cluster.leaders[pick % Math.max(1, cluster.leaders.length)]?.status().id ?? id;
  if (kind < 46) cluster.deliver(position);
  else if (kind < 49) cluster.drop(position);
  else if (kind < 56) cluster.duplicate(position);
  else if (kind < 74) cluster.sync(id);
  else if (kind < 79) cluster.campaign(id);
  else if (kind < 87) cluster.propose(leading);
  else if (kind < 91) cluster.read(leading);
  else if (kind < 93) cluster.isolateFor(amount, leading);
  else if (kind < 96) cluster.pass(amount);
  else {
    cluster.crash(id, amount % 3);
    cluster.start(id);
  }
}

/** Members come and go under the other faults, logs are compacted, snapshots fetched. The first node is never removed. */
export function churn(cluster: TestCluster, [kind, pick, amount]: Action): void {
  const { id } = cluster.nodes[pick % cluster.nodes.length] as { id: NodeId };
  const other = cluster.nodes[(pick + amount) % cluster.nodes.length] as { id: NodeId };
  const leading = cluster.leaders.at(-1)?.status().id ?? id;
  const transition = (['auto', 'auto', 'implicit', 'explicit'] as const)[amount % 4] as 'auto';
  if (kind < 84) act(cluster, [kind, pick, amount]);
  else if (kind < 86) cluster.propose(leading);
  else if (kind < 88) cluster.change(leading, [{ kind: 'voter', id }], { transition });
  else if (kind < 90) cluster.change(leading, [{ kind: 'learner', id: other.id, promote: amount % 3 === 0 }], { transition });
  else if (kind < 91)
    cluster.change(
      leading,
      [
        { kind: 'remove', id },
        { kind: 'voter', id: other.id },
      ],
      { transition },
    );
  else if (kind < 92) cluster.change(leading, []);
  else if (kind < 93) cluster.compact(id);
  else if (kind < 94) cluster.compact(leading);
  else if (kind < 96) cluster.install(id);
  else if (kind < 97) cluster.failInstall(id);
  else {
    cluster.crash(id, amount % 4);
    if (amount < 200) cluster.start(id);
  }
}

/** Three nodes of which one lags: leaders change while logs are compacted, and snapshots are late. Messages overtake each other. */
export function lag(cluster: TestCluster, [kind, pick, amount]: Action): void {
  const { id } = cluster.nodes[pick % cluster.nodes.length] as { id: NodeId };
  const leading = cluster.leaders[pick % Math.max(1, cluster.leaders.length)]?.status().id ?? id;
  const position = amount < 180 ? 0 : pick % Math.max(1, cluster.network.length);
  if (kind < 44) cluster.deliver(position);
  else if (kind < 46) cluster.drop(position);
  else if (kind < 48) cluster.duplicate(position);
  else if (kind < 66) cluster.sync(id);
  else if (kind < 78) cluster.propose(leading);
  else if (kind < 80) cluster.campaign(id);
  else if (kind < 88) cluster.compact(leading);
  else if (kind < 91) cluster.install(id);
  else if (kind < 94) cluster.isolateFor(amount, leading);
  else if (kind < 99) cluster.pass(amount);
  else {
    cluster.crash(id, amount % 3);
    cluster.start(id);
  }
}

/** Who leads in the newest term, where none of its members is in a newer one. A removed node may be, and campaign in vain. */
function newestLeader(cluster: TestCluster): Raft | undefined {
  const [leader] = [...cluster.leaders].sort((a, b) => b.term - a.term);
  if (leader === undefined) return undefined;
  return membersOfLeader(cluster, leader).every(({ raft }) => (raft?.term ?? 0) <= leader.term) ? leader : undefined;
}

/** The nodes that a leader's configuration names. */
function membersOfLeader(cluster: TestCluster, leader: Raft): readonly TestNode[] {
  const members = membersOf(leader.status().configuration);
  return cluster.nodes.filter(({ id }) => members.includes(id));
}

/** All nodes where nobody leads. */
function membersNow(cluster: TestCluster): readonly TestNode[] {
  const leader = newestLeader(cluster);
  return leader === undefined ? cluster.nodes : membersOfLeader(cluster, leader);
}

/** Faults stop: the cluster elects, commits a proposal and answers reads everywhere. */
function recover(cluster: TestCluster): void {
  cluster.heal();
  for (const { id } of cluster.nodes) cluster.start(id);
  let proposedAt = 0;
  for (let round = 0; round < 400; round += 1) {
    cluster.settle();
    const leader = newestLeader(cluster);
    if (leader !== undefined && proposedAt === 0 && cluster.propose(leader.status().id)) proposedAt = leader.lastIndex;
    cluster.settle();
    const everywhere = membersNow(cluster).every(
      ({ raft }) => raft !== undefined && raft.commitIndex >= proposedAt && raft.leader !== undefined,
    );
    const settled = leader?.status().configuration.autoLeave === false;
    if (proposedAt > 0 && everywhere && settled) return;
    cluster.pass(50);
  }
  throw new Error(`no progress: ${JSON.stringify(cluster.nodes.map(({ raft }) => raft?.status()))}`);
}

/** Reads of the schedule have all ended by their time-out; new ones are answered at once. */
function readEverywhere(cluster: TestCluster): void {
  for (let micros = 0; micros <= TIMING.electionTimeoutMaxMicros; micros += 50) {
    cluster.pass(50);
    cluster.settle();
  }
  if (cluster.oracles.readsOpen > 0) throw new Error('a read was never answered');
  const answered = cluster.oracles.readsAnswered;
  const members = membersNow(cluster);
  for (const { id } of members) if (cluster.read(id) === 0) throw new Error(`${id} takes no reads`);
  cluster.settle();
  if (cluster.oracles.readsAnswered - answered !== members.length) throw new Error('not every read was answered');
}

/** Unbiased: fast-check would prefer the ends of each range, and with them one action and one node. */
const action = fc.noBias(fc.tuple(fc.nat(99), fc.nat(10_000), fc.nat(300)));
export const schedule: fc.Arbitrary<readonly Action[]> = fc.array(action, { maxLength: 1000, size: 'max' });

/** A schedule from beginning to end, faults stop, and the cluster works again. Throws where anything does not hold. */
export function run(cluster: TestCluster, actions: readonly Action[], step: typeof act = act): void {
  if (step !== storm) cluster.elect(A);
  for (const action of actions) step(cluster, action);
  recover(cluster);
  readEverywhere(cluster);
}
