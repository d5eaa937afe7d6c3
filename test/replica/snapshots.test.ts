/** Fetched snapshots, effect by effect: what a laggard gets, and every crash on the way. */
import { describe, expect, test } from 'vitest';
import { decodeFrame, encodeFrame } from '../../core/codec/frame.ts';
import type { SnapshotMessage } from '../../core/snapshot/message.ts';
import type { TestNode } from './harness.ts';
import {
  type Book,
  comesBack,
  expectAllOn,
  expectEqualStates,
  open,
  pageFilesOf,
  raftOf,
  snapshotsOf,
  unwrittenParts,
  withLaggard,
} from './snapshot-book.ts';

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
