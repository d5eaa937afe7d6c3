/**
 * The list of what must not pass, one test a row: headers, logs, snapshots, and what counts to the last microsecond. Trees and proofs:
 * negative.test.ts.
 */
import { describe, expect, test } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { blockHash, encodeHeader, type Header } from '../../core/chain/header.ts';
import { verifyLogInclusion } from '../../core/chain/inclusion.ts';
import { verifyConsistency, verifyInclusion } from '../../core/chain/log-proof.ts';
import { MerkleLog, transactionsRoot } from '../../core/chain/merkle-log.ts';
import { encodeUlid } from '../../core/chain/ulid.ts';
import { hashOf } from '../../core/hasher.ts';
import { emptyHash } from '../../core/merkle/hashes.ts';
import { CommitmentTree } from '../../core/merkle/tree.ts';
import { encodeValue, type LeafValue, valuePath } from '../../core/merkle/value.ts';
import { verifyPrunedTree } from '../../core/proof/pruned-tree.ts';
import { encodeLeafChunk, openLeafChunk } from '../../core/snapshot/leaf-chunk.ts';
import type { TupleKey } from '../../core/state/transaction.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { answerFor, defaultLeaves, EXPIRES_AT, tupleLeaf, world } from '../support/answers.ts';
import { allow, answerStage, flipped, honest, pathOf, plan, proofFrom } from '../support/refusals.ts';

const EMPTY = emptyHash(nativeHasher);

describe('headers, logs and snapshots', () => {
  const base = honest.header;
  /** A chain of headers of one vault. */
  function chain(count: number, change: Partial<Header> = {}): readonly Uint8Array[] {
    const headers: Uint8Array[] = [];
    for (let height = 1; height <= count; height += 1) {
      const before = headers.at(-1);
      const previousHash = before === undefined ? new Uint8Array(32) : blockHash(nativeHasher, before);
      headers.push(encodeHeader({ ...base, height, previousHash, time: Number(base.time) + height, ...change }));
    }
    return headers;
  }
  function logOf(headers: readonly Uint8Array[]): MerkleLog {
    const log = new MerkleLog(nativeHasher);
    for (const header of headers) log.append(blockHash(nativeHasher, header));
    return log;
  }
  const headers = chain(9);
  const log = logOf(headers);
  const expected = { organization: base.organization, vault: base.vault, log: { size: 9, root: log.root() } };

  test('empty, truncated, reordered header lists: each has another root than the one that is trusted', () => {
    const proofIn = (list: readonly Uint8Array[], index: number): Parameters<typeof verifyLogInclusion>[1] => {
      const other = logOf(list);
      return { header: list[index] as Uint8Array, size: list.length, root: other.root(), path: other.inclusion(index) };
    };
    const holds = (list: readonly Uint8Array[], index: number): boolean =>
      verifyLogInclusion(nativeHasher, proofIn(list, index), expected).ok;
    headers.forEach((_, index) => {
      expect(holds(headers, index)).toBe(true);
    });
    const swapped = headers.map((header, i) => (i === 3 ? headers[4] : i === 4 ? headers[3] : header) as Uint8Array);
    for (const list of [
      headers.slice(0, 8),
      headers.slice(1),
      headers.slice(0, 1),
      swapped,
      [...headers].reverse(),
      chain(9, { term: 3 }),
    ]) {
      expect(toHex(logOf(list).root())).not.toBe(toHex(log.root()));
      list.forEach((_, index) => {
        expect(holds(list, index)).toBe(false);
      });
    }
    // No list at all is no statement.
    const nothing = { leafHash: blockHash(nativeHasher, headers[0] as Uint8Array), root: EMPTY, path: [] };
    expect(verifyInclusion(nativeHasher, { ...nothing, index: 0, size: 0 })).toBe(false);
    for (const olderSize of [0, 9]) {
      const roots = { olderRoot: EMPTY, newerRoot: log.root() };
      expect(verifyConsistency(nativeHasher, { olderSize, newerSize: 9, ...roots, path: [] })).toBe(false);
    }
    // A list cut short is the start of the whole one, and says so; one reordered is the start of nothing.
    const path = log.consistency(8);
    const claim = { olderSize: 8, newerSize: 9, newerRoot: log.root(), path };
    expect(verifyConsistency(nativeHasher, { ...claim, olderRoot: logOf(headers.slice(0, 8)).root() })).toBe(true);
    expect(verifyConsistency(nativeHasher, { ...claim, olderRoot: logOf(swapped.slice(0, 8)).root() })).toBe(false);
  });

  test('identity chosen by the server: another organization or vault is refused, however consistent', () => {
    const foreign = { organization: new Uint8Array(16).fill(8), vault: new Uint8Array(16).fill(9) };
    const ids = { organization: encodeUlid(base.organization), store: encodeUlid(base.vault) };
    for (const change of [foreign, { vault: foreign.vault }, { organization: foreign.organization }]) {
      const answer = answerFor(world(defaultLeaves(), change), { subject: 'user:alice' });
      expect(answerStage(answer)).toBe('ok');
      expect(answerStage(answer, ids)).toBe('statement');
      expect(answerStage({ ...answer, statement: { ...answer.statement, org: ids.organization, store: ids.store } }, ids)).toBe(
        'statement',
      );
      const list = chain(9, change);
      const other = logOf(list);
      const proof = { header: list[2] as Uint8Array, size: 9, root: other.root(), path: other.inclusion(2) };
      const verdict = verifyLogInclusion(nativeHasher, proof, { organization: base.organization, vault: base.vault });
      expect(verdict).toMatchObject({ ok: false, stage: 'expectation' });
    }
    expect(answerStage(allow, ids)).toBe('ok');
  });

  test('one entry flipped in a snapshot chunk: no leaf of it is used', () => {
    const leaves = defaultLeaves().filter((leaf) => leaf.kind === 'tuple');
    const { tree, values, header } = world(leaves);
    const run = [...values]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(5, 15)
      .map(([path, value]) => ({ leaf: tree.arena.descend(tree.root, Uint8Array.from(Buffer.from(path, 'hex'))), value }));
    const vault = header.vault;
    const claim = { treeRoot: tree.treeRoot(), height: 9 };
    const chunk = encodeLeafChunk(vault, tree, run);
    expect(openLeafChunk(nativeHasher, chunk, claim)?.values).toHaveLength(10);
    for (let entry = 0; entry < run.length; entry += 1) {
      // Another expiry, with everything else in its place.
      const lie = run.map(({ leaf, value }, i) => ({ leaf, value: i === entry ? flipped(value, value.length - 9, 1) : value }));
      expect(openLeafChunk(nativeHasher, encodeLeafChunk(vault, tree, lie), claim)).toBeUndefined();
    }
    for (let at = 16; at < chunk.length; at += 1)
      expect(openLeafChunk(nativeHasher, flipped(chunk, at, 1), claim)).toBeUndefined();
    expect(openLeafChunk(nativeHasher, chunk, { ...claim, height: 6 })).toBeUndefined();
  });

  test('shuffled operation order: the state forgets it, the block does not', () => {
    const leaves = defaultLeaves();
    const shuffled = leaves.map((_, i) => leaves[(i * 17 + 5) % leaves.length] as LeafValue);
    expect(new Set(shuffled).size).toBe(leaves.length);
    const other = new CommitmentTree(nativeHasher);
    for (const leaf of shuffled) other.set(valuePath(nativeHasher, leaf), hashOf(nativeHasher, encodeValue(leaf)));
    expect(toHex(other.stateRoot())).toBe(toHex(honest.tree.stateRoot()));
    const transactions = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3), Uint8Array.of(4)];
    const roots = [
      [0, 1, 2, 3],
      [1, 0, 2, 3],
      [0, 1, 3, 2],
      [2, 3, 0, 1],
      [3, 2, 1, 0],
    ].map((order) =>
      toHex(
        transactionsRoot(
          nativeHasher,
          order.map((i) => transactions[i] as Uint8Array),
        ),
      ),
    );
    expect(new Set(roots).size).toBe(roots.length);
    // Two writes of one path: the last one counts, so their order is not forgotten.
    const [first, second] = [tupleLeaf(plan('user:alice'), 5), tupleLeaf(plan('user:alice'), 6)];
    expect(toHex(world([first, second]).tree.treeRoot())).not.toBe(toHex(world([second, first]).tree.treeRoot()));
  });

  test('non-ASCII and 2^53+1: names by their bytes, numbers exactly', () => {
    // One letter in two forms of Unicode is two names.
    const [composed, decomposed] = ['user:\u00e9', 'user:e\u0301'].map(plan) as [TupleKey, TupleKey];
    const accented = world([tupleLeaf(composed)]);
    expect(answerFor(accented, composed).allowed).toBe(true);
    expect(answerStage(answerFor(accented, decomposed))).toBe('ok');
    expect(answerFor(accented, decomposed).allowed).toBe(false);
    expect(answerStage({ ...answerFor(accented, composed), statement: answerFor(accented, decomposed).statement })).toBe(
      'statement',
    );
    // A leaf of version 2^53 + 1 is newer than a header of height 2^53, which a double cannot tell.
    const big = 2n ** 53n;
    const late = { ...(tupleLeaf(plan('user:alice')) as LeafValue & { kind: 'tuple' }), version: big + 1n };
    const from = world([late]);
    const target = pathOf(plan('user:alice'));
    const claim = { hasher: nativeHasher, treeRoot: from.tree.treeRoot(), targets: [target], proof: proofFrom(from, [target]) };
    expect(verifyPrunedTree({ ...claim, maxVersion: big })).toMatchObject({ ok: false, stage: 'decode' });
    expect(verifyPrunedTree({ ...claim, maxVersion: big + 1n })).toMatchObject({ ok: true });
    for (const height of [2 ** 53, 2 ** 53 + 2, 1e300, 9.000_000_1]) expect(answerStage({ ...allow, height })).toBe('shape');
  });

  test('expiry at the boundary microsecond: live before it, gone at it', () => {
    const verdicts = [EXPIRES_AT - 1, EXPIRES_AT, EXPIRES_AT + 1].map((time) => {
      const answer = answerFor(world(defaultLeaves(), { time }), { subject: 'user:bob' });
      const lie = { ...answer, allowed: !answer.allowed };
      const verdict = answer.allowed ? 'deny' : 'allow';
      expect(answerStage({ ...lie, statement: { ...answer.statement, verdict } })).toBe('verdict');
      return [answerStage(answer), answer.allowed];
    });
    expect(verdicts).toEqual([
      ['ok', true],
      ['ok', false],
      ['ok', false],
    ]);
  });
});
