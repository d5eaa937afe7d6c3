/**
 * The stores that Vouch is measured beside, and the package that holds all peers. They are a package of their own (bench/peers) with its own lockfile, so that
 * installing Vouch builds none of them; it is installed into .vouch/bench-peers when it is first needed, out of the way of
 * whatever reads the sources. The types here are the part that is used.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface SortedBTree {
  set(key: Uint8Array, value: Uint8Array): boolean;
  get(key: Uint8Array): Uint8Array | undefined;
  delete(key: Uint8Array): boolean;
  entries(from: Uint8Array): Iterable<readonly [Uint8Array, Uint8Array]>;
}

export interface Lmdb {
  /** The value in a buffer that the next call reuses: its fastest read. */
  getBinaryFast(key: Buffer): Uint8Array | undefined;
  putSync(key: Buffer, value: Buffer): boolean;
  removeSync(key: Buffer): boolean;
  transactionSync<T>(work: () => T): T;
  getRange(range: { readonly start: Buffer; readonly limit: number }): Iterable<{ readonly key: Uint8Array }>;
  close(): Promise<void>;
}

export interface SqliteStatement {
  run(...parameters: readonly unknown[]): unknown;
  get(...parameters: readonly unknown[]): unknown;
}

export interface Sqlite {
  pragma(text: string): unknown;
  exec(text: string): unknown;
  prepare(text: string): SqliteStatement;
  transaction<A extends readonly unknown[]>(work: (...values: A) => void): (...values: A) => void;
  close(): void;
}

export interface ClassicLevel {
  open(): Promise<void>;
  getSync(key: Uint8Array): Uint8Array | undefined;
  batch(
    operations: readonly { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }[],
    options: { readonly sync: boolean },
  ): Promise<void>;
  close(): Promise<void>;
}

/** The package, and where it is installed; from dist/bench/storage. */
const source: string = fileURLToPath(new URL('../../../bench/peers/', import.meta.url));
const folder: string = fileURLToPath(new URL('../../../.vouch/bench-peers/', import.meta.url));
const FILES: readonly string[] = ['package.json', 'package-lock.json', '.npmrc'];
export const load: NodeJS.Require = createRequire(join(folder, 'package.json'));
const STORES: readonly string[] = ['lmdb', 'better-sqlite3', 'classic-level', 'sorted-btree'];
/** Those of `npm run bench:proof`; see bench/proof/peers.ts. */
export const TREES: readonly string[] = ['@ethereumjs/mpt', '@chainsafe/persistent-merkle-tree'];

function contentOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Installs what is missing. @returns a sentence where that was not possible. */
export function ensurePeers(): string | undefined {
  if (!existsSync(source)) return 'bench/peers is not here: this benchmark runs in a checkout of the sources.';
  const isCurrent = FILES.every((file) => contentOf(join(folder, file)) === contentOf(join(source, file)));
  if (!isCurrent || [...STORES, ...TREES].some((name) => !existsSync(folderOf(name)))) {
    console.log(
      'Installing the peers (bench/peers, into .vouch/bench-peers); native addons may be compiled, which takes a minute …',
    );
    mkdirSync(folder, { recursive: true });
    for (const file of FILES) copyFileSync(join(source, file), join(folder, file));
    const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, encoding: 'utf8' });
    if (result.status !== 0) return `npm ci in .vouch/bench-peers failed:\n${result.stderr ?? result.error?.message ?? ''}`;
  }
  try {
    for (const name of STORES) load(name);
  } catch (error) {
    return `A peer does not load (${(error as Error).message}). Remove .vouch/bench-peers and run again; addons need python3, make and g++.`;
  }
  return undefined;
}

/** Where a peer's package is. */
export function folderOf(name: string): string {
  return join(folder, 'node_modules', name);
}

/** Name and version of each. */
export function peerVersions(names: readonly string[] = STORES): string {
  const versionOf = (name: string): string =>
    (JSON.parse(readFileSync(join(folderOf(name), 'package.json'), 'utf8')) as { version: string }).version;
  return names.map((name) => `${name} ${versionOf(name)}`).join(', ');
}

export function newSortedBTree(compare: (a: Uint8Array, b: Uint8Array) => number): SortedBTree {
  const { default: BTree } = load('sorted-btree') as { default: new (entries: undefined, compare: unknown) => SortedBTree };
  return new BTree(undefined, compare);
}

/** Why overlappingSync off: with it, a transaction returns before its sync. */
export function openLmdb(path: string): Lmdb {
  const { open } = load('lmdb') as { open: (options: object) => Lmdb };
  return open({
    path,
    keyEncoding: 'binary',
    encoding: 'binary',
    compression: false,
    overlappingSync: false,
    mapSize: 4 * 2 ** 30,
  });
}

/** A table of byte keys in WAL mode. @param synchronous FULL syncs the log at every commit */
export function openSqlite(path: string, synchronous: 'FULL' | 'OFF'): Sqlite {
  const Database = load('better-sqlite3') as new (path: string) => Sqlite;
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  database.pragma(`synchronous = ${synchronous}`);
  database.exec('CREATE TABLE IF NOT EXISTS tuples (key BLOB PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID');
  return database;
}

export async function openLevel(path: string): Promise<ClassicLevel> {
  const { ClassicLevel } = load('classic-level') as { ClassicLevel: new (path: string, options: object) => ClassicLevel };
  const level = new ClassicLevel(path, { keyEncoding: 'view', valueEncoding: 'view', cacheSize: 256 << 20 });
  await level.open();
  return level;
}
