/** Checkpoints and fetched snapshots, effect by effect: what a restart finds, what a laggard gets, and every crash on the way. */
import { describe, expect, test } from 'vitest';
import { parsePageFileName } from '../../core/checkpoint/file.ts';
import type { SessionRef, VaultEntry } from '../../core/client/protocol.ts';
import { decodeFrame, encodeFrame } from '../../core/codec/frame.ts';
import type { GroupId } from '../../core/ids.ts';
import { FIRST_PAGE_AT, type PageFile } from '../../core/page/page-file.ts';
import type { PageId } from '../../core/page/store.ts';
import type { Replica } from '../../core/replica/replica.ts';
import { parseSnapshotName } from '../../core/snapshot/file.ts';
import type { SnapshotMessage } from '../../core/snapshot/message.ts';
import { TestCluster, type TestNode } from './harness.ts';
import { ANNE, checkRequest, createVault, expectKind, writeRequest } from './vaults.ts';

const SNAPSHOTS = {
  checkpointLogBytes: 4096,
  checkpointReplayBytes: 1 << 20,
  chunkBytes: 256,
  trailEntries: 0,
  pullMicros: 50_000,
  servedMicros: 0,
  scrubMicros: 0,
};

interface Book {
  readonly cluster: TestCluster;
  readonly vault: VaultEntry;
  readonly session: SessionRef;
  readonly marks: Set<string>;
  /** Writes that were acknowledged. */
  written: number;
}

function open(size: number, overrides: Partial<typeof SNAPSHOTS> = {}, segmentBytes: number = 8192): Book {
  const marks = new Set<string>();
  const probe = { mark: (name: string) => void marks.add(name), stepped: () => undefined };
  const options = { snapshots: { ...SNAPSHOTS, ...overrides }, segmentBytes, pageBytes: 512, probe };
  const cluster = new TestCluster(size, 1, 'rounds', options);
  cluster.boot();
  return { cluster, ...createVault(cluster), marks, written: 0 };
}

function tupleOf(number: number): typeof ANNE {
  return { ...ANNE, subject: `user:${number}` };
}

function write(book: Book, count: number): void {
  const { cluster, vault, session } = book;
  for (let i = 0; i < count; i += 1) {
    const request = writeRequest(vault, session, 2 + book.written, tupleOf(book.written));
    expectKind(cluster.ask(cluster.leader(vault.group), request), 'transacted');
    cluster.pass(100); // what is done in slices is done between requests
    book.written += 1;
  }
}

/** Up to so many writes, of which those that are acknowledged count. @returns whether the node died meanwhile */
function writeUntilDeath(book: Book, node: TestNode, count: number): boolean {
  const { cluster, vault, session } = book;
  for (let i = 0; i < count && node.running; i += 1) {
    const id = cluster.send(node, writeRequest(vault, session, 2 + book.written, tupleOf(book.written)));
    cluster.settle();
    if (node.running) cluster.pass(2000);
    if (node.replies.get(id)?.kind === 'transacted') book.written += 1;
  }
  return !node.running;
}

function expectAllOn(book: Book, node: TestNode): void {
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
function unwrittenParts(node: TestNode): () => readonly string[] {
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

function snapshotsOf(node: TestNode, group: number): readonly string[] {
  return node.disk.list().filter((name) => {
    const place = parseSnapshotName(name);
    return place?.group === group && place.stage === 'whole';
  });
}

function pageFilesOf(node: TestNode, group: number): readonly string[] {
  return node.disk.list().filter((name) => parsePageFileName(name)?.group === group);
}

function raftOf(node: TestNode, group: number) {
  const found = node.replica.group(group as GroupId);
  if (found === undefined) throw new Error('no such group');
  return found.raft;
}

/** One node away, and the others' logs gone past it. */
function withLaggard(book: Book): TestNode {
  const { cluster, vault } = book;
  const leader = cluster.leader(vault.group);
  const away = cluster.nodes.find((node) => node !== leader && node !== cluster.leader(0)) as TestNode;
  const last = raftOf(away, vault.group).lastIndex;
  cluster.kill(away, false);
  while (raftOf(cluster.leader(vault.group), vault.group).baseIndex <= last) write(book, 5);
  write(book, 5);
  return away;
}

function comesBack(book: Book, node: TestNode): void {
  const { cluster, vault } = book;
  const { group } = vault;
  cluster.runUntil(() => {
    const leader = cluster.leader(group);
    return node.replica.group(group)?.state.lastApplied === raftOf(leader, group).lastIndex;
  });
}

/** Digest of the group's state on every running node, by what it has applied. */
function expectEqualStates(book: Book): void {
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

describe('checkpoints', () => {
  test('the log is reclaimed behind a checkpoint, and a restart finds everything', () => {
    const book = open(1);
    const node = book.cluster.nodes[0] as TestNode;
    write(book, 150);
    expect(node.disk.list().filter((name) => name.startsWith('wal-')).length).toBeLessThan(8);
    expect(node.disk.list()).not.toContain('wal-0000000000000001');
    expect(snapshotsOf(node, 1)).toEqual([]);
    expect(pageFilesOf(node, 1).length).toBe(1);
    book.cluster.kill(node, true);
    book.cluster.open(node);
    book.cluster.leader(1);
    expect(raftOf(node, 1).baseIndex).toBeGreaterThan(100);
    expectAllOn(book, node);
    write(book, 30);
    expectAllOn(book, node);
  });

  test('a start has no more to apply again than a group may have behind its checkpoint, however long the log may be', () => {
    const bound = 1024;
    const book = open(1, { checkpointLogBytes: 1 << 20, checkpointReplayBytes: bound });
    write(book, 60);
    const [node] = book.cluster.nodes as [TestNode];
    const group = node.replica.group(book.vault.group);
    const unsaved = group?.state.unsavedBytes ?? Number.POSITIVE_INFINITY;
    expect(node.disk.list().some((name) => parsePageFileName(name)?.group === book.vault.group)).toBe(true);
    expect(unsaved).toBeLessThan(2 * bound); // one bound's entries, and what came while the checkpoint was written
    book.cluster.kill(node, true);
    book.cluster.open(node);
    book.cluster.leader(1);
    expect(node.replica.group(book.vault.group)?.state.unsavedBytes).toBeLessThan(2 * bound);
    expectAllOn(book, node);
  });

  test('short lives, none of which writes so much log as may stand behind a checkpoint, have one all the same', () => {
    const book = open(1, { checkpointLogBytes: 8192 });
    const [node] = book.cluster.nodes as [TestNode];
    const has = (): boolean => pageFilesOf(node, book.vault.group).length > 0;
    for (let lives = 0; lives < 40 && !has(); lives += 1) {
      write(book, 3);
      book.cluster.kill(node, true);
      book.cluster.open(node);
      expectAllOn(book, node);
    }
    expect(has()).toBe(true);
    expect(node.replica.group(book.vault.group)?.state.unsavedBytes).toBeLessThan(8192);
  });

  test('a command that was answered before a checkpoint is not executed again behind a restart', () => {
    const book = open(1);
    const node = book.cluster.nodes[0] as TestNode;
    write(book, 60);
    const { vault, session } = book;
    const request = writeRequest(vault, session, 2 + 59, tupleOf(59));
    book.cluster.kill(node, true);
    book.cluster.open(node);
    const height = node.replica.group(vault.group)?.state.vault(vault.id)?.height;
    const again = expectKind(book.cluster.ask(book.cluster.leader(vault.group), request), 'transacted');
    expect(again.outcome).toMatchObject({ ok: true, changed: true });
    expect(node.replica.group(vault.group)?.state.vault(vault.id)?.height).toBe(height ?? again.anchor.height);
  });

  test('one copy of a superblock stands in for the other; where neither can be read, the group stays out', () => {
    const book = open(1);
    const node = book.cluster.nodes[0] as TestNode;
    write(book, 120);
    book.cluster.kill(node, true);
    const [file] = pageFilesOf(node, 1) as [string];
    for (const slot of [0, 2]) node.disk.corrupt(file, slot * 4096 + 40, 1);
    book.cluster.open(node);
    book.cluster.leader(1);
    expect(node.fatals).toEqual([]);
    expectAllOn(book, node);
    book.cluster.kill(node, true);
    for (const slot of [1, 3]) node.disk.corrupt(file, slot * 4096 + 40, 1);
    book.cluster.open(node);
    book.cluster.settle();
    expect(node.fatals).toMatchObject([{ scope: 1, code: 'checkpoint_damaged' }]);
  });

  test('a page that is not what was written stops the group when somebody asks for it, and its siblings go on', () => {
    const book = open(1);
    const node = book.cluster.nodes[0] as TestNode;
    write(book, 120);
    book.cluster.kill(node, true);
    const [file] = pageFilesOf(node, 1) as [string];
    const pageBytes = 512;
    // Not the catalog and the page table, which are read at once, but every page of the vault.
    const bytes = node.disk.size(file) as number;
    book.cluster.open(node);
    book.cluster.settle();
    const rows = node.replica.group(1 as GroupId)?.state.pages.backing?.trees.usedPages() as Uint8Array;
    for (let at = FIRST_PAGE_AT; at < bytes; at += pageBytes) {
      if (rows[1 + (at - FIRST_PAGE_AT) / pageBytes] === 1) node.disk.corrupt(file, at + 100, 1);
    }
    book.cluster.leader(1);
    book.cluster.ask(node, writeRequest(book.vault, book.session, 2 + book.written, tupleOf(book.written)));
    expect(node.fatals).toMatchObject([{ scope: 1, code: 'page_damaged' }]);
    expect(book.cluster.leader(0)).toBe(node);
  });

  test('a scrub writes a page again that is in memory, and stops the group of one that is not', () => {
    const book = open(1, { scrubMicros: 1_000_000 });
    const node = book.cluster.nodes[0] as TestNode;
    write(book, 120);
    const { backing } = (node.replica.group(1 as GroupId) as NonNullable<ReturnType<Replica['group']>>).state.pages;
    const file = backing?.file as PageFile;
    const used = backing?.trees.usedPages() as Uint8Array;
    const stored = [...used.keys()].filter((id) => used[id] === 1 && file.storedBytes(id as PageId) !== undefined);
    const [first, second] = stored as [PageId, PageId];
    node.disk.corrupt(file.name, file.offsetOf(first) + 99, 1);
    expect(file.isIntact(first)).toBe(false);
    book.cluster.pass(2_000_000);
    expect(file.isIntact(first)).toBe(true);
    expect([...book.marks]).toContain('scrub.page-repaired');
    expect(node.fatals).toEqual([]);
    file.evict(file.size);
    file.evict(file.size);
    node.disk.corrupt(file.name, file.offsetOf(second) + 99, 1);
    book.cluster.pass(2_000_000);
    expect(node.fatals).toMatchObject([{ scope: 1, code: 'page_damaged' }]);
  });

  test('a superblock that no sync had covered when its process died is durable before anything is built upon it', () => {
    for (let later = 1; ; later += 1) {
      const book = open(1, { checkpointLogBytes: 1024 }, 2048);
      const { cluster, vault } = book;
      const node = cluster.nodes[0] as TestNode;
      node.losesPower = false;
      const { execute } = node.disk;
      let written = 0;
      let [file, durable] = ['', new Uint8Array(0)];
      node.disk.execute = (op) => {
        const isOfPages = 'file' in op && pageFilesOf(node, vault.group).includes(op.file);
        if (isOfPages && op.op === 'write' && op.offset < FIRST_PAGE_AT) written += 1;
        if (isOfPages && op.op === 'sync') [file, durable] = [op.file, node.disk.read(op.file, 0, FIRST_PAGE_AT).slice()];
        // A checkpoint writes two copies. The twentieth one's process dies before the sync that follows.
        if (written === 8) node.operationsLeft = Math.min(node.operationsLeft, 0);
        return execute.call(node.disk, op);
      };
      expect(writeUntilDeath(book, node, 500)).toBe(true);
      expect(raftOf(node, vault.group).baseIndex).toBeGreaterThan(0);
      written += 1;
      node.operationsLeft = later;
      cluster.open(node);
      cluster.runUntil(() => !node.running || node.replica.group(vault.group)?.raft.role === 'leader');
      const isDead = writeUntilDeath(book, node, 16);
      // The least likely loss of power, and the worst: superblocks that no sync had covered are gone, and all else is there.
      execute.call(node.disk, { op: 'write', file, offset: 0, bytes: durable });
      node.operationsLeft = Number.POSITIVE_INFINITY;
      if (isDead) cluster.open(node);
      cluster.leader(vault.group);
      expect([later, node.fatals]).toEqual([later, []]);
      expectAllOn(book, node);
      if (!isDead) return;
    }
  });

  test('a crash at any operation loses nothing that was acknowledged', () => {
    for (let operations = 1; ; operations += 1) {
      const book = open(1, { checkpointLogBytes: 1024 });
      const { cluster, vault } = book;
      const node = cluster.nodes[0] as TestNode;
      write(book, 4);
      node.operationsLeft = operations;
      if (!writeUntilDeath(book, node, 10)) {
        expect(operations).toBeGreaterThan(40);
        return;
      }
      cluster.open(node);
      cluster.leader(vault.group);
      expect(node.fatals).toEqual([]);
      expectAllOn(book, node);
    }
  });
});

describe('a follower that needs entries that are gone', () => {
  test('fetches a snapshot and goes on from there', () => {
    const book = open(3);
    const away = withLaggard(book);
    book.cluster.open(away);
    comesBack(book, away);
    expect([...book.marks]).toContain('snapshot.installed');
    expectEqualStates(book);
    expectAllOn(book, away);
    for (const node of book.cluster.nodes) book.cluster.kill(node, true);
    for (const node of book.cluster.nodes) book.cluster.open(node);
    expectAllOn(book, away);
    expect(book.cluster.nodes.flatMap((node) => node.fatals)).toEqual([]);
  });

  test('has a checkpoint of it soon, though nothing more is written: a start that begins with a snapshot reads all of it', () => {
    const book = open(3);
    const { group } = book.vault;
    const away = withLaggard(book);
    book.cluster.open(away);
    comesBack(book, away);
    book.cluster.pass(100_000);
    expect(pageFilesOf(away, group)).toHaveLength(1);
    expect(snapshotsOf(away, group).length).toBeLessThanOrEqual(1); // the one that it serves
    for (const name of snapshotsOf(away, group)) away.disk.execute({ op: 'remove', file: name });
    book.cluster.kill(away, true);
    book.cluster.open(away);
    expectAllOn(book, away);
    expect(away.fatals).toEqual([]);
  });

  test('goes on with what it has fetched when it dies on the way', () => {
    const book = open(3);
    const { cluster } = book;
    const away = withLaggard(book);
    const asked: SnapshotMessage[] = [];
    cluster.wire = (bytes, from) => {
      const frame = decodeFrame(bytes);
      if (!frame.ok) throw new Error('a frame decodes');
      for (const { message } of frame.value.envelopes) if (from === away && message.kind === 'snapshotPull') asked.push(message);
      return bytes;
    };
    cluster.open(away);
    away.operationsLeft = 12;
    cluster.runUntil(() => !away.running);
    const before = new Set(asked.map((pull) => JSON.stringify(pull)));
    asked.length = 0;
    const unwritten = unwrittenParts(away);
    cluster.open(away);
    comesBack(book, away);
    expect([...book.marks]).toContain('snapshot.fetch-resumed');
    expect(unwritten()).toEqual([]);
    const after = new Set(asked.map((pull) => JSON.stringify(pull)));
    expect([...before].some((pull) => !after.has(pull))).toBe(true);
    expect([...after].some((pull) => !before.has(pull))).toBe(true);
    expectAllOn(book, away);
  });

  test('refuses a chunk that is not the one it asked for, and asks again', () => {
    const book = open(3);
    const { cluster } = book;
    const away = withLaggard(book);
    let spoilt = 0;
    cluster.wire = (bytes, _, to) => {
      const frame = decodeFrame(bytes);
      if (!frame.ok || to !== away || spoilt >= 9) return bytes;
      const envelopes = frame.value.envelopes.map(({ group, message }) => {
        if (message.kind !== 'snapshotChunk') return { group, message };
        spoilt += 1;
        const changed = message.bytes.slice();
        changed[changed.length - 1] = (changed[changed.length - 1] as number) ^ 1;
        return { group, message: { ...message, bytes: changed } };
      });
      return encodeFrame({ ...frame.value, envelopes });
    };
    cluster.open(away);
    comesBack(book, away);
    expect(spoilt).toBeGreaterThan(0);
    expect([...book.marks]).toContain('snapshot.wrong-chunk-refused');
    expectEqualStates(book);
    expectAllOn(book, away);
  });

  test('is asked one more question by a refusal, not a whole window of them', () => {
    const book = open(3);
    const { cluster } = book;
    const away = withLaggard(book);
    let refusals = 0;
    /** Of the node that does not lead, and so has no snapshot. */
    let others = 0;
    let pulls = 0;
    const chunks = new Set<string>();
    cluster.wire = (bytes, from, to) => {
      const frame = decodeFrame(bytes);
      if (!frame.ok) return bytes;
      const envelopes = frame.value.envelopes.map(({ group, message }) => {
        if (from === away && message.kind === 'snapshotPull') pulls += 1;
        if (to === away && message.kind === 'snapshotGone') others += 1;
        if (to === away && message.kind === 'snapshotChunk') chunks.add(`${group} ${message.section} ${message.number}`);
        if (to !== away || message.kind !== 'snapshotChunk' || refusals >= 12) return { group, message };
        refusals += 1;
        const { index, manifestHash, section, number } = message;
        return { group, message: { kind: 'snapshotGone', index, manifestHash, section, number } as const };
      });
      return encodeFrame({ ...frame.value, envelopes });
    };
    cluster.open(away);
    comesBack(book, away);
    expect(refusals).toBe(12);
    // One question for each chunk of two groups, and one more for each refusal.
    expect(chunks.size).toBeGreaterThan(30);
    expect(pulls).toBeLessThanOrEqual(chunks.size + 12 + others);
    expectEqualStates(book);
  });

  test('asks the leader again, which once had nothing to give, where the other one keeps silent', () => {
    const book = open(3);
    const { cluster, vault } = book;
    const away = withLaggard(book);
    const leader = cluster.leader(vault.group);
    let refusals = 0;
    cluster.wire = (bytes, from, to) => {
      const frame = decodeFrame(bytes);
      if (!frame.ok || to !== away) return bytes;
      const envelopes = frame.value.envelopes.flatMap(({ group, message }) => {
        if (group !== vault.group || from !== leader) return message.kind === 'snapshotGone' ? [] : [{ group, message }];
        if (message.kind !== 'snapshotChunk' || refusals >= 8) return [{ group, message }];
        refusals += 1;
        const { index, manifestHash, section, number } = message;
        return [{ group, message: { kind: 'snapshotGone', index, manifestHash, section, number } as const }];
      });
      return encodeFrame({ ...frame.value, envelopes });
    };
    cluster.open(away);
    comesBack(book, away);
    expect(refusals).toBe(8);
    expectEqualStates(book);
  });

  test('gets it from the next leader when the first one dies on the way', () => {
    const book = open(3);
    const { cluster, vault } = book;
    const away = withLaggard(book);
    let chunks = 0;
    cluster.wire = (bytes, _, to) => {
      const frame = decodeFrame(bytes);
      if (frame.ok && to === away && frame.value.envelopes.some(({ message }) => message.kind === 'snapshotChunk')) chunks += 1;
      return bytes;
    };
    cluster.open(away);
    cluster.runUntil(() => chunks >= 3);
    const first = cluster.leader(vault.group);
    for (const node of cluster.nodes) {
      cluster.cut.add(`${first.id}>${node.id}`);
      cluster.cut.add(`${node.id}>${first.id}`);
    }
    cluster.pass(2_000_000);
    comesBackFrom(book, away, first);
    cluster.cut.clear();
    comesBack(book, away);
    expectAllOn(book, away);
    expectEqualStates(book);
  });

  test('survives a crash at any operation of its fetch', () => {
    for (let operations = 1; operations < 400; operations += 7) {
      const book = open(3);
      const { cluster } = book;
      const away = withLaggard(book);
      cluster.open(away);
      away.operationsLeft = operations;
      cluster.runUntil(() => !away.running || book.marks.has('snapshot.installed'));
      const hasDied = !away.running;
      if (hasDied) cluster.open(away);
      away.operationsLeft = Number.POSITIVE_INFINITY;
      comesBack(book, away);
      expect(away.fatals).toEqual([]);
      expectEqualStates(book);
      if (!hasDied) {
        expect(operations).toBeGreaterThan(20);
        return;
      }
    }
  });
});

/** The laggard follows somebody else than `first`, and has applied all of that log. */
function comesBackFrom(book: Book, node: TestNode, first: TestNode): void {
  const { cluster, vault } = book;
  cluster.runUntil(() => {
    const leader = cluster.nodes.find((other) => other !== first && raftOf(other, vault.group).status().ownTermCommitted);
    return leader !== undefined && node.replica.group(vault.group)?.state.lastApplied === raftOf(leader, vault.group).lastIndex;
  });
}
