/**
 * Three hosts on one machine: nodes in network namespaces of their own, joined by a bridge, so that everything between them crosses
 * a network and a cable can be pulled. Skipped where namespaces cannot be made (no Linux, no root, no iproute2).
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cleanUp, eventually, type Finished, type Running, start, temporary, vouch } from './support/vouch.ts';

const TAG = `v${process.pid % 10_000}`;
const BRIDGE = `${TAG}b`;
const SUBNET = `10.${77 + (process.pid % 100)}.${process.pid % 250}`;
const NODES = [1, 2, 3];
const PORT = 7400;

const space = (n: number): string => `${TAG}n${n}`;
const host = (n: number): string => `${SUBNET}.${n}:${PORT}`;

function ip(...args: string[]): boolean {
  return spawnSync('ip', args, { stdio: 'ignore' }).status === 0;
}

function canMakeNamespaces(): boolean {
  const name = `${TAG}probe`;
  const made = ip('netns', 'add', name) && ip('link', 'add', `${TAG}p`, 'type', 'bridge');
  ip('netns', 'del', name);
  ip('link', 'del', `${TAG}p`);
  return made;
}

function join3(): void {
  ip('link', 'add', BRIDGE, 'type', 'bridge');
  ip('addr', 'add', `${SUBNET}.254/24`, 'dev', BRIDGE);
  ip('link', 'set', BRIDGE, 'up');
  for (const n of NODES) {
    ip('netns', 'add', space(n));
    ip('link', 'add', `${TAG}h${n}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space(n));
    ip('link', 'set', `${TAG}h${n}`, 'master', BRIDGE, 'up');
    ip('-n', space(n), 'addr', 'add', `${SUBNET}.${n}/24`, 'dev', 'eth0');
    ip('-n', space(n), 'link', 'set', 'eth0', 'up');
    ip('-n', space(n), 'link', 'set', 'lo', 'up');
  }
}

function part(): void {
  for (const n of NODES) ip('netns', 'del', space(n));
  ip('link', 'del', BRIDGE);
}

const running = new Map<number, Running>();
const directory = temporary();

function run(n: number, ...flags: string[]): void {
  const args = ['start', '--data', join(directory, `n${n}`), ...flags];
  running.set(n, start(args, {}, ['ip', 'netns', 'exec', space(n)]));
}

function on(n: number, ...args: string[]): Finished {
  return vouch([...args, '--host', host(n)]);
}

async function untilAnswers(probe: '/startupz' | '/readyz', ...nodes: readonly number[]): Promise<void> {
  for (const n of nodes) {
    await eventually(`node ${n} answers to ${probe}; it says ${running.get(n)?.stderr()}`, async () => {
      try {
        return (await fetch(`http://${host(n)}${probe}`, { signal: AbortSignal.timeout(1000) })).ok;
      } catch {
        return false;
      }
    });
  }
}

describe.skipIf(!canMakeNamespaces())('three hosts', () => {
  beforeAll(async () => {
    join3();
    for (const n of NODES) {
      const others = NODES.filter((other) => other !== n).map(host);
      run(n, '--listen', host(n), '--join', others.join(','), '--insecure');
    }
    await untilAnswers('/startupz', ...NODES);
    expect(on(1, 'init', '--expect', '3')).toMatchObject({ status: 0, stderr: '' });
    await untilAnswers('/readyz', ...NODES);
    expect(on(2, 'vault', 'create', 'docs')).toMatchObject({ status: 0, stderr: '' });
  }, 60_000);

  afterAll(async () => {
    await cleanUp();
    part();
  });

  const write = (n: number, document: number): Finished =>
    on(n, 'tuple', 'write', '--vault', 'docs', `document:${document}#viewer@user:anne`);
  const check = (n: number, document: number): Finished =>
    on(n, 'check', '--vault', 'docs', `document:${document}#viewer@user:anne`);

  test('what is written on one host is read on the others', () => {
    expect(write(1, 1)).toMatchObject({ status: 0, stderr: '' });
    for (const n of NODES) expect(check(n, 1).status).toBe(0);
  });

  test('a host whose cable is pulled is missed by nobody, and catches up', async () => {
    ip('link', 'set', `${TAG}h3`, 'down');
    await eventually('the other two write', () => write(1, 2).status === 0);
    expect(check(2, 2).status).toBe(0);
    ip('link', 'set', `${TAG}h3`, 'up');
    await untilAnswers('/readyz', 3);
    await eventually('the third one reads it', () => check(3, 2).status === 0);
  }, 60_000);

  test('all are killed, and each comes back with nothing but its data', async () => {
    for (const node of running.values()) node.kill('SIGKILL');
    await Promise.all([...running.values()].map((node) => node.ended));
    for (const n of NODES) run(n);
    await untilAnswers('/readyz', ...NODES);
    for (const n of NODES) for (const document of [1, 2]) expect(check(n, document).status).toBe(0);
    const members = JSON.parse(on(2, 'members', '--json').stdout) as { members: readonly { address: string; state: string }[] };
    expect(members.members.map(({ address }) => address).sort()).toEqual(NODES.map(host));
  }, 60_000);
});
