/** Durable commits of one node, new tuples at batch 1 and 100, one commit after the other, each synced before the next begins. */
import { join } from 'node:path';
import type { Operation } from '../../core/state/transaction.ts';
import { LedgerDirectory } from './ledger-directory.ts';
import { LogAndRows } from './log-and-rows.ts';
import { openLevel, openLmdb, openSqlite } from './peers.ts';
import { median, ratio } from './rounds.ts';
import type { Section } from './section.ts';
import { keyOf, ROW, tupleOf } from './tuples.ts';

const FILL_BATCH = 1000;
const WITH_ROOTS = 'vouch, roots and both leaves';
const WITHOUT_ROOTS = 'vouch, roots off';
const SQLITE = 'better-sqlite3 FULL';
const LMDB = 'lmdb';

/** A store that commits a batch of tuples durably. */
interface Committer {
  readonly name: string;
  /** Tuples [first, first + count). */
  readonly commit: (first: number, count: number) => void | Promise<void>;
  readonly close: () => void | Promise<void>;
  /** Syncs carried out so far, where that is known. */
  readonly syncs?: () => number;
  next: number;
}

export function writesOf(first: number, count: number): readonly Operation[] {
  return Array.from({ length: count }, (_, i) => ({
    op: 'writeTuple',
    tuple: tupleOf(first + i),
    condition: undefined,
    expiresAt: 0,
    onDuplicate: 'error',
  }));
}

function keysOf(first: number, count: number): readonly Buffer[] {
  return Array.from({ length: count }, (_, i) => Buffer.from(keyOf(first + i)));
}

async function openAll(directory: string): Promise<readonly Committer[]> {
  const row = Buffer.from(ROW);
  const ledger = await LedgerDirectory.open(join(directory, 'ledger'));
  const rows = await LogAndRows.open(join(directory, 'rows'));
  const sqlite = openSqlite(join(directory, 'sqlite.db'), 'FULL');
  const insert = sqlite.prepare('INSERT INTO tuples VALUES (?, ?)');
  const insertAll = sqlite.transaction((keys: readonly Buffer[]) => {
    for (const key of keys) insert.run(key, row);
  });
  const lmdb = openLmdb(join(directory, 'lmdb'));
  const level = await openLevel(join(directory, 'level'));
  const put = (key: Buffer): { type: 'put'; key: Buffer; value: Buffer } => ({ type: 'put', key, value: row });
  return [
    {
      name: WITH_ROOTS,
      commit: (first, count) => ledger.transact(writesOf(first, count)),
      close: () => ledger.close(),
      syncs: () => ledger.files.written.syncs,
      next: 0,
    },
    {
      name: WITHOUT_ROOTS,
      commit: (first, count) => rows.transact(writesOf(first, count)),
      close: () => rows.close(),
      next: 0,
    },
    { name: SQLITE, commit: (first, count) => insertAll(keysOf(first, count)), close: () => sqlite.close(), next: 0 },
    {
      name: LMDB,
      commit: (first, count) =>
        lmdb.transactionSync(() => {
          for (const key of keysOf(first, count)) lmdb.putSync(key, row);
        }),
      close: () => lmdb.close(),
      next: 0,
    },
    {
      name: 'classic-level sync',
      commit: (first, count) => level.batch(keysOf(first, count).map(put), { sync: true }),
      close: () => level.close(),
      next: 0,
    },
  ];
}

/** Microseconds a tuple. */
async function slice(store: Committer, batch: number, milliseconds: number): Promise<number> {
  const start = performance.now();
  let tuples = 0;
  let elapsed = 0;
  while (elapsed < milliseconds) {
    await store.commit(store.next, batch);
    store.next += batch;
    tuples += batch;
    elapsed = performance.now() - start;
  }
  return (1000 * elapsed) / tuples;
}

interface Rates {
  readonly name: string;
  readonly micros: number[];
  /** Syncs a commit, where they are counted. */
  syncs: number | undefined;
}

export async function commitsSection({ sizes, directory, bar }: Section): Promise<void> {
  const stores = await openAll(directory);
  for (const store of stores) {
    for (; store.next < sizes.commitsFilled; store.next += FILL_BATCH) await store.commit(store.next, FILL_BATCH);
  }
  const isJudged = sizes.commitsFilled === 100_000;
  for (const batch of [1, 100]) {
    const all: readonly Rates[] = stores.map(({ name }) => ({ name, micros: [], syncs: undefined }));
    const before = stores.map((store) => ({ syncs: store.syncs?.(), next: store.next }));
    for (let round = 0; round < sizes.commitRounds; round += 1) {
      for (const [i, store] of stores.entries()) {
        (all[i] as Rates).micros.push(await slice(store, batch, sizes.commitSliceMs));
      }
    }
    stores.forEach((store, i) => {
      const { syncs = 0, next } = before[i] as { syncs: number | undefined; next: number };
      if (store.syncs !== undefined) (all[i] as Rates).syncs = (batch * (store.syncs() - syncs)) / (store.next - next);
    });
    const of = (name: string): Rates => all.find((rates) => rates.name === name) as Rates;
    const faster = { micros: of(SQLITE).micros.map((micros, round) => Math.min(micros, of(LMDB).micros[round] as number)) };
    console.log(`\ndurable commits of ${batch} at ${sizes.commitsFilled.toLocaleString('en-US')} tuples`);
    for (const rates of all) {
      const perSecond = Math.round(1e6 / median(rates.micros)).toLocaleString('en-US');
      const syncs = rates.syncs === undefined ? '' : `, ${rates.syncs.toFixed(2)} syncs a commit`;
      const speed = `${ratio(rates, faster).toFixed(2)} x the faster peer`;
      console.log(`  ${rates.name.padEnd(30)}${perSecond.padStart(12)} tuples/s   ${speed}${syncs}`);
    }
    const bars: readonly (readonly [string, number])[] =
      batch === 1
        ? [
            [WITH_ROOTS, 1],
            [WITHOUT_ROOTS, 1],
          ]
        : [
            [WITH_ROOTS, 0.6],
            [WITHOUT_ROOTS, 1.3],
          ];
    for (const [name, least] of bars) {
      const what = `durable commits of ${batch}: ${name}, of the faster peer`;
      bar({ what, measured: ratio(of(name), faster), unit: 'x', sense: 'at least', bar: least, isJudged });
    }
  }
  for (const store of stores) await store.close();
}
