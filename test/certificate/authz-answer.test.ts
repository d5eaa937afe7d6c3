/** From a node's result to an answer that verifies: what a gateway does. */
import { expect, test } from 'vitest';
import { checksAnswer, listAnswer } from '../../core/certificate/authz-answer.ts';
import type { AuthzQuery, AuthzResult } from '../../core/client/authz-protocol.ts';
import { check, docsVault, objects, stored, users } from './docs-vault.ts';
import { certified, decide, MODEL_ID, proofOf, stageOf } from './support.ts';

const vault = docsVault();
const { organization, store, anchor } = certified(vault, new Uint8Array(0));
const nothing = { context: '{}', contextual: [] };

test('lists of objects and of users', () => {
  const objectsQuery = {
    kind: 'listObjects',
    model: '',
    type: 'doc',
    relation: 'can_view',
    subject: 'user:anne',
    ...nothing,
  } as const;
  const filters = [{ type: 'user', relation: '' }];
  const usersQuery = { kind: 'listUsers', model: '', resource: 'doc:plan', relation: 'can_view', filters, ...nothing } as const;
  for (const [query, asked] of [
    [objectsQuery, objects('doc', 'can_view', 'user:anne')],
    [usersQuery, users('doc:plan', 'can_view', 'user')],
  ] as const) {
    const held = decide(vault, asked);
    const found = held.found.kind === 'list' ? held.found.members : [];
    const result = { kind: query.kind, model: MODEL_ID, found, anchor, proof: proofOf(vault, [{ asked, held }]) };
    const answer = listAnswer({ organization, store }, query, result);
    expect(stageOf(answer, { asked: [asked] })).toBe('ok');
    expect(stageOf(answer, { asked: [check('doc:plan#can_view@user:anne')] })).toBe('statement');
  }
});

test('one check, several, and those that came to an error left out', () => {
  const guest = { contextual: [stored('doc:plan#viewer@user:guest')] };
  const asked = [check('doc:plan#can_view@user:guest', guest), check('doc:plan#can_view@user:bob')] as const;
  const held = asked.map((one) => ({ asked: one, held: decide(vault, one) }));
  const checks = asked.map((one) => ({
    ...nothing,
    contextual: one.contextual,
    tuple: one.kind === 'check' ? one.tuple : never(),
  }));
  const verdicts = held.map(({ held: { found } }) => ({ ok: true, allowed: found.kind === 'check' && found.allowed }) as const);
  const proof = proofOf(vault, held);
  const query = { kind: 'check', model: '', checks } satisfies AuthzQuery;
  const result = { kind: 'check', model: MODEL_ID, verdicts, anchor, proof } satisfies AuthzResult;
  expect(stageOf(checksAnswer({ organization, store }, query, result), { asked })).toBe('ok');
  const error = { ok: false, error: { code: 'condition_failed', message: 'it failed' } } as const;
  const failing = { ...query, checks: [checks[0] ?? never(), ...checks] };
  const partly = checksAnswer({ organization, store }, failing, { ...result, verdicts: [error, ...verdicts] });
  expect(stageOf(partly, { asked })).toBe('ok');
  expect(checksAnswer({ organization, store }, query, { ...result, verdicts: [error, error] })).toBeUndefined();
  const alone = { ...result, verdicts: verdicts.slice(0, 1), proof: proofOf(vault, held.slice(0, 1)) };
  const one = checksAnswer({ organization, store }, { ...query, checks: checks.slice(0, 1) }, alone);
  expect(one).toMatchObject({ allowed: true, statement: { verdict: 'allow' } });
  expect(stageOf(one, { asked: asked.slice(0, 1) })).toBe('ok');
});

function never(): never {
  throw new Error('these are checks');
}
