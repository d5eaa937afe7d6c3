/**
 * `vouch backup` and `vouch restore` with real processes: under writers, from a follower, of groups that sleep, that lie on other
 * nodes, or that are quarantined; and what an interrupted, refused or broken one leaves behind, which is nothing.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BackupWriter } from '../../core/backup/writer.ts';
import type { Micros } from '../../core/ids.ts';
import { runningSha256 } from '../../node/backup/running-hash.ts';
import type { BackupJson } from '../../node/cli/backup-report.ts';
import { ask, type BlockView, blockOf, post, tuplesOf } from '../../node/demo/audit.ts';
import type { ProvenAnswer } from '../../node/http/answer.ts';
import { LocalCluster } from '../../node/local/local-cluster.ts';
import { type StatusView, statusOf } from '../../node/local/operator-client.ts';
import { binary, cleanUp, eventually, type Finished, freePorts, start, temporary, vouch } from './support/vouch.ts';

const folder = temporary();
const file = (name: string): string => join(folder, name);
const clusters: LocalCluster[] = [];
const servers: Server[] = [];
let old: LocalCluster;
let store = '';
let written = 0;

afterAll(async () => {
  for (const server of servers) server.close();
  for (const cluster of clusters) await cluster.down();
  await cleanUp();
});

async function up(directory: string, nodes: number): Promise<LocalCluster> {
  const cluster = new LocalCluster({ binary, directory, nodes, port: await freePorts(nodes) });
  clusters.push(cluster);
  await cluster.up();
  return cluster;
}

function urlOf(cluster: LocalCluster, n: number): string {
  return (cluster.nodes[n] as { url: string }).url;
}

function hostOf(cluster: LocalCluster, n: number): string {
  return urlOf(cluster, n).replace('http://', '');
}

/** Without holding up this process, in which servers and writers may run. */
async function run(...args: string[]): Promise<Finished> {
  const running = start(args);
  const status = await running.ended;
  return { status, stdout: running.stdout(), stderr: running.stderr() };
}

async function write(url: string, id: string, number: number): Promise<void> {
  const key = { user: `user:${number}`, relation: 'viewer', object: `document:${number % 7}` };
  await post(`${url}/stores/${id}/write`, { writes: { tuple_keys: [key] } });
}

/** The node that does not lead the group. */
async function follower(): Promise<number> {
  for (const n of [0, 1, 2]) {
    const group = (await statusOf(urlOf(old, n)))?.groups.find((each) => each.group === 1);
    if (group?.role === 'follower') return n;
  }
  throw new Error('nobody follows');
}

function restored(backup: string, name: string, listen: string): string {
  const data = join(folder, name, 'node-1');
  mkdirSync(dirname(data));
  expect(vouch(['restore', backup, '--dir', data, '--listen', listen])).toMatchObject({ status: 0, stderr: '' });
  return dirname(data);
}

beforeAll(async () => {
  old = await up(join(folder, 'old'), 3);
  store = (await post<{ id: string }>(`${urlOf(old, 0)}/stores`, { name: 'docs' })).id;
  for (; written < 30; written += 1) await write(urlOf(old, written % 3), store, written);
}, 90_000);

describe('a backup', () => {
  test('taken from a follower under writers holds everything that was acknowledged before, and becomes a cluster that goes on', {
    timeout: 120_000,
  }, async () => {
    const host = hostOf(old, await follower());
    let isOver = false;
    const writers = [0, 1, 2].map(async (n) => {
      while (!isOver) {
        written += 1;
        await write(urlOf(old, n), store, written);
      }
    });
    await eventually('there are writes', () => written > 60);
    const before = await tuplesOf(urlOf(old, 0), store);
    const taken = await run('backup', '--host', host, '--out', file('busy'));
    isOver = true;
    await Promise.all(writers);
    expect(taken).toMatchObject({ status: 0, stderr: '' });

    const verified = vouch(['backup', 'verify', file('busy'), '--json']);
    expect(verified).toMatchObject({ status: 0, stderr: '' });
    const { groups } = JSON.parse(verified.stdout) as BackupJson;
    const vault = groups.flatMap(({ vaults }) => vaults).find(({ id }) => id === store);
    expect(vault).toMatchObject({ organization: 'default', name: 'docs' });
    const height = vault?.height as number;
    expect((await blockOf(urlOf(old, 0), store, height)).block_hash).toBe(vault?.block_hash);

    const port = await freePorts(1);
    const directory = restored(file('busy'), 'busy-restored', `127.0.0.1:${port}`);
    const fresh = await up(directory, 1);
    const url = urlOf(fresh, 0);
    const after = await tuplesOf(url, store);
    expect([...before].filter((tuple) => !after.has(tuple))).toEqual([]);
    for (const at of [1, 2, Math.floor(height / 2), height]) {
      expect(await blockOf(url, store, at)).toEqual({ ...(await blockOf(urlOf(old, 0), store, at)), newest: height });
      for (const number of [5, 40]) {
        const body = { tuple_key: { user: `user:${number}`, relation: 'viewer', object: `document:${number % 7}` } };
        const then = (from: string) => post<unknown>(`${from}/stores/${store}/check`, body, { 'vouch-at': String(at) });
        expect(await then(url)).toEqual(await then(urlOf(old, 0)));
      }
    }
    const { cluster } = (await statusOf(url)) as StatusView;
    expect(cluster).not.toBe((await statusOf(urlOf(old, 0)))?.cluster);
    await write(url, store, 1_000_000);
    const next = await ask<BlockView>(`${url}/v1/stores/${store}/blocks/latest`);
    expect(next.height).toBe(height + 1);
    await post(`${url}/stores`, { name: 'another' });
    await fresh.down();
  });

  test('of groups that sleep gives the same proofs, byte for byte', { timeout: 90_000 }, async () => {
    const isAsleep = async (n: number): Promise<boolean> =>
      (await statusOf(urlOf(old, n)))?.groups.every(({ asleep }) => asleep) === true;
    await eventually('every group sleeps', async () => (await Promise.all([0, 1, 2].map(isAsleep))).every(Boolean), 30_000);
    expect(vouch(['backup', '--host', hostOf(old, await follower()), '--out', file('asleep')])).toMatchObject({ status: 0 });
    const directory = restored(file('asleep'), 'asleep-restored', `127.0.0.1:${await freePorts(1)}`);
    const fresh = await up(directory, 1);
    for (const user of ['user:5', 'user:nobody']) {
      const body = { tuple_key: { user, relation: 'viewer', object: 'document:5' } };
      const proof = (url: string) => post<ProvenAnswer>(`${url}/stores/${store}/check`, body, { 'vouch-proof': '1' });
      const answer = await proof(urlOf(fresh, 0));
      expect(answer.proof.length).toBeGreaterThan(100);
      expect(answer).toEqual(await proof(urlOf(old, 0)));
    }
    await fresh.down();
  });

  test('holds groups that the node has no replica of', { timeout: 60_000 }, async () => {
    for (let i = 0; i < 3; i += 1) {
      const name = `home-${i}`; // each lies on the node that holds the fewest
      await post(`${urlOf(old, 0)}/v1/organizations`, { name, group: 'new', replicas: 1 });
      await post(`${urlOf(old, 0)}/stores`, { name: 'own' }, { 'vouch-organization': name });
    }
    for (const n of [0, 1, 2]) {
      const here = (await statusOf(urlOf(old, n)))?.groups.map(({ group }) => group) ?? [];
      expect(here).not.toEqual([0, 1, 2, 3, 4]);
      const out = file(`placed-${n}`);
      expect(vouch(['backup', '--host', hostOf(old, n), '--out', out])).toMatchObject({ status: 0, stderr: '' });
      const { groups } = JSON.parse(vouch(['backup', 'verify', out, '--json']).stdout) as BackupJson;
      expect(groups.map(({ group, vaults }) => [group, vaults.length])).toEqual([
        [0, 0],
        [1, 1],
        [2, 1],
        [3, 1],
        [4, 1],
      ]);
    }
  });

  test('replaces nothing unless it is told to, and then only by a whole one', () => {
    const out = file('kept');
    writeFileSync(out, 'mine');
    const host = hostOf(old, 0);
    expect(vouch(['backup', '--host', host, '--out', out])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--force'),
    });
    expect(vouch(['backup', '--host', `127.0.0.1:1`, '--out', out, '--force'])).toMatchObject({ status: 1 });
    expect(readFileSync(out, 'utf8')).toBe('mine');
    expect(vouch(['backup', '--host', host, '--out', out, '--force'])).toMatchObject({ status: 0 });
    expect(vouch(['backup', 'verify', out])).toMatchObject({ status: 0 });
    expect(vouch(['backup', '--host', host])).toMatchObject({ status: 2, stderr: expect.stringContaining('--out FILE') });
  });
});

describe('a restoration', () => {
  test('refuses what is cut, changed, newer or no backup, and a directory that holds something; nothing is made', () => {
    const whole = file('kept');
    const { size } = statSync(whole);
    const target = join(folder, 'never');
    const refuse = (name: string, edit: (path: string) => void, sentence: string): void => {
      const path = file(name);
      writeFileSync(path, readFileSync(whole));
      edit(path);
      const found = vouch(['restore', path, '--dir', target]);
      expect(found).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining(sentence) });
      expect(existsSync(target)).toBe(false);
    };
    const flip = (at: number) => (path: string) => {
      const bytes = readFileSync(path);
      bytes[at] = (bytes[at] as number) ^ 1;
      writeFileSync(path, bytes);
    };
    refuse('cut', (path) => truncateSync(path, size - 1), 'is cut off or damaged at byte');
    refuse('flipped', flip(size >> 1), 'is damaged');
    refuse('newer', flip(8), 'read it with a newer Vouch');
    refuse('other', (path) => writeFileSync(path, 'a letter'), 'no backup of Vouch');
    refuse('empty', (path) => truncateSync(path, 0), 'no backup of Vouch');
    expect(vouch(['restore', file('nothing'), '--dir', target])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('There is no file'),
    });

    const full = join(folder, 'full');
    mkdirSync(full);
    writeFileSync(join(full, 'photo.jpg'), 'x');
    expect(vouch(['restore', whole, '--dir', full])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('is not empty'),
    });
    expect(readdirSync(full)).toEqual(['photo.jpg']);
    expect(vouch(['restore', whole, '--verify-only'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('default/docs'),
    });
  });
});

describe('a backup that comes to nothing', () => {
  /** A node that says something else than it should. */
  async function impostor(
    answer: (send: (bytes: Uint8Array) => void, end: () => void, break_: () => void) => void,
  ): Promise<string> {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      answer(
        (bytes) => response.write(bytes),
        () => response.end(),
        () => response.destroy(),
      );
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  function leftovers(name: string): readonly string[] {
    return readdirSync(folder).filter((each) => each.startsWith(name));
  }

  test('by Ctrl-C leaves nothing', async () => {
    const host = await impostor((send) => send(readFileSync(file('kept')).subarray(0, 1000)));
    const running = start(['backup', '--host', host, '--out', file('interrupted')]);
    await eventually('it writes', () => leftovers('interrupted').length === 1);
    running.kill('SIGINT');
    expect(await running.ended).toBe(130);
    expect(leftovers('interrupted')).toEqual([]);
  });

  test('by a node that dies, or gives up, or sends something else leaves nothing, and says why', async () => {
    const half = readFileSync(file('kept')).subarray(0, 1000);
    const dead = await impostor((send, _end, break_) => {
      send(half);
      setTimeout(break_, 100);
    });
    expect(await run('backup', '--host', dead, '--out', file('broken'))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('stopped before the backup was whole'),
    });
    const writer = new BackupWriter(runningSha256());
    const cluster = { time: 0 as Micros, version: 'x', manifest: new Uint8Array(0) };
    const gaveUp = [...writer.begin(cluster), writer.failed('Group 2 is quarantined.')];
    const failing = await impostor((send, end) => {
      for (const bytes of gaveUp) send(bytes);
      end();
    });
    expect(await run('backup', '--host', failing, '--out', file('broken'))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('Group 2 is quarantined.'),
    });
    const short = await impostor((send, end) => {
      send(half);
      end();
    });
    expect(await run('backup', '--host', short, '--out', file('broken'))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('What was received is refused'),
    });
    expect(leftovers('broken')).toEqual([]);
  });

  test('because a group is quarantined names the group, and another node gives it', { timeout: 90_000 }, async () => {
    const host = hostOf(old, 2);
    await old.down();
    const data = join(folder, 'old', 'node-3');
    const segment = join(data, readdirSync(data).find((name) => name.startsWith('wal-')) as string);
    const bytes = readFileSync(segment);
    bytes[2048] = (bytes[2048] as number) ^ 1; // in the middle of what is durable
    writeFileSync(segment, bytes);
    const again = new LocalCluster({ binary, directory: join(folder, 'old'), nodes: 3, port: 7400 });
    clusters.push(again);
    again.nodes[2]?.start(); // alone: with its peers it would have fetched the group again in a moment
    const quarantined = async (): Promise<readonly number[]> =>
      ((await statusOf(urlOf(again, 2)))?.groups ?? []).filter((group) => group.quarantined).map(({ group }) => group);
    await eventually('a group is quarantined', async () => (await quarantined()).length > 0, 30_000);
    const [group] = await quarantined();
    expect(vouch(['backup', '--host', host, '--out', file('damaged')])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(new RegExp(`Group ${group} is quarantined on this node.*group_quarantined`)),
    });
    expect(leftovers('damaged')).toEqual([]);
    for (const each of again.nodes.slice(0, 2)) each.start();
    await eventually('the others lead', async () => {
      const groups = (await statusOf(urlOf(again, 0)))?.groups ?? [];
      return groups.length > 0 && groups.every(({ leader, quarantined: isOut }) => leader !== undefined && !isOut);
    });
    // The founding groups are on every node; the one that lies on that node only is whole there.
    expect(await run('backup', '--host', hostOf(again, 0), '--out', file('elsewhere'))).toMatchObject({ status: 0, stderr: '' });
    expect(vouch(['backup', 'verify', file('elsewhere')])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('home-2/own'),
    });
  });
});
