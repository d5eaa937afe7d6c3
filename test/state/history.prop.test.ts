/** What was true at a past height can be read back from the rows and their history, for tuples, reverse rows and entities. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { NEWEST, type ReadPoint, type VaultQuery } from '../../core/client/protocol.ts';
import type { Height, Micros } from '../../core/ids.ts';
import { rowAt } from '../../core/state/past.ts';
import type { Operation } from '../../core/state/transaction.ts';
import type { Vault } from '../../core/state/vault.ts';
import { propertyRuns } from '../support/property.ts';
import { Bench, oneModel, remove, set, tupleOf, VAULT, write, writeModel } from './support.ts';

/** Among the times of the blocks: a bench's entries are 1000 microseconds apart. */
const EXPIRES_AT = 6000;
const TUPLES = ['doc:1#viewer@user:a', 'doc:1#viewer@user:b'] as const;

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
  // Dies a few blocks later: what is live at a height is decided by its block's time.
  fc.constantFrom(...TUPLES, 'doc:2#viewer@user:a').map((text) => write(text, { ignore: true, expiresAt: EXPIRES_AT })),
  fc.constant<Operation>({ op: 'deleteEntity', key: 'k', condition: undefined }),
  fc.constantFrom('user', 'doc').map(writeModel),
);
/** Blocks of transactions of operations. */
const blocks = fc.array(
  fc.array(fc.array(operation, { minLength: 1, maxLength: 2 }).map(oneModel), { minLength: 1, maxLength: 3 }),
  {
    maxLength: 12,
  },
);

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
    expect(keysOf(vault).map((key) => textOf(rowAt(vault.leaves, key, height as Height)))).toEqual(expected);
  }
});

const QUERIES: readonly VaultQuery[] = [
  ...TUPLES.map((text): VaultQuery => ({ kind: 'tuple', tuple: tupleOf(text) })),
  { kind: 'entity', key: 'k' },
  { kind: 'entity', key: 'never' },
  { kind: 'model', id: '' },
  { kind: 'models', limit: 2, after: '' },
  { kind: 'block', height: 0 as Height },
  ...[
    ['', '', ''],
    ['doc:1', '', ''],
    ['doc:', 'viewer', ''],
    ['', '', 'user:a'],
    ['doc:1', 'viewer', 'user:b'],
  ].map(([resource, relation, subject]): VaultQuery => {
    const filter = { resource: resource as string, relation: relation as string, subject: subject as string };
    return { kind: 'list', ...filter, limit: 1, after: new Uint8Array(0) };
  }),
];

/** Every page of a list; any other answer as it is. Without the block's `newest`, which is another one later. */
function answersOf(bench: Bench, query: VaultQuery, at: ReadPoint): readonly unknown[] {
  const result = bench.query(query, false, at);
  if (result.kind === 'block') return [{ ...result, newest: 0 }];
  if (result.kind !== 'list' || query.kind !== 'list') return [result];
  const rows = { rows: result.rows, anchor: result.anchor };
  return result.next.length === 0 ? [rows] : [rows, ...answersOf(bench, { ...query, after: result.next }, at)];
}

/** Rows of all pages; where pages end depends on rows that are gone. */
function toldBy(answers: readonly unknown[]): unknown {
  if (!answers.every((answer) => typeof answer === 'object' && answer !== null && 'rows' in answer)) return answers;
  const pages = answers as readonly { readonly rows: readonly unknown[]; readonly anchor: unknown }[];
  return { rows: pages.flatMap(({ rows }) => rows), anchor: pages[0]?.anchor };
}

propertyRuns(100, 'a read at a height, or at a time, says what a read said when that block was the newest', blocks, (history) => {
  const bench = new Bench();
  bench.createVault();
  const vault = bench.state.vault(VAULT) as Vault;
  const seen: { readonly height: Height; readonly time: Micros; readonly told: readonly unknown[] }[] = [];
  const note = (): void => {
    const told = QUERIES.map((query) => toldBy(answersOf(bench, query, NEWEST)));
    seen.push({ height: vault.height, time: vault.time, told });
  };
  note();
  for (const transactions of history) {
    bench.apply(transactions.map((operations) => bench.transact(operations)));
    note();
  }
  for (const { height, time, told } of seen) {
    expect(QUERIES.map((query) => toldBy(answersOf(bench, query, { kind: 'height', height })))).toEqual(told);
    expect(QUERIES.map((query) => toldBy(answersOf(bench, query, { kind: 'time', time })))).toEqual(told);
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
