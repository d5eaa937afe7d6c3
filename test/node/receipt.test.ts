/** A receipt from a running cluster, with an outside witness: made, the cluster gone, and still verified by who pinned the keys. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { cleanUp, eventually, freePorts, start, temporary, vouch } from './support/vouch.ts';

afterAll(cleanUp);

test('from the cluster to a file that holds without it', { timeout: 180_000 }, async () => {
  const directory = temporary();
  const port = await freePorts(3);
  const host = `127.0.0.1:${port}`;
  const cluster = start(['up', '--dir', join(directory, 'c'), '--port', String(port), '--json']);
  await eventually(`ready; stderr: ${cluster.stderr()}`, () => cluster.stdout().includes('\n'), 60_000);
  const run = (...args: string[]): string => {
    const { status, stdout, stderr } = vouch([...args, '--host', host]);
    if (status !== 0) throw new Error(`vouch ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  run('vault', 'create', 'docs');
  run('tuple', 'write', '--vault', 'docs', 'document:1#viewer@user:anne');

  // What the client pins, and what the witness believes.
  const policyFile = join(directory, 'policy.txt');
  await eventually(
    'all nodes have keys',
    () => (JSON.parse(run('checkpoint', 'keys', '--json')) as { keys: unknown[] }).keys.length === 3,
    30_000,
  );
  run('checkpoint', 'keys', '-o', policyFile, '--quorum', '3');
  const { keys } = JSON.parse(run('checkpoint', 'keys', '--json')) as {
    readonly keys: readonly { readonly plain_vkey: string }[];
  };
  const logs = keys.map(({ plain_vkey }) => plain_vkey);
  const witness = start([
    'witness',
    '--data',
    join(directory, 'w'),
    '--listen',
    '127.0.0.1:0',
    '--name',
    'witness.example/w1',
    '--quorum',
    '3',
    '--log',
    ...logs,
  ]);
  await eventually('the witness is up', () => witness.stdout().includes('pin this key'), 30_000);
  const vkey = /pin this key: (\S+)/.exec(witness.stdout())?.[1] ?? '';

  // A receipt, checked before it was written.
  const file = join(directory, 'anne.tlog-proof');
  const said = run(
    'receipt',
    '--vault',
    'docs',
    'document:1#viewer@user:anne',
    'document:1#viewer@user:bob',
    '--min-signatures',
    '3',
    '--keys',
    policyFile,
    '-o',
    file,
  );
  expect(said).toContain('PRESENT (allow): document:1#viewer@user:anne\nABSENT (deny): document:1#viewer@user:bob\n');
  expect(said).toContain('Authenticated: the checkpoint of size 2 is signed by node-');

  // Another policy wants the witness as well, which signs the same log as it grows.
  const url = /http:\/\/\S+/.exec(witness.stdout())?.[0];
  const both = join(directory, 'both.txt');
  const text = readFileSync(policyFile, 'utf8');
  writeFileSync(both, text.replace('quorum nodes', `witness w ${vkey} ${url}\ngroup both all nodes w\nquorum both`));
  expect(vouch(['verify', file, '--keys', both])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('the policy needs 2 of nodes, w'),
  });
  // No number of signatures is given: the policy says how many it needs, which is more than a majority.
  for (let i = 0; i < 3; i += 1) {
    run('tuple', 'write', '--vault', 'docs', `document:1#viewer@user:u${i}`);
    const witnessed = run(
      'receipt',
      '--vault',
      'docs',
      'document:1#viewer@user:anne',
      '--viewers',
      'document:1#viewer',
      '--keys',
      both,
      '-o',
      file,
    );
    expect(witnessed).toMatch(new RegExp(`the checkpoint of size ${i + 3} is signed by node-.*, w \\(`));
  }

  // The cluster is gone; the file is enough, and no other file is.
  cluster.kill('SIGTERM');
  await cluster.ended;
  witness.kill('SIGTERM');
  await witness.ended;
  expect(vouch(['verify', file, '--keys', both])).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('PRESENT (allow)'),
  });
  writeFileSync(file, readFileSync(file, 'utf8').replace('index 4', 'index 3'));
  expect(vouch(['verify', file, '--keys', both]).status).toBe(1);
});
