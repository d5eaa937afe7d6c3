/** A receipt from a running cluster, with an outside witness: made, the cluster gone, and still verified by who pinned the keys. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { fromHex } from '../../core/bytes/text.ts';
import { decodeVkey } from '../../core/note/key.ts';
import { decodeNote, encodeNote } from '../../core/note/note.ts';
import { checkNote, parsePolicy } from '../../core/note/policy.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { nativeVerifier } from '../../node/keys/native-ed25519.ts';
import { gatherCosignatures } from '../../node/witness/submit.ts';
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

  // The witness signs the same log as it grows, and another policy wants it.
  const store = (JSON.parse(await (await fetch(`http://${host}/stores?name=docs`)).text()) as { stores: { id: string }[] })
    .stores[0]?.id;
  const key = decodeVkey(nativeHasher, vkey);
  if (!key.ok) throw new Error(key.reason);
  const url = /http:\/\/\S+/.exec(witness.stdout())?.[0];
  const lastSizes = new Map<string, number>();
  const cosigned = async (): Promise<string> => {
    const note = decodeNote(await (await fetch(`http://${host}/v1/stores/${store}/checkpoint?signatures=3`)).text());
    if (!note.ok) throw new Error(note.reason);
    const size = Number(note.value.text.split('\n')[1]);
    const prove = async (from: number) => {
      const answer = await fetch(`http://${host}/v1/stores/${store}/log/consistency?from=${from}&to=${size}`);
      return ((await answer.json()) as { path: string[] }).path.map((hash) => fromHex(hash) as Uint8Array);
    };
    const { note: signed, outcomes } = await gatherCosignatures([{ name: 'w', key: key.value, url }], {
      note: note.value,
      prove,
      lastSizes,
    });
    expect(outcomes.map((outcome) => (outcome.ok ? 'signed' : outcome.reason))).toEqual(['signed']);
    return encodeNote(signed);
  };
  await cosigned();
  for (let i = 0; i < 3; i += 1) run('tuple', 'write', '--vault', 'docs', `document:1#viewer@user:u${i}`);
  const witnessed = decodeNote(await cosigned());
  const both = readFileSync(policyFile, 'utf8').replace('quorum nodes', `witness w ${vkey}\ngroup both all nodes w\nquorum both`);
  const policy = parsePolicy(nativeHasher, both);
  if (!policy.ok || !witnessed.ok) throw new Error('policy or note does not read');
  expect(checkNote(nativeVerifier, policy.value, witnessed.value)).toMatchObject({ ok: true, checkpoint: { size: 5 } });

  // The cluster is gone; the file is enough, and no other file is.
  cluster.kill('SIGTERM');
  await cluster.ended;
  witness.kill('SIGTERM');
  await witness.ended;
  expect(vouch(['verify', file, '--keys', policyFile])).toMatchObject({ status: 0, stdout: said });
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('index 1', 'index 0'));
  expect(vouch(['verify', file, '--keys', policyFile]).status).toBe(1);
});
