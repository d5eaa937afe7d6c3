/**
 * The list of what must not pass, one test a row, by the names of the design: trees, values and proofs. Headers, logs and snapshots:
 * negative-chain.test.ts; notes and signatures: test/note. What holds of random statements stands in the property tests beside this file.
 */
import { describe, expect, test } from 'vitest';
import { toBase64 } from '../../core/bytes/base64.ts';
import { concatBytes } from '../../core/bytes/compare.ts';
import { toHex } from '../../core/bytes/text.ts';
import { verifyInclusion } from '../../core/chain/log-proof.ts';
import { leafHash, MerkleLog, nodeHash, transactionsRoot } from '../../core/chain/merkle-log.ts';
import { hashOf } from '../../core/hasher.ts';
import type { NodeArena, NodeRef } from '../../core/merkle/arena.ts';
import { bucketVector } from '../../core/merkle/buckets.ts';
import { emptyHash } from '../../core/merkle/hashes.ts';
import { decodeValue, encodeValue, type LeafValue, valuePath } from '../../core/merkle/value.ts';
import { verifyAnswer } from '../../core/proof/answer.ts';
import { verifyPrunedTree } from '../../core/proof/pruned-tree.ts';
import type { TupleKey } from '../../core/state/transaction.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { type Answer, answerFor, defaultLeaves, tupleLeaf, withBuckets, world } from '../support/answers.ts';
import { forgedRoot } from '../support/forged-root.ts';
import { allow, answerStage, flipped, honest, pathOf, plan, proofFrom, stageOf } from '../support/refusals.ts';

const deny = answerFor(honest, { subject: 'user:mallory' });
const EMPTY = emptyHash(nativeHasher);
const MEMBERS = ['alice', 'bob', 'carol', 'dave'].map((name) => `user:${name}`);
/** Everybody who may view doc:plan. */
const VIEWERS = pathOf(plan('')).slice(0, 64);

/** Calls for every inner node, with the hashes of its children. */
function eachInner(arena: NodeArena, node: NodeRef, call: (node: NodeRef, left: Uint8Array, right: Uint8Array) => void): void {
  if (node <= 0) return;
  const hash = (side: 0 | 1): Uint8Array => arena.hashBytes(node).slice(arena.hashAt(node, side), arena.hashAt(node, side) + 32);
  call(node, hash(0), hash(1));
  eachInner(arena, arena.child(node, 0), call);
  eachInner(arena, arena.child(node, 1), call);
}

describe('trees and proofs', () => {
  test('leaf/inner confusion: no inner node passes for a leaf, of the tree or of a log', () => {
    const { tree } = honest;
    tree.treeRoot();
    eachInner(tree.arena, tree.root, (node, left, right) => {
      const hash = new Uint8Array(32);
      tree.arena.hashInner(node, hash, 0);
      // The children's hashes in the places of a leaf's two, or as a log's leaf.
      const as = (...prefix: number[]): string => toHex(hashOf(nativeHasher, concatBytes(Uint8Array.from(prefix), left, right)));
      expect([as(0), as(1), as()]).not.toContain(toHex(hash));
      expect(toHex(leafHash(nativeHasher, concatBytes(left, right)))).not.toBe(toHex(nodeHash(nativeHasher, left, right)));
    });
    const [a, b] = [leafHash(nativeHasher, Uint8Array.of(1)), leafHash(nativeHasher, Uint8Array.of(2))];
    const root = nodeHash(nativeHasher, a, b);
    const leaf = leafHash(nativeHasher, concatBytes(a, b));
    expect(verifyInclusion(nativeHasher, { index: 0, size: 1, leafHash: leaf, root, path: [] })).toBe(false);
    // A node in the place of a leaf: the tree is then said to be smaller, and the root signed for that size is another.
    expect(verifyInclusion(nativeHasher, { index: 0, size: 2, leafHash: root, root, path: [] })).toBe(false);
  });

  test('boundary shift between fields: a letter that moves into the next field is another path, value and answer', () => {
    const shifts: readonly TupleKey[] = [
      { resource: 'doc:plan', relation: 'viewer', subject: 'user:a' },
      { resource: 'doc:planv', relation: 'iewer', subject: 'user:a' },
      { resource: 'doc:pla', relation: 'nviewer', subject: 'user:a' },
      { resource: 'doc:plan', relation: 'vieweru', subject: 'ser:a' },
      { resource: 'doc:plan', relation: 'viewe', subject: 'ruser:a' },
      { resource: '', relation: 'doc:planviewer', subject: 'user:a' },
    ];
    expect(new Set(shifts.map((tuple) => toHex(pathOf(tuple)))).size).toBe(shifts.length);
    expect(new Set(shifts.map((tuple) => toHex(encodeValue(tupleLeaf(tuple))))).size).toBe(shifts.length);
    const only = world([tupleLeaf(shifts[0] as TupleKey)]);
    for (const tuple of shifts.slice(1)) {
      const answer = answerFor(only, shifts[0] as TupleKey);
      const { resource: object, relation, subject: user } = tuple;
      expect(answerStage({ ...answer, statement: { ...answer.statement, tuple: { user, relation, object } } })).toBe('targets');
    }
    // The same bytes with a length moved by one: another tuple, or none.
    const value = encodeValue(tupleLeaf(shifts[0] as TupleKey));
    for (const at of [5, 17, 27]) {
      for (const by of [1, 2, 3]) {
        const decoded = decodeValue(flipped(value, at, by));
        if (decoded.ok) expect(toHex(valuePath(nativeHasher, decoded.value))).not.toBe(toHex(pathOf(shifts[0] as TupleKey)));
      }
    }
  });

  test('proof-prefix extension: nothing is put behind, in front of or above a proof, nor is a shorter question answered by a longer one', () => {
    const target = pathOf(plan('user:alice'));
    const proof = proofFrom(honest, [target]);
    for (const more of [Uint8Array.of(0), proof.subarray(1), proof])
      expect(stageOf(concatBytes(proof, more), [target])).toBe('decode');
    expect(stageOf(concatBytes(Uint8Array.of(1), proof), [target])).toBe('decode');
    // Another inner node above: a tree of which the true one is a side. Its root is another.
    const above = concatBytes(Uint8Array.of(1, 2, 0, 0), new Uint8Array(32).fill(9), proof.subarray(1));
    expect(['decode', 'root']).toContain(stageOf(above, [target]));
    for (const length of [1, 32, 64, 65, 96]) {
      const prefix = target.subarray(0, length);
      const asked = stageOf(proof, [prefix]);
      expect(asked).toBe(toHex(proofFrom(honest, [prefix])) === toHex(proof) ? 'ok' : 'targets');
    }
    expect(stageOf(proofFrom(honest, [VIEWERS]), [target])).toBe('targets');
  });

  test('every single byte of every proof mutated: of a member, an absence, a range and a batch', () => {
    const questions = [
      [pathOf(plan('user:alice'))],
      [pathOf(plan('user:mallory'))],
      [VIEWERS],
      [pathOf(plan('user:bob')), pathOf(plan('user:eve')), new Uint8Array(32)],
    ];
    for (const targets of questions) {
      const proof = proofFrom(honest, targets);
      expect(stageOf(proof, targets)).toBe('ok');
      for (let at = 0; at < proof.length; at += 1) {
        for (const by of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
          if (stageOf(flipped(proof, at, by), targets) === 'ok') throw new Error(`byte ${at} ^ ${by} is accepted`);
        }
      }
    }
  });

  test('duplicate last leaf: a log that repeats it has another root, and no leaf behind the last', () => {
    for (let size = 1; size <= 20; size += 1) {
      const leaves = Array.from({ length: size }, (_, i) => Uint8Array.of(i));
      const repeated = [...leaves, leaves.at(-1) as Uint8Array];
      expect(toHex(transactionsRoot(nativeHasher, repeated))).not.toBe(toHex(transactionsRoot(nativeHasher, leaves)));
      const log = new MerkleLog(nativeHasher);
      for (const leaf of leaves) log.append(leafHash(nativeHasher, leaf));
      const last = { size, leafHash: log.leaf(size - 1), root: log.root(), path: log.inclusion(size - 1) };
      expect(verifyInclusion(nativeHasher, { ...last, index: size })).toBe(false);
      // The log that repeats it proves it there, to its own root and to no other.
      log.append(log.leaf(size - 1));
      const again = { index: size, size: size + 1, leafHash: log.leaf(size), path: log.inclusion(size) };
      expect(verifyInclusion(nativeHasher, { ...again, root: log.root() })).toBe(true);
      expect(verifyInclusion(nativeHasher, { ...again, root: last.root })).toBe(false);
    }
  });

  test('empty tree, bucket, value: nothing passes for something, and something not for nothing', () => {
    const nobody = world([]);
    const target = pathOf(plan('user:alice'));
    const empty = proofFrom(nobody, [target]);
    expect([...empty]).toEqual([1, 0]);
    expect(stageOf(empty, [target], nobody.tree.treeRoot())).toBe('ok');
    expect(stageOf(empty, [target])).toBe('root');
    expect(stageOf(proofFrom(honest, [target]), [target], EMPTY)).toBe('root');
    // The empty tree as a part of another, and EMPTY as a pruned side: a forger's own roots do not help.
    const leaf = proofFrom(world([tupleLeaf(plan('user:alice'))]), [target]).subarray(1);
    for (const [tag, side] of [
      [1, [0]],
      [2, [...EMPTY]],
      [3, [...EMPTY]],
    ] as const) {
      expect(stageOf(concatBytes(Uint8Array.of(1, tag, 0, 1, ...side), leaf), [target])).toBe('decode');
    }
    // A bucket without leaves hashes to EMPTY and not to zeros; with zeros in its place neither root follows.
    const { tree } = honest;
    const vector = bucketVector(tree.arena, tree.root, tree.treeRoot());
    const bucket = Array.from({ length: 256 }, (_, i) => i).find((i) => toHex(tree.bucketHash(i)) === toHex(EMPTY)) as number;
    const zeros = vector.map((byte, i) => (i >> 5 === bucket ? 0 : byte));
    expect(answerStage({ ...allow, bucket_hashes: toBase64(vector) })).toBe('ok');
    expect(answerStage({ ...allow, bucket_hashes: toBase64(zeros) })).toBe('header');
    // An entity with an empty value is there; no bytes are no value.
    const entity: LeafValue = { kind: 'entity', key: 'k', value: new Uint8Array(0), expiresAt: 0, version: 1 };
    const one = world([entity]);
    const path = valuePath(nativeHasher, entity);
    const there = verifyPrunedTree({
      hasher: nativeHasher,
      treeRoot: one.tree.treeRoot(),
      targets: [path],
      proof: proofFrom(one, [path]),
    });
    expect(there).toMatchObject({ ok: true, results: [[{ leaf: entity }]] });
    expect(decodeValue(new Uint8Array(0)).ok).toBe(false);
    expect(stageOf(Uint8Array.of(1, 4, 0, 0, 0, 0), [path])).toBe('decode');
  });

  test('hidden member in a completeness proof: every set of members but the whole one is refused', () => {
    const paths = MEMBERS.map((name) => pathOf(plan(name)));
    for (let set = 1; set < 1 << paths.length; set += 1) {
      const shown = paths.filter((_, i) => (set >> i) & 1);
      const proof = proofFrom(honest, shown);
      expect(stageOf(proof, shown)).toBe('ok');
      expect([set, stageOf(proof, [VIEWERS])]).toEqual([set, shown.length === paths.length ? 'ok' : 'targets']);
    }
    // A member shown as the boundary of an empty range, with the true hash of its value.
    const [alice] = paths as [Uint8Array];
    const value = honest.values.get(toHex(alice)) as Uint8Array;
    const whole = toHex(proofFrom(honest, [VIEWERS]));
    const revealed = toHex(concatBytes(Uint8Array.of(4, 0, 0, 0, value.length), value));
    const boundary = toHex(concatBytes(Uint8Array.of(5, 97), alice, hashOf(nativeHasher, value)));
    const withheld = Uint8Array.from(Buffer.from(whole.replace(revealed, boundary), 'hex'));
    expect(withheld.length).not.toBe(whole.length / 2);
    expect(stageOf(withheld, [VIEWERS])).toBe('targets');
  });

  test('absence proof replayed for another key, height or vault', () => {
    const asOf = (answer: Answer, change: Partial<Answer['statement']>): unknown => ({
      ...answer,
      statement: { ...answer.statement, ...change },
    });
    for (const name of MEMBERS) {
      const stage = answerStage(asOf(deny, { tuple: { user: name, relation: 'viewer', object: 'doc:plan' } }));
      expect(['targets', 'verdict']).toContain(stage);
    }
    // Mallory comes at the next height, and into another vault: what was absent here is not there.
    const leaves = [...defaultLeaves(), tupleLeaf(plan('user:mallory'))];
    for (const change of [{ height: 10 }, { vault: new Uint8Array(16).fill(7) }, { organization: new Uint8Array(16).fill(7) }]) {
      const other = answerFor(world(leaves, change), { subject: 'user:mallory' });
      expect(other.allowed).toBe(true);
      const replayed = { ...other, allowed: false, proof: deny.proof, statement: { ...other.statement, verdict: 'deny' } };
      expect(answerStage(replayed)).toBe('root');
      expect(answerStage({ ...replayed, tree_root: deny.tree_root })).toBe('header');
      expect(answerStage({ ...deny, statement: other.statement, allowed: true })).toBe('statement');
      expect(answerStage(deny, { block: other.block_hash })).toBe('anchor');
    }
  });

  test('forged value in the right bucket: the same shape, one other value, no other bucket changed', () => {
    const [alice, ...others] = defaultLeaves() as [LeafValue & { kind: 'tuple' }, ...LeafValue[]];
    const forged = world([{ ...alice, conditionName: 'never', conditionContext: '{}' }, ...others]);
    const target = pathOf(plan('user:alice'));
    const changed = Array.from({ length: 256 }, (_, i) => i).filter(
      (i) => toHex(forged.tree.bucketHash(i)) !== toHex(honest.tree.bucketHash(i)),
    );
    expect(changed).toEqual([target[0]]);
    expect(stageOf(proofFrom(forged, [target]), [target])).toBe('root');
    const answer = answerFor(forged, { subject: 'user:alice' });
    expect(answerStage({ ...allow, proof: answer.proof })).toBe('root');
    expect(answerStage({ ...withBuckets(allow, forged), proof: answer.proof })).toBe('header');
  });

  test('a self-consistent forgery against an anchor: own tree, proof and header of the attacker', () => {
    const forged = world([...defaultLeaves().slice(1), tupleLeaf(plan('user:mallory'))]);
    for (const answer of ['user:mallory', 'user:alice'].map((subject) => answerFor(forged, { subject }))) {
      expect(verifyAnswer(answer)).toMatchObject({ ok: true, anchored: 'none' });
      expect(answerStage(answer, { block: allow.block_hash })).toBe('anchor');
      expect(answerStage(answer, { root: allow.tree_root })).toBe('anchor');
      expect(answerStage(withBuckets(answer, forged), { root: allow.state_root })).toBe('anchor');
    }
    expect(answerStage(allow, { block: allow.block_hash, root: allow.tree_root })).toBe('ok');
  });

  test('two encodings of one statement: order and repetition change no byte, and no other text is read', () => {
    const targets = [pathOf(plan('user:alice')), VIEWERS, pathOf(plan('user:eve')), new Uint8Array(97)];
    const proof = toHex(proofFrom(honest, targets));
    for (const order of [[...targets].reverse(), [...targets, ...targets], [...targets.slice(2), ...targets.slice(0, 2)]]) {
      expect(toHex(proofFrom(honest, order))).toBe(proof);
    }
    const { statement, ...fields } = answerFor(world(defaultLeaves(), { organization: new Uint8Array(16).fill(255) }), {});
    expect(answerStage({ ...fields, statement })).toBe('ok');
    expect([fields.header.endsWith('='), statement.org]).toEqual([true, '7ZZZZZZZZZZZZZZZZZZZZZZZZZ']);
    const others: readonly unknown[] = [
      { ...fields, statement, tree_root: fields.tree_root.toUpperCase() },
      { ...fields, statement, header: fields.header.replaceAll('=', '') },
      { ...fields, statement, header: `${fields.header}\n` },
      { ...fields, statement, height: '9' },
      { ...fields, statement: { ...statement, org: statement.org.toLowerCase() } },
      { ...fields, statement: { ...statement, verdict: 'ALLOW' } },
      { ...fields, statement: { ...statement, note: '' } },
    ];
    for (const other of others) expect(answerStage(other)).toBe('shape');
  });

  test('superfluous openings: what the question does not need is refused, though it is true', () => {
    const [alice, eve] = [pathOf(plan('user:alice')), pathOf(plan('user:eve'))];
    const batch = proofFrom(honest, [alice, eve, VIEWERS]);
    for (const targets of [[alice], [eve], [alice, eve]]) expect(stageOf(batch, targets)).toBe('targets');
    expect(stageOf(batch, [VIEWERS, eve, alice])).toBe('ok');
    // A boundary that shows its value: as much as was asked for, and more.
    const far = new Uint8Array(97).fill(255);
    const boundary = proofFrom(honest, [far]);
    const [leaf] = [...honest.values.keys()].filter((path) => toHex(boundary).includes(path));
    const shown = proofFrom(honest, [Uint8Array.from(Buffer.from(leaf as string, 'hex'))]);
    expect(stageOf(shown, [far])).toBe('targets');
    expect(stageOf(boundary, [far])).toBe('ok');
  });

  test('10^5-deep garbage: refused, and neither the stack nor the time grows with it', () => {
    const count = 100_000;
    for (const tag of [0, 1, 2, 3, 4, 5]) {
      const deep = new Uint8Array(1 + 3 * count).fill(tag);
      deep[0] = 1;
      for (let i = 0; i < count; i += 1) deep.set([(i % 776) >> 8, i % 776], 2 + 3 * i);
      expect(stageOf(deep, [VIEWERS])).toBe('decode');
    }
    expect(answerStage(JSON.parse(`${'['.repeat(count)}${']'.repeat(count)}`))).toBe('shape');
    expect(answerStage({ ...allow, statement: JSON.parse(`${'{"tuple":'.repeat(count)}1${'}'.repeat(count)}`) })).toBe('shape');
  });

  test('forged trees: with a root of its own a changed proof is another tree, or is refused where a path contradicts its place', () => {
    const targets = [VIEWERS, pathOf(plan('user:eve'))];
    const proof = proofFrom(honest, targets);
    const stages = new Set<string>();
    let decoded = 0;
    for (let at = 1; at < proof.length; at += 1) {
      for (const by of [1, 4, 128]) {
        const changed = flipped(proof, at, by);
        const root = forgedRoot(changed, targets);
        if (root === undefined) continue;
        decoded += 1;
        stages.add(stageOf(changed, targets, root));
      }
    }
    expect(decoded).toBeGreaterThan(100);
    expect([...stages].sort()).toEqual(['ok', 'paths']);
  });
});
