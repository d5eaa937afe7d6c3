/**
 * Core's verifier beside one that was written from docs/reference/proof-format.md alone (test/proof/independent): on honest
 * statements, on changes of them and on the golden vectors both say the same, down to the stage of a refusal.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toBase64 } from '../../core/bytes/base64.ts';
import { toHex } from '../../core/bytes/text.ts';
import { blockHash, decodeHeader, encodeHeader } from '../../core/chain/header.ts';
import { verifyConsistency, verifyInclusion } from '../../core/chain/log-proof.ts';
import { leafHash, MerkleLog } from '../../core/chain/merkle-log.ts';
import { hashOf } from '../../core/hasher.ts';
import { prove } from '../../core/merkle/prove.ts';
import { CommitmentTree } from '../../core/merkle/tree.ts';
import { encodeValue, type LeafValue, valuePath } from '../../core/merkle/value.ts';
import { type AnswerExpectations, verifyAnswer } from '../../core/proof/answer.ts';
import { verifyPrunedTree } from '../../core/proof/pruned-tree.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { answerFor, defaultLeaves, withBuckets, world } from '../support/answers.ts';
import { change } from '../support/changes.ts';
import { forgedRoot } from '../support/forged-root.ts';
import { propertyRuns } from '../support/property.ts';
import { importsOf, root } from '../support/sources.ts';
import { hex, vectorTest } from '../support/vectors.ts';
import { verifyAnswer as otherAnswer } from './independent/answer.mjs';
import { verifyConsistency as otherConsistency, verifyInclusion as otherInclusion, verifyHeader } from './independent/log.mjs';
import { type ProofClaim, verifyProof } from './independent/verify.mjs';

/** What core says of a proof: the results, or the stage of the refusal. */
function core(claim: ProofClaim): unknown {
  const verdict = verifyPrunedTree({ hasher: nativeHasher, ...claim });
  if (!verdict.ok) return verdict.stage;
  return verdict.results.map((leaves) => leaves.map(({ path, value }) => [toHex(path), toHex(value)]));
}

function other(claim: ProofClaim): unknown {
  const verdict = verifyProof(claim);
  if (!verdict.ok) return verdict.stage;
  return verdict.results.map((leaves) => leaves.map(({ path, value }) => [toHex(path), toHex(value)]));
}

/** Both say the same; that is returned. */
function agreed(claim: ProofClaim): unknown {
  const said = core(claim);
  expect(other(claim)).toEqual(said);
  return said;
}

/** Leaf k: an entity, a model, or a tuple or reverse leaf whose path shares components with others; texts of several lengths in UTF-8. */
function leafOf(k: number): { readonly path: Uint8Array; readonly value: Uint8Array } {
  const users = [`user:${k}`, `team:${k}#member`, 'user:*', `user:ä€😀${k}`];
  const tuple = { resource: `doc:${k % 3}`, relation: `r${k % 2}`, subject: users[k % 4] as string };
  const condition = { conditionName: k % 3 === 0 ? 'in_region' : '', conditionContext: k % 3 === 0 ? '{"a":1}' : '' };
  const times = { expiresAt: k % 7 === 0 ? 2n ** 60n + BigInt(k) : 0, version: k + 1 };
  const kinds: readonly LeafValue[] = [
    { kind: 'tuple', ...tuple, ...condition, ...times },
    { kind: 'reverse', ...tuple, forwardHash: new Uint8Array(32).fill(k), ...times },
    { kind: 'entity', key: `k${k}`, value: new Uint8Array(k % 5), ...times },
    { kind: 'model', id: `m${k}`, model: '{}', expiresAt: 0, version: k + 1 },
  ];
  const value = kinds[(k >> 2) % 4] as LeafValue;
  return { path: valuePath(nativeHasher, value), value: encodeValue(value) };
}

interface Statement {
  readonly claim: ProofClaim;
  readonly proof: Uint8Array;
}

function stated(ks: readonly number[], targets: readonly Uint8Array[]): Statement {
  const tree = new CommitmentTree(nativeHasher);
  const values = new Map<string, Uint8Array>();
  for (const { path, value } of ks.map(leafOf)) {
    tree.set(path, hashOf(nativeHasher, value));
    values.set(toHex(path), value);
  }
  const proof = prove(tree, targets, (path) => values.get(toHex(path)) as Uint8Array);
  return { claim: { treeRoot: tree.treeRoot(), targets, proof }, proof };
}

const contents = fc.array(fc.nat({ max: 90 }), { maxLength: 50 });
const target = fc.oneof(
  fc.tuple(fc.nat({ max: 99 }), fc.integer({ min: 1, max: 97 })).map(([k, length]) => leafOf(k).path.slice(0, length)),
  fc.nat({ max: 99 }).map((k) => leafOf(k).path),
  fc.uint8Array({ minLength: 1, maxLength: 97 }),
);
const targets = fc.array(target, { minLength: 1, maxLength: 4 });

describe('an independent verifier', () => {
  test('imports SHA-256 and the equation of Ed25519 from node:crypto, and nothing else', () => {
    const folder = join(root, 'test/proof/independent');
    const files = readdirSync(folder).filter((name) => name.endsWith('.mjs'));
    const texts = files.map((name) => readFileSync(join(folder, name), 'utf8'));
    const imported = new Set(texts.flatMap((text) => importsOf(text)));
    expect([...imported].filter((name) => !files.includes(name.replace('./', '')))).toEqual(['node:crypto']);
    const taken = texts.flatMap((text) =>
      [...text.matchAll(/import \{([^}]*)\} from 'node:crypto'/g)].map(([, names]) => names?.trim()),
    );
    expect(taken.sort()).toEqual(['createHash', 'createPublicKey, verify']);
  });

  propertyRuns(
    400,
    'accepts the same statements with the same results, and the same changes of targets',
    contents,
    targets,
    targets,
    (ks, asked, others) => {
      const { claim } = stated(ks, asked);
      expect(typeof agreed(claim)).toBe('object');
      agreed({ ...claim, targets: [...asked].reverse() });
      agreed({ ...claim, targets: asked.slice(1) });
      agreed({ ...claim, targets: others });
      agreed({ ...claim, targets: [...asked, ...others] });
      for (const maxVersion of [1, 40, 40n, 2n ** 63n]) agreed({ ...claim, maxVersion });
      for (const maxBytes of [claim.proof.length, claim.proof.length - 1]) agreed({ ...claim, maxBytes });
    },
  );

  propertyRuns(
    600,
    'refuses the same changes of a proof at the same stage',
    contents,
    targets,
    fc.array(change, { minLength: 1, maxLength: 12 }),
    (ks, asked, changes) => {
      const { claim } = stated(ks, asked);
      for (const apply of changes) {
        const proof = apply(claim.proof);
        if (toHex(proof) !== toHex(claim.proof)) expect(typeof agreed({ ...claim, proof })).toBe('string');
        // Against its own root a changed proof gets past the second stage.
        const treeRoot = forgedRoot(proof, claim.targets);
        if (treeRoot !== undefined) agreed({ ...claim, proof, treeRoot });
      }
    },
  );

  test('changes against their own root reach every stage but the second', () => {
    const { claim } = stated([...Array(40).keys()], [leafOf(3).path, leafOf(16).path.slice(0, 32), new Uint8Array(97)]);
    const stages = new Set<unknown>();
    for (let at = 0; at < claim.proof.length; at += 1) {
      const proof = claim.proof.map((byte, i) => (i === at ? byte ^ (at % 2 === 0 ? 1 : 128) : byte));
      stages.add(agreed({ ...claim, proof, treeRoot: forgedRoot(proof, claim.targets) ?? claim.treeRoot }));
    }
    for (const stage of ['decode', 'paths', 'targets']) expect(stages).toContain(stage);
  });

  propertyRuns(
    150,
    'takes the same log proofs for proofs',
    fc.integer({ min: 1, max: 70 }),
    fc.nat(),
    fc.array(change, { minLength: 1, maxLength: 4 }),
    (size, at, changes) => {
      const log = new MerkleLog(nativeHasher);
      for (let i = 0; i < size; i += 1) log.append(leafHash(nativeHasher, Uint8Array.of(i)));
      const index = at % size;
      const inclusion = { index, size, leafHash: log.leaf(index), root: log.root(), path: log.inclusion(index) };
      const roots = { olderRoot: log.root(index + 1), newerRoot: log.root() };
      const consistency = { olderSize: index + 1, newerSize: size, ...roots, path: log.consistency(index + 1) };
      expect([otherInclusion(inclusion), otherConsistency(consistency)]).toEqual([true, true]);
      const paths = (path: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] => {
        const spoilt = changes.map((apply) => path.map((hash, i) => (i === at % path.length ? apply(hash) : hash)));
        return [
          ...spoilt,
          path.slice(1),
          path.slice(0, -1),
          [...path, log.leaf(0)],
          [log.leaf(0), ...path],
          [...path].reverse(),
          [],
        ];
      };
      for (const path of paths(inclusion.path)) {
        for (const other of [{}, { index: index + 1 }, { index: index - 1 }, { size: size + 1 }, { size: index }]) {
          const claim = { ...inclusion, path, ...other };
          expect(otherInclusion(claim)).toBe(verifyInclusion(nativeHasher, claim));
        }
      }
      for (const path of paths(consistency.path)) {
        for (const other of [
          {},
          { olderSize: index },
          { olderSize: index + 2 },
          { newerSize: size + 1 },
          { olderRoot: roots.newerRoot },
        ]) {
          const claim = { ...consistency, path, ...other };
          expect(otherConsistency(claim)).toBe(verifyConsistency(nativeHasher, claim));
        }
      }
    },
  );
});

describe('an independent verifier of answers', () => {
  const honest = world();
  const { header } = honest;
  const answers = ['alice', 'bob', 'carol', 'dave', 'mallory'].map((name) => answerFor(honest, { subject: `user:${name}` }));
  const all = [...answers, ...answers.map((answer) => withBuckets(answer, honest)), answerFor(world([]), {})];

  function both(answer: unknown, expected: AnswerExpectations = {}): string {
    const verdict = verifyAnswer(answer, { hasher: nativeHasher, ...expected });
    const said = verdict.ok ? [verdict.allowed, verdict.anchored, verdict.present] : verdict.stage;
    const others = otherAnswer(answer, expected);
    expect(others.ok ? [others.allowed, others.anchored, others.present] : others.stage).toEqual(said);
    return JSON.stringify(said);
  }

  test('accepts the same answers under the same anchors and questions', () => {
    const [first] = all as [(typeof all)[0]];
    const tuple = { resource: 'doc:plan', relation: 'viewer', subject: 'user:alice' };
    const anchors: readonly AnswerExpectations[] = [
      {},
      ...[first.tree_root, first.state_root, first.block_hash, 'x', '0'.repeat(64)].flatMap((text) => [
        { root: text },
        { block: text },
      ]),
      { root: first.tree_root.toUpperCase(), block: first.block_hash.toUpperCase() },
      { root: first.tree_root, block: first.tree_root },
      { tuple },
      { tuple: { ...tuple, relation: 'owner' } },
      { organization: first.statement.org, store: first.statement.store },
      { organization: first.statement.store },
      { store: first.statement.org },
    ];
    const said = new Set(all.flatMap((answer) => anchors.map((expected) => both(answer, expected))));
    expect([...said].filter((one) => one.startsWith('[')).length).toBeGreaterThan(4);
    expect(said).toContain('"anchor"');
    expect(said).toContain('"statement"');
  });

  propertyRuns(
    500,
    'refuses the same changed answers at the same stage',
    fc.constantFrom(...all),
    fc.constantFrom('answer', 'statement', 'tuple'),
    fc.nat(),
    fc.oneof(
      fc.jsonValue(),
      fc.constantFrom<unknown>('allow', 'deny', '\ud800', '', 1, 2 ** 53, 1.5, null, undefined, '7'.repeat(26), '8'.repeat(26)),
    ),
    (answer, where, at, value) => {
      const put = <T extends object>(into: T): T => {
        const names = [...Object.keys(into), 'unknown', 'bucket_hashes'];
        return { ...into, [names[at % names.length] as string]: value };
      };
      const { statement } = answer;
      if (where === 'answer') both(put(answer));
      else if (where === 'statement') both({ ...answer, statement: put(statement) });
      else both({ ...answer, statement: { ...statement, tuple: put(statement.tuple) } });
      both(value);
    },
  );

  propertyRuns(
    400,
    'refuses the same changes of the bytes of header, proof and bucket hashes',
    fc.constantFrom(...all),
    fc.constantFrom('header', 'proof', 'bucket_hashes'),
    change,
    fc.boolean(),
    (answer, field, apply, rehash) => {
      const bytes = Uint8Array.from(Buffer.from((answer as unknown as Record<string, string>)[field] ?? 'AAAA', 'base64'));
      const changed = apply(bytes);
      const spoilt = { ...answer, [field]: toBase64(changed) };
      if (toHex(changed) === toHex(bytes)) return;
      if (rehash && field === 'header' && changed.length === 196)
        both({ ...spoilt, block_hash: toHex(blockHash(nativeHasher, changed)) });
      else both(spoilt);
    },
  );

  propertyRuns(300, 'reads the same bytes as headers', change, fc.boolean(), (apply, reverse) => {
    const bytes = encodeHeader({ ...header, reverse });
    for (const one of [bytes, apply(bytes)]) {
      const said = decodeHeader(one);
      const others = verifyHeader(one);
      expect(others.ok).toBe(said.ok);
      if (others.ok) expect(toHex(others.hash)).toBe(toHex(blockHash(nativeHasher, one)));
    }
  });

  test('agrees on answers about names that are not ASCII, expire at the boundary or exceed 2^53', () => {
    const odd = { resource: 'dok:ä€😀', relation: 'liest', subject: 'user:名' };
    const leaf: LeafValue = {
      kind: 'tuple',
      ...odd,
      conditionName: '',
      conditionContext: '',
      expiresAt: 2n ** 53n + 1n,
      version: 7,
    };
    for (const time of [2n ** 53n, 2n ** 53n + 1n, 2n ** 53n + 2n]) {
      const allowed = time < 2n ** 53n + 1n;
      const answer = answerFor(world([...defaultLeaves(), leaf], { time }), odd);
      const said = { ...answer, allowed, statement: { ...answer.statement, verdict: allowed ? 'allow' : 'deny' } };
      expect(both(said)).toBe(JSON.stringify([allowed, 'none', true]));
    }
  });
});

vectorTest('an independent verifier agrees on every golden proof, header and log, valid and invalid', (vectors) => {
  const trees = new Map(vectors.trees.map(({ name, tree_root }) => [name, tree_root]));
  for (const vector of vectors.proofs) {
    const treeRoot = hex(vector.tree_root ?? (trees.get(vector.tree as string) as string));
    const said = agreed({ treeRoot, targets: vector.targets.map(hex), proof: hex(vector.proof) });
    expect(said).toEqual(vector.results.map((leaves) => leaves.map(({ path, value }) => [path, value])));
  }
  for (const { name, tree_root, targets: asked, proof, stage } of vectors.invalid) {
    const claim = { treeRoot: hex(tree_root), targets: asked.map(hex), proof: hex(proof) };
    expect([name, agreed(claim)]).toEqual([name, stage]);
  }
  for (const vector of vectors.headers) {
    const said = verifyHeader(hex(vector.header as string));
    expect(said.ok && toHex(said.hash)).toBe(vector.block_hash);
  }
  const leaves = vectors.logs.flatMap(({ leaf_hash }) => (leaf_hash === undefined ? [] : [hex(leaf_hash)]));
  for (const { size, root: logRoot, inclusion, consistency } of vectors.logs) {
    (inclusion ?? []).forEach((path, index) => {
      expect(
        otherInclusion({ index, size, leafHash: leaves[index] as Uint8Array, root: hex(logRoot), path: path.map(hex) }),
      ).toBe(true);
    });
    for (const [older, path] of Object.entries(consistency ?? {})) {
      const olderRoot = hex(vectors.logs.find((log) => log.size === Number(older))?.root as string);
      const claim = { olderSize: Number(older), newerSize: size, olderRoot, newerRoot: hex(logRoot), path: path.map(hex) };
      expect(otherConsistency(claim)).toBe(true);
    }
  }
  for (const vector of vectors.invalid_logs) {
    const path = vector.path.map(hex);
    const accepted =
      vector.kind === 'inclusion'
        ? otherInclusion({
            index: vector.index,
            size: vector.size,
            leafHash: hex(vector.leaf_hash),
            root: hex(vector.root),
            path,
          })
        : otherConsistency({
            olderSize: vector.size1,
            newerSize: vector.size2,
            olderRoot: hex(vector.root1),
            newerRoot: hex(vector.root2),
            path,
          });
    expect([vector.name, accepted]).toEqual([vector.name, false]);
  }
});
