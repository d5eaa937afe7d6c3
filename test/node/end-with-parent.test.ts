/** Nothing of a local cluster outlives the process it was started for, however that one ends. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { binary, cleanEnvironment, cleanUp, eventually, freePorts, isAlive, start, temporary } from './support/vouch.ts';

afterAll(cleanUp);

interface Ready {
  readonly nodes: readonly { readonly pid: number }[];
}

function pidsOf(line: string): readonly number[] {
  return (JSON.parse(line) as Ready).nodes.map((node) => node.pid);
}

test('nodes stop by themselves when `vouch up` is killed with SIGKILL', async () => {
  const up = start(['up', '--nodes', '1', '--dir', join(temporary(), 'c'), '--port', String(await freePorts(1)), '--json']);
  await eventually('ready', () => up.stdout().includes('\n'), 30_000);
  const pids = pidsOf(up.stdout());
  up.kill('SIGKILL');
  await up.ended;
  await eventually('the node is gone', () => !pids.some(isAlive));
});

test('`vouch up` and its nodes stop when npm is killed with SIGKILL, also behind a shell that lives on', async () => {
  const args = ['up', '--nodes', '1', '--dir', join(temporary(), 'c'), '--port', String(await freePorts(1)), '--json'];
  const command = [process.execPath, binary, ...args].map((word) => `'${word}'`).join(' ');
  // A stand-in for npm: runs `sh -c command` and waits. `; true` keeps the shell from becoming the command.
  const npm = `require('child_process').spawn('/bin/sh', ['-c', ${JSON.stringify(`${command}; true`)}], { stdio: 'inherit' })`;
  const fake = spawn(process.execPath, ['-e', npm], {
    env: cleanEnvironment({ npm_execpath: '/npm-cli.js' }),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let stdout = '';
  fake.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  await eventually('ready', () => stdout.includes('\n'), 30_000);
  const pids = pidsOf(stdout);
  expect(pids.every(isAlive)).toBe(true);
  fake.kill('SIGKILL');
  await eventually('the node is gone', () => !pids.some(isAlive));
});
