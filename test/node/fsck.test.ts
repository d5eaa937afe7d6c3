/** `vouch fsck` on the directory of a real node: while it runs, when it has stopped, and when a byte has flipped since. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { post } from '../../node/demo/audit.ts';
import { LocalCluster } from '../../node/local/local-cluster.ts';
import { binary, cleanUp, freePorts, temporary, vouch } from './support/vouch.ts';

const directory = join(temporary(), 'c');
const data = join(directory, 'node-1');
let cluster: LocalCluster | undefined;
afterAll(async () => {
  await cluster?.down();
  await cleanUp();
});

function contents(): ReadonlyMap<string, string> {
  return new Map(readdirSync(data).map((name) => [name, readFileSync(join(data, name)).toString('base64')]));
}

test('a node is whole when it has stopped, refused while it runs, and a flipped byte is found', { timeout: 90_000 }, async () => {
  cluster = new LocalCluster({ binary, directory, nodes: 1, port: await freePorts(1) });
  await cluster.up();
  const { url } = cluster.nodes[0] as { url: string };
  const { id } = await post<{ id: string }>(`${url}/stores`, { name: 'docs' });
  for (let i = 0; i < 20; i += 1) {
    const key = { user: 'user:anne', relation: 'viewer', object: `document:${i}` };
    await post(`${url}/stores/${id}/write`, { writes: { tuple_keys: [key] } });
  }
  expect(vouch(['fsck', data])).toMatchObject({ status: 1, stderr: expect.stringMatching(/is in use by process [0-9]+/) });
  await cluster.down();

  const before = contents();
  const whole = vouch(['fsck', data]);
  expect(whole).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringMatching(/group 1: 1 vaults, 21 blocks, 40 leaves.*\nwhole\n$/),
  });
  expect(contents()).toEqual(before);

  const segment = join(data, readdirSync(data).find((name) => statSync(join(data, name)).size >= 1 << 20) as string);
  const bytes = readFileSync(segment);
  bytes[2048] = (bytes[2048] as number) ^ 1;
  writeFileSync(segment, bytes);
  const damaged = vouch(['fsck', data, '--json']);
  expect(damaged.status).toBe(1);
  const report = JSON.parse(damaged.stdout) as { sound: boolean; findings: { level: string; what: string }[] };
  expect(report.sound).toBe(false);
  expect(report.findings[0]?.what).toMatch(/at byte [0-9]+:/);
});

test('what is no data directory is said to be none, and is left alone', () => {
  expect(vouch(['fsck', join(directory, 'nothing')])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('There is no directory'),
  });
  const foreign = join(directory, 'foreign');
  mkdirSync(foreign, { recursive: true });
  writeFileSync(join(foreign, 'photo.jpg'), '');
  expect(vouch(['fsck', foreign])).toMatchObject({ status: 1, stderr: expect.stringContaining('not a Vouch data directory') });
  expect(readdirSync(foreign)).toEqual(['photo.jpg']);
});
