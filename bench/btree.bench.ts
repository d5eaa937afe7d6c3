/**
 * The B+ tree against npm `sorted-btree`, with keys as bytes in both: point reads after random churn, range scans, inserts,
 * and memory. Usage: npm run bench:btree -- [KEYS] [PAGE_BYTES]
 */
import sortedBTree from 'sorted-btree';
import { BTree } from '../core/btree/tree.ts';
import { compareBytes } from '../core/bytes/compare.ts';
import { toUtf8 } from '../core/bytes/text.ts';
import { PageSpace } from '../core/page/space.ts';
import { MemoryPageStore } from '../core/page/store.ts';
import { Random } from '../core/random.ts';
import { type Candidate, compare, machineClass, report } from './harness.ts';

const keyCount: number = Number(process.argv[2] ?? 50_000);
const pageBytes: number = Number(process.argv[3] ?? 8192);
const random: Random = Random.stream([1, 2, 3, 4], 'bench');
const PROBES = 1 << 16;
const VALUE_BYTES = 8;

/** A tuple's key as the state lays it out: table, bucket, then the fields. */
function tupleKey(n: number): Uint8Array {
  const bytes = toUtf8(
    `__document:${(n * 2_654_435_761) % 4_294_967_296}\u0000viewer\u0000\u0000user:${n % 5000}\u0000`,
  ) as Uint8Array;
  bytes[0] = 1;
  bytes[1] = (n * 40_503) & 255;
  return bytes;
}

const keys: readonly Uint8Array[] = Array.from({ length: keyCount }, (_, n) => tupleKey(n));
const value: Uint8Array = new Uint8Array(VALUE_BYTES).fill(7);

function shuffled<T>(items: readonly T[]): T[] {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i -= 1) {
    const j = random.below(i + 1);
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
}

/** Random inserts, then a third of the keys deleted and inserted again: the shape of a tree that has lived. */
function churn(set: (key: Uint8Array) => void, remove: (key: Uint8Array) => void): void {
  for (const key of shuffled(keys)) set(key);
  const third = shuffled(keys).slice(0, Math.floor(keyCount / 3));
  for (const key of third) remove(key);
  for (const key of shuffled(third)) set(key);
}

function heapBytes(): number {
  globalThis.gc?.();
  const usage = process.memoryUsage();
  return usage.heapUsed + usage.arrayBuffers;
}

const before: number = heapBytes();
const store = new MemoryPageStore(pageBytes);
const tree = new BTree(new PageSpace(store));
churn(
  (key) => tree.set(key, value),
  (key) => tree.delete(key),
);
const treeBytes: number = heapBytes() - before;
const peer = new sortedBTree.default<Uint8Array, Uint8Array>(undefined, compareBytes);
churn(
  (key) => peer.set(key, value),
  (key) => peer.delete(key),
);

// Probe keys are copies: a search must not profit from touching the very objects the peer stores.
const probes: readonly Uint8Array[] = Array.from({ length: PROBES }, () => (keys[random.below(keyCount)] as Uint8Array).slice());
let at = 0;
let sink = 0;
function next(): Uint8Array {
  at = (at + 1) & (PROBES - 1);
  return probes[at] as Uint8Array;
}

const pointReads: readonly Candidate[] = [
  {
    name: 'find (view)',
    run: () => {
      const found = tree.find(next());
      if (found !== undefined) sink += found.end;
    },
  },
  {
    name: 'get (copy)',
    run: () => {
      sink += (tree.get(next()) as Uint8Array).length;
    },
  },
  {
    name: 'sorted-btree get',
    run: () => {
      sink += (peer.get(next()) as Uint8Array).length;
    },
  },
];

const scans: readonly Candidate[] = [
  {
    name: 'scan of 100 (views)',
    run: () => {
      const cursor = tree.scan({ from: next() });
      for (let i = 0; i < 100 && cursor.advance(); i += 1) sink += cursor.index;
    },
  },
  {
    name: 'scan of 100 (keys copied)',
    run: () => {
      const cursor = tree.scan({ from: next() });
      for (let i = 0; i < 100 && cursor.advance(); i += 1) sink += cursor.key().length;
    },
  },
  {
    name: 'sorted-btree entries of 100',
    run: () => {
      let i = 0;
      for (const [key] of peer.entries(next())) {
        sink += key.length;
        i += 1;
        if (i === 100) break;
      }
    },
  },
];

const writes: readonly Candidate[] = [
  {
    name: 'delete and set',
    run: () => {
      const key = next();
      tree.delete(key);
      tree.set(key, value);
    },
  },
  {
    name: 'overwrite under snapshots',
    run: () => {
      if ((at & 127) === 0) {
        const snapshot = tree.snapshot();
        for (let i = 0; i < 100; i += 1) tree.set(next(), value);
        snapshot.release();
      } else tree.set(next(), value);
    },
  },
  {
    name: 'sorted-btree delete and set',
    run: () => {
      const key = next();
      peer.delete(key);
      peer.set(key, value);
    },
  },
];

const shape = tree.check();
console.log(machineClass());
console.log(`${keyCount} keys of ${keys[0]?.length} bytes, values of ${VALUE_BYTES}, pages of ${pageBytes}`);
console.log(
  `depth ${shape.depth}, ${shape.leaves} leaves ${(100 * shape.leafFill).toFixed(0)}% full, ${shape.branches} branches`,
);
console.log(`memory: ${(treeBytes / keyCount).toFixed(0)} bytes a key, its key and value included`);
report('point read after churn', compare(pointReads));
report('range scan', compare(scans));
report('writes', compare(writes));
console.log(`\n(${sink % 10})`);
