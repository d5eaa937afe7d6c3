/** Generations and dead lists: who may change a page, and when it is freed. */
import { describe, expect, test } from 'vitest';
import { InvariantError } from '../../core/assert.ts';
import { compareBytes } from '../../core/bytes/compare.ts';
import { generationOf, pageIdOf } from '../../core/page/header.ts';
import { dropChain, readChain, writeChain } from '../../core/page/overflow.ts';
import { PageSpace } from '../../core/page/space.ts';
import { MemoryPageStore, type PageId, type PageStore } from '../../core/page/store.ts';
import { StrictPageStore } from '../support/page-stores.ts';

describe('page space', () => {
  test('a page is owned until a snapshot is taken', () => {
    const space = new PageSpace(new StrictPageStore(512), 7);
    const page = space.read(space.allocate());
    expect(generationOf(page)).toBe(7);
    expect(space.owns(page)).toBe(true);
    space.pin();
    expect(space.owns(page)).toBe(false);
  });

  test('a copy has its own id and the content; the original lives as long as its snapshot', () => {
    const store = new StrictPageStore(512);
    const space = new PageSpace(store, 1);
    const id = space.allocate();
    space.read(id).fill(9, 100);
    const pin = space.pin();
    const copy = space.replace(id);
    expect(pageIdOf(space.read(copy))).toBe(copy);
    expect(space.read(copy)[511]).toBe(9);
    expect(store.used).toBe(2);
    space.unpin(pin);
    expect(store.used).toBe(1);
    expect(() => store.read(id)).toThrow('not allocated');
  });

  test('a page two snapshots see is freed with the last of them, in either order', () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const store = new StrictPageStore(512);
      const space = new PageSpace(store, 1);
      const id = space.allocate();
      const pins = [space.pin(), space.pin()];
      space.drop(id);
      space.unpin(pins[order[0] as number] as ReturnType<PageSpace['pin']>);
      expect(store.used).toBe(1);
      space.unpin(pins[order[1] as number] as ReturnType<PageSpace['pin']>);
      expect(store.used).toBe(0);
    }
  });

  test('a page born after every snapshot is freed at once', () => {
    const store = new StrictPageStore(512);
    const space = new PageSpace(store, 1);
    space.pin();
    space.drop(space.allocate());
    expect(store.used).toBe(0);
  });

  test('a page born between two snapshots does not wait for the older one', () => {
    const store = new StrictPageStore(512);
    const space = new PageSpace(store, 1);
    space.pin();
    const id = space.allocate();
    const newer = space.pin();
    space.drop(id);
    expect(store.used).toBe(1);
    space.unpin(newer);
    expect(store.used).toBe(0);
  });

  test('a snapshot is released once', () => {
    const space = new PageSpace(new StrictPageStore(512), 1);
    const pin = space.pin();
    space.unpin(pin);
    expect(() => space.unpin(pin)).toThrow(InvariantError);
  });

  test('generations beyond 32 bits are kept', () => {
    const space = new PageSpace(new StrictPageStore(512), 2 ** 40 + 5);
    expect(generationOf(space.read(space.allocate()))).toBe(2 ** 40 + 5);
  });
});

describe('overflow chains', () => {
  test.each([1, 447, 448, 449, 896, 897, 256 * 1024])('%i bytes come back, and their pages are freed', (length) => {
    const store = new StrictPageStore(512);
    const space = new PageSpace(store, 1);
    const bytes = Uint8Array.from({ length }, (_, i) => i * 7 + (i >>> 8));
    const first = writeChain(space, bytes);
    expect(store.used).toBe(Math.ceil(length / 448));
    expect(compareBytes(readChain(space, first, length), bytes)).toBe(0);
    dropChain(space, first);
    expect(store.used).toBe(0);
  });
});

describe('memory page store', () => {
  test('pages do not overlap, and freed ids are used again', () => {
    const store = new MemoryPageStore(512);
    const ids = Array.from({ length: 5000 }, () => store.allocate());
    ids.forEach((id, i) => {
      store.read(id).fill(i);
    });
    expect(ids.every((id, i) => store.read(id).every((byte) => byte === (i & 255)))).toBe(true);
    expect(store.used).toBe(5000);
    store.free(ids[17] as PageId);
    expect(store.used).toBe(4999);
    expect(store.allocate()).toBe(ids[17]);
  });

  test.each([0, 256, 513, 65_536])('%i is not a page size', (size) => {
    expect(() => new MemoryPageStore(size)).toThrow(InvariantError);
  });
});

test('a snapshot is released without its pages being read: they may be sealed with a key that is destroyed since', () => {
  const memory = new MemoryPageStore(512);
  let isReadable = true;
  const read = (id: PageId): Uint8Array => {
    if (!isReadable) throw new Error('a page that nobody can read');
    return memory.read(id);
  };
  const store: PageStore = {
    pageBytes: 512,
    read,
    allocate: () => memory.allocate(),
    free: (id) => memory.free(id),
    retire: () => undefined,
  };
  const space = new PageSpace(store);
  const old = space.allocate();
  const first = space.pin();
  const young = space.allocate();
  const second = space.pin();
  space.drop(old);
  space.drop(young);
  isReadable = false;
  space.unpin(second);
  expect(memory.used).toBe(1); // the older snapshot sees the old one alone
  space.unpin(first);
  expect(memory.used).toBe(0);
});
