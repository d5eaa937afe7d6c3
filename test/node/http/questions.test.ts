/** What routes make of questions and their answers: what comes along, errors, consistency tokens. */
import { describe, expect, test } from 'vitest';
import type { Height } from '../../../core/ids.ts';
import { ANCHOR, gateway, type Script, STORE, TUPLE } from './scripted-gateway.ts';

const present: Script = (request) =>
  request.kind === 'query'
    ? { kind: 'check', model: '', verdicts: [{ ok: true, allowed: true }], anchor: ANCHOR, proof: new Uint8Array([1, 0]) }
    : undefined;

describe('questions', () => {
  test('what comes with a question is passed on in its one form, and what cannot come with it is refused', async () => {
    const { call, asked } = gateway(present);
    const condition = { name: 'office', context: { b: 1, a: 2 } };
    const contextual = { tuple_keys: [{ ...TUPLE, condition }] };
    const answer = await call('POST', `${STORE}/check`, {
      tuple_key: TUPLE,
      contextual_tuples: contextual,
      context: { z: 1, y: [] },
    });
    expect(answer.status).toBe(200);
    const tuple = { resource: 'document:1', relation: 'viewer', subject: 'user:anne' };
    const own = [{ tuple, condition: { name: 'office', context: '{"a":2,"b":1}' } }];
    expect(asked.at(-1)).toMatchObject({ query: { model: '', checks: [{ tuple, contextual: own, context: '{"y":[],"z":1}' }] } });
    const many = { tuple_keys: Array.from({ length: 101 }, () => TUPLE) };
    const refused = await call('POST', `${STORE}/check`, { tuple_key: TUPLE, contextual_tuples: many });
    expect([refused.status, refused.body.code]).toEqual([400, 'validation_error']);
    const consistency = await call('POST', `${STORE}/check`, { tuple_key: TUPLE, consistency: 'SOMETIMES' });
    expect([consistency.status, consistency.body.code]).toEqual([400, 'validation_error']);
  });

  test('without a verdict the answer is 400 with the code of OpenFGA', async () => {
    const codes = {
      invalid: 'validation_error',
      condition_failed: 'validation_error',
      too_complex: 'authorization_model_resolution_too_complex',
      type_missing: 'type_not_found',
      relation_missing: 'relation_not_found',
      invalid_contextual_tuple: 'invalid_tuple',
    } as const;
    for (const [code, expected] of Object.entries(codes)) {
      const error = { code: code as keyof typeof codes, message: 'why' };
      const { call } = gateway((request) =>
        request.kind === 'query'
          ? { kind: 'check', model: '', verdicts: [{ ok: false, error }], anchor: ANCHOR, proof: new Uint8Array(0) }
          : undefined,
      );
      const { status, body } = await call('POST', `${STORE}/check`, { tuple_key: TUPLE });
      expect([status, body]).toEqual([400, { code: expected, message: 'why' }]);
    }
  });

  test('a consistency token is asked for here, and of everybody where this node is behind', async () => {
    const { call, asked } = gateway(present);
    const token = (await call('POST', `${STORE}/check`, { tuple_key: TUPLE })).body.token as string;
    const again = await call('POST', `${STORE}/check`, { tuple_key: TUPLE }, { 'vouch-consistency': `token:${token}` });
    expect([again.status, asked.at(-1)]).toMatchObject([200, { consistency: 'eventual' }]);
    const behind = gateway((request) => {
      const height = (request.kind === 'query' && request.consistency === 'eventual' ? 6 : 7) as Height;
      return request.kind === 'query'
        ? {
            kind: 'check',
            model: '',
            verdicts: [{ ok: true, allowed: true }],
            anchor: { ...ANCHOR, height },
            proof: new Uint8Array(0),
          }
        : undefined;
    });
    const caught = await behind.call('POST', `${STORE}/check`, { tuple_key: TUPLE }, { 'vouch-consistency': `token:${token}` });
    expect([caught.body.height, behind.asked.at(-1)]).toMatchObject([7, { consistency: 'linearizable' }]);
    const forged = await call('POST', `${STORE}/check`, { tuple_key: TUPLE }, { 'vouch-consistency': 'token:AAAA' });
    expect([forged.status, forged.body.code]).toEqual([400, 'validation_error']);
  });
});
