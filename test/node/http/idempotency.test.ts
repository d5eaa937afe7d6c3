/** Idempotency-Key by itself: what is remembered, for how long, and what a request waits for. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { expect, test } from 'vitest';
import { HttpError } from '../../../node/http/errors.ts';
import { IdempotencyKeys } from '../../../node/http/idempotency.ts';

function request(key: string | undefined, body: unknown = {}, extra: Readonly<Record<string, string>> = {}): FastifyRequest {
  const headers = { ...(key === undefined ? {} : { 'idempotency-key': key }), ...extra };
  return { headers, method: 'POST', url: '/stores/x/write', params: { store: 'x' }, body } as unknown as FastifyRequest;
}

const reply = { header: () => reply } as unknown as FastifyReply;

/** Work that counts how often it ran. */
function counted(): { readonly work: () => Promise<number>; readonly runs: () => number } {
  let runs = 0;
  return {
    work: async () => {
      runs += 1;
      return runs;
    },
    runs: () => runs,
  };
}

test('without a key every request runs; with one, once until the window has passed', async () => {
  let now = 0;
  const keys = new IdempotencyKeys({ now: () => now });
  const { work, runs } = counted();
  await keys.once(request(undefined), reply, work);
  await keys.once(request(undefined), reply, work);
  expect(runs()).toBe(2);
  now = 1;
  expect(await keys.once(request('a'), reply, work)).toBe(3);
  expect(await keys.once(request('a'), reply, work)).toBe(3);
  expect(await keys.once(request('b'), reply, work)).toBe(4);
  now += 600_001;
  expect(await keys.once(request('a'), reply, work)).toBe(5);
});

test('a key belongs to one request: another body, actor or precondition under it is 422', async () => {
  const keys = new IdempotencyKeys();
  const { work } = counted();
  await keys.once(request('a', { n: 1 }), reply, work);
  for (const other of [
    request('a', { n: 2 }),
    request('a', { n: 1 }, { 'vouch-actor': 'x' }),
    request('a', { n: 1 }, { 'if-match': '*' }),
  ]) {
    await expect(keys.once(other, reply, work)).rejects.toMatchObject({ status: 422, code: 'idempotency_key_reused' });
  }
  await expect(keys.once(request(''), reply, work)).rejects.toMatchObject({ status: 400 });
  // Another organization's key of the same text is another key.
  expect(await keys.once(request('a', { n: 1 }, { 'vouch-organization': 'acme' }), reply, work)).toBe(2);
});

test('what was certainly not appended runs again; a refusal and an unknown outcome are the answer for good', async () => {
  const keys = new IdempotencyKeys();
  let runs = 0;
  const failing = (status: number) => async (): Promise<never> => {
    runs += 1;
    throw new HttpError(status, 'unavailable', `${runs}`);
  };
  for (const [key, status, expected] of [
    ['a', 503, 2],
    ['b', 504, 1],
    ['c', 412, 1],
  ] as const) {
    runs = 0;
    await expect(keys.once(request(key), reply, failing(status))).rejects.toMatchObject({ status });
    await expect(keys.once(request(key), reply, failing(status))).rejects.toMatchObject({ status });
    expect(runs).toBe(expected);
  }
});

test('a request gives up and says so, the command goes on, and the repetition has its outcome', async () => {
  const keys = new IdempotencyKeys({ waitMs: 20 });
  let runs = 0;
  let finish = (_: string): void => undefined;
  const slow = (): Promise<string> => {
    runs += 1;
    return new Promise((resolve) => {
      finish = resolve;
    });
  };
  await expect(keys.once(request('a'), reply, slow)).rejects.toMatchObject({ status: 504, code: 'deadline_exceeded' });
  const repeated = keys.once(request('a'), reply, slow);
  finish('written');
  expect([await repeated, runs]).toEqual(['written', 1]);
});
