/** What was true at a past height can be read back from the rows and their history, for tuples, reverse rows and entities. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import type { Height } from '../../core/ids.ts';
import { rowVersion } from '../../core/state/rows.ts';
import type { Operation } from '../../core/state/transaction.ts';
import type { Vault } from '../../core/state/vault.ts';
import { propertyRuns } from '../support/property.ts';
import { Bench, remove, set, tupleOf, VAULT, write } from './support.ts';

const TUPLES = ['doc:1#viewer@user:a', 'doc:1#viewer@user:b'] as const;

/** The rule of core/state/keys.ts: the newest row if it is old enough, else the row with the smallest end above the height. */
function rowAt(vault: Vault, key: Uint8Array, height: number): Uint8Array | undefined {
  const { rows, keys } = vault.leaves;
  const newest = rows.get(key);
  if (newest !== undefined && rowVersion(newest) <= height) return newest;
  const [from, to] = [keys.history(key, vault.height).slice(), keys.history(key, height as Height).slice()];
  for (const { value } of rows.scan({ from, to, reverse: true })) return rowVersion(value) <= height ? value : undefined;
  return undefined;
}

function keysOf(vault: Vault): readonly Uint8Array[] {
  const { keys } = vault.leaves;
  return [
    ...TUPLES.flatMap((text) => [keys.tuple(tupleOf(text)).slice(), keys.reverse(tupleOf(text)).slice()]),
    keys.entity('k').slice(),
  ];
}

function textOf(row: Uint8Array | undefined): string {
  return row === undefined ? 'absent' : toHex(row);
}

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.constantFrom(...TUPLES).map((text) => write(text, { ignore: true })),
  fc.constantFrom(...TUPLES).map((text) => write(text, { ignore: true, condition: 'office' })),
  fc.constantFrom(...TUPLES).map((text) => remove(text, { ignore: true })),
  fc.constantFrom('v', 'w').map((value) => set('k', value)),
  fc.constant<Operation>({ op: 'deleteEntity', key: 'k', condition: undefined }),
);
/** Blocks of transactions of operations. */
const blocks = fc.array(fc.array(fc.array(operation, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 3 }), {
  maxLength: 12,
});

propertyRuns(150, 'every row can be read back at every height', blocks, (history) => {
  const bench = new Bench();
  bench.createVault();
  const vault = bench.state.vault(VAULT) as Vault;
  const seen = new Map<number, readonly string[]>();
  const note = (): void =>
    void seen.set(
      vault.height,
      keysOf(vault).map((key) => textOf(vault.leaves.rows.get(key))),
    );
  note();
  for (const transactions of history) {
    bench.apply(transactions.map((operations) => bench.transact(operations)));
    note();
  }
  for (const [height, expected] of seen) {
    expect(keysOf(vault).map((key) => textOf(rowAt(vault, key, height)))).toEqual(expected);
  }
});

propertyRuns(100, 'the bucket history gives every bucket hash at every height', blocks, (history) => {
  const bench = new Bench();
  bench.createVault();
  const vault = bench.state.vault(VAULT) as Vault;
  const { rows, keys, tree } = vault.leaves;
  const buckets = [...new Set(keysOf(vault).map((key) => key[1] as number))];
  const empty = toHex(tree.bucketHash(0));
  const seen = new Map<number, readonly string[]>();
  for (const transactions of [[], ...history]) {
    bench.apply(transactions.map((operations) => bench.transact(operations)));
    seen.set(
      vault.height,
      buckets.map((bucket) => toHex(tree.bucketHash(bucket))),
    );
  }
  for (const [height, expected] of seen) {
    const found = buckets.map((bucket) => {
      const [from, to] = [keys.bucketHistory(bucket, height as Height).slice(), keys.bucketHistory(bucket, 0 as Height).slice()];
      for (const { value } of rows.scan({ from, to })) return toHex(value);
      return empty;
    });
    expect(found).toEqual(expected);
  }
});

propertyRuns(100, 'a load of new tuples writes no history', fc.uniqueArray(fc.nat({ max: 50 }), { minLength: 1 }), (numbers) => {
  const bench = new Bench();
  bench.createVault();
  bench.run(numbers.map((number) => write(`doc:${number}#viewer@user:a`)));
  const { rows } = (bench.state.vault(VAULT) as Vault).leaves;
  expect(rows.scan({ from: Uint8Array.of(7), to: Uint8Array.of(8) }).advance()).toBe(false);
});
