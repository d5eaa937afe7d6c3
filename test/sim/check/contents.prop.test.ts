/** Contents against a Map: what is there, what is live, and that equal contents are one value however they came about. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Contents, ContentsPool, countLive, isLive, type Leaf, leafOf } from '../../../sim/check/clients/contents.ts';
import { property } from '../../support/property.ts';

type Change =
  | { readonly kind: 'with'; readonly key: string; readonly leaf: Leaf }
  | { readonly kind: 'without'; readonly key: string }
  | { readonly kind: 'liveAt'; readonly at: number };

const keys = fc.tuple(fc.constantFrom('t a#', 't ab#', 'e '), fc.nat(6)).map(([prefix, n]) => prefix + String(n));
const leaves = fc.record({ value: fc.constantFrom('+', '00', '01'), expiresAt: fc.constantFrom(0, 0, 3, 7) });
const changes: fc.Arbitrary<Change> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('with' as const), key: keys, leaf: leaves }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('without' as const), key: keys }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('liveAt' as const), at: fc.nat(9) }) },
);

function change(pool: ContentsPool, contents: Contents | undefined, map: Map<string, Leaf>, by: Change): Contents | undefined {
  switch (by.kind) {
    case 'with':
      map.set(by.key, by.leaf);
      return pool.with(contents, by.key, by.leaf);
    case 'without':
      map.delete(by.key);
      return pool.without(contents, by.key);
    case 'liveAt':
      for (const [key, leaf] of map) if (!isLive(leaf, by.at)) map.delete(key);
      return pool.liveAt(contents, by.at);
  }
}

property(
  'contents hold what a map holds after the same changes',
  fc.array(changes, { maxLength: 60 }),
  fc.nat(9),
  (script, at) => {
    const pool = new ContentsPool();
    const map = new Map<string, Leaf>();
    let contents: Contents | undefined;
    for (const by of script) contents = change(pool, contents, map, by);
    for (const prefix of ['t a#', 't ab#', 'e '])
      for (let n = 0; n <= 6; n += 1) expect(leafOf(contents, prefix + String(n))).toEqual(map.get(prefix + String(n)));
    for (const prefix of ['', 't ', 't a#', 'e ', 'zz']) {
      const live = [...map].filter(([key, leaf]) => key.startsWith(prefix) && isLive(leaf, at));
      expect(countLive(contents, prefix, at)).toBe(live.length);
    }
    expect(pool.named(contents?.name ?? '')).toBe(contents);
  },
);

property(
  'contents are one value exactly if they are equal, however they came about',
  fc.array(changes, { maxLength: 40 }),
  fc.array(changes, { maxLength: 40 }),
  (one, other) => {
    const pool = new ContentsPool();
    const run = (script: readonly Change[]): { readonly contents: Contents | undefined; readonly map: Map<string, Leaf> } => {
      const map = new Map<string, Leaf>();
      let contents: Contents | undefined;
      for (const by of script) contents = change(pool, contents, map, by);
      return { contents, map };
    };
    const inOrder = (map: Map<string, Leaf>): readonly Change[] =>
      [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, leaf]) => ({ kind: 'with', key, leaf }));
    const a = run(one);
    const b = run(other);
    expect(run(inOrder(a.map)).contents).toBe(a.contents);
    const areEqual = JSON.stringify(inOrder(a.map)) === JSON.stringify(inOrder(b.map));
    expect(a.contents === b.contents).toBe(areEqual);
  },
);

/** Nodes on the longest way down. */
function depthOf(contents: Contents | undefined): number {
  return contents === undefined ? 0 : 1 + Math.max(depthOf(contents.left), depthOf(contents.right));
}

test('keys that count up stand no deeper than random ones would', () => {
  const pool = new ContentsPool();
  let contents: Contents | undefined;
  for (let key = 0; key < 1000; key += 1) contents = pool.with(contents, `e register/${key}`, { value: '+', expiresAt: 0 });
  expect(depthOf(contents)).toBeLessThan(30); // random priorities make it about 21 deep
});
