/** A cluster of three real processes through `vouch up`, driven by the command line and by HTTP. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ics23, verifyMembership, verifyNonMembership } from '@confio/ics23';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ics23Answer } from '../../core/ics23/answer.ts';
import {
  cleanUp,
  eventually,
  type Finished,
  freePorts,
  isAlive,
  type Running,
  start,
  temporary,
  vouch,
} from './support/vouch.ts';

interface Ready {
  readonly nodes: readonly { readonly id: string; readonly url: string; readonly pid: number; readonly data: string }[];
  readonly leader: string;
}

const directory = join(temporary(), 'cluster');
let port = 0;
let up: Running;
let ready: Ready;

async function bringUp(): Promise<void> {
  up = start(['up', '--dir', directory, '--port', String(port), '--json']);
  await eventually(`ready; stderr: ${up.stderr()}`, () => up.stdout().includes('\n'), 40_000);
  ready = JSON.parse(up.stdout());
}

beforeAll(async () => {
  port = await freePorts(3);
  await bringUp();
});
afterAll(cleanUp);

function host(index: number): string {
  return (ready.nodes[index]?.url ?? '').replace('http://', '');
}

/** A command against one of the nodes. */
function on(index: number, ...args: string[]): Finished {
  return vouch([...args, '--host', host(index)]);
}

async function call(index: number, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`http://${host(index)}${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const parsed: unknown = await response.json();
  return { status: response.status, body: parsed };
}

/** The id of the vault that the first tests make. */
async function docs(): Promise<string> {
  const { body } = await call(0, 'GET', '/stores?name=docs');
  return (body as { stores: readonly [{ id: string }] }).stores[0].id;
}

describe('a cluster of three', () => {
  test('one JSON line names three live processes and a leader among them', () => {
    expect(up.stdout().trim().split('\n')).toHaveLength(1);
    expect(ready.nodes.map((node) => isAlive(node.pid))).toEqual([true, true, true]);
    expect(ready.nodes.map((node) => node.id)).toContain(ready.leader);
  });

  test('every node takes writes, and every node reads what any has acknowledged', () => {
    expect(on(1, 'vault', 'create', 'docs').status).toBe(0);
    for (const writer of [0, 1, 2]) {
      const tuple = `document:${writer}#viewer@user:anne`;
      expect(on(writer, 'tuple', 'write', '--vault', 'docs', tuple)).toMatchObject({ status: 0 });
      for (const reader of [0, 1, 2]) expect(on(reader, 'check', '--vault', 'docs', tuple).status).toBe(0);
    }
    expect(on(2, 'check', '--vault', 'docs', 'document:0#viewer@user:bob')).toMatchObject({ status: 1, stdout: /denied/ });
    const lines = on(0, 'tuple', 'read', '--vault', 'docs').stdout.trim().split('\n');
    expect(lines.sort()).toEqual([0, 1, 2].map((i) => `document:${i}#viewer@user:anne`));
  });

  test('a node tells how it holds a vault, and what is well is not rebuilt', () => {
    const { state, height, block_hash } = JSON.parse(on(1, 'vault', 'status', '--vault', 'docs', '--json').stdout);
    expect([state, height > 0]).toEqual(['healthy', true]);
    expect(block_hash).toMatch(/^[0-9a-f]{64}$/);
    expect(on(2, 'vault', 'status')).toMatchObject({ status: 0, stdout: /healthy as far as it knows/ });
    expect(on(2, 'vault', 'recover', '--vault', 'docs')).toMatchObject({ status: 1, stderr: /nothing to rebuild/ });
  });

  test('every read mode on every node: now, nearly now, as it was at a height, as it was at a time', async () => {
    const tuple = 'document:modes#viewer@user:anne';
    const key = { user: 'user:anne', relation: 'viewer', object: 'document:modes' };
    const path = `/stores/${await docs()}`;
    const before = JSON.parse(on(0, 'tuple', 'write', '--vault', 'docs', tuple, '--json').stdout).height as number;
    const between = new Date().toISOString();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await call(1, 'POST', `${path}/write`, { deletes: { tuple_keys: [key] } })).status).toBe(200);
    for (const index of [0, 1, 2]) {
      const check = async (headers: Record<string, string>): Promise<unknown> => {
        const { body } = await call(index, 'POST', `${path}/check`, { tuple_key: key }, headers);
        const { allowed, height } = body as { allowed?: boolean; height?: number };
        return [allowed, height];
      };
      expect(await check({})).toEqual([false, before + 1]);
      expect(await check({ 'vouch-consistency': 'bounded:0' })).toEqual([false, before + 1]);
      expect(await check({ 'vouch-at': String(before) })).toEqual([true, before]);
      expect(await check({ 'vouch-at': String(before - 1) })).toEqual([false, before - 1]);
      expect(await check({ 'vouch-at': between })).toEqual([true, before]);
      expect(await check({ 'vouch-at': new Date().toISOString() })).toEqual([false, before + 1]);
      expect(await check({ 'vouch-consistency': 'bounded:60000' })).toEqual([expect.any(Boolean), expect.any(Number)]);
      expect(await check({ 'vouch-consistency': 'eventual' })).toEqual([expect.any(Boolean), expect.any(Number)]);
      const { body } = await call(index, 'POST', `${path}/read`, { tuple_key: { object: key.object } }, { 'vouch-at': between });
      expect(body).toMatchObject({ tuples: [{ key }], height: before });
    }
    expect(on(2, 'tuple', 'read', '--vault', 'docs', '--at', String(before)).stdout).toContain(tuple);
    expect(on(2, 'check', '--vault', 'docs', tuple, '--at', between)).toMatchObject({
      status: 0,
      stdout: `allowed at height ${before}\n`,
    });
    expect(on(2, 'check', '--vault', 'docs', tuple, '--consistency', 'bounded:0').status).toBe(1);
    expect(on(2, 'block', 'get', '--vault', 'docs', '--at', between).stdout).toContain(`height       ${before} of ${before}`);
  });

  test('a vault is told what to keep, on any node, and every node refuses what is older', () => {
    expect(on(0, 'vault', 'create', 'short', '--retention', '2').status).toBe(0);
    for (const i of [1, 2, 3])
      expect(on(1, 'tuple', 'write', '--vault', 'short', `document:${i}#viewer@user:anne`).status).toBe(0);
    expect(on(2, 'vault', 'retention', 'short').stdout).toMatch(/^retention {5}2\noldest height 4 of 5, of 20/);
    for (const index of [0, 1, 2]) {
      const old = on(
        index,
        'check',
        '--vault',
        'short',
        'document:1#viewer@user:anne',
        '--at',
        '3',
        '--consistency',
        'linearizable',
      );
      // A node that is behind may still have it; by the answer above two of three have not.
      if (old.status !== 0)
        expect([old.status, old.stderr]).toEqual([2, expect.stringMatching(/oldest height .* is 4.*pruned_height/)]);
      expect(on(index, 'tuple', 'read', '--vault', 'short', '--at', '4').stdout.trim().split('\n')).toHaveLength(2);
    }
    expect(on(1, 'block', 'get', '--vault', 'short', '3').stdout).toContain('not kept any more');
    expect(on(1, 'vault', 'retention', 'short', '30d').stdout).toMatch(/^retention {5}30d\noldest height 4 of 6/);
    const wrong = on(1, 'vault', 'retention', 'short', 'forever');
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringMatching(/the retention is "all", a number of heights/)]);
  });

  test('a read that cannot be answered as asked says why', async () => {
    const path = `/stores/${await docs()}/check`;
    const tuple = { user: 'user:anne', relation: 'viewer', object: 'document:0' };
    const refusal = async (headers: Record<string, string>): Promise<unknown> => {
      const { status, body } = await call(1, 'POST', path, { tuple_key: tuple }, headers);
      return [status, (body as { code: string }).code];
    };
    expect(await refusal({ 'vouch-at': '2099-01-01T00:00:00Z' })).toEqual([400, 'time_in_future']);
    expect(await refusal({ 'vouch-at': '999999' })).toEqual([404, 'height_not_found']);
    expect(await refusal({ 'vouch-at': '2001-01-01T00:00:00Z' })).toEqual([404, 'store_id_not_found']);
    const said = on(1, 'check', '--vault', 'docs', 'document:0#viewer@user:anne', '--at', 'yesterday');
    expect([said.status, said.stderr]).toEqual([2, expect.stringMatching(/--at is a height/)]);
  });

  test('an answer from one node verifies offline against the block hash of another, present and absent', () => {
    const file = join(temporary(), 'answer.json');
    const block = JSON.parse(on(2, 'block', 'get', '--vault', 'docs', '--json').stdout).block_hash as string;
    for (const [tuple, word] of [
      ['document:0#viewer@user:anne', 'PRESENT (allow)'],
      ['document:0#viewer@user:bob', 'ABSENT (deny)'],
    ] as const) {
      on(0, 'check', '--vault', 'docs', tuple, '--proof', file);
      const anchored = vouch(['verify', file, '--tuple', tuple, '--block', block]);
      expect(anchored).toMatchObject({ status: 0, stderr: '' });
      expect(anchored.stdout).toContain(`${word}: ${tuple}`);
      expect(vouch(['verify', file])).toMatchObject({ status: 0, stdout: expect.stringContaining('NOT authenticated') });
      expect(vouch(['verify', file, '--block', 'f'.repeat(64)])).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('REJECTED (anchor)'),
      });
      expect(vouch(['verify', file, '--tuple', 'document:9#viewer@user:anne']).status).toBe(1);
      const answer = JSON.parse(readFileSync(file, 'utf8'));
      writeFileSync(file, JSON.stringify({ ...answer, allowed: !answer.allowed }));
      expect(vouch(['verify', file]).status).toBe(1);
    }
  });

  test('a proof of sets, of now and of an older block, verifies offline, and no other question is answered by it', () => {
    const file = join(temporary(), 'proof.json');
    const asked = ['document:0#viewer@user:anne', '--viewers', 'document:0#viewer', '--subject', 'viewer@user:anne'];
    const [tuple, ...sets] = asked as [string, ...string[]];
    const made = on(0, 'proof', '--vault', 'docs', ...asked, '-o', file);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(made.stdout).toMatch(
      /^PRESENT \(allow\): document:0#viewer@user:anne\nCOMPLETE, 1 tuple: document:0#viewer\n {2}document:0#viewer@user:anne\n/,
    );
    const block = JSON.parse(on(2, 'block', 'get', '--vault', 'docs', '--json').stdout).block_hash as string;
    const held = vouch(['verify', file, '--tuple', tuple, ...sets, '--block', block]);
    expect([held.status, held.stderr, held.stdout]).toEqual([0, '', expect.stringContaining('Anchored: the block hash')]);
    expect(vouch(['verify', file, ...sets])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('REJECTED (statement)'),
    });
    const answer = JSON.parse(readFileSync(file, 'utf8'));
    answer.statements[1].tuples = [];
    writeFileSync(file, JSON.stringify(answer));
    expect(vouch(['verify', file])).toMatchObject({ status: 1, stderr: expect.stringContaining('statements[1].tuples is not') });
    const past = on(1, 'proof', '--vault', 'docs', ...asked, '--at', '1');
    expect(past.stdout).toMatch(
      /^ABSENT \(deny\): document:0#viewer@user:anne\nCOMPLETE, 0 tuples: document:0#viewer\n.*at height 1,/s,
    );
    expect(on(0, 'proof', '--vault', 'docs')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Name what is to be proven'),
    });
    expect(on(0, 'proof', '--vault', 'docs', '--object', 'nonsense').stderr).toContain('an object is type:id');
  });

  test('an ICS-23 export of a node, of a tuple that is there and of one that is not, verifies with a verifier of others', () => {
    const file = join(temporary(), 'ics23.json');
    const block = JSON.parse(on(2, 'block', 'get', '--vault', 'docs', '--json').stdout).block_hash as string;
    for (const [tuple, word] of [
      ['document:0#viewer@user:anne', 'LEAF, '],
      ['document:0#viewer@user:bob', 'NO LEAF: '],
    ] as const) {
      expect(on(0, 'proof', '--vault', 'docs', tuple, '--ics23', '-o', file)).toMatchObject({
        status: 0,
        stdout: expect.stringContaining(word),
      });
      const held = vouch(['verify', file, '--tuple', tuple, '--block', block]);
      expect([held.status, held.stderr, held.stdout]).toEqual([0, '', expect.stringContaining('Anchored: the block hash')]);
      const answer = JSON.parse(readFileSync(file, 'utf8')) as Ics23Answer;
      const { spec, root, key, value, bytes } = answer.ics23;
      const [rootBytes, keyBytes, proof] = [root, key, bytes].map((text) => Buffer.from(text, 'base64')) as [
        Buffer,
        Buffer,
        Buffer,
      ];
      const holds = (message: Uint8Array): boolean => {
        try {
          const [made, format] = [ics23.CommitmentProof.decode(message), ics23.ProofSpec.fromObject(spec)];
          if (value === null) return verifyNonMembership(made, format, rootBytes, keyBytes);
          return verifyMembership(made, format, rootBytes, keyBytes, Buffer.from(value, 'base64'));
        } catch {
          return false;
        }
      };
      expect([rootBytes.toString('hex'), holds(proof)]).toEqual([answer.tree_root, true]);
      expect(holds(proof.map((byte, at) => (at === proof.length - 1 ? byte ^ 1 : byte)))).toBe(false);
      writeFileSync(file, JSON.stringify({ ...answer, ics23: { ...answer.ics23, root: key } }));
      expect(vouch(['verify', file])).toMatchObject({ status: 1, stderr: expect.stringContaining('REJECTED (shape)') });
    }
    expect(on(0, 'proof', '--vault', 'docs', '--object', 'document:0', '--ics23')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('with --ics23 name one tuple, --entity or --model'),
    });
  });

  test('a second init is refused, on every node', () => {
    for (const index of [0, 1, 2]) {
      const again = on(index, 'init');
      expect([again.status, again.stderr]).toEqual([1, expect.stringMatching(/already belongs to cluster .* init is done once/)]);
    }
  });

  test('a store of another organization is not found, on every route', async () => {
    expect(on(0, 'org', 'create', 'acme').status).toBe(0);
    const { id } = JSON.parse(vouch(['vault', 'create', 'secret', '--org', 'acme', '--host', host(0), '--json']).stdout);
    const tuple_key = { user: 'user:anne', relation: 'viewer', object: 'document:1' };
    const requests = [
      ['GET', `/stores/${id}`, undefined],
      ['POST', `/stores/${id}/check`, { tuple_key }],
      ['POST', `/stores/${id}/read`, {}],
      ['POST', `/stores/${id}/write`, { writes: { tuple_keys: [tuple_key] } }],
      ['GET', `/v1/stores/${id}/blocks/latest`, undefined],
    ] as const;
    for (const [method, path, body] of requests) {
      expect(await call(1, method, path, body)).toMatchObject({ status: 404, body: { code: 'store_id_not_found' } });
      expect((await call(1, method, path, body, { 'vouch-organization': 'acme' })).status).toBe(200);
    }
  });

  test('an organization with a group of its own on one node is used through every node', async () => {
    const made = JSON.parse(on(0, 'org', 'create', 'bank', '--group', 'new', '--replicas', '1', '--json').stdout);
    expect(made).toMatchObject({ created: true, group: expect.any(Number) });
    expect(on(1, 'org', 'create', 'bank', '--group', 'new').stdout).toContain(`exists already`);
    expect(on(1, 'org', 'create', 'other', '--group', String(made.group)).status).toBe(0);
    expect(on(1, 'org', 'create', 'big', '--group', 'new', '--replicas', '5').stderr).toMatch(
      /5 replicas need as many voting nodes/,
    );
    expect(on(1, 'org', 'create', 'lost', '--group', '4000').stderr).toMatch(/no group 4000/);
    expect(on(1, 'org', 'create', 'odd', '--replicas', '3')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--group new'),
    });
    for (const [index, vault] of ['one', 'two', 'three'].entries()) {
      expect(vouch(['vault', 'create', vault, '--org', 'bank', '--host', host(index)])).toMatchObject({ status: 0, stderr: '' });
      const write = [
        'tuple',
        'write',
        '--org',
        'bank',
        '--vault',
        vault,
        'account:1#owner@user:anne',
        '--host',
        host((index + 1) % 3),
      ];
      expect(vouch(write)).toMatchObject({ status: 0, stderr: '' });
    }
    for (const index of [0, 1, 2]) {
      const check = ['check', '--org', 'bank', '--vault', 'two', 'account:1#owner@user:anne', '--host', host(index)];
      expect(vouch(check).stdout).toContain('allow');
    }
    const groups = (await Promise.all([0, 1, 2].map((index) => call(index, 'GET', '/v1/status')))).map(
      ({ body }) => (body as { groups: { group: number }[] }).groups.filter(({ group }) => group === made.group).length,
    );
    expect(groups.toSorted()).toEqual([0, 0, 1]);
  });

  test.each([
    ['an empty user', { user: '', relation: 'viewer', object: 'document:1' }],
    ['a control character', { user: 'user:a\u0007', relation: 'viewer', object: 'document:1' }],
    ['an object without a type', { user: 'user:a', relation: 'viewer', object: 'document' }],
    ['a lone surrogate', { user: 'user:\ud800', relation: 'viewer', object: 'document:1' }],
  ])('%s is 400 with a sentence, from leader and follower alike', async (_name, tuple) => {
    const store = await docs();
    for (const index of [0, 1, 2]) {
      const answer = await call(index, 'POST', `/stores/${store}/write`, { writes: { tuple_keys: [tuple] } });
      expect(answer).toMatchObject({ status: 400, body: { code: 'validation_error', message: expect.stringMatching(/ must /) } });
    }
  });

  test('writing the same tuple twice is 400 (2017), and the state root stays', async () => {
    const store = await docs();
    const before = (await call(0, 'GET', `/v1/stores/${store}/blocks/latest`)).body;
    const tuple = { user: 'user:anne', relation: 'viewer', object: 'document:0' };
    const again = await call(1, 'POST', `/stores/${store}/write`, { writes: { tuple_keys: [tuple] } });
    expect(again).toMatchObject({ status: 400, body: { code: 'write_failed_due_to_invalid_input' } });
    expect((await call(2, 'GET', `/v1/stores/${store}/blocks/latest`)).body).toEqual(before);
  });

  test('a second cluster on the same ports is one sentence, and the first lives', () => {
    const second = vouch(['up', '--dir', join(temporary(), 'other'), '--port', String(port)]);
    expect(second).toMatchObject({ status: 1, stdout: '' });
    expect(second.stderr).toMatch(/^vouch: Port \d+ on 127\.0\.0\.1 is in use.*--port\.\n$/);
    expect(on(0, 'status').status).toBe(0);
  });

  test('SIGTERM stops every node with status 0; starting again finds the data', async () => {
    up.kill('SIGTERM');
    expect(await up.ended).toBe(0);
    expect(ready.nodes.map((node) => isAlive(node.pid))).toEqual([false, false, false]);
    const before = ready.nodes.map((node) => node.id);
    await bringUp();
    expect(ready.nodes.map((node) => node.id)).toEqual(before);
    expect(on(2, 'check', '--vault', 'docs', 'document:1#viewer@user:anne').status).toBe(0);
    up.kill('SIGTERM');
    expect(await up.ended).toBe(0);
  });
});
