/**
 * What `vouch start` says of a directory that is not as a node left it: of two nodes, of a newer program, copied in part, on a disk
 * that is full or read-only. Each gets a sentence that says what to do, and every byte stays as it was.
 * Disks of their own need leave to mount (root, Linux); where that is missing the test says so, and those two are skipped.
 */
import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { crc32c } from '../../core/bytes/crc32c.ts';
import { writeWord } from '../../core/bytes/word.ts';
import { post } from '../../node/demo/audit.ts';
import { LocalCluster } from '../../node/local/local-cluster.ts';
import { binary, cleanUp, type Finished, freePorts, start, temporary, vouch } from './support/vouch.ts';

const folder = temporary();
const mounted: string[] = [];
/** A directory with two checkpoints and a log, that no node runs on. */
const good = join(folder, 'good');
/** The same of another cluster. */
const other = join(folder, 'other');
const backup = join(folder, 'backup');
let port = 0;

function mount(name: string, size: string): string | undefined {
  const path = join(folder, name);
  mkdirSync(path);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]).status !== 0) return undefined;
  mounted.push(path);
  return path;
}

const probe = mount('probe', '1m');
if (probe === undefined) console.warn('Nothing can be mounted here: full and read-only disks are not tried.');

beforeAll(async () => {
  port = await freePorts(1);
  const cluster = new LocalCluster({ binary, directory: join(folder, 'cluster'), nodes: 1, port });
  try {
    await cluster.up();
    const url = `http://127.0.0.1:${port}`;
    const { id } = await post<{ id: string }>(`${url}/stores`, { name: 'docs' });
    const key = { user: 'user:anne', relation: 'viewer', object: 'document:1' };
    await post(`${url}/stores/${id}/write`, { writes: { tuple_keys: [key] } });
    expect(vouch(['backup', '--host', `127.0.0.1:${port}`, '--out', backup])).toMatchObject({ status: 0 });
  } finally {
    await cluster.down();
  }
  for (const dir of [good, other]) expect(restore(dir)).toMatchObject({ status: 0 });
}, 90_000);

afterAll(async () => {
  for (const path of mounted) spawnSync('umount', ['--lazy', path]); // a failed test may have left a node on it
  await cleanUp();
});

function restore(dir: string): Finished {
  return vouch(['restore', backup, '--dir', dir, '--listen', `127.0.0.1:${port}`]);
}

function contents(dir: string): ReadonlyMap<string, string> {
  return new Map(readdirSync(dir).map((name) => [name, hash('sha256', readFileSync(join(dir, name)))]));
}

/** Leaves not one block of the disk free. */
function fill(path: string): void {
  const page = new Uint8Array(4096);
  try {
    for (;;) appendFileSync(join(path, 'fill'), page);
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  }
}

/** A start that has to end by itself. */
function refused(dir: string): { readonly status: number | null; readonly stderr: string } {
  const { status, stderr } = vouch(['start', '--data', dir]);
  return { status, stderr };
}

function named(dir: string, begin: string): string {
  return readdirSync(dir)
    .filter((name) => name.startsWith(begin))
    .at(-1) as string;
}

function edit(path: string, change: (bytes: Buffer) => void): void {
  const bytes = readFileSync(path);
  change(bytes);
  writeFileSync(path, bytes);
}

/** The header of a segment as another format would have it, with its checksum. */
function asSegmentFormat(bytes: Buffer, format: number): void {
  bytes.writeUInt16BE(format, 8);
  const length = bytes.readUInt32BE(12);
  writeWord(crc32c(bytes, 20, length, crc32c(bytes, 0, 16)), bytes, 16);
}

const CASES: readonly (readonly [string, (dir: string) => void, RegExp])[] = [
  [
    'CLUSTER of another cluster',
    (dir) => cpSync(join(other, 'CLUSTER'), join(dir, 'CLUSTER')),
    /CLUSTER is that of cluster .* files of two nodes were mixed\. Put back/,
  ],
  ['IDENTITY of another node', (dir) => cpSync(join(other, 'IDENTITY'), join(dir, 'IDENTITY')), /files of two nodes were mixed/],
  ['IDENTITY missing', (dir) => rmSync(join(dir, 'IDENTITY')), /not a Vouch data directory .* Name an empty one/],
  ['CLUSTER missing', (dir) => rmSync(join(dir, 'CLUSTER')), /no CLUSTER: the directory is not whole\. Put CLUSTER back/],
  ['NODE missing', (dir) => rmSync(join(dir, 'NODE')), /has no file NODE\. Put one there/],
  ['the log missing', (dir) => rmSync(join(dir, named(dir, 'wal-'))), /the log is gone.* Add it as a new node/],
  ['an empty log', (dir) => truncateSync(join(dir, named(dir, 'wal-')), 0), /the log is gone/],
  [
    'a log that was cut',
    (dir) => truncateSync(join(dir, named(dir, 'wal-')), 4096),
    /was not copied whole\. Copy the directory again/,
  ],
  [
    'IDENTITY of a newer format',
    (dir) => edit(join(dir, 'IDENTITY'), (bytes) => bytes.writeUInt8(2, 8)),
    /IDENTITY has a newer format: start this node with a newer Vouch/,
  ],
  [
    'CLUSTER of a newer format',
    (dir) => edit(join(dir, 'CLUSTER'), (bytes) => bytes.writeUInt8(9, 8)),
    /CLUSTER has a newer format: start this node with a newer Vouch/,
  ],
  [
    'NODE of a newer format',
    (dir) => writeFileSync(join(dir, 'NODE'), '{"format":2}'),
    /NODE has a newer format: start this node with a newer Vouch/,
  ],
  [
    'a page file of a newer format',
    (dir) => {
      const bytes = Buffer.alloc(16_384);
      bytes.write('VOUCHPGS', 8192, 'latin1');
      bytes.writeUInt16BE(2, 8200);
      writeFileSync(join(dir, 'pages-0000000001-0000000000000000'), bytes);
    },
    /pages-\S+ has a newer format: start this node with a newer Vouch/,
  ],
  [
    'a snapshot of a newer format',
    (dir) => edit(join(dir, named(dir, 'snap-')), (bytes) => bytes.writeUInt16BE(2, 8)),
    /snap-\S+ has a newer format: start this node with a newer Vouch/,
  ],
  [
    'a log of a newer format',
    (dir) => edit(join(dir, named(dir, 'wal-')), (bytes) => asSegmentFormat(bytes, 2)),
    /log format 2; .* start this node with a newer one/,
  ],
];

describe('a start', () => {
  test.each(CASES)('refuses %s, says what to do, and changes nothing', (name, damage, sentence) => {
    const dir = join(folder, name.replaceAll(' ', '-'));
    cpSync(good, dir, { recursive: true });
    damage(dir);
    const before = contents(dir);
    expect(refused(dir)).toMatchObject({ status: 1, stderr: expect.stringMatching(sentence) });
    expect(contents(dir)).toEqual(before);
    rmSync(dir, { recursive: true });
  });

  test('without a checkpoint keeps that group out, says what to do, and leaves what there is of it', {
    timeout: 60_000,
  }, async () => {
    const dir = join(folder, 'half');
    cpSync(good, dir, { recursive: true });
    for (const name of readdirSync(dir)) if (name.startsWith('snap-')) truncateSync(join(dir, name), 500);
    const before = contents(dir);
    const node = start(['start', '--data', dir]);
    while (!node.stdout().includes('"the node is up"')) await new Promise((resolve) => setTimeout(resolve, 50));
    while (!/quarantined.*quarantined/s.test(node.stdout())) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(node.stdout()).toContain('If files are missing, put them back; else see vouch fsck');
    node.kill('SIGTERM');
    expect(await node.ended).toBe(0);
    expect(contents(dir)).toEqual(before);
    rmSync(dir, { recursive: true });
  });
});

describe.skipIf(probe === undefined)('a disk', () => {
  test('that is read-only: start, fsck and restore say so and change nothing', () => {
    const path = mount('read-only', '200m') as string;
    const dir = join(path, 'd');
    cpSync(good, dir, { recursive: true });
    expect(spawnSync('mount', ['-o', 'remount,ro', path]).status).toBe(0);
    const before = contents(dir);
    const sentence = /the file system is read-only\. Mount it for writing/;
    expect(refused(dir)).toMatchObject({ status: 1, stderr: expect.stringMatching(sentence) });
    expect(vouch(['fsck', dir])).toMatchObject({ status: 1, stderr: expect.stringMatching(sentence) });
    expect(restore(join(path, 'e'))).toMatchObject({ status: 1, stderr: expect.stringMatching(sentence) });
    expect(contents(dir)).toEqual(before);
    expect(readdirSync(path)).toEqual(['d']);
  });

  test('that is full: start says so and changes nothing, not even by a lock', () => {
    const path = mount('full', '80m') as string;
    const dir = join(path, 'd');
    cpSync(good, dir, { recursive: true });
    fill(path);
    const before = contents(dir);
    const sentence = /the disk is full\. Make room on it/;
    expect(refused(dir)).toMatchObject({ status: 1, stderr: expect.stringMatching(sentence) });
    expect(contents(dir)).toEqual(before);
    expect(restore(join(path, 'e'))).toMatchObject({ status: 1, stderr: expect.stringMatching(sentence) });
    expect(existsSync(join(path, 'e'))).toBe(false);
    rmSync(join(path, 'fill'));
  });

  test('that becomes full on the way: a restoration takes away what it wrote', () => {
    const path = mount('small', '10m') as string; // less than a log's first segment
    const empty = join(path, 'there');
    mkdirSync(empty);
    for (const dir of [join(path, 'new'), empty]) {
      expect(restore(dir)).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/the disk is full.*Nothing was left there/),
      });
    }
    expect(readdirSync(path)).toEqual(['there']);
    expect(readdirSync(empty)).toEqual([]);
  });

  test('that becomes full under a new node: it stops by a sentence, and starts once there is room', {
    timeout: 60_000,
  }, async () => {
    const path = mount('tight', '10m') as string;
    const dir = join(path, 'd');
    const listen = `127.0.0.1:${port}`;
    const first = vouch(['start', '--data', dir, '--listen', listen]);
    expect(first).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('Make room or mend the disk, then start the node again'),
    });
    expect(spawnSync('mount', ['-o', 'remount,size=200m', path]).status).toBe(0);
    const node = start(['start', '--data', dir]);
    while (!node.stdout().includes('"the node is up"')) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(vouch(['init', '--host', listen])).toMatchObject({ status: 0 });

    const brim = mount('brim', '1m') as string; // and a backup onto one leaves nothing there
    fill(brim);
    const taken = vouch(['backup', '--host', listen, '--out', join(brim, 'b')]);
    expect(taken).toMatchObject({ status: 1, stderr: expect.stringContaining('the disk is full. Nothing was kept') });
    expect(readdirSync(brim)).toEqual(['fill']);
    node.kill('SIGTERM');
    expect(await node.ended).toBe(0);
  });
});
