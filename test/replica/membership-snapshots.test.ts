/**
 * Members that change while logs are compacted: what a node cannot learn from entries any more it learns from a snapshot, the
 * configuration of a group as well as the directory of nodes.
 */
import { expect, test } from 'vitest';
import type { SessionRef, VaultEntry } from '../../core/client/protocol.ts';
import type { GroupId, LogIndex } from '../../core/ids.ts';
import { membersOf } from '../../core/raft/configuration.ts';
import type { Manifest } from '../../core/replica/manifest.ts';
import { TestCluster, type TestNode } from './harness.ts';
import { add, GROUPS, Operator, untilVoters } from './operator.ts';
import { ANNE, checkRequest, createVault, expectKind, writeRequest } from './vaults.ts';

const SNAPSHOTS = { checkpointLogBytes: 4096, chunkBytes: 256, trailEntries: 0, pullMicros: 50_000, servedMicros: 0 };

interface Book {
  readonly cluster: TestCluster;
  readonly operator: Operator;
  readonly marks: Set<string>;
  readonly vault: VaultEntry;
  readonly session: SessionRef;
  /** Writes that were acknowledged. */
  written: number;
}

function open(size: number): Book {
  const marks = new Set<string>();
  const probe = { mark: (name: string) => void marks.add(name), stepped: () => undefined };
  const cluster = new TestCluster(size, 1, 'rounds', { snapshots: SNAPSHOTS, segmentBytes: 8192, pageBytes: 512, probe });
  cluster.boot();
  return { cluster, operator: new Operator(cluster), marks, ...createVault(cluster), written: 0 };
}

function tupleOf(number: number): typeof ANNE {
  return { ...ANNE, subject: `user:${number}` };
}

function raftOf(node: TestNode, group: number) {
  const found = node.replica.group(group as GroupId);
  if (found === undefined) throw new Error('no such group');
  return found.raft;
}

/** Writes until no leader's log holds the entry any more that its group had come to. */
function compact(book: Book): void {
  const { cluster, vault, session } = book;
  const reached = GROUPS.map((group) => raftOf(cluster.leader(group), group).lastIndex);
  const isCompacted = (): boolean =>
    GROUPS.every((group, i) => raftOf(cluster.leader(group), group).baseIndex >= (reached[i] as number));
  while (!isCompacted()) {
    if (book.written > 2000) throw new Error('the log is not compacted');
    const request = writeRequest(vault, session, 2 + book.written, tupleOf(book.written));
    expectKind(cluster.ask(cluster.leader(vault.group), request), 'transacted');
    // GLOBAL has something to write, too: an idle group is behind its checkpoint already.
    expectKind(cluster.ask(cluster.leader(0), { kind: 'openSession', group: 0 as GroupId }), 'session');
    cluster.pass(100); // what is done in slices is done between requests
    book.written += 1;
  }
}

/** Runs until the node has applied what the leaders of all groups have. */
function untilLevel({ cluster }: Book, node: TestNode): void {
  cluster.runUntil(() =>
    GROUPS.every((group) => {
      const applied = node.replica.group(group as GroupId)?.state.lastApplied;
      return applied === raftOf(cluster.leader(group), group).lastIndex;
    }),
  );
}

function expectSameStates({ cluster, vault, written }: Book, node: TestNode): void {
  const topology = cluster.leader(0).replica.group(0 as GroupId)?.state.topology;
  expect(node.replica.group(0 as GroupId)?.state.topology?.members.entries).toEqual(topology?.members.entries);
  expect(node.replica.manifest()).toMatchObject({ members: topology?.members.entries, revision: topology?.revision });
  for (let number = 0; number < written; number += 1) {
    const answer = cluster.ask(node, checkRequest(vault, 'eventual', { tuple: tupleOf(number) }));
    expect([number, expectKind(answer, 'tuple').present]).toEqual([number, true]);
  }
}

test('a node that is added when the log does not reach back any more gets a snapshot, votes, and holds everything', () => {
  const book = open(3);
  const { cluster, operator, marks } = book;
  const gone = cluster.nodes.find((node) => node !== cluster.leader(0) && node !== cluster.leader(1)) as TestNode;
  const next = cluster.join();
  operator.change({ kind: 'replaceMember', node: gone.id, by: next.id, address: cluster.address(next) });
  const members = cluster.nodes.filter((node) => node !== gone);
  untilVoters(cluster, members);
  cluster.kill(gone, true);
  compact(book);
  marks.clear();
  const joiner = add(cluster, operator);
  untilVoters(cluster, [...members, joiner]);
  untilLevel(book, joiner);
  expect([...marks]).toContain('snapshot.installed');
  for (const group of GROUPS) expect(raftOf(joiner, group).baseIndex).toBeGreaterThan(0);
  expect(joiner.fatals).toEqual([]);
  expectSameStates(book, joiner);
  // Its vote counts, after a restart too: without it two of four are left.
  cluster.kill(next, true);
  cluster.kill(joiner, true);
  cluster.open(joiner);
  compact(book);
  untilLevel(book, joiner);
  expectSameStates(book, joiner);
});

test('a member that was away hears of the others from the snapshot of the directory', () => {
  const book = open(3);
  const { cluster, operator, marks } = book;
  const away = cluster.nodes.find((node) => node !== cluster.leader(0) && node !== cluster.leader(1)) as TestNode;
  const first = add(cluster, operator);
  untilVoters(cluster, cluster.nodes);
  untilLevel(book, away);
  const known = away.replica.manifest()?.revision as number;
  cluster.isolate(away);
  const leader = cluster.leader(0);
  operator.change({ kind: 'moveMember', node: first.id, address: '127.0.0.1:9' });
  compact(book);
  expect(away.replica.manifest()?.revision).toBe(known);
  cluster.cut.clear();
  marks.clear();
  untilLevel(book, away);
  expect([...marks]).toContain('snapshot.installed');
  expect(away.replica.manifest()?.members.find(({ id }) => id === first.id)?.address).toBe('127.0.0.1:9');
  expectSameStates(book, away);
  cluster.kill(away, true);
  cluster.open(away);
  expect(away.replica.manifest()).toEqual(leader.replica.manifest());
});

test('who joined and who left survives a restart from a checkpoint and the log behind it', () => {
  const book = open(3);
  const { cluster, operator } = book;
  const joiner = add(cluster, operator);
  untilVoters(cluster, cluster.nodes);
  const gone = cluster.nodes.find(
    (node) => node !== joiner && node !== cluster.leader(0) && node !== cluster.leader(1),
  ) as TestNode;
  operator.change({ kind: 'removeMember', node: gone.id });
  const rest = cluster.nodes.filter((node) => node !== gone);
  untilVoters(cluster, rest);
  cluster.kill(gone, true);
  compact(book);
  compact(book);
  const changed = GROUPS.map((group) => raftOf(cluster.leader(group), group).newestConfiguration.index);
  for (const node of rest) untilLevel(book, node);
  for (const node of rest) cluster.kill(node, true);
  for (const node of rest) cluster.open(node);
  cluster.settle();
  for (const node of rest) {
    for (const [i, group] of GROUPS.entries()) {
      const raft = raftOf(node, group);
      expect(raft.baseIndex).toBeGreaterThanOrEqual(changed[i] as number); // the entry that changed it is gone
      const { configuration } = raft.newestConfiguration;
      expect([...membersOf(configuration)].sort()).toEqual(rest.map(({ id }) => id).sort());
      expect(configuration.voters).toHaveLength(3);
    }
    expect(node.replica.group(0 as GroupId)?.state.topology?.members.entries.find(({ id }) => id === gone.id)?.removed).toBe(
      true,
    );
    expect(node.replica.group(0 as GroupId)?.state.topology?.members.entries).toHaveLength(4);
  }
  compact(book);
  untilLevel(book, joiner);
  expectSameStates(book, joiner);
});

test('news of the members that comes while a checkpoint is written does not come between its persists', () => {
  const snapshots = { checkpointLogBytes: 2 * 1024, sliceRecords: 1 };
  const cluster = new TestCluster(1, 1, 'rounds', { segmentBytes: 8 * 1024, snapshots });
  cluster.boot();
  const [node] = cluster.nodes as [TestNode];
  const persists: number[] = [];
  let told = 0;
  const { step } = node.replica;
  node.replica.step = (input) => {
    const effects = [...step.call(node.replica, input)];
    if (input.kind === 'request') {
      // The next step, in which a checkpoint begins where the write was the last straw, is news from a peer that has applied more.
      const { now, wall } = input;
      const manifest = node.replica.manifest() as Manifest;
      const news = { ...manifest, revision: (manifest.revision + 1) as LogIndex };
      told += 1;
      effects.push(...step.call(node.replica, { kind: 'bootstrap', manifest: news, now, wall }));
    }
    for (const effect of effects) if (effect.kind === 'persist') persists.push(effect.seq);
    return effects;
  };
  const { vault, session } = createVault(cluster);
  for (let i = 0; i < 60; i += 1) {
    const tuple = { resource: `document:${i}`, relation: 'viewer', subject: 'user:anne' };
    cluster.ask(cluster.leader(1), writeRequest(vault, session, i + 2, tuple));
    cluster.pass(100_000);
  }
  expect(told).toBeGreaterThan(50);
  expect(persists).toEqual(persists.map((_, position) => (persists[0] as number) + position));
});
