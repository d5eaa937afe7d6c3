/** `POST /v1/stores/{id}/proofs` over a real vault: the answer verifies as it stands, and what cannot be asked is refused. */
import { pino } from 'pino';
import { afterAll, expect, test } from 'vitest';
import type { LogicalRequest, OperationOutcome } from '../../../core/client/operation.ts';
import type { NodeStatus, VaultEntry } from '../../../core/client/protocol.ts';
import type { Micros, NodeId } from '../../../core/ids.ts';
import type { Question } from '../../../core/proof/statement.ts';
import { questionJson } from '../../../core/proof/statement-json.ts';
import { verifyStatements } from '../../../core/proof/statements.ts';
import { checkRequest } from '../../../core/state/admission.ts';
import { Gateway } from '../../../node/http/gateway.ts';
import { Ledger } from '../../../node/ledger.ts';
import { NodeMetrics } from '../../../node/metrics.ts';
import { Bench, GROUP, ORGANIZATION, remove, set, tupleOf, VAULT, write } from '../../state/support.ts';

const ENTRY: VaultEntry = {
  id: VAULT,
  organization: ORGANIZATION,
  organizationName: 'default',
  name: 'docs',
  group: GROUP,
  createdAt: 1_700_000_000_000_000 as Micros,
};
const STATUS = {
  node: 'a'.repeat(32) as NodeId,
  cluster: undefined,
  members: [],
  removed: false,
  groups: [],
  droppedFrames: 0,
} satisfies NodeStatus;
const ROUTE = `/v1/stores/${VAULT}/proofs`;

const bench = new Bench();
bench.createVault();
bench.run([write('doc:1#viewer@user:anne'), write('doc:1#viewer@team:a#member'), set('plan', 'now')]);
bench.run([remove('doc:1#viewer@user:anne')]);

const gateways: Gateway[] = [];
afterAll(() => Promise.all(gateways.map((gateway) => gateway.app.close())));

/** A gateway over the bench; what admission refuses is refused as by a node. */
function gateway(tamper: (proof: Uint8Array) => Uint8Array = (proof) => proof) {
  const asked: LogicalRequest[] = [];
  const ask = async (request: LogicalRequest): Promise<OperationOutcome> => {
    asked.push(request);
    if (request.kind === 'lookupVault') return { ok: true, answer: { kind: 'vault', vault: ENTRY, created: false } };
    if (request.kind !== 'query') throw new Error(request.kind);
    const refused = checkRequest(request);
    const result = refused === undefined ? bench.state.query(request) : undefined;
    if (result?.kind === 'proof') return { ok: true, answer: { ...result, proof: tamper(result.proof) } };
    const { code, message } =
      result?.kind === 'error' ? result : { code: 'invalid_argument' as const, message: refused?.message ?? '' };
    return { ok: false, code, message } as OperationOutcome;
  };
  const made = new Gateway({
    ledger: new Ledger(ask),
    metrics: new NodeMetrics(() => STATUS),
    log: pino({ level: 'silent' }),
    control: undefined as never,
  });
  gateways.push(made);
  const call = async (statements: unknown, headers: Record<string, string> = {}): Promise<{ status: number; body: unknown }> => {
    const response = await made.app.inject({ method: 'POST', url: ROUTE, payload: { statements } as object, headers });
    return { status: response.statusCode, body: response.json() };
  };
  return { call, asked };
}

const QUESTIONS: readonly Question[] = [
  { kind: 'tuple', tuple: tupleOf('doc:1#viewer@user:anne') },
  { kind: 'subjects', resource: 'doc:1', relation: 'viewer', range: 'all' },
  { kind: 'subjects', resource: 'doc:1', relation: 'viewer', range: 'plain' },
  { kind: 'resource', resource: 'doc:1' },
  { kind: 'grants', subject: 'user:anne', relation: '' },
  { kind: 'grants', subject: 'team:a#member', relation: 'viewer' },
  { kind: 'entity', key: 'plan' },
];
const ANNE = { user: 'user:anne', relation: 'viewer', object: 'doc:1' };
const TEAM = { user: 'team:a#member', relation: 'viewer', object: 'doc:1' };

test('every kind of question is answered with one proof, in the order of the questions', async () => {
  const { status, body } = await gateway().call(QUESTIONS.map(questionJson));
  expect(status).toBe(200);
  expect(verifyStatements(body, { questions: QUESTIONS, organization: ORGANIZATION, store: VAULT })).toMatchObject({
    ok: true,
    height: 3,
  });
  expect(body).toMatchObject({
    statements: [
      { v: 1, org: ORGANIZATION, store: VAULT, height: 3, tuple: ANNE, verdict: 'deny' },
      { subjects: { object: 'doc:1', relation: 'viewer' }, tuples: [TEAM] },
      { tuples: [] },
      { tuples: [TEAM] },
      { grants: { user: 'user:anne' }, tuples: [] },
      { tuples: [TEAM] },
      { entity: { key: 'plan' }, value: Buffer.from('now').toString('base64') },
    ],
  });
});

test('with Vouch-At the answer is of that block', async () => {
  const { status, body } = await gateway().call(QUESTIONS.slice(0, 2).map(questionJson), { 'vouch-at': '2' });
  expect(status).toBe(200);
  expect(verifyStatements(body)).toMatchObject({ ok: true, height: 2 });
  expect(body).toMatchObject({ height: 2, statements: [{ verdict: 'allow' }, { tuples: expect.arrayContaining([ANNE, TEAM]) }] });
});

test.each([
  ['no list', 'doc:1', /statements/],
  ['an empty list', [], /1 to 1000 questions/],
  ['too many', Array.from({ length: 1001 }, () => ({ entity: { key: 'k' } })), /1 to 1000 questions/],
  ['too many bytes', Array.from({ length: 600 }, () => ({ entity: { key: 'k'.repeat(1000) } })), /at most 524288 bytes of names/],
  ['nothing asked', [{}], /^statements\[0\] has not exactly one of tuple/],
  ['two questions in one', [{ entity: { key: 'k' }, resource: { object: 'doc:1' } }], /^statements\[0\] has not exactly one of/],
  [
    'an unknown field',
    [{ resource: { object: 'doc:1', relation: 'viewer' } }],
    /^statements\[0\].resource holds an unknown field/,
  ],
  ['a number for a name', [{ entity: { key: 5 } }], /^statements\[0\].entity.key is not a well-formed text/],
  [
    'an unknown kind',
    [{ subjects: { object: 'doc:1', relation: 'viewer', kind: 'all' } }],
    /kind is one of wildcard, userset, plain/,
  ],
  ['no object', [{ resource: { object: 'doc' } }], /^question 0: an object is type:id/],
  ['a wildcard as object', [{ entity: { key: 'k' } }, { resource: { object: 'doc:*' } }], /^question 1: an object is/],
  ['no user', [{ grants: { user: 'anne' } }], /^question 0: grants are asked for by a user/],
] as const)('%s is refused with a sentence', async (_, statements, message) => {
  const { status, body } = await gateway().call(statements);
  expect([status, body]).toEqual([400, { code: 'validation_error', message: expect.stringMatching(message) }]);
});

test('a proof that does not hold never leaves the gateway', async () => {
  const { status, body } = await gateway((proof) => proof.map((byte, at) => (at === 40 ? byte ^ 1 : byte))).call([
    { entity: { key: 'plan' } },
  ]);
  expect([status, body]).toMatchObject([500, { code: 'internal_error' }]);
});
