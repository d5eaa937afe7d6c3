/**
 * The tree against a sorted map, over random page sizes, keys, values, snapshots and their release. After every script the
 * invariants hold, and no page is left behind: what the store counts is what the tree and its snapshots reach.
 */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { BTree, type ReadonlyBTree, type TreeSnapshot } from '../../core/btree/tree.ts';
import { compareBytes } from '../../core/bytes/compare.ts';
import { toHex } from '../../core/bytes/text.ts';
import { PageSpace } from '../../core/page/space.ts';
import { StrictPageStore } from '../support/page-stores.ts';
import { propertyRuns } from '../support/property.ts';

type Operation =
  | { readonly kind: 'set'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: 'delete'; readonly key: Uint8Array }
  | { readonly kind: 'deleteAt'; readonly at: number }
  | { readonly kind: 'setAt'; readonly at: number; readonly value: Uint8Array }
  | { readonly kind: 'deleteRange'; readonly at: number; readonly length: number }
  | { readonly kind: 'run'; readonly at: number; readonly step: 1 | -1; readonly sizes: readonly number[] }
  | { readonly kind: 'snapshot' }
  | { readonly kind: 'release'; readonly at: number };

/** Keys that share prefixes, tie in their heads, are prefixes of each other, or are long. */
const keys: fc.Arbitrary<Uint8Array> = fc
  .record({
    stem: fc.constantFrom('', 'a', 'document:', 'document:report-', 'x'.repeat(40), 'y'.repeat(300), 'z'.repeat(1200)),
    tail: fc.oneof(
      { weight: 4, arbitrary: fc.uint8Array({ minLength: 0, maxLength: 6 }) },
      { weight: 2, arbitrary: fc.nat(400).map((n) => Uint8Array.from(String(n), (c) => c.charCodeAt(0))) },
      { weight: 1, arbitrary: fc.uint8Array({ minLength: 0, maxLength: 3 }).map((t) => Uint8Array.of(0, 0, 0, ...t)) },
    ),
  })
  .map(({ stem, tail }) => Uint8Array.of(...Array.from(stem, (c) => c.charCodeAt(0)), ...tail))
  .filter((key) => key.length > 0);

const values: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 6, arbitrary: fc.uint8Array({ maxLength: 20 }) },
  { weight: 2, arbitrary: fc.nat(300).map((n) => new Uint8Array(n).fill(n)) },
  { weight: 1, arbitrary: fc.integer({ min: 300, max: 9000 }).map((n) => Uint8Array.from({ length: n }, (_, i) => i * n)) },
);

const operations: fc.Arbitrary<readonly Operation[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.record({ kind: fc.constant('set' as const), key: keys, value: values }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), key: keys }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('deleteAt' as const), at: fc.nat(10_000) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('setAt' as const), at: fc.nat(10_000), value: values }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('deleteRange' as const), at: fc.nat(10_000), length: fc.nat(60) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('run' as const),
        at: fc.nat(5000),
        step: fc.constantFrom(1 as const, -1 as const),
        sizes: fc.array(fc.nat(400), { minLength: 3, maxLength: 30 }),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'snapshot' as const }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const), at: fc.nat(10) }) },
  ),
  { maxLength: 400, size: 'max' },
);

/** What the tree should hold: keys as hex, whose order is the order of the bytes. */
type Model = Map<string, { readonly key: Uint8Array; readonly value: Uint8Array }>;

function sorted(model: Model): { key: Uint8Array; value: Uint8Array }[] {
  return [...model.values()].sort((a, b) => compareBytes(a.key, b.key));
}

function pick(model: Model, at: number): Uint8Array | undefined {
  const all = [...model.values()];
  return all[at % all.length]?.key;
}

function rows(tree: ReadonlyBTree, from: Uint8Array, to: Uint8Array | undefined, reverse: boolean): string[] {
  return [...tree.scan({ from, to, reverse })].map(({ key, value }) => `${toHex(key)}=${toHex(value)}`);
}

function expectSame(tree: ReadonlyBTree & { check(): unknown }, model: Model): void {
  tree.check();
  expect(tree.count).toBe(model.size);
  const expected = sorted(model).map(({ key, value }) => `${toHex(key)}=${toHex(value)}`);
  expect(rows(tree, new Uint8Array(0), undefined, false)).toEqual(expected);
  expect(rows(tree, new Uint8Array(0), undefined, true)).toEqual(expected.reverse());
  for (const { key, value } of model.values()) expect(toHex(tree.get(key) as Uint8Array)).toBe(toHex(value));
}

/** Runs a script on a tree and its model, with a checker of snapshots. */
class Bench {
  readonly store: StrictPageStore;
  readonly space: PageSpace;
  readonly tree: BTree;
  readonly model: Model = new Map();
  readonly snapshots: { snapshot: TreeSnapshot; model: Model }[] = [];

  constructor(pageBytes: number) {
    this.store = new StrictPageStore(pageBytes);
    this.space = new PageSpace(this.store);
    this.tree = new BTree(this.space);
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.tree.set(key, value);
    this.model.set(toHex(key), { key, value });
  }
  delete(key: Uint8Array): void {
    expect(this.tree.delete(key)).toBe(this.model.delete(toHex(key)));
    expect(this.tree.get(key)).toBeUndefined();
  }
  release(at: number): void {
    const [taken] = this.snapshots.splice(at % this.snapshots.length, 1);
    if (taken === undefined) return;
    expectSame(taken.snapshot, taken.model);
    taken.snapshot.release();
  }

  run(operation: Operation): void {
    switch (operation.kind) {
      case 'set':
        return this.set(operation.key, operation.value);
      case 'delete':
        return this.delete(operation.key);
      case 'deleteAt': {
        const key = pick(this.model, operation.at);
        return key === undefined ? undefined : this.delete(key);
      }
      case 'setAt': {
        const key = pick(this.model, operation.at);
        return key === undefined ? undefined : this.set(key, operation.value);
      }
      case 'deleteRange': {
        const run = sorted(this.model)
          .slice(operation.at % (this.model.size + 1))
          .slice(0, operation.length);
        for (const { key } of run) this.delete(key);
        return;
      }
      case 'run':
        for (const [i, size] of operation.sizes.entries()) {
          const number = String(5_000 + operation.at + operation.step * i);
          this.set(
            Uint8Array.from(`n${number}`, (c) => c.charCodeAt(0)),
            new Uint8Array(size).fill(i),
          );
        }
        return;
      case 'snapshot':
        this.snapshots.push({ snapshot: this.tree.snapshot(), model: new Map(this.model) });
        return;
      case 'release':
        return this.release(operation.at);
    }
  }

  /** Everything the store holds is reached by the tree; with no snapshot, nothing else is. */
  finish(): void {
    expectSame(this.tree, this.model);
    while (this.snapshots.length > 0) this.release(0);
    const report = this.tree.check();
    expect(this.space.pinnedPages).toBe(0);
    expect(this.store.used).toBe(report.leaves + report.branches + report.overflowPages);
    for (const { key } of [...this.model.values()]) this.delete(key);
    this.tree.check();
  }
}

const pageSizes: fc.Arbitrary<number> = fc.constantFrom(512, 1024, 4096, 16_384);

propertyRuns(150, 'a tree with snapshots is a sorted map with snapshots', pageSizes, operations, (pageBytes, script) => {
  const bench = new Bench(pageBytes);
  for (const operation of script) bench.run(operation);
  bench.finish();
});

propertyRuns(
  150,
  'a scan is the slice of the sorted map, both ways',
  pageSizes,
  operations,
  keys,
  keys,
  (pageBytes, script, a, b) => {
    const bench = new Bench(pageBytes);
    for (const operation of script) bench.run(operation);
    const [from, to] = [a, b];
    const expected = sorted(bench.model).filter(({ key }) => compareBytes(key, from) >= 0 && compareBytes(key, to) < 0);
    const texts = expected.map(({ key, value }) => `${toHex(key)}=${toHex(value)}`);
    expect(rows(bench.tree, from, to, false)).toEqual(texts);
    expect(rows(bench.tree, from, to, true)).toEqual(texts.reverse());
  },
);
