/** Golden headers and logs. */
import { expect } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { blockHash, decodeHeader, encodeHeader, type Header } from '../../core/chain/header.ts';
import { verifyConsistency, verifyInclusion } from '../../core/chain/log-proof.ts';
import { leafHash, MerkleLog, transactionsRoot } from '../../core/chain/merkle-log.ts';
import { portableHasher } from '../../core/hasher.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { hex, u64, type Vectors, vectorTest } from '../support/vectors.ts';

const texts = (hashes: readonly Uint8Array[]): readonly string[] => hashes.map((hash) => toHex(hash));

function headerOf(vector: Vectors['headers'][number]): Header {
  const bytes = (field: string): Uint8Array => hex(vector[field] as string);
  const count = (field: string): Header['height'] => u64(vector[field] as string);
  return {
    reverse: false,
    height: count('height'),
    organization: bytes('org'),
    vault: bytes('vault'),
    previousHash: bytes('prev_hash'),
    transactionsRoot: bytes('tx_root'),
    stateRoot: bytes('state_root'),
    treeRoot: bytes('tree_root'),
    time: count('time'),
    term: count('term'),
    raftIndex: count('raft_index'),
  };
}

vectorTest('headers encode to the golden bytes, hash to the golden hashes and decode to what was encoded', ({ headers }) => {
  expect(headers.length).toBeGreaterThan(0);
  for (const vector of headers) {
    const header = headerOf(vector);
    const bytes = encodeHeader(header);
    expect(toHex(bytes)).toBe(vector.header);
    expect(toHex(blockHash(portableHasher, bytes))).toBe(vector.block_hash);
    expect(decodeHeader(bytes)).toEqual({ ok: true, value: header });
    expect(decodeHeader(encodeHeader({ ...header, reverse: true }))).toEqual({ ok: true, value: { ...header, reverse: true } });
  }
});

vectorTest('log roots, inclusion and consistency proofs are the golden ones, of every size from the longest log', ({ logs }) => {
  const leaves = logs.flatMap(({ leaf_data }) => (leaf_data === undefined ? [] : [hex(leaf_data)]));
  const log = new MerkleLog(portableHasher);
  for (const leaf of leaves) log.append(leafHash(portableHasher, leaf));
  expect(log.size).toBe(17);
  for (const vector of logs) {
    expect(toHex(log.root(vector.size))).toBe(vector.root);
    expect(toHex(transactionsRoot(portableHasher, leaves.slice(0, vector.size)))).toBe(vector.root);
    if (vector.leaf_hash !== undefined) expect(toHex(log.leaf(vector.size - 1))).toBe(vector.leaf_hash);
    (vector.inclusion ?? []).forEach((path, index) => {
      expect(texts(log.inclusion(index, vector.size))).toEqual(path);
      const claim = { index, size: vector.size, leafHash: log.leaf(index), root: hex(vector.root), path: path.map(hex) };
      expect(verifyInclusion(portableHasher, claim)).toBe(true);
    });
    for (const [older, path] of Object.entries(vector.consistency ?? {})) {
      const olderSize = Number(older);
      expect(texts(log.consistency(olderSize, vector.size))).toEqual(path);
      const roots = { olderRoot: log.root(olderSize), newerRoot: hex(vector.root) };
      expect(verifyConsistency(portableHasher, { olderSize, newerSize: vector.size, ...roots, path: path.map(hex) })).toBe(true);
    }
  }
});

vectorTest('every invalid log proof is refused', ({ invalid_logs }) => {
  expect(invalid_logs.length).toBeGreaterThan(0);
  for (const vector of invalid_logs) {
    const path = vector.path.map(hex);
    const accepted =
      vector.kind === 'inclusion'
        ? verifyInclusion(nativeHasher, {
            index: vector.index,
            size: vector.size,
            leafHash: hex(vector.leaf_hash),
            root: hex(vector.root),
            path,
          })
        : verifyConsistency(nativeHasher, {
            olderSize: vector.size1,
            newerSize: vector.size2,
            olderRoot: hex(vector.root1),
            newerRoot: hex(vector.root2),
            path,
          });
    expect([vector.name, accepted]).toEqual([vector.name, false]);
  }
});
