/** What a proof of the chain costs in reads: the same few hundred however long the chain is. */
import { expect, test } from 'vitest';
import type { ChainQuery } from '../../core/client/chain-protocol.ts';
import { HEIGHT_ZERO, type Height } from '../../core/ids.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { Bench, set } from '../state/support.ts';
import { ask, vaultOf } from './history.ts';

/** Blocks whose hashes are worked out again together (core/state/chain-hashes.ts). */
const RUN = 256;
/** Rows of complete subtrees and the header itself, beside them. */
const ROWS = 40;

test('no question about the chain reads more than two runs of headers, and a page no more than it returns', {
  timeout: 120_000,
}, () => {
  const bench = new Bench({ hasher: nativeHasher });
  bench.createVault(1000);
  const blocks = 20 * RUN + 100;
  while (vaultOf(bench).height < blocks) bench.run([set('k', 'v')]);
  const vault = vaultOf(bench);
  const { rows } = vault.leaves;
  const get = rows.get.bind(rows);
  let reads = 0;
  rows.get = (key) => {
    reads += 1;
    return get(key);
  };
  const readsOf = (query: ChainQuery): number => {
    reads = 0;
    ask(bench, query);
    return reads;
  };
  for (let at = 1; at <= blocks; at += 251) {
    const height = at as Height;
    const size = Math.min(blocks, at + 2 * RUN + 17) as Height;
    expect(readsOf({ kind: 'logInclusion', height, size })).toBeLessThanOrEqual(2 * RUN + ROWS);
    expect(readsOf({ kind: 'logInclusion', height, size: HEIGHT_ZERO })).toBeLessThanOrEqual(RUN + ROWS);
    expect(readsOf({ kind: 'logConsistency', from: height, to: HEIGHT_ZERO })).toBeLessThanOrEqual(2 * RUN + ROWS);
    expect(readsOf({ kind: 'logConsistency', from: height, to: size })).toBeLessThanOrEqual(2 * RUN + ROWS);
    expect(readsOf({ kind: 'transactionProof', height, index: 0, size: HEIGHT_ZERO })).toBeLessThanOrEqual(RUN + ROWS);
    expect(readsOf({ kind: 'blocks', from: height })).toBeLessThanOrEqual(RUN + ROWS);
  }
});
