/** Rows of the negative-test list of the commitment's design that are about logs, blocks and lists of headers. Each name is a row. */
import { describe, expect, test } from 'vitest';
import { Auditor } from '../../core/audit/auditor.ts';
import { concatBytes, equalBytes } from '../../core/bytes/compare.ts';
import { encodeHeader } from '../../core/chain/header.ts';
import { verifyLogInclusion, verifyTransactionInclusion } from '../../core/chain/inclusion.ts';
import { verifyConsistency, verifyInclusion } from '../../core/chain/log-proof.ts';
import { leafHash, MerkleLog, nodeHash, transactionsRoot } from '../../core/chain/merkle-log.ts';
import type { KeptBlock } from '../../core/client/chain-protocol.ts';
import { portableHasher } from '../../core/hasher.ts';
import { HEIGHT_ZERO, type Height } from '../../core/ids.ts';
import { decodeLedgerTransaction, encodeLedgerTransaction } from '../../core/state/transaction-codec.ts';
import { headerOf } from '../audit/support.ts';
import { transactionOf, write } from '../state/support.ts';
import { ask, blocksOf, chainOf, EXPECTED, ORGANIZATION_BYTES, VAULT_BYTES, vaultOf } from './history.ts';

const hasher = portableHasher;
const leaves = [1, 2, 3, 4, 5].map((byte) => Uint8Array.of(byte));
const hashes = leaves.map((leaf) => leafHash(hasher, leaf));
const bench = chainOf(9);
const blocks = blocksOf(bench);

function logOf(count: number): MerkleLog {
  const log = new MerkleLog(hasher);
  for (const hash of hashes.slice(0, count)) log.append(hash);
  return log;
}

/** What an auditor says of a list of headers; 'fine' where it has nothing against it. */
function judged(list: readonly KeptBlock[]): string {
  const auditor = new Auditor({ hasher, organization: ORGANIZATION_BYTES, vault: VAULT_BYTES, first: 1 });
  for (const block of list) {
    const fault = auditor.take(block);
    if (fault !== undefined) return `${fault.code} at ${fault.height}`;
  }
  const finished = auditor.finish();
  return finished.ok ? 'fine' : `${finished.fault.code} at ${finished.fault.height}`;
}

test('duplicate last leaf: a list whose last leaf is doubled has another root, at every size', () => {
  for (let count = 1; count < leaves.length; count += 1) {
    const list = leaves.slice(0, count);
    const doubled = [...list, list.at(-1) as Uint8Array];
    expect(equalBytes(transactionsRoot(hasher, list), transactionsRoot(hasher, doubled))).toBe(false);
  }
  // The tree that Bitcoin has would have these two equal (CVE-2012-2459).
  const [a, b, c] = hashes as [Uint8Array, Uint8Array, Uint8Array];
  expect(equalBytes(logOf(3).root(), nodeHash(hasher, nodeHash(hasher, a, b), nodeHash(hasher, c, c)))).toBe(false);
});

test('leaf/inner confusion: an inner node passes for no leaf, and a leaf for no inner node', () => {
  const log = logOf(4);
  const [a, b] = hashes as [Uint8Array, Uint8Array];
  const inner = nodeHash(hasher, a, b);
  const sibling = log.inclusion(0)[1] as Uint8Array;
  // The hash of the inner node would fold to the root; what hashes to it as a leaf is not known to anybody.
  const bytes = concatBytes(Uint8Array.of(1), a, b);
  const claim = { index: 0, size: 2, root: log.root(), path: [sibling] };
  expect(verifyInclusion(hasher, { ...claim, leafHash: inner })).toBe(true);
  expect(verifyInclusion(hasher, { ...claim, leafHash: leafHash(hasher, bytes) })).toBe(false);
  expect(verifyInclusion(hasher, { ...claim, leafHash: leafHash(hasher, bytes.subarray(1)) })).toBe(false);
  // verifyTransactionInclusion takes bytes, never hashes: so the first of these cannot be put to it.
  const proof = ask(bench, { kind: 'transactionProof', height: 4 as Height, index: 0, size: HEIGHT_ZERO }).inclusion;
  const folded = { ...proof, transaction: bytes, path: proof.path.slice(1), count: 2 };
  expect(verifyTransactionInclusion(hasher, folded, EXPECTED).ok).toBe(false);
});

test('boundary shift between fields: no byte moves from one text of a transaction into the next', () => {
  const texts = (actor: string, reason: string) =>
    encodeLedgerTransaction({
      kind: 'transact',
      transaction: { ...transactionOf(write('doc:1#viewer@user:a')), actor, reason },
    });
  expect(equalBytes(leafHash(hasher, texts('ab', 'c')), leafHash(hasher, texts('a', 'bc')))).toBe(false);
  const bytes = texts('ab', 'c');
  for (let at = 0; at < bytes.length; at += 1) {
    const shifted = bytes.slice();
    shifted[at] = (shifted[at] as number) ^ 1;
    const decoded = decodeLedgerTransaction(shifted);
    if (decoded.ok) expect(encodeLedgerTransaction(decoded.value)).toEqual(shifted); // one transaction has one byte string
  }
});

test('proof-prefix extension: a path with more or fewer hashes, at either end, proves nothing', () => {
  const log = logOf(5);
  for (let index = 0; index < 5; index += 1) {
    const path = log.inclusion(index);
    const claim = { index, size: 5, leafHash: hashes[index] as Uint8Array, root: log.root() };
    expect(verifyInclusion(hasher, { ...claim, path })).toBe(true);
    for (const other of [
      path.slice(1),
      path.slice(0, -1),
      [...path, hashes[0] as Uint8Array],
      [hashes[0] as Uint8Array, ...path],
    ]) {
      expect(verifyInclusion(hasher, { ...claim, path: other })).toBe(false);
    }
  }
  for (let older = 1; older < 5; older += 1) {
    const path = log.consistency(older);
    const claim = { olderSize: older, newerSize: 5, olderRoot: log.root(older), newerRoot: log.root() };
    expect(verifyConsistency(hasher, { ...claim, path })).toBe(true);
    for (const other of [
      path.slice(1),
      path.slice(0, -1),
      [...path, hashes[0] as Uint8Array],
      [hashes[0] as Uint8Array, ...path],
    ]) {
      expect(verifyConsistency(hasher, { ...claim, path: other })).toBe(false);
    }
  }
});

test('empty tree: it has the hash of nothing, and nothing is proven in it or by it', () => {
  const empty = new MerkleLog(hasher);
  expect(Buffer.from(empty.root()).toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  const root = empty.root();
  expect(verifyInclusion(hasher, { index: 0, size: 0, leafHash: hashes[0] as Uint8Array, root, path: [] })).toBe(false);
  expect(verifyConsistency(hasher, { olderSize: 0, newerSize: 3, olderRoot: root, newerRoot: logOf(3).root(), path: [] })).toBe(
    false,
  );
});

describe('empty, truncated, reordered header lists', () => {
  test('as they are they are fine', () => expect(judged(blocks)).toBe('fine'));
  test('empty', () => expect(judged([])).toBe('height at 0'));
  test('truncated at the beginning', () => expect(judged(blocks.slice(1))).toBe('height at 1'));
  test('truncated in the middle', () => expect(judged([...blocks.slice(0, 3), ...blocks.slice(4)])).toBe('height at 4'));
  test('truncated at the end: a list that agrees with itself, and not with a root of the whole log', () => {
    const short = blocks.slice(0, -1);
    expect(judged(short)).toBe('fine');
    const log = new MerkleLog(hasher);
    for (const { header } of short) log.append(leafHash(hasher, header));
    expect(equalBytes(log.root(), vaultOf(bench).log.root())).toBe(false);
  });
  test('reordered: any two exchanged', () => {
    for (let one = 0; one < blocks.length; one += 1) {
      for (let two = one + 1; two < blocks.length; two += 1) {
        const list = [...blocks];
        [list[one], list[two]] = [blocks[two] as KeptBlock, blocks[one] as KeptBlock];
        expect(judged(list)).toBe(`height at ${one + 1}`);
      }
    }
  });
  test('one header twice', () => expect(judged([...blocks.slice(0, 4), ...blocks.slice(3)])).toBe('height at 5'));
  test('headers that are cut, or longer by a byte', () => {
    const at = (header: Uint8Array) =>
      judged([...blocks.slice(0, 2), { ...(blocks[2] as KeptBlock), header }, ...blocks.slice(3)]);
    const { header } = blocks[2] as KeptBlock;
    expect(at(header.subarray(0, 195))).toBe('header at 3');
    expect(at(Uint8Array.of(...header, 0))).toBe('header at 3');
  });
});

test('2^53+1: a header that counts so far is read, and never taken for the number a double makes of it', () => {
  const height = 2n ** 53n + 1n;
  const header = encodeHeader({ ...headerOf(blocks[1] as KeptBlock), height });
  const proof = { header, size: Number(height), root: leafHash(hasher, header), path: [] };
  expect(verifyLogInclusion(hasher, proof, EXPECTED)).toMatchObject({ ok: false, stage: 'header' });
  expect(judged([blocks[0] as KeptBlock, { ...(blocks[1] as KeptBlock), header }])).toBe('header at 2');
});

test('identity chosen by the server: the vault of a proof is the one that was asked for, whatever the proof says', () => {
  const { inclusion } = ask(bench, { kind: 'logInclusion', height: 3 as Height, size: HEIGHT_ZERO });
  const own = { ...headerOf(blocks[2] as KeptBlock), vault: new Uint8Array(16).fill(5) };
  const header = encodeHeader(own);
  const forged = {
    header,
    size: 3,
    root: nodeHash(hasher, hashes[0] as Uint8Array, leafHash(hasher, header)),
    path: [hashes[0] as Uint8Array],
  };
  expect(verifyLogInclusion(hasher, inclusion, EXPECTED).ok).toBe(true);
  expect(verifyLogInclusion(hasher, forged, EXPECTED)).toMatchObject({ ok: false, stage: 'expectation' });
});
