/** `POST /v1/stores/{id}/ics23` over a real vault: the export verifies as it stands, and what cannot be asked is refused. */
import { pino } from 'pino';
import { afterAll, expect, test } from 'vitest';
import type { LogicalRequest, OperationOutcome } from '../../../core/client/operation.ts';
import type { NodeStatus, VaultEntry } from '../../../core/client/protocol.ts';
import { verifyIcs23Answer } from '../../../core/ics23/verify-answer.ts';
import type { Micros, NodeId } from '../../../core/ids.ts';
import type { PointQuestion } from '../../../core/proof/statement.ts';
import { questionJson } from '../../../core/proof/statement-json.ts';
import { checkRequest } from '../../../core/state/admission.ts';
import { nativeHasher } from '../../../node/hasher.ts';
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

const bench = new Bench();
bench.createVault();
bench.run([write('doc:1#viewer@user:anne'), write('doc:1#viewer@team:a#member'), set('plan', 'now')]);
bench.run([remove('doc:1#viewer@user:anne')]);

const gateways: Gateway[] = [];
afterAll(() => Promise.all(gateways.map((gateway) => gateway.app.close())));

/** Asks a gateway over the bench; what admission refuses is refused as by a node. @param spoil: the answer has a wrong byte */
async function post(
  payload: object,
  headers: Record<string, string> = {},
  spoil = false,
): Promise<{ status: number; body: unknown }> {
  const ask = async (request: LogicalRequest): Promise<OperationOutcome> => {
    if (request.kind === 'lookupVault') return { ok: true, answer: { kind: 'vault', vault: ENTRY, created: false } };
    if (request.kind !== 'query') throw new Error(request.kind);
    const refused = checkRequest(request);
    const result = refused === undefined ? bench.state.query(request) : undefined;
    if (result?.kind === 'ics23') {
      if (spoil && result.proof.kind === 'exist') result.proof.exist.value[0] = 9;
      return { ok: true, answer: result };
    }
    const { code, message } =
      result?.kind === 'error' ? result : { code: 'invalid_argument' as const, message: refused?.message ?? '' };
    return { ok: false, code, message } as OperationOutcome;
  };
  const gateway = new Gateway({
    ledger: new Ledger(ask),
    metrics: new NodeMetrics(() => STATUS),
    log: pino({ level: 'silent' }),
    control: undefined as never,
  });
  gateways.push(gateway);
  const response = await gateway.app.inject({ method: 'POST', url: `/v1/stores/${VAULT}/ics23`, payload, headers });
  return { status: response.statusCode, body: response.json() };
}

test.each([
  [{ kind: 'tuple', tuple: tupleOf('doc:1#viewer@user:anne') }, {}, 3, false],
  [{ kind: 'tuple', tuple: tupleOf('doc:1#viewer@user:anne') }, { 'vouch-at': '2' }, 2, true],
  [{ kind: 'entity', key: 'plan' }, {}, 3, true],
] as const)('%j with %j is exported as block %i has it', async (question: PointQuestion, headers, height, isThere) => {
  const { status, body } = await post(questionJson(question), headers);
  expect(status).toBe(200);
  const verdict = verifyIcs23Answer(body, { hasher: nativeHasher, question });
  expect(verdict).toMatchObject({ ok: true, height });
  expect(verdict.ok && verdict.value !== undefined).toBe(isThere);
});

test.each([
  [{}, /^body has not exactly one of tuple/],
  [{ resource: { object: 'doc:1' } }, /^ICS-23 knows single leaves: ask for one tuple or one entity\.$/],
  [{ entity: { key: 'k' }, tuple: {} }, /^body has not exactly one of/],
  [{ tuple: { object: 'doc', relation: 'viewer', user: 'user:anne' } }, /^a tuple is object#relation@user/],
] as const)('%j is refused with a sentence', async (payload, message) => {
  const { status, body } = await post(payload);
  expect([status, body]).toEqual([400, { code: 'validation_error', message: expect.stringMatching(message) }]);
});

test('a proof that does not hold never leaves the gateway', async () => {
  const { status, body } = await post({ entity: { key: 'plan' } }, {}, true);
  expect([status, body]).toMatchObject([500, { code: 'internal_error' }]);
});
