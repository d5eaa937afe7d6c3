/** A cluster whose groups write checkpoints and snapshots often, and the book of what was written to it. */
import { expect } from 'vitest';
import { parsePageFileName } from '../../core/checkpoint/file.ts';
import type { SessionRef, VaultEntry } from '../../core/client/protocol.ts';
import type { GroupId } from '../../core/ids.ts';
import type { Raft } from '../../core/raft/raft.ts';
import { parseSnapshotName } from '../../core/snapshot/file.ts';
import { TestCluster, type TestNode } from './harness.ts';
import { ANNE, checkRequest, createVault, expectKind, writeRequest } from './vaults.ts';

const SNAPSHOTS: Record<
  'checkpointLogBytes' | 'checkpointReplayBytes' | 'chunkBytes' | 'trailEntries' | 'pullMicros' | 'servedMicros' | 'scrubMicros',
  number
> = {
  checkpointLogBytes: 4096,
  checkpointReplayBytes: 1 << 20,
  chunkBytes: 256,
  trailEntries: 0,
  pullMicros: 50_000,
  servedMicros: 0,
  scrubMicros: 0,
};

export interface Book {
  readonly cluster: TestCluster;
  readonly vault: VaultEntry;
  readonly session: SessionRef;
  readonly marks: Set<string>;
  /** Writes that were acknowledged. */
  written: number;
}

export function open(size: number, overrides: Partial<typeof SNAPSHOTS> = {}, segmentBytes: number = 8192): Book {
  const marks = new Set<string>();
  const probe = { mark: (name: string) => void marks.add(name), stepped: () => undefined };
  const options = { snapshots: { ...SNAPSHOTS, ...overrides }, segmentBytes, pageBytes: 512, probe };
  const cluster = new TestCluster(size, 1, 'rounds', options);
  cluster.boot();
  return { cluster, ...createVault(cluster), marks, written: 0 };
}

export function tupleOf(number: number): typeof ANNE {
  return { ...ANNE, subject: `user:${number}` };
}

export function write(book: Book, count: number): void {
  const { cluster, vault, session } = book;
  for (let i = 0; i < count; i += 1) {
    const request = writeRequest(vault, session, 2 + book.written, tupleOf(book.written));
    expectKind(cluster.ask(cluster.leader(vault.group), request), 'transacted');
    cluster.pass(100); // what is done in slices is done between requests
    book.written += 1;
  }
}

/** Up to so many writes, of which those that are acknowledged count. @returns whether the node died meanwhile */
export function writeUntilDeath(book: Book, node: TestNode, count: number): boolean {
  const { cluster, vault, session } = book;
  for (let i = 0; i < count && node.running; i += 1) {
    const id = cluster.send(node, writeRequest(vault, session, 2 + book.written, tupleOf(book.written)));
    cluster.settle();
    if (node.running) cluster.pass(2000);
    if (node.replies.get(id)?.kind === 'transacted') book.written += 1;
  }
  return !node.running;
}

export function expectAllOn(book: Book, node: TestNode): void {
  comesBack(book, node);
  for (let number = 0; number < book.written; number += 1) {
    let answer = book.cluster.ask(node, checkRequest(book.vault, 'linearizable', { tuple: tupleOf(number) }));
    for (let tries = 0; tries < 20 && answer.kind === 'error'; tries += 1) {
      book.cluster.pass(100_000); // it may not know its leader yet
      answer = book.cluster.ask(node, checkRequest(book.vault, 'linearizable', { tuple: tupleOf(number) }));
    }
    expect([number, expectKind(answer, 'tuple').present]).toEqual([number, true]);
  }
}

/**
 * Watches what is written to the snapshots that the node had fetched in part: after a sync that failed only that is sure to reach the disk.
 * @returns the bytes of them, as file and offset, that were not written since.
 */
export function unwrittenParts(node: TestNode): () => readonly string[] {
  const parts = node.disk.list().filter((name) => parseSnapshotName(name)?.stage === 'fetching');
  expect(parts.length).toBeGreaterThan(0);
  const missing = new Map(parts.map((name) => [name, new Set(Array(node.disk.size(name) ?? 0).keys())]));
  const { execute } = node.disk;
  node.disk.execute = (op) => {
    if (op.op === 'write') for (let i = 0; i < op.bytes.length; i += 1) missing.get(op.file)?.delete(op.offset + i);
    if (op.op === 'remove') missing.delete(op.file);
    return execute.call(node.disk, op);
  };
  return () => [...missing].flatMap(([name, offsets]) => [...offsets].map((offset) => `${name} ${offset}`));
}

export function snapshotsOf(node: TestNode, group: number): readonly string[] {
  return node.disk.list().filter((name) => {
    const place = parseSnapshotName(name);
    return place?.group === group && place.stage === 'whole';
  });
}

export function pageFilesOf(node: TestNode, group: number): readonly string[] {
  return node.disk.list().filter((name) => parsePageFileName(name)?.group === group);
}

export function raftOf(node: TestNode, group: number): Raft {
  const found = node.replica.group(group as GroupId);
  if (found === undefined) throw new Error('no such group');
  return found.raft;
}

/** One node away, and the others' logs gone past it. */
export function withLaggard(book: Book): TestNode {
  const { cluster, vault } = book;
  const leader = cluster.leader(vault.group);
  const away = cluster.nodes.find((node) => node !== leader && node !== cluster.leader(0)) as TestNode;
  const last = raftOf(away, vault.group).lastIndex;
  cluster.kill(away, false);
  while (raftOf(cluster.leader(vault.group), vault.group).baseIndex <= last) write(book, 5);
  write(book, 5);
  return away;
}

export function comesBack(book: Book, node: TestNode): void {
  const { cluster, vault } = book;
  const { group } = vault;
  cluster.runUntil(() => {
    const leader = cluster.leader(group);
    return node.replica.group(group)?.state.lastApplied === raftOf(leader, group).lastIndex;
  });
}

/** Digest of the group's state on every running node, by what it has applied. */
export function expectEqualStates(book: Book): void {
  const { cluster, vault } = book;
  const roots = new Map<number, string>();
  for (const node of cluster.nodes) {
    const state = node.replica.group(vault.group)?.state;
    if (state === undefined) continue;
    const root = String(state.vault(vault.id)?.anchor.blockHash);
    expect(roots.get(state.lastApplied) ?? root).toBe(root);
    roots.set(state.lastApplied, root);
  }
}
