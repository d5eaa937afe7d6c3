/** FileDisk beyond the contract: its lock, group commit, and what becomes of failures. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FileOp } from '../../core/effect.ts';
import type { Seq } from '../../core/ids.ts';
import { FileDisk } from '../../node/disk/file-disk.ts';
import { type FileSystem, operatingSystem } from '../../node/disk/file-system.ts';

let scratch = '';
let directory = '';
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'vouch-file-disk-'));
  directory = join(scratch, 'data');
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

const append = (offset: number): FileOp[] => [
  { op: 'write', file: 'a', offset, bytes: new Uint8Array(8).fill(offset + 1) },
  { op: 'sync', file: 'a' },
];
const begin: FileOp[] = [{ op: 'create', file: 'a', sizeBytes: 4096 }, { op: 'sync', file: 'a' }, { op: 'syncDirectory' }];

interface Heard {
  readonly persisted: number[];
  readonly failed: { readonly seq: number; readonly code: string }[];
}

/** A disk whose listener writes down what it hears. */
async function listening(fileSystem: FileSystem = operatingSystem): Promise<{ disk: FileDisk; heard: Heard }> {
  const disk = await FileDisk.open(directory, { fileSystem });
  const heard: Heard = { persisted: [], failed: [] };
  disk.listen({
    persisted: (seq) => heard.persisted.push(seq),
    failed: (seq, code) => heard.failed.push({ seq, code }),
  });
  return { disk, heard };
}

/** Counts file syncs and lets `fails` decide on each, by its number from 1. */
function counting(fails: (sync: number) => boolean): { fileSystem: FileSystem; count: () => number } {
  let syncs = 0;
  const fileSystem: FileSystem = {
    ...operatingSystem,
    sync: (descriptor, site, done) => {
      syncs += 1;
      if (fails(syncs)) setImmediate(() => done(Object.assign(new Error('lost'), { code: 'EIO' })));
      else operatingSystem.sync(descriptor, site, done);
    },
  };
  return { fileSystem, count: () => syncs };
}

test('persists of one turn share one sync, and one report covers them all', async () => {
  const { fileSystem, count } = counting(() => false);
  const { disk, heard } = await listening(fileSystem);
  await disk.execute(begin);
  for (let seq = 1; seq <= 5; seq += 1) disk.submit(seq as Seq, append(8 * seq));
  expect(heard.persisted).toEqual([]); // never inside submit
  await disk.execute([]);
  expect([heard.persisted, count(), disk.syncsShared]).toEqual([[5], 2, 4]);
  await disk.close();
});

test('a sync that is no last one, or is followed by something else, is carried out', async () => {
  const { fileSystem, count } = counting(() => false);
  const { disk, heard } = await listening(fileSystem);
  disk.submit(1 as Seq, begin);
  disk.submit(2 as Seq, append(0));
  disk.submit(3 as Seq, [...append(8), { op: 'create', file: 'b', sizeBytes: 0 }, { op: 'sync', file: 'b' }]);
  await disk.execute([]);
  expect([heard.persisted, count()]).toEqual([[1, 2, 3], 4]);
  await disk.close();
});

test('after a failed sync nothing is retried, reported durable or carried out', async () => {
  const { fileSystem, count } = counting((sync) => sync === 2);
  const { disk, heard } = await listening(fileSystem);
  disk.submit(1 as Seq, begin);
  disk.submit(2 as Seq, append(0));
  disk.submit(3 as Seq, append(8));
  disk.submit(4 as Seq, [{ op: 'create', file: 'b', sizeBytes: 0 }]);
  await expect(disk.execute([])).rejects.toMatchObject({ name: 'StorageError', code: 'EIO' });
  disk.submit(5 as Seq, append(16));
  await expect(disk.execute(append(24))).rejects.toMatchObject({ code: 'EIO' });
  expect(heard).toEqual({ persisted: [1], failed: [{ seq: 2, code: 'EIO' }] });
  expect([count(), disk.list()]).toEqual([2, ['a']]);
  await disk.close();
});

test('short writes are continued; a device that takes nothing is an error', async () => {
  let takes = 3;
  const fileSystem: FileSystem = {
    ...operatingSystem,
    write: (descriptor, bytes, position) => operatingSystem.write(descriptor, bytes.subarray(0, takes), position),
  };
  const { disk } = await listening(fileSystem);
  await disk.execute([...begin, ...append(0)]);
  expect(disk.read('a', 0, 9)).toEqual(Uint8Array.from([1, 1, 1, 1, 1, 1, 1, 1, 0]));
  takes = 0;
  await expect(disk.execute(append(0))).rejects.toMatchObject({ code: 'EIO' });
  await disk.close();
});

test('a full disk is reported with its code, and opening says it in words', async () => {
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
  const fileSystem: FileSystem = {
    ...operatingSystem,
    writeLater: (_descriptor, _bytes, _position, done) => setImmediate(() => done(full, 0)),
  };
  const { disk, heard } = await listening(fileSystem);
  disk.submit(1 as Seq, begin);
  await expect(disk.execute([])).rejects.toThrow(`the data directory ${directory} cannot be written: the disk is full`);
  expect(heard.failed).toEqual([{ seq: 1, code: 'ENOSPC' }]);
  await disk.close();
});

test('a created file has its blocks on disk', async () => {
  const { disk } = await listening();
  await disk.execute([
    { op: 'create', file: 'a', sizeBytes: 3 << 20 },
    { op: 'sync', file: 'a' },
  ]);
  const { size, blocks } = statSync(join(directory, 'a'));
  expect(size).toBe(3 << 20);
  expect(blocks * 512).toBeGreaterThanOrEqual(3 << 20);
  await disk.close();
});

test('missing ancestors of a data directory are made', async () => {
  directory = join(scratch, 'some', 'where', 'data');
  await (await FileDisk.open(directory)).close();
  expect(existsSync(directory)).toBe(true);
});

test('a path that is a file, and a directory that may not be written, are refused in one sentence', async () => {
  writeFileSync(directory, '');
  await expect(FileDisk.open(directory)).rejects.toThrow(
    /^the data directory \S+ cannot be opened: it is not a directory\. Name one\.$/,
  );
  const readOnly = join(scratch, 'read-only');
  mkdirSync(readOnly);
  chmodSync(readOnly, 0o500);
  if (process.getuid?.() === 0) return; // root may write anywhere
  await expect(FileDisk.open(readOnly)).rejects.toThrow(
    /^the data directory \S+ cannot be locked: permission denied\. Run as the user who owns it\.$/,
  );
});

test('a second opening in the same process is refused, and works once the first is closed', async () => {
  const disk = await FileDisk.open(directory);
  await expect(FileDisk.open(directory)).rejects.toMatchObject({
    code: 'directory_locked',
    message: `the data directory ${directory} is already open in this process (pid ${process.pid})`,
  });
  await disk.close();
  await (await FileDisk.open(directory)).close();
  expect(readdirSync(directory)).toEqual([]);
});

/** A process that waits; its lock is written by hand, as if it had opened the directory. */
async function holder(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', 'console.log("up"); setInterval(() => {}, 1000)'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await new Promise((up) => child.stdout?.once('data', up));
  mkdirSync(directory);
  writeFileSync(join(directory, 'lock'), `pid ${child.pid} started - boot -\n`);
  return child;
}

test('a second process is refused by the pid of the first, and takes over when that one is killed', async () => {
  const child = await holder();
  const refused = `the data directory ${directory} is in use by process ${child.pid}`;
  await expect(FileDisk.open(directory)).rejects.toMatchObject({ code: 'directory_locked', message: refused });
  const gone = new Promise((exit) => child.once('exit', exit));
  child.kill('SIGKILL');
  await gone;
  const disk = await FileDisk.open(directory);
  expect(disk.list()).toEqual([]);
  await disk.close();
});

test.each([
  ['an earlier boot', `pid ${process.pid} started 1 boot 00000000-0000-0000-0000-000000000000\n`],
  ['an earlier process of the same pid', `pid ${process.pid} started 1 boot -\n`],
  ['nobody, torn by a power cut', ''],
])('a lock left by %s is taken over', async (_who, text) => {
  if (!existsSync('/proc/self/stat') && text.includes('started 1')) return; // told by /proc only
  mkdirSync(directory);
  writeFileSync(join(directory, 'lock'), text);
  writeFileSync(join(directory, 'lock.takeover'), 'pid 999999999 started - boot -\n'); // its taker died too
  await (await FileDisk.open(directory)).close();
  expect(readdirSync(directory)).toEqual([]);
});
