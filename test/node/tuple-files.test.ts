/** `vouch tuple import | export` and `vouch watch` against a real node: nothing lost, nothing twice, and a bad line named. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect, type VouchClient } from '../../net/client/public.ts';
import { cleanUp, eventually, type Finished, freePorts, type Running, start, temporary, vouch } from './support/vouch.ts';

const folder = temporary();
let up: Running;
let port = 0;
let client: VouchClient;

beforeAll(async () => {
  port = await freePorts(1);
  up = start(['up', '--nodes', '1', '--dir', join(folder, 'cluster'), '--port', String(port), '--json']);
  await eventually(`ready; stderr: ${up.stderr()}`, () => up.stdout().includes('\n'), 60_000);
  client = await connect({ endpoints: [`127.0.0.1:${port}`], organization: 'default' });
});
afterAll(async () => {
  await client?.close();
  await cleanUp();
});

function run(...args: string[]): Finished {
  return vouch([...args, '--host', `127.0.0.1:${port}`]);
}

function file(name: string, text?: string): string {
  const path = join(folder, name);
  if (text !== undefined) writeFileSync(path, text);
  return path;
}

const MANY = Array.from({ length: 2300 }, (_, i) => ({
  user: i % 7 === 0 ? `team:${i}#member` : `user:${i}, "the ${i}th"`.replaceAll(/[ ,"]/g, '-'),
  relation: 'viewer',
  object: `document:${i % 50}`,
  ...(i % 5 === 0 ? { condition: { name: 'office', context: { note: `a "quoted", text\nof ${i}`, n: i } } } : {}),
  ...(i % 3 === 0 ? { expires_at: '2099-01-31T12:00:00.000001Z' } : {}),
}));
const LINES = MANY.map((tuple) => `${JSON.stringify(tuple)}\n`).join('');

/** Lines in one order, contexts in one form. */
function sorted(text: string): readonly string[] {
  return text
    .trim()
    .split('\n')
    .map((line) =>
      JSON.stringify(JSON.parse(line), ['user', 'relation', 'object', 'condition', 'name', 'context', 'n', 'note', 'expires_at']),
    )
    .sort();
}

test('NDJSON in, NDJSON and CSV out and in again: tuples, conditions and expiry are the same', async () => {
  for (const name of ['a', 'b']) await client.createVault(name);
  const imported = run('tuple', 'import', '--vault', 'a', file('in.ndjson', LINES));
  expect(imported).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Imported 2300 tuples up to height \d+\.\n$/) });
  expect(existsSync(file('in.ndjson.cursor'))).toBe(false);
  expect(run('tuple', 'export', '--vault', 'a', file('out.ndjson')).status).toBe(0);
  expect(sorted(readFileSync(file('out.ndjson'), 'utf8'))).toEqual(sorted(LINES));
  expect(run('tuple', 'export', '--vault', 'a', file('out.csv'))).toMatchObject({ status: 0 });
  expect(readFileSync(file('out.csv'), 'utf8').split('\n', 1)[0]).toBe(
    'user_type,user_id,user_relation,relation,object_type,object_id,condition_name,condition_context,expires_at',
  );
  expect(run('tuple', 'import', '--vault', 'b', file('out.csv'))).toMatchObject({ status: 0 });
  expect(sorted(run('tuple', 'export', '--vault', 'b', '-').stdout)).toEqual(sorted(LINES));
  expect(run('tuple', 'export', '--vault', 'a', file('out.csv'))).toMatchObject({ status: 2, stderr: /exists/ });
});

describe('a file that cannot be taken whole', () => {
  test('names the line, keeps what went before, and goes on behind it once it is mended', async () => {
    const vault = await client.createVault('mended');
    const bad = MANY.map((tuple, i) => (i === 1234 ? { ...tuple, object: 'no type' } : tuple));
    const path = file('bad.ndjson', bad.map((tuple) => `${JSON.stringify(tuple)}\n`).join(''));
    const first = run('tuple', 'import', '--vault', 'mended', path);
    expect(first.stderr).toMatch(
      /^vouch: Line 1235: the resource must be type:id.*Everything up to line 1000 is imported\. Go on/,
    );
    expect([first.status, existsSync(`${path}.cursor`)]).toEqual([1, true]);
    expect(run('tuple', 'import', '--vault', 'mended', path)).toMatchObject({ status: 2, stderr: /--resume/ });
    const { newest } = await vault.block();
    // What was under way and not acknowledged may be there: simulated by the next tuple, written by hand.
    const { user: subject, relation, object: resource } = MANY[1001] as (typeof MANY)[number];
    await vault.write([{ resource, relation, subject }], {});
    writeFileSync(path, LINES);
    const second = run('tuple', 'import', '--vault', 'mended', path, '--resume');
    expect(second).toMatchObject({ status: 0, stdout: /^Imported 2300 tuples/ });
    expect((await vault.block()).newest).toBe(newest + 1 + 3);
    expect(sorted(run('tuple', 'export', '--vault', 'mended', '-').stdout)).toHaveLength(2300);
    expect(existsSync(`${path}.cursor`)).toBe(false);
  });

  test('is refused where it was changed in what is written already', async () => {
    await client.createVault('changed');
    const path = file('changed.ndjson', `${LINES}{"user":1}\n`);
    expect(run('tuple', 'import', '--vault', 'changed', path).stderr).toMatch(/^vouch: Line 2301: its user is no text\./);
    writeFileSync(path, LINES.replace('document:3', 'document:4'));
    expect(run('tuple', 'import', '--vault', 'changed', path, '--resume')).toMatchObject({
      status: 2,
      stderr: /is another one than before/,
    });
  });

  test.each([
    ['x.ndjson', '{"user":"user:a","relation":"r","object":"o:1"}\nnonsense\n', /Line 2: it is no JSON/],
    ['x.ndjson', '{"user":"user:a","relation":"r","object":"o:1","expiry":1}\n', /Line 1: it has the unknown field "expiry"/],
    ['x.ndjson', '{"user":"user:a","relation":"r","object":"o:1","expires_at":"soon"}\n', /Line 1: expires_at is a time/],
    ['x.csv', 'user,relation,object\nuser:a,r,o:1\nuser:b,r\n', /Line 3: /],
    ['x.csv', 'user,relation\nuser:a,r\n', /Line 1: it names too few columns/],
    ['x.csv', 'user,relation,object,colour\nuser:a,r,o:1,red\n', /Line 1: it has the unknown column "colour"/],
    ['x.csv', 'user,relation,object,condition_name,condition_context\nuser:a,r,o:1,c,"{\n"\n', /Line 2: it is no JSON/],
  ])('%s %j', (name, text, sentence) => {
    const { status, stderr } = run('tuple', 'import', '--vault', 'a', file(name, text));
    expect([status, stderr]).toEqual([1, expect.stringMatching(sentence)]);
    expect(stderr).toMatch(/Nothing was imported/);
  });

  test('a tuple that is there is an error that names its line, or ignored', () => {
    const path = file('again.ndjson', LINES.split('\n').slice(0, 3).join('\n'));
    expect(run('tuple', 'import', '--vault', 'a', path)).toMatchObject({
      status: 1,
      stderr: /Line 1: cannot write a tuple which already exists/,
    });
    expect(run('tuple', 'import', '--vault', 'a', path, '--on-duplicate', 'ignore').status).toBe(0);
  });
});

test('an import that is killed goes on where it was', async () => {
  const vault = await client.createVault('killed');
  const path = file('killed.ndjson', LINES);
  const killed = start(['tuple', 'import', '--vault', 'killed', path, '--host', `127.0.0.1:${port}`]);
  await eventually('it has begun', async () => existsSync(`${path}.cursor`), 20_000);
  killed.kill('SIGKILL');
  await killed.ended;
  const again = run(
    'tuple',
    'import',
    '--vault',
    'killed',
    path,
    ...(existsSync(`${path}.cursor`) ? ['--resume'] : ['--on-duplicate', 'ignore']),
  );
  expect(again.status).toBe(0);
  expect((await vault.block()).newest).toBe(1 + 5);
  expect(sorted(run('tuple', 'export', '--vault', 'killed', '-').stdout)).toEqual(sorted(LINES));
});

test('an export is of one height, and goes on where it was', async () => {
  const vault = await client.vault('a');
  const { newest } = await vault.block();
  const path = file('late.ndjson');
  const cut = start(['tuple', 'export', '--vault', 'a', path, '--host', `127.0.0.1:${port}`]);
  await eventually('it has begun', async () => existsSync(`${path}.cursor`) || existsSync(path), 20_000);
  cut.kill('SIGKILL');
  await cut.ended;
  await vault.write([{ resource: 'document:late', relation: 'viewer', subject: 'user:late' }]);
  if (!existsSync(path)) expect(run('tuple', 'export', '--vault', 'a', path, '--resume').status).toBe(0);
  expect(sorted(readFileSync(path, 'utf8'))).toEqual(sorted(LINES));
  expect(existsSync(`${path}.cursor`)).toBe(false);
  expect(sorted(run('tuple', 'export', '--vault', 'a', '--at', String(newest), '-').stdout)).toEqual(sorted(LINES));
  expect(run('tuple', 'export', '--vault', 'a', '-').stdout).toContain('document:late');
});

test('watch shows blocks as they come, proven, and goes on when the SDK writes', async () => {
  const vault = await client.createVault('watched');
  const watching = start([
    'watch',
    '--vault',
    'watched',
    '--from',
    '1',
    '--count',
    '3',
    '--proof',
    '--host',
    `127.0.0.1:${port}`,
  ]);
  const seen: number[] = [];
  const abort = new AbortController();
  const sdk = (async () => {
    for await (const { height, proven, transactions } of vault.watch(1, { proof: true, signal: abort.signal, pauseMs: 20 })) {
      expect([proven?.height, transactions?.length]).toEqual([height, 1]);
      seen.push(height);
      if (height === 3) abort.abort();
    }
  })();
  await eventually('the first block is shown', () => watching.stdout().includes('block 1 '));
  await vault.setEntity('k', new Uint8Array(1), { actor: 'user:root', reason: 'why\u001b[2J'.replace('\u001b', '') });
  await vault.delete([{ resource: 'document:1', relation: 'viewer', subject: 'user:a' }], { onMissing: 'ignore' });
  await vault.write([{ resource: 'document:1', relation: 'viewer', subject: 'user:a' }]);
  expect(await watching.ended).toBe(0);
  await sdk;
  expect(seen).toEqual([1, 2, 3]);
  expect(watching.stdout()).toMatch(/block 2 \S+ [0-9a-f]{64}\n {2}transact by user:root: why\[2J\n {4}set_entity .*\nblock 3 /);
});
