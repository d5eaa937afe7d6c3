/** Members over HTTP: who is meant, how far the groups are, and what a refusal of the directory becomes. */
import { pino } from 'pino';
import { afterAll, describe, expect, test } from 'vitest';
import type { LogicalRequest, OperationOutcome } from '../../../core/client/operation.ts';
import type { ClientErrorCode, GroupStatus, MemberEntry, NodeStatus } from '../../../core/client/protocol.ts';
import type { GroupId, LogIndex, NodeId, Term } from '../../../core/ids.ts';
import { memberOf } from '../../../core/state/member-table.ts';
import { Gateway } from '../../../node/http/gateway.ts';
import { memberJson, resolveMember } from '../../../node/http/member-routes.ts';
import { Ledger } from '../../../node/ledger.ts';
import { NodeMetrics } from '../../../node/metrics.ts';

const A = `aaaa${'0'.repeat(28)}` as NodeId;
const B = `aabb${'0'.repeat(28)}` as NodeId;
const GONE = `aacc${'0'.repeat(28)}` as NodeId;
const MEMBERS: readonly MemberEntry[] = [
  memberOf(A, 'a:1'),
  memberOf(B, 'b:1'),
  { ...memberOf(GONE, 'b:1'), removed: true, replacedBy: B },
];

function groupOf(group: number, voters: readonly NodeId[], learners: readonly NodeId[] = []): GroupStatus {
  const [commitIndex, lastApplied, lastIndex] = [3, 3, 3] as unknown as [LogIndex, LogIndex, LogIndex];
  const at = { group: group as GroupId, role: 'follower', term: 1 as Term, leader: A } as const;
  return { ...at, commitIndex, lastApplied, lastIndex, quarantined: false, asleep: false, voters, learners };
}

const STATUS: NodeStatus = {
  node: A,
  cluster: undefined,
  members: [],
  removed: false,
  groups: [groupOf(0, [A, B]), groupOf(1, [A, GONE], [B])],
  droppedFrames: 0,
};

const gateways: Gateway[] = [];
afterAll(() => Promise.all(gateways.map((gateway) => gateway.app.close())));

/** A gateway whose cluster knows MEMBERS, answers changes as told, and hands leadership to whoever is named, or to B. */
function gateway(refusal?: ClientErrorCode) {
  const asked: LogicalRequest[] = [];
  const ask = async (request: LogicalRequest): Promise<OperationOutcome> => {
    asked.push(request);
    if (request.kind === 'listMembers') return { ok: true, answer: { kind: 'members', members: MEMBERS, keys: [] } };
    if (refusal !== undefined) return { ok: false, code: refusal, message: 'a sentence' };
    if (request.kind === 'transfer') {
      return { ok: true, answer: { kind: 'transferred', group: request.group, leader: request.to ?? B } };
    }
    return { ok: true, answer: { kind: 'member', member: MEMBERS[0] as MemberEntry, changed: true } };
  };
  const made = new Gateway({
    ledger: new Ledger(ask),
    metrics: new NodeMetrics(() => STATUS),
    log: pino({ level: 'silent' }),
    control: {
      status: () => STATUS,
      links: () => [],
      notReady: () => [],
      init: async () => ({ ok: false, code: 'not_possible', message: 'not here' }),
      backup: {
        cluster: () => Promise.reject(new Error('not asked')),
        group: () => Promise.reject(new Error('not asked')),
        isEncrypted: false,
      },
      vaults: { of: () => undefined, unwell: () => [], recover: () => undefined },
      drain: async () => ({ handed_over: [{ group: 1 as GroupId, leader: B }], kept: [] }),
    },
  });
  gateways.push(made);
  const call = async (method: 'GET' | 'POST' | 'DELETE', url: string, body?: object) => {
    const response = await made.app.inject({ method, url, ...(body === undefined ? {} : { payload: body }) });
    return { status: response.statusCode, body: response.json() as unknown };
  };
  return { asked, call };
}

describe('who is meant', () => {
  test('a node is named by its id, the beginning of it, or the address of a member that is there', () => {
    for (const name of [B, 'aabb', 'b:1']) expect(resolveMember(MEMBERS, name).id).toBe(B);
    expect(resolveMember(MEMBERS, 'aacc').id).toBe(GONE);
  });

  test.each([
    ['aaa', 404],
    ['c:1', 404],
    ['', 404],
  ])('%j is nobody', (name, status) => {
    expect(() => resolveMember(MEMBERS, name)).toThrow(expect.objectContaining({ status, code: 'member_not_found' }));
  });

  test('a beginning that two ids share is refused', () => {
    const twins = [memberOf(`aaaa1${'0'.repeat(27)}` as NodeId, 'x:1'), ...MEMBERS];
    expect(() => resolveMember(twins, 'aaaa')).toThrow(expect.objectContaining({ status: 400, code: 'validation_error' }));
  });
});

test('a state says how far the groups are: all of them, some, or none', () => {
  const states = (groups: readonly GroupStatus[]): readonly string[] => MEMBERS.map((entry) => memberJson(entry, groups).state);
  expect(states(STATUS.groups)).toEqual(['voter', 'joining', 'leaving']);
  expect(states([groupOf(0, [A, B]), groupOf(1, [A, B])])).toEqual(['voter', 'voter', 'removed']);
  expect(states([])).toEqual(['joining', 'joining', 'removed']);
  const learner = { ...memberOf(B, 'b:1'), role: 'learner' } as const;
  expect(memberJson(learner, [groupOf(0, [A], [B])])).toMatchObject({ state: 'learner', votes: 0, learns: 1, leads: 0 });
});

test('commands reach the directory with ids in place of names', async () => {
  const { asked, call } = gateway();
  expect(await call('GET', '/v1/members')).toMatchObject({
    status: 200,
    body: { members: [{ id: A }, { id: B }, { id: GONE }] },
  });
  const done = { status: 200, body: { changed: true, member: { id: A, state: 'voter' } } };
  expect(await call('POST', '/v1/members', { id: B, address: 'b:1', role: 'learner' })).toMatchObject(done);
  expect(await call('DELETE', '/v1/members/b:1')).toMatchObject(done);
  expect(await call('POST', '/v1/members/aabb/promote')).toMatchObject(done);
  expect(await call('POST', '/v1/members/aabb/priority', { priority: 200 })).toMatchObject(done);
  expect(await call('POST', '/v1/members/aabb/replace', { by: 'a:1' })).toMatchObject(done);
  expect(await call('POST', '/v1/members/aabb/replace', { by: 'f'.repeat(32), address: 'f:1' })).toMatchObject(done);
  expect(asked.flatMap((request) => (request.kind === 'directory' ? [request.body] : []))).toEqual([
    { kind: 'addMember', node: B, address: 'b:1', role: 'learner' },
    { kind: 'removeMember', node: B },
    { kind: 'promoteMember', node: B },
    { kind: 'preferMember', node: B, priority: 200 },
    { kind: 'replaceMember', node: B, by: A, address: 'a:1' },
    { kind: 'replaceMember', node: B, by: 'f'.repeat(32), address: 'f:1' },
  ]);
});

test('leadership of one group or of all is handed over, from who is known to lead', async () => {
  const { asked, call } = gateway();
  expect((await call('POST', '/v1/transfer', { group: 1, to: 'b:1' })).body).toEqual({ transferred: [{ group: 1, leader: B }] });
  expect((await call('POST', '/v1/transfer', {})).body).toEqual({
    transferred: [
      { group: 0, leader: B },
      { group: 1, leader: B },
    ],
  });
  expect(asked.filter(({ kind }) => kind === 'transfer')).toEqual([
    { kind: 'transfer', group: 1, from: undefined, to: B },
    { kind: 'transfer', group: 0, from: A, to: undefined },
    { kind: 'transfer', group: 1, from: A, to: undefined },
  ]);
  expect(await call('POST', '/v1/transfer', { group: 9 })).toMatchObject({ status: 404, body: { code: 'group_not_found' } });
  expect((await call('POST', '/v1/drain', {})).body).toEqual({ handed_over: [{ group: 1, leader: B }], kept: [] });
});

test.each([
  ['member_missing', 404, 'member_not_found'],
  ['member_exists', 400, 'already_exists'],
  ['member_removed', 400, 'failed_precondition'],
  ['address_taken', 400, 'failed_precondition'],
  ['no_voter_left', 400, 'failed_precondition'],
  ['members_full', 400, 'failed_precondition'],
  ['not_a_voter', 400, 'failed_precondition'],
  ['transfer_failed', 503, 'unavailable'],
] as const)('%s becomes %i %s', async (refusal, status, code) => {
  const { call } = gateway(refusal);
  const path = refusal === 'not_a_voter' || refusal === 'transfer_failed' ? '/v1/transfer' : '/v1/members';
  const answer = await call('POST', path, path === '/v1/transfer' ? {} : { id: B, address: 'b:1' });
  expect(answer).toEqual({ status, body: { code, message: 'a sentence' } });
});

test('a body that is none is refused before anybody is asked', async () => {
  const { asked, call } = gateway();
  for (const body of [{}, { id: B }, { id: B, address: 'b:1', role: 'king' }]) {
    expect(await call('POST', '/v1/members', body)).toMatchObject({ status: 400, body: { code: 'validation_error' } });
  }
  expect(asked).toEqual([]);
});
