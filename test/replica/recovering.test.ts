/** Damaged replicas: what they may not do, how they come back, and where they refuse. */
import { describe, expect, test } from 'vitest';
import { parsePageFileName } from '../../core/checkpoint/file.ts';
import type { SessionRef, VaultEntry } from '../../core/client/protocol.ts';
import { decodeFrame } from '../../core/codec/frame.ts';
import type { Micros, NodeId, Term } from '../../core/ids.ts';
import type { PageId } from '../../core/page/store.ts';
import { SUPERBLOCK_SLOT_BYTES } from '../../core/page/superblock.ts';
import { Recovering, type RecoveryMessage } from '../../core/replica/recovering.ts';
import { RecordKind } from '../../core/wal/record.ts';
import { type FoundRecord, scanSegment } from '../../core/wal/scan.ts';
import { segmentId } from '../../core/wal/segment.ts';
import { TestCluster, type TestNode } from './harness.ts';
import { ANNE, checkRequest, createVault, expectKind, writeRequest } from './vaults.ts';

const SNAPSHOTS = { chunkBytes: 256, trailEntries: 0, pullMicros: 50_000, servedMicros: 0 };
const RECORD_HEADER_BYTES = 56;

interface Book {
  readonly cluster: TestCluster;
  readonly vault: VaultEntry;
  readonly session: SessionRef;
  readonly marks: Set<string>;
  written: number;
}

function open(size: number, { writes = 20, checkpointLogBytes = 1 << 20, segmentBytes = 1 << 16 } = {}): Book {
  const marks = new Set<string>();
  const probe = { mark: (name: string) => void marks.add(name), stepped: () => undefined };
  const options = { snapshots: { ...SNAPSHOTS, checkpointLogBytes }, segmentBytes, pageBytes: 512, probe };
  const cluster = new TestCluster(size, 1, 'rounds', options);
  cluster.boot();
  const book = { cluster, ...createVault(cluster), marks, written: 0 };
  write(book, writes);
  return book;
}

const tupleOf = (number: number): typeof ANNE => ({ ...ANNE, subject: `user:${number}` });

function write(book: Book, count: number): void {
  const { cluster, vault, session } = book;
  for (let i = 0; i < count; i += 1) {
    const request = writeRequest(vault, session, 2 + book.written, tupleOf(book.written));
    expectKind(cluster.ask(cluster.leader(vault.group), request), 'transacted');
    cluster.pass(100);
    book.written += 1;
  }
}

function groupOn(node: TestNode, { vault }: Book) {
  const group = node.replica.group(vault.group);
  if (group === undefined) throw new Error('no such group');
  return group;
}

/** Every page of the vault, though not of the catalog, which is read at once. */
function destroyPages(node: TestNode, book: Book): void {
  const { backing } = groupOn(node, book).state.pages;
  if (backing === undefined) throw new Error('there is no page file');
  for (const [id, isUsed] of backing.trees.usedPages().entries()) {
    if (isUsed === 1) node.disk.corrupt(backing.file.name, backing.file.offsetOf(id as PageId) + 90, 1);
  }
}

/** A follower that has started on a checkpoint of which every page of the vault is destroyed, and has not noticed. */
function withRottenPages(): { readonly book: Book; readonly node: TestNode } {
  const book = open(3, { checkpointLogBytes: 2048, segmentBytes: 4096 });
  const node = follower(book);
  write(book, 150);
  book.cluster.kill(node, true);
  book.cluster.open(node);
  book.cluster.settle();
  destroyPages(node, book);
  return { book, node };
}

function expectWhole(book: Book, node: TestNode): void {
  const { cluster, vault } = book;
  cluster.runUntil(() => !groupOn(node, book).quarantined);
  cluster.runUntil(() => groupOn(node, book).state.lastApplied === groupOn(cluster.leader(vault.group), book).raft.lastIndex);
  for (let number = 0; number < book.written; number += 1) {
    const ask = () => cluster.ask(node, checkRequest(vault, 'linearizable', { tuple: tupleOf(number) }));
    let answer = ask();
    for (let tries = 0; tries < 20 && answer.kind === 'error'; tries += 1) {
      cluster.pass(100_000); // it may not know its leader yet
      answer = ask();
    }
    expect([number, expectKind(answer, 'tuple').present]).toEqual([number, true]);
  }
}

function follower(book: Book): TestNode {
  const leader = book.cluster.leader(book.vault.group);
  return book.cluster.nodes.find((node) => node !== leader) as TestNode;
}

/** The node loses power, and what the choice picks among the group's records is destroyed. */
function damage(
  book: Book,
  node: TestNode,
  part: 'header' | 'payload',
  choose: (records: readonly FoundRecord[]) => FoundRecord,
): void {
  book.cluster.kill(node, true);
  const file = node.disk.list().find((name) => segmentId(name) !== undefined) as string;
  const { found } = scanSegment(segmentId(file) as number, node.disk.read(file, 0, node.disk.size(file) as number));
  const record = choose(found.filter(({ header }) => header.group === book.vault.group));
  node.disk.corrupt(file, record.offset + (part === 'header' ? 9 : RECORD_HEADER_BYTES + 4), 0x10);
}

const someEntries = (records: readonly FoundRecord[]): FoundRecord => {
  const entries = records.filter(({ header }) => header.kind === RecordKind.entries);
  return entries[Math.floor(entries.length / 2)] as FoundRecord;
};

/** Messages of these kinds that the node sends in its group from now on. */
function sentBy(book: Book, node: TestNode, kinds: readonly string[]): readonly string[] {
  const sent: string[] = [];
  book.cluster.wire = (bytes, from) => {
    const frame = decodeFrame(bytes);
    if (from !== node || !frame.ok || !groupOn(node, book).quarantined) return bytes;
    for (const { group, message } of frame.value.envelopes) {
      if (group === book.vault.group && kinds.includes(message.kind)) sent.push(message.kind);
    }
    return bytes;
  };
  return sent;
}

const COUNTED = ['preVote', 'preVoteResponse', 'requestVote', 'requestVoteResponse', 'heartbeatResponse', 'appendResponse'];

describe('a damaged replica', () => {
  test('whose terms are sure gets its state from the leader of a later term, and counts for nothing before', () => {
    const book = open(3);
    const { cluster, vault, marks } = book;
    const node = follower(book);
    const { term } = groupOn(cluster.leader(vault.group), book).raft;
    damage(book, node, 'payload', someEntries);
    const sent = sentBy(book, node, COUNTED);
    cluster.open(node);
    cluster.settle();
    expect(node.fatals).toMatchObject([{ scope: 1, code: 'log_damaged', detail: expect.stringContaining('begins now') }]);
    expect(groupOn(node, book).recovering?.above).toBe(term);
    expect(expectKind(cluster.ask(node, checkRequest(vault, 'eventual', { tuple: tupleOf(1) })), 'error').code).toBe(
      'quarantined',
    );
    expectWhole(book, node);
    expect(sent).toEqual([]);
    expect(groupOn(node, book).raft.term).toBeGreaterThan(term);
    expect([...marks]).toContain('replica.leader-gives-way-to-recovery');
    expect([...marks]).not.toContain('replica.forgotten-term-bounded');
    write(book, 5);
    expectWhole(book, node);
  });

  test('that may have voted and forgotten it waits until every other member has told its term', () => {
    const book = open(3);
    const { cluster, vault } = book;
    const node = follower(book);
    const other = cluster.nodes.find((each) => each !== node && each !== cluster.leader(vault.group)) as TestNode;
    damage(book, node, 'header', someEntries);
    cluster.kill(other, true);
    cluster.open(node);
    cluster.pass(3_000_000);
    expect(groupOn(node, book).recovering?.above).toBeUndefined();
    cluster.open(other);
    expectWhole(book, node);
    expect([...book.marks]).toContain('replica.forgotten-term-bounded');
  });

  test('stays healed, after any number of restarts', () => {
    const book = open(3);
    const node = follower(book);
    damage(book, node, 'header', someEntries);
    book.cluster.open(node);
    expectWhole(book, node);
    for (let times = 0; times < 3; times += 1) {
      write(book, 3);
      book.cluster.kill(node, true);
      book.cluster.open(node);
      book.cluster.settle();
      expect(groupOn(node, book).quarantined).toBe(false);
      expectWhole(book, node);
    }
    expect(node.fatals).toHaveLength(1);
  });

  test('votes again: once it is whole the cluster does without another node', () => {
    const book = open(3);
    const { cluster, vault } = book;
    const node = follower(book);
    damage(book, node, 'payload', someEntries);
    cluster.open(node);
    expectWhole(book, node);
    cluster.kill(
      cluster.leader(vault.group) === node
        ? (cluster.nodes.find((each) => each !== node) as TestNode)
        : cluster.leader(vault.group),
      true,
    );
    write(book, 3);
    expectWhole(book, node);
  });

  test('whose checkpoints cannot be read gets one from its peers', () => {
    const book = open(3, { checkpointLogBytes: 2048, segmentBytes: 4096 });
    const node = follower(book);
    write(book, 150);
    book.cluster.kill(node, true);
    for (const name of node.disk.list()) {
      if (parsePageFileName(name)?.group !== book.vault.group) continue;
      for (const slot of [0, 1, 2, 3]) node.disk.corrupt(name, slot * SUPERBLOCK_SLOT_BYTES + 40, 1);
    }
    book.cluster.open(node);
    book.cluster.settle();
    expect(node.fatals).toMatchObject([{ scope: 1, code: 'checkpoint_damaged' }]);
    expectWhole(book, node);
  });

  test('whose pages are not what was written fetches its state while the node goes on', () => {
    const { book, node } = withRottenPages();
    write(book, 3);
    expect(node.fatals).toMatchObject([{ scope: 1, code: 'page_damaged' }]);
    expectWhole(book, node);
  });

  test('applies nothing more to a state that it found damaged in the middle of an entry', () => {
    const { book, node } = withRottenPages();
    node.diskWorks = false;
    write(book, 6);
    expect(node.fatals).toMatchObject([{ scope: 1, code: 'page_damaged' }]);
    const { state, raft } = groupOn(node, book);
    const stoppedAt = state.lastApplied;
    expect(raft.lastIndex).toBeGreaterThan(stoppedAt);
    node.diskWorks = true;
    expectWhole(book, node);
    expect(state.lastApplied).toBe(stoppedAt);
    expect(groupOn(node, book).state).not.toBe(state);
    expect(node.fatals).toHaveLength(1);
  });

  test('loses power at any operation on its way back, and comes back from there', () => {
    for (let operations = 1; ; operations += 1) {
      const book = open(3, { writes: 5 });
      const node = follower(book);
      damage(book, node, 'header', someEntries);
      book.cluster.open(node);
      node.operationsLeft = operations;
      const isBack = (): boolean => node.replica.group(book.vault.group)?.quarantined === false;
      book.cluster.runUntil(() => !node.running || isBack());
      if (node.running) {
        expect(operations).toBeGreaterThan(20);
        return;
      }
      book.cluster.open(node);
      expectWhole(book, node);
    }
  });
});

describe('where too much is lost', () => {
  test('on every node, no group is led, and each node says so', () => {
    const book = open(3);
    const { cluster } = book;
    for (const node of cluster.nodes) damage(book, node, 'payload', someEntries);
    for (const node of cluster.nodes) cluster.open(node);
    cluster.pass(5_000_000);
    for (const node of cluster.nodes) {
      expect(node.fatals).toMatchObject([{ scope: 1, code: 'log_damaged' }]);
      expect(groupOn(node, book)).toMatchObject({ quarantined: true });
      expect(groupOn(node, book).raft.role).toBe('follower');
    }
  });

  test('on two of three nodes the third alone leads nothing', () => {
    const book = open(3);
    const { cluster } = book;
    const [first, second, third] = cluster.nodes as [TestNode, TestNode, TestNode];
    for (const node of [first, second]) damage(book, node, 'payload', someEntries);
    for (const node of [first, second]) cluster.open(node);
    cluster.pass(5_000_000);
    expect(groupOn(third, book).raft.role).not.toBe('leader');
    expect([first, second].map((node) => groupOn(node, book).quarantined)).toEqual([true, true]);
  });

  test('a cluster of one tells its operator where to turn', () => {
    const book = open(1);
    const node = book.cluster.nodes[0] as TestNode;
    damage(book, node, 'payload', someEntries);
    book.cluster.open(node);
    book.cluster.pass(1_000_000);
    expect(groupOn(node, book)).toMatchObject({ quarantined: true, recovering: undefined });
    expect(node.fatals).toMatchObject([{ scope: 1, code: 'log_damaged', detail: expect.stringContaining('from a backup') }]);
  });
});

describe('the questions of a damaged replica', () => {
  const [a, b] = ['a'.repeat(32), 'b'.repeat(32)] as [NodeId, NodeId];
  const build = (isForgetful: boolean): { readonly recovering: Recovering; readonly sent: [NodeId, RecoveryMessage][] } => {
    const sent: [NodeId, RecoveryMessage][] = [];
    const recovering = new Recovering({
      term: 3 as Term,
      isForgetful,
      others: () => [a, b],
      nonce: 7,
      askMicros: 100,
      isFetching: () => false,
      send: (to, message) => sent.push([to, message]),
      mark: () => undefined,
    });
    return { recovering, sent };
  };
  const told = (nonce: number, term: number) => ({ kind: 'termTold', nonce, term: term as Term }) as const;

  test('the bound is the highest term of all answers to this start, or the own one', () => {
    const { recovering, sent } = build(true);
    recovering.deadline(1 as Micros);
    expect(sent).toEqual([a, b].map((id) => [id, { kind: 'termAsked', nonce: 7 }]));
    recovering.heard(a, told(6, 9)); // of an earlier life
    recovering.heard(a, told(7, 2 ** 50)); // no term that exists
    recovering.heard(b, told(7, 5));
    expect(recovering.above).toBeUndefined();
    recovering.heard(a, told(7, 2));
    expect(recovering.above).toBe(5);
    expect(sent.slice(2)).toEqual([a, b].map((id) => [id, { kind: 'stateAsked', above: 5 }]));
    expect(build(false).recovering.above).toBe(3);
  });

  test('only a snapshot that ends above the bound passes, and nothing of raft besides', () => {
    const { recovering } = build(false);
    const offer = (term: number, indexTerm: number): boolean =>
      recovering.admits({
        kind: 'installSnapshot',
        term,
        indexTerm,
        index: 1,
        configuration: {},
        manifest: new Uint8Array(0),
      } as never);
    expect([offer(4, 4), offer(5, 4)]).toEqual([true, true]);
    expect([offer(3, 3), offer(4, 3), offer(3, 2)]).toEqual([false, false, false]);
    expect(recovering.admits({ kind: 'requestVote', term: 9 } as never)).toBe(false);
    expect(recovering.admits({ kind: 'appendEntries', term: 9 } as never)).toBe(false);
  });
});
