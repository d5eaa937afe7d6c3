/** Transactions in blocks and blocks in the log: what is proven, and everything that must not pass for it. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { transactionAnswer, verifyChainAnswer } from '../../core/chain/chain-answer.ts';
import { blockHash } from '../../core/chain/header.ts';
import { type TransactionInclusion, verifyLogInclusion, verifyTransactionInclusion } from '../../core/chain/inclusion.ts';
import { verifyConsistency } from '../../core/chain/log-proof.ts';
import { leafHash, MerkleLog, nodeHash } from '../../core/chain/merkle-log.ts';
import { portableHasher } from '../../core/hasher.ts';
import { HEIGHT_ZERO, type Height } from '../../core/ids.ts';
import { encodeLedgerTransaction } from '../../core/state/transaction-codec.ts';
import { Bench, keep, ORGANIZATION, OTHER_VAULT, transactionOf, VAULT, write } from '../state/support.ts';
import { propertyRuns } from '../support/property.ts';
import { ask, chainOf, EXPECTED, vaultOf } from './history.ts';

const BLOCKS = 60;
const bench = chainOf(BLOCKS);
const NEWEST = BLOCKS + 1;
const hasher = portableHasher;

const heights = fc.integer({ min: 1, max: NEWEST });
const place = heights.chain((height) =>
  fc.record({
    height: fc.constant(height as Height),
    index: fc.nat(height === 1 ? 0 : (height - 2) % 5),
    size: fc.integer({ min: height, max: NEWEST }).map((size) => size as Height),
  }),
);

function proofOf(where: { readonly height: Height; readonly index: number; readonly size: Height }): TransactionInclusion {
  return ask(bench, { kind: 'transactionProof', ...where }).inclusion;
}
function holds(proof: TransactionInclusion, expected: Parameters<typeof verifyTransactionInclusion>[2] = EXPECTED): boolean {
  return verifyTransactionInclusion(hasher, proof, expected).ok;
}
function flipped(bytes: Uint8Array, at: number, by: number): Uint8Array {
  const copy = bytes.slice();
  copy[at % bytes.length] = (copy[at % bytes.length] as number) ^ by;
  return copy;
}

describe('a transaction in the chain', () => {
  propertyRuns(
    60,
    'is proven in its block and in every log that holds it, against the log and against the block',
    place,
    (where) => {
      const proof = proofOf(where);
      const { height, size } = where;
      const root = vaultOf(bench).log.root(size);
      const log = { size, root };
      expect(verifyTransactionInclusion(hasher, proof, { ...EXPECTED, height, log })).toMatchObject({
        ok: true,
        anchored: 'log',
      });
      const { blockHash: block } = vaultOf(bench).anchorAt(height);
      expect(verifyTransactionInclusion(hasher, proof, { ...EXPECTED, block })).toMatchObject({ ok: true, anchored: 'block' });
      expect(verifyTransactionInclusion(hasher, proof, EXPECTED)).toMatchObject({
        ok: true,
        height,
        anchored: 'none',
        blockHash: block,
      });
      expect(toHex(proof.transaction)).toBe(toHex(vaultOf(bench).transactionsAt(height)[where.index] as Uint8Array));
    },
  );

  propertyRuns(
    80,
    'is not proven by its proof with any byte changed',
    place,
    fc.nat(),
    fc.integer({ min: 1, max: 255 }),
    (where, at, by) => {
      const proof = proofOf(where);
      const spoilt: TransactionInclusion[] = [
        { ...proof, transaction: flipped(proof.transaction, at, by) },
        { ...proof, block: { ...proof.block, root: flipped(proof.block.root, at, by) } },
        { ...proof, block: { ...proof.block, header: flipped(proof.block.header, at, by) } },
      ];
      for (let i = 0; i < proof.path.length; i += 1) {
        spoilt.push({ ...proof, path: proof.path.map((hash, k) => (k === i ? flipped(hash, at, by) : hash)) });
      }
      for (let i = 0; i < proof.block.path.length; i += 1) {
        const path = proof.block.path.map((hash, k) => (k === i ? flipped(hash, at, by) : hash));
        spoilt.push({ ...proof, block: { ...proof.block, path } });
      }
      spoilt.push({ ...proof, path: [...proof.path, proof.block.root] });
      spoilt.push({ ...proof, block: { ...proof.block, path: [...proof.block.path, proof.block.root] } });
      for (const other of spoilt) expect(holds(other)).toBe(false);
    },
  );

  propertyRuns(
    60,
    'is not proven at another place of the block, another height, or in a log that is too short',
    place,
    place,
    (one, two) => {
      const proof = proofOf(one);
      const other = proofOf(two);
      for (let index = 0; index < proof.count; index += 1)
        if (index !== one.index) expect(holds({ ...proof, index })).toBe(false);
      expect(holds({ ...proof, index: proof.count })).toBe(false);
      expect(holds(proof, { ...EXPECTED, height: one.height + 1 })).toBe(false);
      if (one.height !== two.height) {
        expect(holds({ ...proof, block: other.block })).toBe(false);
        expect(holds(proof, { ...EXPECTED, block: blockHash(hasher, other.block.header) })).toBe(false);
        // Another block's header at this block's place in the log, and the other way round.
        expect(holds({ ...other, block: { ...proof.block, header: other.block.header } })).toBe(false);
        expect(holds({ ...proof, block: { ...other.block, header: proof.block.header } })).toBe(false);
      }
      if (one.height > 1) expect(holds({ ...proof, block: { ...proof.block, size: one.height - 1 } })).toBe(false);
      const root = vaultOf(bench).log.root(two.size);
      if (one.size !== two.size) expect(holds(proof, { ...EXPECTED, log: { size: two.size, root } })).toBe(false);
    },
  );

  test('is not proven for another vault or organization, neither by what is expected nor by a header of theirs', () => {
    const twin = new Bench();
    twin.one({ kind: 'createVault', ref: twin.ref(), organization: ORGANIZATION, vault: OTHER_VAULT }, 1000);
    const transaction = transactionOf(write('doc:0#viewer@user:0'));
    twin.one({ kind: 'transact', ref: twin.ref(), organization: ORGANIZATION, vault: OTHER_VAULT, transaction }, 2000);
    const proof = proofOf({ height: 2 as Height, index: 0, size: HEIGHT_ZERO });
    const foreign = { ...EXPECTED, vault: new Uint8Array(16).fill(7) };
    expect(verifyTransactionInclusion(hasher, proof, foreign)).toMatchObject({ ok: false, stage: 'expectation' });
    expect(holds(proof, { ...EXPECTED, organization: new Uint8Array(16).fill(7) })).toBe(false);
    const anchor = twin.state.vault(OTHER_VAULT)?.anchor;
    const log = twin.state.vault(OTHER_VAULT)?.log;
    if (anchor === undefined || log === undefined) throw new Error('no twin');
    const block = { header: anchor.header, size: 2, root: log.root(), path: log.inclusion(1) };
    const replayed = verifyTransactionInclusion(hasher, { ...proof, block }, EXPECTED);
    expect(replayed).toMatchObject({ ok: false, stage: 'expectation' });
  });

  test('says nothing of how many there are: what RFC 6962 cannot tell apart, the verdict does not claim', () => {
    const leaves = [1, 2, 3].map((byte) => leafHash(hasher, Uint8Array.of(byte)));
    const tree = new MerkleLog(hasher);
    for (const leaf of leaves) tree.append(leaf);
    const last = tree.inclusion(2);
    expect(last.map((hash) => toHex(hash))).toEqual([toHex(nodeHash(hasher, leaves[0] as Uint8Array, leaves[1] as Uint8Array))]);
    // The third of three and the second of two fold the same way.
    const three = proofOf({ height: 4 as Height, index: 2, size: HEIGHT_ZERO });
    expect(three.count).toBe(3);
    const verdict = verifyTransactionInclusion(hasher, { ...three, index: 1, count: 2 }, EXPECTED);
    expect(verdict).toEqual(verifyTransactionInclusion(hasher, three, EXPECTED));
    expect(Object.keys(verdict).sort()).toEqual(['anchored', 'blockHash', 'height', 'ok', 'time']);
  });
});

describe('a block in the log', () => {
  propertyRuns(60, 'is proven at every size from its height on, and extends every log before', heights, heights, (one, two) => {
    const [height, size] = [Math.min(one, two) as Height, Math.max(one, two) as Height];
    const { inclusion } = ask(bench, { kind: 'logInclusion', height, size });
    const root = vaultOf(bench).log.root(size);
    expect(verifyLogInclusion(hasher, inclusion, { ...EXPECTED, height, log: { size, root } }).ok).toBe(true);
    const { consistency } = ask(bench, { kind: 'logConsistency', from: height, to: size });
    expect(consistency.toRoot).toEqual(root);
    const { from: olderSize, to: newerSize, fromRoot: olderRoot, toRoot: newerRoot, path } = consistency;
    expect(verifyConsistency(hasher, { olderSize, newerSize, olderRoot, newerRoot, path })).toBe(true);
  });

  test('stays provable where the vault has dropped its transactions, which are refused with the oldest height there is', () => {
    const pruned = chainOf(20);
    const before = ask(pruned, { kind: 'logInclusion', height: 3 as Height, size: 21 as Height });
    pruned.run([keep({ kind: 'heights', heights: 4 })]);
    expect(vaultOf(pruned).height).toBe(22);
    expect(ask(pruned, { kind: 'logInclusion', height: 3 as Height, size: 21 as Height }).inclusion).toEqual(before.inclusion);
    const gone = pruned.query({ kind: 'transactionProof', height: 18 as Height, index: 0, size: HEIGHT_ZERO });
    expect(gone).toMatchObject({ kind: 'error', code: 'pruned_height', oldest: 19 });
    const kept = ask(pruned, { kind: 'transactionProof', height: 19 as Height, index: 0, size: HEIGHT_ZERO });
    expect(verifyTransactionInclusion(hasher, kept.inclusion, EXPECTED).ok).toBe(true);
    const { blocks } = ask(pruned, { kind: 'blocks', from: 1 as Height });
    expect(blocks.map(({ transactions }) => transactions !== undefined)).toEqual(blocks.map((_, at) => at + 1 >= 19));
  });

  test('is not there above the newest one, and a transaction not behind the last', () => {
    const above = { height: (NEWEST + 1) as Height, size: HEIGHT_ZERO };
    expect(bench.query({ kind: 'logInclusion', ...above })).toMatchObject({ code: 'height_missing' });
    expect(bench.query({ kind: 'logInclusion', height: 1 as Height, size: above.height })).toMatchObject({
      code: 'height_missing',
    });
    expect(bench.query({ kind: 'logConsistency', from: 1 as Height, to: above.height })).toMatchObject({
      code: 'height_missing',
    });
    expect(bench.query({ kind: 'blocks', from: above.height })).toMatchObject({ code: 'height_missing' });
    const behind = bench.query({ kind: 'transactionProof', height: 2 as Height, index: 1, size: HEIGHT_ZERO });
    expect(behind).toMatchObject({ code: 'transaction_missing' });
  });
});

describe('the answer in JSON', () => {
  const proof = proofOf({ height: 9 as Height, index: 1, size: 40 as Height });
  const { blockHash: hash } = vaultOf(bench).anchorAt(9 as Height);
  const answer = transactionAnswer({ organization: ORGANIZATION, vault: VAULT, height: 9, blockHash: hash }, proof);
  const text = JSON.stringify(answer);

  test('verifies with the caller’s own knowledge, and not against it', () => {
    const log = { size: 40, root: toHex(vaultOf(bench).log.root(40)) };
    expect(verifyChainAnswer(answer, { organization: ORGANIZATION, store: VAULT, height: 9, log })).toMatchObject({
      ok: true,
      anchored: 'log',
      transaction: proof.transaction,
    });
    expect(verifyChainAnswer(answer, { block: toHex(hash) })).toMatchObject({ ok: true, anchored: 'block' });
    expect(verifyChainAnswer(answer)).toMatchObject({ ok: true, anchored: 'none' });
    expect(verifyChainAnswer(answer, { store: OTHER_VAULT })).toMatchObject({ ok: false, stage: 'statement' });
    expect(verifyChainAnswer(answer, { height: 8 })).toMatchObject({ ok: false, stage: 'statement' });
    expect(verifyChainAnswer(answer, { log: { ...log, size: 41 } })).toMatchObject({ ok: false, stage: 'anchor' });
    expect(verifyChainAnswer(answer, { log: { size: 40, root: 'x' } })).toMatchObject({ ok: false, stage: 'anchor' });
  });

  test('is refused with any character changed', () => {
    for (let at = 0; at < text.length; at += 1) {
      const changed = `${text.slice(0, at)}${text[at] === '1' ? '2' : '1'}${text.slice(at + 1)}`;
      let parsed: unknown;
      try {
        parsed = JSON.parse(changed);
      } catch {
        continue;
      }
      const verdict = verifyChainAnswer(parsed, { organization: ORGANIZATION, store: VAULT });
      // Where the block has its transactions and how many they are is how to fold, and no statement.
      if (verdict.ok) expect(JSON.parse(changed)).toMatchObject({ statement: answer.statement, transaction: answer.transaction });
    }
  });

  test('of another shape is refused, never thrown on', () => {
    const { transaction: _, ...headless } = answer;
    for (const other of [undefined, 3, 'x', [], {}, { ...answer, header: 'AAAA' }, { ...answer, path: {} }, headless]) {
      expect(verifyChainAnswer(other)).toMatchObject({ ok: false });
    }
    expect(verifyChainAnswer({ ...answer, statement: { ...answer.statement, kind: 'block' } })).toMatchObject({ stage: 'shape' });
  });
});

test('equal transactions of one block are told apart by nobody: either stands for both', () => {
  const twice = new Bench();
  twice.createVault(1000);
  const same = transactionOf({ op: 'setEntity', key: 'k', value: Uint8Array.of(1), expiresAt: 0, condition: undefined });
  const command = () =>
    ({ kind: 'transact', ref: twice.ref(), organization: ORGANIZATION, vault: VAULT, transaction: same }) as const;
  twice.apply([command(), command()], 2000);
  const bytes = encodeLedgerTransaction({ kind: 'transact', transaction: same });
  for (const index of [0, 1]) {
    const { inclusion } = ask(twice, { kind: 'transactionProof', height: 2 as Height, index, size: HEIGHT_ZERO });
    expect(inclusion.transaction).toEqual(bytes);
    expect(verifyTransactionInclusion(hasher, inclusion, EXPECTED).ok).toBe(true);
  }
});
