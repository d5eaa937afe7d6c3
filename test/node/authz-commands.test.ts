/** The way of a person with a model in OpenFGA's language: written, asked, explained, proven and verified by commands. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cleanUp, eventually, type Finished, freePorts, start, temporary, vouch } from './support/vouch.ts';

const MODEL = `model
  schema 1.1
type user
type group
  relations
    define member: [user]
type document
  relations
    define blocked: [user]
    define viewer: [user, group#member] but not blocked
`;

const folder = temporary();
const on = (...args: string[]): Finished => vouch([...args, '--vault', 'team', '--host', host]);
let host = '';

beforeAll(async () => {
  const port = await freePorts(1);
  host = `127.0.0.1:${port}`;
  const up = start(['up', '--nodes', '1', '--dir', join(folder, 'c'), '--port', String(port), '--json']);
  await eventually(`ready; stderr: ${up.stderr()}`, () => up.stdout().includes('\n'), 60_000);
  expect(vouch(['vault', 'create', 'team', '--host', host]).status).toBe(0);
});
afterAll(cleanUp);

test('a model is written in its language, and shown in it', () => {
  const file = join(folder, 'model.fga');
  writeFileSync(file, MODEL);
  expect(on('model', 'write', file)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Wrote model 01[0-9A-Z]{24} /) });
  expect(on('model', 'get').stdout).toContain('define viewer: [user, group#member] but not blocked');
  const tuples = ['group:eng#member@user:anne', 'document:1#viewer@group:eng#member', 'document:1#blocked@user:bob'];
  expect(on('tuple', 'write', ...tuples).status).toBe(0);
  expect(on('tuple', 'write', 'document:1#viewer@robot:1')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('robot'),
  });
});

test('a check is explained by its certificate, and verified elsewhere by its statement and proof', () => {
  const file = join(folder, 'check.json');
  const allowed = on('check', 'document:1#viewer@user:anne', '--explain', '--proof', file);
  expect(allowed).toMatchObject({ status: 0, stdout: expect.stringContaining('the tuple group:eng#member@user:anne') });
  expect(vouch(['verify', file])).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('ALLOW: document:1#viewer@user:anne'),
  });
  expect(on('check', 'document:1#viewer@user:bob', '--explain')).toMatchObject({
    status: 1,
    stdout: expect.stringMatching(/^denied/),
  });
  expect(on('check', 'document:1#editor@user:anne')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('document#editor'),
  });
  const own = on('check', 'document:2#viewer@user:cid', '--contextual', 'document:2#viewer@user:cid', '--proof', file);
  expect(own.status).toBe(0);
});

test('lists name everybody, and their certificates show that nobody is missing', () => {
  const file = join(folder, 'list.json');
  expect(on('list-objects', 'document', 'viewer', 'user:anne', '--proof', file)).toMatchObject({
    status: 0,
    stdout: 'document:1\n',
  });
  expect(vouch(['verify', file])).toMatchObject({ status: 0, stdout: expect.stringContaining('OBJECTS (all 1)') });
  expect(on('list-users', 'document:1#viewer', '--proof', file)).toMatchObject({ status: 0, stdout: 'user:anne\n' });
  expect(vouch(['verify', file])).toMatchObject({ status: 0, stdout: expect.stringContaining('user:anne') });
  expect(on('list-users', 'document:1')).toMatchObject({ status: 2, stderr: expect.stringContaining('object#relation') });
});

test('a certificate that was kept becomes a receipt, which holds under pinned keys; another vault, or a changed answer, does not', async () => {
  const at = (name: string): string => join(folder, name);
  await eventually(
    'the node has a key',
    () => vouch(['checkpoint', 'keys', '-o', at('policy.txt'), '--host', host]).status === 0,
    30_000,
  );
  expect(on('check', 'document:1#viewer@user:bob', '--proof', at('bob.json')).status).toBe(1);
  expect(on('list-users', 'document:1#viewer', '--proof', at('list.json')).status).toBe(0);
  expect(on('tuple', 'delete', 'group:eng#member@user:anne').status).toBe(0); // since then it is otherwise
  for (const [name, says] of [
    ['bob', 'DENY: document:1#viewer@user:bob'],
    ['list', 'USERS (all 1)'],
  ] as const) {
    const made = on('receipt', '--answer', at(`${name}.json`), '--keys', at('policy.txt'), '-o', at(`${name}.tlog-proof`));
    expect(made).toMatchObject({ status: 0, stdout: expect.stringContaining(says) });
    expect(made.stdout).toContain('Authenticated: the checkpoint of size');
    const verified = vouch(['verify', at(`${name}.tlog-proof`), '--keys', at('policy.txt')]);
    expect(verified).toMatchObject({ status: 0, stdout: made.stdout });
  }
  expect(on('tuple', 'write', 'group:eng#member@user:anne').status).toBe(0);

  const answer = JSON.parse(readFileSync(at('bob.json'), 'utf8'));
  answer.statement.verdict = 'allow';
  writeFileSync(at('forged.json'), JSON.stringify(answer));
  const forged = on('receipt', '--answer', at('forged.json'), '-o', at('forged.tlog-proof'));
  expect(forged).toMatchObject({ status: 1, stderr: expect.stringMatching(/The receipt does not hold \(verdict\)/) });
  expect(existsSync(at('forged.tlog-proof'))).toBe(false);
  expect(vouch(['vault', 'create', 'other', '--host', host]).status).toBe(0);
  const elsewhere = vouch(['receipt', '--vault', 'other', '--host', host, '--answer', at('bob.json'), '-o', at('x.tlog-proof')]);
  expect(elsewhere.status).toBe(1);
  for (const [args, why] of [
    [['--answer', at('policy.txt')], /is not JSON/],
    [['--answer', at('nowhere.json')], /ENOENT/],
    [['document:1#viewer@user:bob', '--answer', at('bob.json')], /name none beside it/],
    [['--answer', at('bob.json'), '--at', '2'], /leave --at out/],
  ] as const) {
    expect(on('receipt', ...args, '-o', at('y.tlog-proof'))).toMatchObject({ status: 2, stderr: expect.stringMatching(why) });
  }
});
