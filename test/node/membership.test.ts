/**
 * A cluster of real processes whose members change: `start --join`, kills, restarts with nothing but --data, and the
 * replacement of every node while the SDK writes. Each node has a loopback address of its own, as on as many machines.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TupleKey } from '../../core/state/transaction.ts';
import { connect, type VouchClient } from '../../net/client/client.ts';
import type { Vault } from '../../net/client/vault.ts';
import type { MemberJson } from '../../node/http/member-routes.ts';
import { cleanUp, eventually, type Finished, freePorts, type Running, start, temporary, vouch } from './support/vouch.ts';

const directory = temporary();
let port = 0;
const running = new Map<number, Running>();
let client: VouchClient;
let vault: Vault;

function host(n: number): string {
  return `127.0.0.${n}:${port}`;
}

function run(n: number, ...flags: string[]): void {
  running.set(n, start(['start', '--data', join(directory, `n${n}`), ...flags]));
}

function on(n: number, ...args: string[]): Finished {
  return vouch([...args, '--host', host(n)]);
}

async function get<T>(n: number, path: string): Promise<T | undefined> {
  try {
    const response = await fetch(`http://${host(n)}${path}`);
    return response.ok ? ((await response.json()) as T) : undefined;
  } catch {
    return undefined;
  }
}

async function membersAt(n: number): Promise<readonly MemberJson[]> {
  return (await get<{ members: readonly MemberJson[] }>(n, '/v1/members'))?.members ?? [];
}

/** Until these nodes vote in every group, and nobody else is a member, as each of them says. */
async function untilVoters(...wanted: readonly number[]): Promise<void> {
  const expected = wanted.map(host).sort();
  await eventually(
    `the voters are ${expected.join(', ')}; node ${wanted[0]} says ${running.get(wanted[0] as number)?.stderr()}`,
    async () => {
      for (const n of wanted) {
        const present = (await membersAt(n)).filter(({ state }) => state !== 'removed');
        if (present.some(({ state }) => state !== 'voter')) return false;
        if (JSON.stringify(present.map(({ address }) => address).sort()) !== JSON.stringify(expected)) return false;
      }
      return true;
    },
    40_000,
  );
}

/**
 * A command until it succeeds, as an operator repeats one: on a machine that is too busy, a group may be without a leader just
 * then. As a child that does not hold up this process, where the SDK writes meanwhile. @returns what it printed.
 */
async function insist(args: readonly string[]): Promise<string> {
  let stdout = '';
  await eventually(
    `vouch ${args.join(' ')} succeeds`,
    async () => {
      const command = start(args);
      const status = await command.ended;
      stdout = command.stdout();
      if (status !== 0) expect(command.stderr()).toMatch(/\((?:unavailable|deadline_exceeded)\)|is still|did not answer/);
      return status === 0;
    },
    60_000,
  );
  return stdout;
}

function tuple(i: number): TupleKey {
  return { resource: `document:${i}`, relation: 'viewer', subject: 'user:anne' };
}

async function written(): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const row of vault.rows({ subject: 'user:anne' })) found.push(row.tuple.resource);
  return found.sort();
}

beforeAll(async () => {
  port = await freePorts(1);
  for (const n of [1, 2, 3]) run(n, '--listen', host(n), ...(n === 1 ? [] : ['--join', host(1)]));
  await eventually('the nodes are up', async () => (await get(1, '/healthz')) !== undefined, 40_000);
  const made = on(1, 'init', '--expect', '3', '--json');
  expect(made).toMatchObject({ status: 0, stderr: '' });
  client = await connect({ endpoints: [host(1)], organization: 'default', deadlineMs: 20_000 });
  vault = await client.createVault('docs');
}, 90_000);

afterAll(async () => {
  await client?.close();
  await cleanUp();
});

test('two nodes that are started with --join become voters by themselves', async () => {
  for (const n of [4, 5]) run(n, '--listen', host(n), '--join', `${host(2)},${host(3)}`);
  await untilVoters(1, 2, 3, 4, 5);
  const listed = on(4, 'members');
  expect(listed).toMatchObject({ status: 0, stderr: '' });
  expect(listed.stdout.split('\n').filter((line) => line.includes('voter'))).toHaveLength(5);
}, 60_000);

test('leadership goes where it is sent, and a drained node leads nothing', { timeout: 90_000 }, async () => {
  const leads = async (): Promise<number | undefined> => (await membersAt(5)).find(({ address }) => address === host(5))?.leads;
  await insist(['transfer', '--group', '1', '--to', host(5), '--host', host(2)]);
  await eventually('it leads', async () => (await leads()) === 1);
  await insist(['drain', '--host', host(5)]);
  await eventually('it leads nothing', async () => (await leads()) === 0);
});

test('a preferred node comes to lead everything by itself; spread, its equals share the work', { timeout: 90_000 }, async () => {
  const leads = async (): Promise<readonly number[]> => (await membersAt(2)).map((member) => member.leads);
  const before = await membersAt(2);
  await insist(['member', 'priority', host(5), '200', '--host', host(3)]);
  await eventually('it leads both groups', async () => {
    const member = (await membersAt(2)).find(({ address }) => address === host(5));
    return member?.priority === 200 && member.leads === 2;
  });
  expect(on(4, 'members').stdout).toMatch(/priority 200, leads 2 groups/);
  await insist(['member', 'priority', host(5), '100', '--host', host(2)]);
  await insist(['transfer', '--spread', '--host', host(2)]);
  await eventually('two nodes lead one group each', async () => (await leads()).filter((count) => count === 1).length === 2);
  expect(await membersAt(2).then((members) => members.map(({ priority }) => priority))).toEqual(before.map(() => 100));
  expect(on(2, 'transfer', '--spread')).toMatchObject({ status: 0, stdout: 'Every group is led from where it should be.\n' });
});

test('everything is back after kill -9 of all nodes, each started again with --data alone', async () => {
  await vault.write([tuple(0), tuple(1)]);
  const before = await membersAt(1);
  for (const node of running.values()) node.kill('SIGKILL');
  await Promise.all([...running.values()].map((node) => node.ended));
  for (const n of [1, 2, 3, 4, 5]) run(n);
  await untilVoters(1, 2, 3, 4, 5);
  const identity = ({ id, address, role }: MemberJson): unknown => ({ id, address, role });
  expect((await membersAt(3)).map(identity)).toEqual(before.map(identity));
  expect(await written()).toEqual(['document:0', 'document:1']);
  expect(running.get(1)?.stderr()).toBe('');
}, 90_000);

test('all three first nodes are replaced while the SDK writes: no request fails, and nothing acknowledged is lost', async () => {
  let count = 2;
  let stop = false;
  const load = (async () => {
    for (; !stop; count += 1) {
      await vault.write([tuple(count)], { onDuplicate: 'error' });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  load.catch(() => undefined); // judged below

  run(6, '--listen', host(6), '--join', host(4));
  await untilVoters(1, 2, 3, 4, 5, 6);
  for (const [old, next] of [
    [1, 4],
    [2, 5],
    [3, 6],
  ] as const) {
    // By its id: once the first attempt is heard, the address is no member's any more.
    const id = (await membersAt(next)).find(({ address }) => address === host(old))?.id ?? '';
    const printed = await insist(['member', 'replace', id, host(next), '--wait', '30', '--host', host(next)]);
    expect(printed).toContain(': removed.');
    const node = running.get(old);
    node?.kill('SIGTERM');
    expect(await node?.ended).toBe(0);
  }
  await untilVoters(4, 5, 6);
  const during = count;
  await eventually('writes go on', () => count > during + 5);
  stop = true;
  await load;
  expect(await written()).toEqual(Array.from({ length: count }, (_, i) => `document:${i}`).sort());
}, 120_000);

test('a removed node that is started again says so, and its id is refused', async () => {
  run(1);
  await eventually('it says so', () => running.get(1)?.stdout().includes('was removed from its cluster') === true, 30_000);
  expect(on(1, 'status')).toMatchObject({ status: 1, stderr: expect.stringContaining('it was removed from the cluster') });
  expect(on(4, 'member', 'add', host(1))).toMatchObject({ status: 1, stderr: expect.stringContaining('cannot come back') });
}, 60_000);

test('what cannot be done is refused with a sentence', () => {
  const stranger = on(4, 'member', 'remove', 'ffff');
  expect(stranger).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('knows no node "ffff"') });
  const nowhere = on(4, 'member', 'add', '127.0.0.1:1');
  expect(nowhere).toMatchObject({ status: 1, stderr: expect.stringContaining('No Vouch node can be reached at 127.0.0.1:1') });
  expect(nowhere.stderr).toContain('Start it first');
  const before = on(4, 'members', '--all').stdout;
  expect(on(4, 'member', 'remove', host(4), '--wait', 'x')).toMatchObject({ status: 2 });
  expect(on(4, 'members', '--all').stdout).toBe(before);
});

test('a node of another cluster is not added', { timeout: 60_000 }, async () => {
  run(9, '--listen', host(9));
  await eventually('it is up', async () => (await get(9, '/healthz')) !== undefined, 30_000);
  expect(on(9, 'init')).toMatchObject({ status: 0 });
  const refused = on(4, 'member', 'add', host(9));
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('belongs to another cluster') });
  expect((await membersAt(4)).map(({ address }) => address)).not.toContain(host(9));
});
