/** The tree at sizes and in orders that random scripts do not reach. */
import { describe, expect, test } from 'vitest';
import { InvariantError } from '../../core/assert.ts';
import { TREE_KEY_BYTES_MAX } from '../../core/btree/limits.ts';
import { BTree } from '../../core/btree/tree.ts';
import { compareBytes } from '../../core/bytes/compare.ts';
import { toUtf8 } from '../../core/bytes/text.ts';
import { PageSpace } from '../../core/page/space.ts';
import { MemoryPageStore } from '../../core/page/store.ts';
import { Random } from '../../core/random.ts';
import { StrictPageStore } from '../support/page-stores.ts';

const NONE = new Uint8Array(0);

function key(n: number): Uint8Array {
  return toUtf8(`document:report-${String(n).padStart(8, '0')}#viewer`) as Uint8Array;
}
function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}
function shuffled(count: number): number[] {
  const random = Random.stream([1, 2, 3, 4], 'shuffle');
  const out = numbers(count);
  for (let i = count - 1; i > 0; i -= 1) {
    const j = random.below(i + 1);
    [out[i], out[j]] = [out[j] as number, out[i] as number];
  }
  return out;
}
function payload(n: number): Uint8Array {
  return Uint8Array.of(n, n >>> 8, n >>> 16);
}

describe('tree', () => {
  // Prefixes of separators that do not cover the subtree's range are right at 50,000 keys and wrong later: hence the size.
  test('200,000 keys in small pages, inserted and deleted at random, are all found on the way', () => {
    const count = 200_000;
    const tree = new BTree(new PageSpace(new MemoryPageStore(512)));
    for (const n of shuffled(count)) tree.set(key(n), payload(n));
    const report = tree.check();
    expect(report.entries).toBe(count);
    expect(report.depth).toBeGreaterThanOrEqual(4);
    for (const n of numbers(count))
      if (compareBytes(tree.get(key(n)) ?? NONE, payload(n)) !== 0) expect.unreachable(`key ${n} is lost`);
    for (const n of shuffled(count)) if (n % 3 !== 0 && !tree.delete(key(n))) expect.unreachable(`key ${n} is not there`);
    tree.check();
    for (const n of numbers(count)) if (tree.has(key(n)) !== (n % 3 === 0)) expect.unreachable(`key ${n} is wrong`);
  });

  // Each node's prefix is what its fences share, and all keys of its subtree lie between them: check() says so of every node.
  test('the prefix of every node covers its subtree, at 1,000,000 keys, after deletes too', { timeout: 120_000 }, () => {
    const count = 1_000_000;
    const tree = new BTree(new PageSpace(new MemoryPageStore(4096)));
    for (const n of shuffled(count)) tree.set(key(n), payload(n));
    expect(tree.check().entries).toBe(count);
    for (const n of shuffled(count)) if (n % 4 === 0) tree.delete(key(n));
    expect(tree.check().entries).toBe((count * 3) / 4);
    for (const n of numbers(count)) if (tree.has(key(n)) !== (n % 4 !== 0)) expect.unreachable(`key ${n} is wrong`);
  });

  // Not nearly 1: the last leaf has no upper fence, hence no prefix; its cells shrink when it gets one. Halving would give 0.3.
  test('keys in ascending order fill more than half of their leaves', () => {
    const tree = new BTree(new PageSpace(new MemoryPageStore(4096)));
    for (const n of numbers(20_000)) tree.set(key(n), payload(n));
    expect(tree.check().leafFill).toBeGreaterThan(0.5);
  });

  test('deleting everything leaves one empty leaf', () => {
    const store = new StrictPageStore(512);
    const tree = new BTree(new PageSpace(store));
    for (const n of shuffled(5000)) tree.set(key(n), payload(n));
    for (const n of shuffled(5000)) tree.delete(key(n));
    expect(tree.check()).toMatchObject({ entries: 0, depth: 1, leaves: 1 });
    expect(store.used).toBe(1);
  });

  test('without a snapshot nothing is copied; after one, a write copies its path once', () => {
    const store = new StrictPageStore(4096);
    const tree = new BTree(new PageSpace(store));
    for (const n of numbers(10_000)) tree.set(key(n), payload(n));
    const used = store.used;
    const allocated = (): number => store.used - used;
    tree.set(key(5), payload(6));
    expect(allocated()).toBe(0);
    const snapshot = tree.snapshot();
    tree.set(key(5), payload(7));
    expect(allocated()).toBe(tree.check().depth);
    for (let i = 0; i < 100; i += 1) tree.set(key(5), payload(i));
    expect(allocated()).toBe(tree.check().depth);
    expect(snapshot.get(key(5))).toEqual(payload(6));
    snapshot.release();
    expect(allocated()).toBe(0);
  });

  test.each([512, 4096, 16_384])('keys of up to 4 KiB that differ in the last byte live in pages of %i', (pageBytes) => {
    const store = new StrictPageStore(pageBytes);
    const tree = new BTree(new PageSpace(store));
    const long = (n: number, length: number): Uint8Array => {
      const bytes = new Uint8Array(length).fill(65);
      bytes[length - 2] = n >>> 8;
      bytes[length - 1] = n;
      return bytes;
    };
    for (const n of shuffled(400)) tree.set(long(n, 200 + (n % 2) * 3800), payload(n));
    tree.set(new Uint8Array(TREE_KEY_BYTES_MAX).fill(66), NONE);
    tree.check();
    for (const n of numbers(400)) expect(tree.get(long(n, 200 + (n % 2) * 3800))).toEqual(payload(n));
    for (const n of shuffled(400)) expect(tree.delete(long(n, 200 + (n % 2) * 3800))).toBe(true);
    expect(tree.count).toBe(1);
    tree.delete(new Uint8Array(TREE_KEY_BYTES_MAX).fill(66));
    expect(store.used).toBe(1);
  });

  test('a value of 256 KiB is replaced and removed without leaving pages behind', () => {
    const store = new StrictPageStore(4096);
    const tree = new BTree(new PageSpace(store));
    const large = Uint8Array.from({ length: 256 * 1024 }, (_, i) => i * 31);
    tree.set(key(1), large);
    expect(compareBytes(tree.get(key(1)) ?? NONE, large)).toBe(0);
    tree.set(key(1), large.subarray(1));
    expect(compareBytes(tree.get(key(1)) ?? NONE, large.subarray(1))).toBe(0);
    tree.set(key(1), NONE);
    expect(tree.get(key(1))).toEqual(NONE);
    expect(store.used).toBe(1);
  });

  test('what was given and what was returned belong to the caller', () => {
    const tree = new BTree(new PageSpace(new MemoryPageStore(512)));
    const [k, v] = [key(1), payload(1)];
    tree.set(k, v);
    k.fill(0);
    v.fill(0);
    (tree.get(key(1)) as Uint8Array).fill(0);
    expect(tree.get(key(1))).toEqual(payload(1));
  });

  test('a tree opened again at its root continues', () => {
    const store = new StrictPageStore(512);
    const first = new BTree(new PageSpace(store));
    for (const n of numbers(1000)) first.set(key(n), payload(n));
    const second = new BTree(new PageSpace(store), first.root);
    second.set(key(1000), payload(1000));
    expect(second.check().entries).toBe(1001);
    expect(second.get(key(999))).toEqual(payload(999));
  });
});

describe('misuse', () => {
  test.each([
    ['an empty key', (tree: BTree) => tree.set(NONE, NONE)],
    ['a key that is too long', (tree: BTree) => tree.set(new Uint8Array(TREE_KEY_BYTES_MAX + 1), NONE)],
    ['a value that is too long', (tree: BTree) => tree.set(key(1), new Uint8Array((1 << 20) + 1))],
  ])('%s is refused', (_, act) => {
    expect(() => act(new BTree(new PageSpace(new MemoryPageStore(512))))).toThrow(InvariantError);
  });

  test('a cursor refuses to go on when its tree has changed', () => {
    const tree = new BTree(new PageSpace(new MemoryPageStore(512)));
    for (const n of numbers(10)) tree.set(key(n), payload(n));
    const cursor = tree.scan({ from: NONE });
    expect(cursor.advance()).toBe(true);
    tree.set(key(11), NONE);
    expect(() => cursor.advance()).toThrow('scan a snapshot');
  });

  test('a released snapshot is not read', () => {
    const tree = new BTree(new PageSpace(new MemoryPageStore(512)));
    const snapshot = tree.snapshot();
    const cursor = snapshot.scan({ from: NONE });
    snapshot.release();
    expect(() => snapshot.get(key(1))).toThrow(InvariantError);
    expect(() => cursor.advance()).toThrow(InvariantError);
    expect(() => snapshot.release()).toThrow(InvariantError);
  });
});
