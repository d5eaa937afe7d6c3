/** What became of tuples, told from the transactions of blocks: everything that changed something, once, in the order of writing. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ChangePlace, TupleChange } from '../../core/client/model-protocol.ts';
import type { ClientResult } from '../../core/client/protocol.ts';
import type { Height } from '../../core/ids.ts';
import { CHANGES_SCAN_MAX } from '../../core/limits.ts';
import type { Operation } from '../../core/state/transaction.ts';
import type { Vault } from '../../core/state/vault.ts';
import { propertyRuns } from '../support/property.ts';
import { Bench, keep, oneModel, remove, set, VAULT, write, writeModel } from './support.ts';

/** Among the times of the blocks: a bench's entries are 1000 microseconds apart. */
const EXPIRES_AT = 6000;
const TUPLES = ['doc:1#viewer@user:a', 'doc:1#viewer@user:*', 'folder:1#owner@user:a'] as const;
const START: ChangePlace = { height: 0 as Height, position: 0 };

const text = fc.constantFrom(...TUPLES);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: text.map((tuple) => write(tuple, { ignore: true })) },
  { weight: 4, arbitrary: text.map((tuple) => remove(tuple, { ignore: true })) },
  { weight: 2, arbitrary: text.map((tuple) => write(tuple)) },
  { weight: 2, arbitrary: text.map((tuple) => remove(tuple)) },
  { weight: 1, arbitrary: text.map((tuple) => write(tuple, { ignore: true, condition: 'office' })) },
  { weight: 2, arbitrary: text.map((tuple) => write(tuple, { ignore: true, expiresAt: EXPIRES_AT })) },
  { weight: 1, arbitrary: fc.constantFrom(set('k', 'v'), writeModel('doc')) },
);
const blocks = fc.array(
  fc.array(fc.array(operation, { minLength: 1, maxLength: 4 }).map(oneModel), { minLength: 1, maxLength: 3 }),
  { maxLength: 10 },
);

function nameOf({ tuple }: Extract<Operation, { op: 'writeTuple' | 'deleteTuple' }>): string {
  return `${tuple.resource}#${tuple.relation}@${tuple.subject}`;
}

interface Told {
  readonly operation: string;
  readonly name: string;
  readonly height: number;
  readonly time: number;
}

/** Tuples with their expiries, and what changed of them: one operation after the other, by whether the transaction was applied. */
class Naive {
  readonly present: Map<string, number> = new Map();
  readonly told: Told[] = [];

  apply(operations: readonly Operation[], { height, time }: { readonly height: number; readonly time: number }): void {
    for (const operation of operations) {
      if (operation.op !== 'writeTuple' && operation.op !== 'deleteTuple') continue;
      const name = nameOf(operation);
      const expiresAt = this.present.get(name);
      const isThere = expiresAt !== undefined && (expiresAt === 0 || expiresAt > time);
      const isWrite = operation.op === 'writeTuple';
      if (isThere !== isWrite) this.told.push({ operation: isWrite ? 'write' : 'delete', name, height, time });
      if (!isWrite) this.present.delete(name);
      else if (!isThere) this.present.set(name, operation.expiresAt);
    }
  }
}

function play(bench: Bench, history: readonly (readonly (readonly Operation[])[])[]): Naive {
  const naive = new Naive();
  bench.createVault();
  const vault = bench.state.vault(VAULT) as Vault;
  for (const transactions of history) {
    const results = bench.apply(transactions.map((operations) => bench.transact(operations)));
    results.forEach((result, at) => {
      if (result.kind !== 'transacted' || !result.outcome.ok || !result.outcome.changed) return;
      naive.apply(transactions[at] as readonly Operation[], vault);
    });
  }
  return naive;
}

function page(
  bench: Bench,
  after: ChangePlace,
  options: { type?: string; limit?: number } = {},
): Extract<ClientResult, { kind: 'changes' }> {
  const result = bench.query({ kind: 'changes', type: options.type ?? '', after, limit: options.limit ?? 100 });
  if (result.kind !== 'changes') throw new Error(JSON.stringify(result));
  return result;
}

function all(bench: Bench, options: { type?: string; limit?: number } = {}, after: ChangePlace = START): readonly TupleChange[] {
  const { changes, next, more } = page(bench, after, options);
  return more ? [...changes, ...all(bench, options, next)] : changes;
}

function toldBy(changes: readonly TupleChange[]): readonly Told[] {
  return changes.map(({ operation, tuple, height, time }) => {
    const name = `${tuple.resource}#${tuple.relation}@${tuple.subject}`;
    return { operation, name, height, time };
  });
}

propertyRuns(
  300,
  'every change is told once, in order, whatever the size of a page',
  blocks,
  fc.integer({ min: 1, max: 5 }),
  (history, limit) => {
    const bench = new Bench();
    const { told } = play(bench, history);
    expect(toldBy(all(bench))).toEqual(told);
    expect(all(bench, { limit })).toEqual(all(bench));
    for (const type of ['doc', 'folder', 'fold']) {
      expect(toldBy(all(bench, { type, limit }))).toEqual(told.filter(({ name }) => name.startsWith(`${type}:`)));
    }
  },
);

propertyRuns(
  100,
  'who goes on behind a row, or where a page ended, misses nothing that came later',
  blocks,
  blocks,
  (before, after) => {
    const bench = new Bench();
    const first = play(bench, before).told.length;
    const end = page(bench, all(bench).at(-1) ?? START).next;
    const last = all(bench).at(-1) ?? START;
    for (const transactions of after) bench.apply(transactions.map((operations) => bench.transact(operations)));
    const later = all(bench).slice(first);
    expect(all(bench, {}, end)).toEqual(later);
    expect(all(bench, {}, last)).toEqual(later);
  },
);

propertyRuns(
  100,
  'what a vault does not keep is refused, and what it keeps is told as ever',
  blocks,
  fc.integer({ min: 1, max: 4 }),
  (history, heights) => {
    const bench = new Bench();
    play(bench, history);
    const told = all(bench);
    bench.run([keep({ kind: 'heights', heights })]);
    const { height } = bench.state.vault(VAULT) as Vault;
    const floor = Math.max(1, height - heights + 1);
    expect(all(bench)).toEqual(told.filter((change) => change.height > floor));
    for (const { height: at, position } of told) {
      const after = { height: at, position };
      if (at <= floor)
        expect(bench.query({ kind: 'changes', type: '', after, limit: 1 })).toMatchObject({
          code: 'pruned_height',
          oldest: floor,
        });
      else
        expect(all(bench, {}, after)).toEqual(
          told.filter((other) => other.height > at || (other.height === at && other.position > position)),
        );
    }
  },
);

test('a change of a past view ends with it, and a deleted tuple has neither condition nor expiry', () => {
  const bench = new Bench();
  bench.createVault();
  bench.run([write(TUPLES[0], { condition: 'office', expiresAt: 10 ** 15 })]);
  bench.run([remove(TUPLES[0])]);
  const query = { kind: 'changes', type: '', after: START, limit: 10 } as const;
  expect(bench.query(query, false, { kind: 'height', height: 2 as Height })).toMatchObject({
    changes: [{ operation: 'write', condition: { name: 'office', context: '{}' }, expiresAt: 10 ** 15, height: 2, position: 1 }],
    next: { height: 3, position: 0 },
    more: false,
  });
  expect(page(bench, { height: 3 as Height, position: 0 }).changes).toMatchObject([
    { operation: 'delete', condition: undefined, expiresAt: 0, height: 3 },
  ]);
});

test('a page reads a bounded number of operations, and goes on from there', () => {
  const bench = new Bench();
  bench.createVault();
  const writes = Array.from({ length: 600 }, (_, at) => write(`doc:${at}#viewer@user:a`));
  bench.run(writes);
  bench.apply([
    bench.transact(writes.map(({ op }, at) => (op === 'writeTuple' ? set(`k${at}`, 'v') : keep({ kind: 'all' })))),
    bench.transact([remove('doc:5#viewer@user:a')]),
  ]);
  const first = page(bench, START, { type: 'folder' });
  expect(first).toMatchObject({ changes: [], more: true, next: { height: 3, position: 1024 } });
  expect(CHANGES_SCAN_MAX).toBeLessThan(1202);
  expect(page(bench, first.next).changes).toMatchObject([{ operation: 'delete', height: 3, position: 1025 }]);
});
