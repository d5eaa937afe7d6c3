/** Random schedules of deliveries, losses, duplicates, slow disks, crashes and clocks: safety at each step, liveness after. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import type { NodeId } from '../../core/ids.ts';
import { propertyRuns } from '../support/property.ts';
import { TestCluster } from './harness.ts';
import { A, B, C, configurationOf, D, NODES } from './support.ts';

/** What a schedule does in one step; `pick` chooses among nodes or messages in flight. */
type Action = readonly [kind: number, pick: number, amount: number];

function act(cluster: TestCluster, [kind, pick, amount]: Action): void {
  const { id } = cluster.nodes[pick % cluster.nodes.length] as { id: NodeId };
  const position = pick % Math.max(1, cluster.network.length);
  if (kind < 45) cluster.deliver(position);
  else if (kind < 48) cluster.drop(position);
  else if (kind < 51) cluster.duplicate(position);
  else if (kind < 68) cluster.sync(id);
  else if (kind < 74) cluster.pass(amount * 5);
  else if (kind < 80) cluster.passTo(id);
  else if (kind < 88) cluster.leaders[0] === undefined ? cluster.propose(id) : cluster.propose(cluster.leaders[0].status().id);
  else if (kind < 94) cluster.read(id);
  else if (kind < 96) cluster.crash(id, amount % 4);
  else if (kind < 99) cluster.start(id);
  else cluster.transfer(cluster.leaders[0]?.status().id ?? id, id);
}

/** Faults stop: the cluster elects, commits a proposal and answers reads everywhere. */
function recover(cluster: TestCluster): void {
  for (const { id } of cluster.nodes) cluster.start(id);
  let proposedAt = 0;
  for (let round = 0; round < 400; round += 1) {
    cluster.settle();
    const [leader] = cluster.leaders.filter((raft) => raft.term === Math.max(...cluster.nodes.map((n) => n.raft?.term ?? 0)));
    if (leader !== undefined && proposedAt === 0 && cluster.propose(leader.status().id)) proposedAt = leader.lastIndex;
    cluster.settle();
    const everywhere = cluster.nodes.every(
      ({ raft }) => raft !== undefined && raft.commitIndex >= proposedAt && raft.leader !== undefined,
    );
    if (proposedAt > 0 && everywhere) return;
    cluster.pass(50);
  }
  throw new Error(`no progress: ${JSON.stringify(cluster.nodes.map(({ raft }) => raft?.status()))}`);
}

function readEverywhere(cluster: TestCluster): void {
  const before = cluster.oracles.readsAnswered;
  const asked = cluster.nodes.map(({ id }) => cluster.read(id)).filter((context) => context !== 0);
  cluster.settle();
  expect(cluster.oracles.readsAnswered - before).toBe(asked.length);
  expect(asked.length).toBe(cluster.nodes.length);
}

const schedule = fc.array(fc.tuple(fc.nat(99), fc.nat(10_000), fc.nat(300)), { minLength: 50, maxLength: 600, size: 'max' });

function run(cluster: TestCluster, actions: readonly Action[]): void {
  cluster.campaign(A);
  for (const action of actions) act(cluster, action);
  recover(cluster);
  readEverywhere(cluster);
}

propertyRuns(
  150,
  'three voters are safe at every step of any schedule and live when faults stop',
  schedule,
  fc.boolean(),
  (actions, preVote) => {
    run(new TestCluster([A, B, C], { preVote, limits: { appendEntriesMax: 2, inflightAppendsMax: 2 } }), actions);
  },
);

propertyRuns(60, 'five voters are safe at every step of any schedule and live when faults stop', schedule, (actions) => {
  run(new TestCluster(NODES), actions);
});

propertyRuns(
  60,
  'two voters and a learner are safe at every step of any schedule and live when faults stop',
  schedule,
  (actions) => {
    run(new TestCluster([A, B, D], { configuration: configurationOf([A, B], [D]) }), actions);
  },
);

propertyRuns(40, 'a group of one is safe at every step of any schedule and live when faults stop', schedule, (actions) => {
  run(new TestCluster([A]), actions);
});
