/** `vouch start --record` on real processes, and `vouch sim replay` and `explain` of what they wrote. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { TupleKey } from '../../core/state/transaction.ts';
import type { CliFailure } from '../../node/cli/failure.ts';
import { replayRecorded } from '../../node/cli/recorded-tape.ts';
import { post } from '../../node/demo/audit.ts';
import { load } from '../../node/demo/loader.ts';
import { LocalCluster } from '../../node/local/local-cluster.ts';
import { mainGroup, statusOf } from '../../node/local/operator-client.ts';
import { binary, cleanUp, eventually, freePorts, start, temporary, vouch } from './support/vouch.ts';

let cluster: LocalCluster | undefined;
afterAll(async () => {
  await cluster?.down();
  await cleanUp();
});

const TUPLES: readonly TupleKey[] = Array.from({ length: 300 }, (_, i) => ({
  resource: `document:${i}`,
  relation: 'viewer',
  subject: `user:${i % 7}`,
}));

function lastLine(text: string): Record<string, unknown> {
  return JSON.parse(text.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
}

/** Runs a node with a tape until it serves, then asks it to end; its tapes. */
async function recorded(tapes: string, args: readonly string[] = []): Promise<readonly string[]> {
  const port = await freePorts(1);
  const node = start(['start', '--listen', `127.0.0.1:${port}`, '--data', join(temporary(), 'd'), '--record', tapes, ...args]);
  await eventually('the node serves', async () => (await statusOf(`http://127.0.0.1:${port}`)) !== undefined);
  node.kill('SIGTERM');
  expect(await node.ended).toBe(0);
  return readdirSync(tapes).map((name) => join(tapes, name));
}

test('three nodes under SIGKILL, one and all at once: every life is a tape of its own, and each replays equal', async () => {
  const tapes = join(temporary(), 'tapes');
  const environment = { VOUCH_RECORD: tapes };
  cluster = new LocalCluster({ binary, directory: join(temporary(), 'c'), nodes: 3, port: await freePorts(3), environment });
  const { nodes } = cluster;
  await cluster.up();
  const urls = nodes.map((node) => node.url);
  const { id: store } = await post<{ id: string }>(`${urls[0]}/stores`, { name: 'docs' });
  const kills: Promise<void>[] = [];
  const killLeader = async (): Promise<void> => {
    for (const node of nodes) {
      const status = await statusOf(node.url);
      if (status === undefined || mainGroup(status)?.role !== 'leader') continue;
      await node.kill();
      return node.start();
    }
    throw new Error('there was no leader to kill');
  };
  const onProgress = (count: number): void => {
    if (count >= 75 && kills.length === 0) kills.push(killLeader());
  };
  expect((await load({ urls, store }, TUPLES, { batch: 5, onProgress })).acknowledged).toHaveLength(TUPLES.length);
  await Promise.all(kills);
  expect(kills).toHaveLength(1);
  await cluster.ready();
  await Promise.all(nodes.map((node) => node.kill()));
  for (const node of nodes) node.start();
  await cluster.ready();
  await cluster.down();

  const names = readdirSync(tapes);
  expect(names).toHaveLength(3 + 1 + 3);
  for (const name of names) expect(statSync(join(tapes, name)).mode & 0o777).toBe(0o600);
  const all = vouch(['sim', 'replay', tapes, '--json']);
  expect(all.stderr).toBe('');
  expect(all.status).toBe(0);
  const { rows, ...total } = lastLine(all.stdout) as {
    rows: readonly { inputs: number; frames: number; digests: number; ending: string }[];
  };
  expect(total).toMatchObject({ tapes: 7, equal: 7, differ: 0, refused: 0 });
  expect(rows.filter(({ ending }) => ending === 'closed')).toHaveLength(3);
  for (const row of rows) expect(row.frames * row.inputs * row.digests).toBeGreaterThan(0);

  const [first = ''] = names.map((name) => join(tapes, name));
  const page = vouch(['sim', 'explain', first]);
  expect(page.status).toBe(0);
  expect(page.stdout).toMatch(/group 1: term \d+, led by/);
  expect(page.stdout).toMatch(/frames received: [0-9a-f]{8} \d+/);
  const until = vouch(['sim', 'replay', first, '--until', '25']);
  expect(until.status).toBe(0);
  expect(until.stdout).toMatch(/25 inputs in \d+ turns/);
  expect(until.stdout).toMatch(/group 0 (follower|candidate|preCandidate|leader) of term/);
  expect(vouch(['sim', 'replay', first, '--until', '1s', '--json']).status).toBe(0);
}, 60_000);

describe('a tape that cannot be replayed here is refused with status 2', () => {
  test('damaged, of another build, foreign, or where only simulated runs go', async () => {
    const folder = join(temporary(), 'tapes');
    const [tape = ''] = await recorded(folder);
    const whole = vouch(['sim', 'replay', tape]);
    expect(whole.stdout).toMatch(/EQUAL[\s\S]*the node was stopped orderly/);
    // These sources are another build than the compiled one that wrote it; they decide the same.
    await expect(replayRecorded(tape, {})).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/another build/),
    });
    expect((await replayRecorded(tape, { otherBuild: true })).report).toMatchObject({ verdict: 'equal', ending: 'closed' });
    const bytes = readFileSync(tape);
    const refusal = async (content: Uint8Array): Promise<string> => {
      const path = join(folder, 'other.tape');
      writeFileSync(path, content);
      const failure = await replayRecorded(path, { otherBuild: true }).catch((error: CliFailure) => error);
      expect(failure).toMatchObject({ exitCode: 2 });
      return (failure as CliFailure).message;
    };
    const damaged = Buffer.from(bytes);
    damaged[bytes.length - 30] = (damaged[bytes.length - 30] as number) ^ 1;
    expect(await refusal(damaged)).toMatch(/damaged at byte \d+, behind input \d+/);
    const head = Buffer.from(bytes);
    head[20] = (head[20] as number) ^ 1;
    expect(await refusal(head)).toMatch(/is damaged in its head/);
    expect(await refusal(Buffer.from('something else'))).toMatch(/is no tape of a node/);
    expect(await refusal(bytes.subarray(0, 20))).toMatch(/ends within its head/);
    const shrunk = vouch(['sim', 'shrink', tape]);
    expect(shrunk.stderr).toMatch(/tape of a real node: only `vouch sim replay` and `explain` take it/);
    expect(shrunk.status).toBe(2);
  });

  test('of an encrypted node without its master key; with it, it is replayed', async () => {
    const key = join(temporary(), 'key');
    writeFileSync(key, 'ab'.repeat(32), { mode: 0o600 });
    const [tape = ''] = await recorded(join(temporary(), 'tapes'), ['--key-file', key]);
    const refused = vouch(['sim', 'replay', tape]);
    expect(refused.stderr).toMatch(/is sealed under the master key of its node .* give it with --key-file/);
    expect(refused.status).toBe(2);
    const other = join(temporary(), 'other');
    writeFileSync(other, 'cd'.repeat(32), { mode: 0o600 });
    expect(vouch(['sim', 'replay', tape, '--key-file', other]).stderr).toMatch(/this is another one/);
    const replayed = vouch(['sim', 'replay', tape, '--key-file', key]);
    expect(replayed.stderr).toBe('');
    expect(replayed.status).toBe(0);
  });
});

describe('the directory', () => {
  test('that cannot be written, or lies in the data directory, refuses the start', async () => {
    const folder = temporary();
    writeFileSync(join(folder, 'file'), '');
    const data = join(folder, 'd');
    const args = (directory: string): string[] => ['start', '--listen', '127.0.0.1:0', '--data', data, '--record', directory];
    const unusable = vouch(args(join(folder, 'file', 'tapes')));
    expect(unusable.stderr).toMatch(/No tape can be written to .*: ENOTDIR\. Name a directory/);
    expect(unusable.status).toBe(1);
    const inside = vouch(args(join(data, 'tapes')));
    expect(inside.stderr).toMatch(/lies in the data directory/);
    expect(inside.status).toBe(1);
    expect(readdirSync(data)).not.toContain('tapes');
    expect(vouch([...args(join(folder, 't')), '--record-limit', '5']).stderr).toMatch(/recordLimit is a size like 512MiB/);
  });

  test('keeps to its limit over many starts: the oldest tapes of the node go, those of others stay', async () => {
    const tapes = join(temporary(), 'tapes');
    mkdirSync(tapes);
    const data = join(temporary(), 'd');
    const life = async (): Promise<void> => {
      const port = await freePorts(1);
      const listen = readdirSync(tapes).length === 0 ? ['--listen', `127.0.0.1:${port}`] : [];
      const node = start(['start', ...listen, '--data', data, '--record', tapes, '--record-limit', '1MiB']);
      await eventually('the node is up', () => node.stdout().includes('the node is up'));
      node.kill('SIGTERM');
      expect(await node.ended).toBe(0);
    };
    await life();
    const [first = ''] = readdirSync(tapes);
    const stranger = `${'f'.repeat(32)}-00000001.tape`;
    for (const name of [first, stranger]) writeFileSync(join(tapes, name), new Uint8Array(600_000));
    await life();
    const left = readdirSync(tapes);
    expect(left).toHaveLength(2);
    expect(left).toContain(stranger);
    expect(left).toContain(first.replace('00000001', '00000002'));
  });
});
