/** A group's state on its way out: what is inside, at whose pace, and what ends it. */
import { describe, expect, test } from 'vitest';
import type { SessionRef, VaultEntry } from '../../core/client/protocol.ts';
import type { ExportAsk } from '../../core/effect.ts';
import { portableHasher } from '../../core/hasher.ts';
import type { GroupId, RequestId } from '../../core/ids.ts';
import { EXPORT_IDLE_MICROS, EXPORTS_MAX } from '../../core/limits.ts';
import { newGroupState } from '../../core/replica/new-state.ts';
import { decodeSnapshotHeader, scanSnapshot } from '../../core/snapshot/file.ts';
import { restoreState } from '../../core/snapshot/restore.ts';
import type { GroupState } from '../../core/state/group-state.ts';
import { exportGroup, inMemory } from '../backup/support.ts';
import { TestCluster, type TestNode } from './harness.ts';
import { ANNE, createVault, expectKind, writeRequest } from './vaults.ts';

const DATA = 1 as GroupId;

interface Book {
  readonly cluster: TestCluster;
  readonly vault: VaultEntry;
  readonly session: SessionRef;
  written: number;
}

function open(size: number, options: ConstructorParameters<typeof TestCluster>[3] = {}): Book {
  const cluster = new TestCluster(size, 1, 'rounds', options);
  cluster.boot();
  return { cluster, ...createVault(cluster), written: 0 };
}

/** A write of 1 KiB that is acknowledged when this returns. */
function write(book: Book): void {
  const { cluster, vault, session } = book;
  const tuple = { ...ANNE, subject: `user:${book.written}` };
  expectKind(cluster.ask(cluster.leader(vault.group), writeRequest(vault, session, 2 + book.written, tuple)), 'transacted');
  book.written += 1;
}

function restored(bytes: Uint8Array, cluster: TestCluster): GroupState {
  const place = decodeSnapshotHeader(bytes);
  if (place === undefined) throw new Error('no snapshot');
  const file = inMemory(bytes);
  const reader = {
    list: () => [],
    size: () => file.size,
    read: (_: string, at: number, length: number) => file.read(at, length),
  };
  const scan = scanSnapshot(portableHasher, reader, '', place);
  let step = scan.next();
  while (step.done !== true) step = scan.next();
  const index = step.value;
  if (index?.isWhole() !== true || index.manifest === undefined || index.end !== bytes.length) throw new Error('not whole');
  const state = newGroupState(place.group, cluster.manifest, { hasher: portableHasher });
  const steps = restoreState(portableHasher, index.manifest, index.source(reader), state);
  let next = steps.next();
  while (next.done !== true) next = steps.next();
  expect(next.value).toBeUndefined();
  return state;
}

function followerOf(book: Book): TestNode {
  return book.cluster.nodes.find((node) => node !== book.cluster.leader(1)) as TestNode;
}

let ids = 2_000_000;

/** An export in hand. */
function begin(
  cluster: TestCluster,
  node: TestNode,
  group: GroupId = DATA,
): { readonly id: RequestId; ask(ask: ExportAsk): void } {
  ids += 1;
  const id = ids as RequestId;
  const ask = (what: ExportAsk): void => {
    node.pieces.delete(id);
    cluster.input(node, { kind: 'export', id, group, ask: what });
    if (what !== 'end') cluster.runUntil(() => node.pieces.has(id) || node.replies.has(id));
  };
  ask('begin');
  return { id, ask };
}

describe('an export', () => {
  test.each(['leader', 'follower'] as const)('from the %s holds what was acknowledged before it began, at one height', (who) => {
    const book = open(3, { snapshots: { chunkBytes: 64 * 1024, sliceRecords: 5 } });
    for (let i = 0; i < 30; i += 1) write(book);
    const node = who === 'leader' ? book.cluster.leader(1) : followerOf(book);
    if (who === 'follower') {
      // Its applied state is behind: the newest writes have not reached it when it is asked.
      book.cluster.isolate(node);
      for (let i = 0; i < 5; i += 1) write(book);
      book.cluster.cut.clear();
    }
    const before = book.cluster.leader(1).replica.group(DATA)?.state.vault(book.vault.id)?.height ?? 0;
    const state = restored(exportGroup(book.cluster, node, DATA), book.cluster);
    const vault = state.vault(book.vault.id);
    expect(vault?.height).toBeGreaterThanOrEqual(before);
    const original = node.replica.group(DATA)?.state.vault(book.vault.id);
    expect(vault?.anchor).toEqual(original?.anchor);
  });

  test('is not disturbed by what is written meanwhile', () => {
    const book = open(3, { snapshots: { chunkBytes: 512, sliceRecords: 3 } });
    for (let i = 0; i < 20; i += 1) write(book);
    const node = book.cluster.leader(1);
    const height = node.replica.group(DATA)?.state.vault(book.vault.id)?.height;
    ids += 1;
    const id = ids as RequestId;
    book.cluster.input(node, { kind: 'export', id, group: DATA, ask: 'begin' });
    for (let i = 0; i < 10; i += 1) write(book); // slices are worked off between them
    book.cluster.runUntil(() => node.pieces.has(id));
    const piece = node.pieces.get(id);
    expect(piece?.last).toBe(true);
    const state = restored(piece?.bytes as Uint8Array, book.cluster);
    expect(state.vault(book.vault.id)?.height).toBe(height);
    expect(node.replica.group(DATA)?.state.vault(book.vault.id)?.height).toBe((height as number) + 10);
  });

  test('wakes a group that sleeps, on a follower', () => {
    const book = open(3, { hibernateMicros: 200_000 });
    write(book);
    book.cluster.runUntil(() => book.cluster.nodes.every((node) => node.replica.group(DATA)?.raft.isAsleep === true));
    const state = restored(exportGroup(book.cluster, followerOf(book), DATA), book.cluster);
    expect(state.vault(book.vault.id)?.height).toBe(2);
  });

  test('is refused for a group that is quarantined, or not there, and where there are too many', () => {
    const book = open(1);
    write(book);
    const node = book.cluster.nodes[0] as TestNode;
    expect(() => exportGroup(book.cluster, node, 7 as GroupId)).toThrow('This node knows of no group 7 yet.');
    // One holds the state; the others wait for it and are owed a piece.
    const waiting: RequestId[] = [];
    for (let i = 0; i < EXPORTS_MAX; i += 1) {
      ids += 1;
      waiting.push(ids as RequestId);
      book.cluster.input(node, { kind: 'export', id: ids as RequestId, group: DATA, ask: 'begin' });
    }
    expect(() => exportGroup(book.cluster, node, DATA)).toThrow('exports as many groups as it can');
    book.cluster.runUntil(() => waiting.every((id) => node.pieces.get(id)?.last === true));
    node.replica.group(DATA)?.quarantine();
    expect(() => exportGroup(book.cluster, node, DATA)).toThrow('quarantined');
  });
});

describe('an export that is not gone on with', () => {
  /** Larger than a piece. */
  function large(exportLogBytes: number = 1 << 30): Book {
    const snapshots = { checkpointLogBytes: 4096, chunkBytes: 64 * 1024, exportLogBytes };
    const book = open(1, { snapshots, segmentBytes: 1 << 20 });
    const { cluster, vault, session } = book;
    for (let i = 0; i < 8; i += 1) {
      const value = new Uint8Array(60_000).fill(i);
      const operation = { op: 'setEntity', key: `blob:${i}`, value, condition: undefined, expiresAt: 0 } as const;
      const request = writeRequest(vault, session, 2 + book.written);
      if (request.kind !== 'transact') throw new Error('a write is a transaction');
      const transaction = { ...request.transaction, operations: [operation] };
      expectKind(cluster.ask(cluster.leader(1), { ...request, transaction }), 'transacted');
      book.written += 1;
    }
    cluster.pass(1_000_000); // a checkpoint under way is done
    return book;
  }

  test('lets checkpoints of its group begin again when it is ended', () => {
    const book = large();
    const node = book.cluster.nodes[0] as TestNode;
    const { ask } = begin(book.cluster, node);
    const checkpoints = (): number | undefined => node.replica.group(1 as GroupId)?.state.pages.backing?.number;
    const before = checkpoints();
    for (let i = 0; i < 40; i += 1) write(book);
    book.cluster.pass(1_000_000);
    expect(checkpoints()).toBe(before);
    ask('end');
    for (let i = 0; i < 5; i += 1) write(book);
    book.cluster.pass(1_000_000);
    expect(checkpoints()).not.toBe(before);
  });

  test('is given up after a time, and who comes late hears so', () => {
    const book = large();
    const node = book.cluster.nodes[0] as TestNode;
    const { id, ask } = begin(book.cluster, node);
    expect(node.pieces.get(id)?.last).toBe(false);
    expect(node.replica.group(DATA)?.state.isCaptured).toBe(true);
    book.cluster.pass(EXPORT_IDLE_MICROS - 1_000_000);
    expect(node.replica.group(DATA)?.state.isCaptured).toBe(true);
    book.cluster.pass(2_000_000);
    expect(node.replica.group(DATA)?.state.isCaptured).toBe(false);
    ask('more');
    expect(node.replies.get(id)).toMatchObject({ kind: 'error', message: expect.stringContaining('too slowly') });
  });

  test('is given up where its group writes too much meanwhile, so that the log is held back no longer', () => {
    const book = large(4 * 1024);
    const node = book.cluster.nodes[0] as TestNode;
    const { id, ask } = begin(book.cluster, node);
    expect(node.replica.group(DATA)?.state.isCaptured).toBe(true);
    for (let i = 0; i < 60; i += 1) write(book);
    book.cluster.pass(1_000_000);
    ask('more');
    expect(node.replies.get(id)).toMatchObject({ kind: 'error', message: expect.stringContaining('held back the log') });
  });
});
