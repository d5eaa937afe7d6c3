/** Point reads, hits and misses, and range scans of 100, in memory, after random churn. */
import { join } from 'node:path';
import { BTree } from '../../core/btree/tree.ts';
import { compareBytes } from '../../core/bytes/compare.ts';
import { ExactIndex } from '../../core/index/exact-index.ts';
import { PageSpace } from '../../core/page/space.ts';
import { MemoryPageStore } from '../../core/page/store.ts';
import {
  type ClassicLevel,
  type Lmdb,
  newSortedBTree,
  openLevel,
  openLmdb,
  openSqlite,
  type SortedBTree,
  type Sqlite,
} from './peers.ts';
import { type Candidate, figureOf, measure, print, ratio } from './rounds.ts';
import type { Section } from './section.ts';
import { churn, KEY_BYTES, keyOf, Probes, ROW, random, shuffled, writeKey } from './tuples.ts';

const INDEX_BYTES = 160 << 20;
const SCAN_ROWS = 100;
const LOAD_BATCH = 10_000;
let sink = 0;

interface Stores {
  readonly tree: BTree;
  readonly index: ExactIndex;
  readonly space: number;
  readonly sorted: SortedBTree;
  readonly lmdb: Lmdb;
  readonly sqlite: Sqlite;
  readonly level: ClassicLevel;
}

async function fill(count: number, directory: string): Promise<Stores> {
  const key = new Uint8Array(KEY_BYTES);
  const at = (n: number): Uint8Array => {
    writeKey(n, key, 0);
    return key;
  };
  const tree = new BTree(new PageSpace(new MemoryPageStore()));
  const index = new ExactIndex({ budgetBytes: INDEX_BYTES, seed: [1, 2, 3, 4] });
  const space = index.openSpace(true);
  churn(
    count,
    (n) => {
      tree.set(at(n), ROW);
      index.written(space, key, 0);
    },
    (n) => {
      tree.delete(at(n));
      index.removed(space, key);
    },
  );
  const sorted = newSortedBTree(compareBytes);
  churn(
    count,
    (n) => sorted.set(keyOf(n), ROW),
    (n) => sorted.delete(at(n)),
  );
  const lmdb = openLmdb(join(directory, `lmdb-${count}`));
  const sqlite = openSqlite(join(directory, `sqlite-${count}`), 'OFF');
  const level = await openLevel(join(directory, `level-${count}`));
  const insert = sqlite.prepare('INSERT OR REPLACE INTO tuples VALUES (?, ?)');
  const order = shuffled(count);
  const row = Buffer.from(ROW);
  const insertAll = sqlite.transaction((keys: readonly Buffer[]) => {
    for (const each of keys) insert.run(each, row);
  });
  for (let start = 0; start < count; start += LOAD_BATCH) {
    const keys = Array.from(order.subarray(start, start + LOAD_BATCH), (n) => Buffer.from(keyOf(n)));
    lmdb.transactionSync(() => {
      for (const each of keys) lmdb.putSync(each, row);
    });
    insertAll(keys);
    await level.batch(
      keys.map((each) => ({ type: 'put', key: each, value: row })),
      { sync: false },
    );
  }
  return { tree, index, space, sorted, lmdb, sqlite, level };
}

/** Every candidate pays for the making of the key alike; `key alone` shows how much that is. */
function pointReads(stores: Stores, probes: Probes): readonly Candidate[] {
  const { tree, index, space, sorted, lmdb, sqlite, level } = stores;
  const { key, buffer } = probes;
  const select = sqlite.prepare('SELECT row FROM tuples WHERE key = ?');
  const counted = (found: unknown): void => {
    if (found !== undefined) sink += 1;
  };
  return [
    { name: 'tree', run: () => counted(tree.find(key)) },
    { name: 'exact index', run: () => counted(index.find(space, key) >= 0 ? key : undefined) },
    { name: 'sorted-btree', run: () => counted(sorted.get(key)) },
    { name: 'lmdb', run: () => counted(lmdb.getBinaryFast(buffer)) },
    { name: 'classic-level', run: () => counted(level.getSync(key)) },
    { name: 'better-sqlite3', run: () => counted(select.get(buffer)) },
    { name: 'key alone', run: () => counted(key) },
  ].map(({ name, run }) => ({
    name,
    run: () => {
      probes.next();
      run();
    },
  }));
}

function scans({ tree, sorted, lmdb }: Stores, probes: Probes): readonly Candidate[] {
  return [
    {
      name: 'tree',
      run: () => {
        probes.next();
        const cursor = tree.scan({ from: probes.key });
        for (let i = 0; i < SCAN_ROWS && cursor.advance(); i += 1) sink += cursor.index;
      },
    },
    {
      name: 'tree, keys copied',
      run: () => {
        probes.next();
        const cursor = tree.scan({ from: probes.key });
        for (let i = 0; i < SCAN_ROWS && cursor.advance(); i += 1) sink += cursor.key().length;
      },
    },
    {
      name: 'sorted-btree',
      run: () => {
        probes.next();
        let i = 0;
        for (const [found] of sorted.entries(probes.key)) {
          sink += found.length;
          i += 1;
          if (i === SCAN_ROWS) break;
        }
      },
    },
    {
      name: 'lmdb',
      run: () => {
        probes.next();
        for (const { key } of lmdb.getRange({ start: probes.buffer, limit: SCAN_ROWS })) sink += key.length;
      },
    },
  ];
}

export async function pointReadsSection(section: Section, count: number): Promise<void> {
  const { sizes, bar } = section;
  const isSmall = count === sizes.readsSmall;
  const isJudged = count === (isSmall ? 50_000 : 1_000_000);
  const label = count.toLocaleString('en-US');
  const stores = await fill(count, section.directory);
  const hits = measure(pointReads(stores, new Probes(() => random.below(count))), sizes);
  print(`point reads of ${label} tuples, hits`, hits, ['sorted-btree', 'lmdb']);
  const misses = measure(pointReads(stores, new Probes(() => count + random.below(count))), sizes);
  print(`point reads of ${label} tuples, misses`, misses, ['sorted-btree', 'lmdb']);
  for (const [kind, figures] of [
    ['hits', hits],
    ['misses', misses],
  ] as const) {
    const of = (name: string): number => ratio(figureOf(figures, name), figureOf(figures, 'lmdb'));
    const what = `${label} ${kind}`;
    if (isSmall) {
      const against = ratio(figureOf(figures, 'tree'), figureOf(figures, 'sorted-btree'));
      bar({ what: `${what}: tree, of sorted-btree`, measured: against, unit: 'x', sense: 'at least', bar: 1.6, isJudged });
    }
    bar({ what: `${what}: tree, of lmdb`, measured: of('tree'), unit: 'x', sense: 'at least', bar: isSmall ? 2 : 1.5, isJudged });
    bar({ what: `${what}: exact index, of lmdb`, measured: of('exact index'), unit: 'x', sense: 'at least', bar: 3, isJudged });
    if (isSmall) {
      const { p50, p99 } = figureOf(figures, 'tree');
      bar({ what: `${what}: tree p50`, measured: p50, unit: 'µs', sense: 'at most', bar: 0.92, isJudged });
      bar({ what: `${what}: tree p99`, measured: p99, unit: 'µs', sense: 'at most', bar: 2.8, isJudged });
    }
  }
  const ranges = measure(scans(stores, new Probes(() => random.below(count))), sizes);
  print(`range scans of ${SCAN_ROWS} in ${label} tuples`, ranges, ['sorted-btree', 'lmdb']);
  const scanRatio = ratio(figureOf(ranges, 'tree'), figureOf(ranges, 'sorted-btree'));
  bar({
    what: `${label}: scan of ${SCAN_ROWS}, of sorted-btree`,
    measured: scanRatio,
    unit: 'x',
    sense: 'at least',
    bar: 2,
    isJudged,
  });
  await stores.lmdb.close();
  stores.sqlite.close();
  await stores.level.close();
  if (sink === 0) throw new Error('nothing was found');
}
