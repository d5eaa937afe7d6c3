/** The client engine, one exchange at a time: sessions, hints, retries, and what is reported at the end. */
import { describe, expect, test } from 'vitest';
import { ClientCore } from '../../core/client/client-core.ts';
import type {
  ClientEffect,
  ClientInput,
  LogicalRequest,
  OperationId,
  OperationOutcome,
  Route,
} from '../../core/client/operation.ts';
import type { Anchor, ClientErrorCode, ClientResult, CommandRef } from '../../core/client/protocol.ts';
import type { GroupId, Height, LogIndex, Micros, NodeId, OrganizationId, VaultId } from '../../core/ids.ts';
import { CLIENT_OPERATIONS_MAX, SESSION_IDLE_MICROS, SESSION_RESULTS_MAX } from '../../core/limits.ts';
import { Random } from '../../core/random.ts';

const GROUP = 1 as GroupId;
const ULID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const A = { address: 'a:1', node: 'a'.repeat(32) as NodeId };
const B = { address: 'b:1', node: 'b'.repeat(32) as NodeId };
const DEADLINE = 10_000_000;

type Send = Extract<ClientEffect, { kind: 'send' }>;
type WithoutNow<T> = T extends ClientInput ? Omit<T, 'now'> : never;

const ANCHOR = { height: 1 as Height } as Anchor;
const APPLIED: ClientResult = {
  kind: 'transacted',
  outcome: { ok: true, changed: true, height: 1 as Height, model: '' },
  anchor: ANCHOR,
};
const REJECTED: ClientResult = {
  kind: 'transacted',
  outcome: { ok: false, code: 'tuple_exists', operation: 0 },
  anchor: ANCHOR,
};
const COMMAND: LogicalRequest = {
  kind: 'transact',
  group: GROUP,
  organization: ULID as OrganizationId,
  vault: ULID as VaultId,
  transaction: { actor: '', reason: '', operations: [] },
  model: undefined,
  proof: false,
};

function error(code: ClientErrorCode, leader?: NodeId): ClientResult {
  return { kind: 'error', code, message: code, leader, retryAfterMs: 0 };
}

function session(index: number): ClientResult {
  return { kind: 'session', session: { group: GROUP, index: index as LogIndex } };
}

/** A client whose every effect is looked at by hand. */
class Scripted {
  readonly client: ClientCore;
  now: number = 1_000;
  sends: Send[] = [];
  readonly done: Map<number, OperationOutcome> = new Map();

  constructor(link: 'stream' | 'datagram' = 'stream', endpoints: readonly { address: string; node?: NodeId }[] = [A, B]) {
    this.client = new ClientCore({ endpoints, random: Random.stream([1, 2, 3, 4], 'client'), link });
  }

  give(input: WithoutNow<ClientInput>): void {
    for (const effect of this.client.step({ ...input, now: this.now as Micros } as ClientInput)) {
      if (effect.kind === 'send') this.sends.push(effect);
      else this.done.set(effect.operation, effect.outcome);
    }
  }

  submit(
    operation: number,
    request: LogicalRequest = COMMAND,
    deadline: number = this.now + DEADLINE,
    route: Route = { kind: 'leader' },
  ): void {
    this.give({ kind: 'submit', operation: operation as OperationId, request, deadline: deadline as Micros, route });
  }

  /** The only send since the last call. */
  take(): Send {
    expect(this.sends.length).toBe(1);
    return this.sends.pop() as Send;
  }

  answer(send: Send, result: ClientResult): void {
    this.give({ kind: 'response', endpoint: send.endpoint, requestId: send.requestId, result });
  }

  /** Lets time pass until the engine sends something. */
  waitForSend(): Send {
    while (this.sends.length === 0) {
      const at = this.client.nextDeadline();
      expect(at).toBeLessThan(this.now + 2 * DEADLINE);
      this.now = at;
      this.give({ kind: 'deadline' });
    }
    return this.take();
  }

  runUntil(at: number): void {
    while (this.client.nextDeadline() <= at) {
      this.now = this.client.nextDeadline();
      this.give({ kind: 'deadline' });
      this.sends = [];
    }
    this.now = at;
  }

  /** Submits a first command and opens its session. @returns the command's send. */
  begin(): Send {
    this.submit(1);
    this.answer(this.take(), session(7));
    return this.take();
  }
}

function refOf(send: Send): CommandRef {
  if (send.request.kind !== 'transact') throw new Error('a command was expected');
  return send.request.command;
}

describe('sessions and sequences', () => {
  test('a session is opened before the first command, and shared by those behind it', () => {
    const it = new Scripted();
    it.submit(1);
    it.submit(2);
    const opening = it.take();
    expect(opening.request).toEqual({ kind: 'openSession', group: GROUP });
    it.answer(opening, session(7));
    expect(it.sends.map(refOf)).toEqual([
      { session: { group: GROUP, index: 7 }, sequence: 1, lowestUnanswered: 1 },
      { session: { group: GROUP, index: 7 }, sequence: 2, lowestUnanswered: 1 },
    ]);
  });

  test('lowestUnanswered moves over a run of answers, not over a gap', () => {
    const it = new Scripted();
    const first = it.begin();
    it.submit(2);
    const second = it.take();
    it.answer(second, APPLIED);
    it.submit(3);
    expect(refOf(it.take())).toMatchObject({ sequence: 3, lowestUnanswered: 1 });
    it.answer(first, APPLIED);
    it.submit(4);
    expect(refOf(it.take())).toMatchObject({ sequence: 4, lowestUnanswered: 3 });
  });

  test('commands beyond the window wait for the oldest answer', () => {
    const it = new Scripted();
    const first = it.begin();
    for (let i = 2; i <= SESSION_RESULTS_MAX + 1; i += 1) it.submit(i);
    expect(it.sends.length).toBe(SESSION_RESULTS_MAX - 1);
    for (const send of it.sends.splice(0)) it.answer(send, APPLIED);
    expect(it.sends.length).toBe(0);
    it.answer(first, APPLIED);
    expect(refOf(it.take())).toMatchObject({ sequence: SESSION_RESULTS_MAX + 1, lowestUnanswered: SESSION_RESULTS_MAX + 1 });
  });

  test('an idle client opens a new session instead of risking that the old one has ended', () => {
    const it = new Scripted();
    it.answer(it.begin(), APPLIED);
    it.now += SESSION_IDLE_MICROS / 2;
    it.submit(2);
    expect(it.take().request.kind).toBe('openSession');
  });
});

describe('retries', () => {
  test('a hint is followed at once, under the same session and sequence', () => {
    const it = new Scripted();
    const first = it.begin();
    const other = first.endpoint === A.address ? B : A;
    it.answer(first, error('not_leader', other.node));
    const second = it.take();
    expect(second.endpoint).toBe(other.address);
    expect(refOf(second)).toEqual(refOf(first));
    it.answer(second, APPLIED);
    it.submit(2);
    expect(it.take().endpoint).toBe(other.address);
  });

  test.each([
    ['first', { kind: 'first', endpoint: A.address }],
    ['any', { kind: 'any' }],
  ] as const)('a read (%s) that its node sends on goes to the leader, and stays with it', (_, route) => {
    const it = new Scripted('stream', [A]);
    it.submit(1, { kind: 'listOrganizations', consistency: 'linearizable' }, it.now + DEADLINE, route);
    const first = it.take();
    expect(first.endpoint).toBe(A.address);
    it.answer(first, error('not_leader', B.node));
    // B is not known yet: A tells where it is.
    const asked = it.take();
    const members = [A, B].map(({ address, node }) => ({ id: node, address }));
    const statusOf = (node: NodeId): ClientResult => ({
      kind: 'status',
      status: { node, cluster: undefined, members, removed: false, groups: [], droppedFrames: 0 },
    });
    it.answer(asked, statusOf(A.node));
    let send = it.waitForSend();
    if (send.endpoint === A.address) {
      it.answer(send, error('not_leader', B.node));
      send = it.take();
    }
    expect(send.endpoint).toBe(B.address);
    it.answer(send, error('unavailable'));
    it.answer(it.take(), statusOf(B.node)); // who is out of order is asked who else is there
    it.answer(it.waitForSend(), { kind: 'organizations', organizations: [] });
    expect(it.done.get(1)?.ok).toBe(true);
  });

  test('two nodes that each name the other are not asked in a tight loop', () => {
    const it = new Scripted();
    it.submit(1);
    for (let i = 0; i < 4; i += 1) {
      const send = it.take();
      it.answer(send, error('not_leader', send.endpoint === A.address ? B.node : A.node));
    }
    expect(it.sends).toEqual([]);
    expect(it.client.nextDeadline()).toBeGreaterThan(it.now);
  });

  test('an unknown outcome is resolved under the same session and sequence', () => {
    const it = new Scripted();
    const first = it.begin();
    it.answer(first, error('unknown_outcome'));
    const second = it.waitForSend();
    expect(refOf(second)).toEqual(refOf(first));
    it.answer(second, APPLIED);
    expect(it.done.get(1)?.ok).toBe(true);
  });

  test('a rejected transaction is a definite answer, not an error', () => {
    const it = new Scripted();
    it.answer(it.begin(), REJECTED);
    expect(it.done.get(1)).toEqual({ ok: true, answer: REJECTED });
  });

  test('a lost answer is asked for again, and the late one still counts', () => {
    const it = new Scripted();
    const first = it.begin();
    const second = it.waitForSend();
    expect(refOf(second)).toEqual(refOf(first));
    it.answer(first, APPLIED);
    expect(it.done.get(1)?.ok).toBe(true);
    it.answer(second, APPLIED);
    expect(it.client.strayResponses).toBe(1);
  });

  test('when a link breaks another node is asked soon, without waiting for the time of an attempt', () => {
    const it = new Scripted();
    const first = it.begin();
    it.give({ kind: 'endpointDown', endpoint: first.endpoint });
    const before = it.now;
    const second = it.waitForSend();
    expect(second.endpoint).not.toBe(first.endpoint);
    expect(it.now - before).toBeLessThan(50_000);
  });

  test('an answer of another kind, or from another endpoint, is not believed', () => {
    const it = new Scripted();
    const first = it.begin();
    it.give({ kind: 'response', endpoint: 'c:1', requestId: first.requestId, result: APPLIED });
    it.answer(first, session(9));
    expect(it.done.size).toBe(0);
    expect(refOf(it.waitForSend())).toEqual(refOf(first));
  });

  test('a leader that cannot answer any more is not asked for ever: another node knows who leads', () => {
    for (const code of ['quarantined', 'unavailable'] as const) {
      const it = new Scripted();
      const first = it.begin();
      it.answer(first, APPLIED);
      it.submit(2);
      const toLeader = it.take();
      expect(toLeader.endpoint).toBe(first.endpoint);
      it.answer(toLeader, error(code));
      it.sends = it.sends.filter(({ request }) => request.kind !== 'status');
      expect(it.waitForSend().endpoint).not.toBe(first.endpoint);
    }
  });

  test('a leader without room is asked again: no other node could do better', () => {
    const it = new Scripted();
    const first = it.begin();
    it.answer(first, error('overloaded'));
    expect(it.waitForSend().endpoint).toBe(first.endpoint);
  });

  test('a node that may not answer for a group is asked who else is there', () => {
    const it = new Scripted('stream', [A]);
    it.answer(it.begin(), error('quarantined'));
    expect(it.take().request).toEqual({ kind: 'status' });
  });

  test('members are learned from a node, so that hints to unknown nodes can be followed', () => {
    const it = new Scripted('stream', [{ address: A.address }]);
    const opening = ((): Send => {
      it.submit(1);
      return it.take();
    })();
    it.answer(opening, error('not_leader', B.node));
    const asking = it.take();
    expect(asking.request).toEqual({ kind: 'status' });
    const members = [A, B].map(({ address, node }) => ({ id: node, address }));
    it.answer(asking, {
      kind: 'status',
      status: { node: A.node, cluster: undefined, members, removed: false, groups: [], droppedFrames: 0 },
    });
    const again = it.waitForSend();
    if (again.endpoint === A.address) it.answer(again, error('not_leader', B.node));
    expect((it.sends[0] ?? again).endpoint).toBe(B.address);
  });
});

describe('members that change', () => {
  const C = { address: 'c:1', node: 'c'.repeat(32) as NodeId };

  function status(node: NodeId, members: readonly { readonly address: string; readonly node: NodeId }[]): ClientResult {
    const known = members.map(({ address, node: id }) => ({ id, address }));
    return { kind: 'status', status: { node, cluster: undefined, members: known, removed: false, groups: [], droppedFrames: 0 } };
  }

  test('a node that answers is asked who the members are, unless that was asked five seconds ago or less', () => {
    const it = new Scripted('stream', [A]);
    const first = it.begin();
    it.now += 5_000_000;
    it.answer(first, APPLIED);
    const asking = it.take();
    expect(asking).toMatchObject({ endpoint: A.address, request: { kind: 'status' } });
    it.answer(asking, status(A.node, [A, B]));
    it.now += 4_999_999;
    it.submit(2);
    it.answer(it.take(), APPLIED);
    expect(it.sends).toEqual([]);
  });

  test('a node that was removed is asked who else is there, and a command goes on elsewhere', () => {
    const it = new Scripted('stream', [A]);
    it.answer(it.begin(), error('unavailable'));
    const asking = it.take();
    expect(asking.request).toEqual({ kind: 'status' });
    it.answer(asking, status(A.node, [B]));
    expect(it.waitForSend().endpoint).toBe(B.address);
  });

  test('a node that does not answer where it was is looked for where the others say it is', () => {
    const it = new Scripted('stream', [A, B]);
    it.give({ kind: 'endpointDown', endpoint: B.address });
    it.answer(it.begin(), error('quarantined'));
    it.answer(it.take(), status(A.node, [A, { ...B, address: C.address }]));
    const again = it.waitForSend();
    if (again.endpoint !== C.address) it.answer(again, error('not_leader', B.node));
    expect((it.sends[0] ?? again).endpoint).toBe(C.address);
  });
});

describe('what is reported at the end', () => {
  test('a command without an answer is reported as unknown, never as failed', () => {
    const it = new Scripted();
    it.begin();
    it.runUntil(it.now + DEADLINE);
    expect(it.done.get(1)).toMatchObject({ ok: false, code: 'unknown_outcome' });
  });

  test('a command that never left is reported as a definite failure', () => {
    const it = new Scripted();
    it.give({ kind: 'unsent', requestId: it.begin().requestId });
    it.runUntil(it.now + 1);
    it.give({ kind: 'close' });
    expect(it.done.get(1)).toMatchObject({ ok: false, code: 'unavailable' });
  });

  test('on a stream, a command that was refused everywhere certainly was not executed', () => {
    const it = new Scripted('stream');
    it.answer(it.begin(), error('not_leader'));
    it.give({ kind: 'close' });
    expect(it.done.get(1)).toMatchObject({ ok: false, code: 'unavailable' });
  });

  test('on a datagram network it may have been: the refused request may come once more', () => {
    const it = new Scripted('datagram');
    it.answer(it.begin(), error('not_leader'));
    it.give({ kind: 'close' });
    expect(it.done.get(1)).toMatchObject({ ok: false, code: 'unknown_outcome' });
  });

  test('a node that refuses without asking the log says nothing about an attempt that went to another', () => {
    for (const code of ['group_missing', 'invalid_argument'] as const) {
      const alone = new Scripted();
      alone.answer(alone.begin(), error(code));
      expect(alone.done.get(1)).toMatchObject({ ok: false, code });

      const it = new Scripted();
      it.begin(); // no answer: it may be in the log
      it.answer(it.waitForSend(), error(code));
      expect(it.done.get(1)).toMatchObject({ ok: false, code: 'unknown_outcome' });
    }
  });

  test('an error that apply recorded is definite, whatever became of earlier attempts', () => {
    const it = new Scripted();
    it.begin();
    it.answer(it.waitForSend(), error('vault_missing'));
    expect(it.done.get(1)).toMatchObject({ ok: false, code: 'vault_missing' });
  });

  test('nobody answers: a timeout, and nothing was executed', () => {
    const it = new Scripted();
    it.submit(1);
    it.runUntil(it.now + DEADLINE);
    expect(it.done.get(1)).toMatchObject({ ok: false, code: 'timeout' });
    it.runUntil(it.now + DEADLINE); // the session it waited for is given up too
    expect(it.client.nextDeadline()).toBe(Number.MAX_SAFE_INTEGER);
  });

  test('a session refused for good refuses the commands that wait for it', () => {
    const it = new Scripted();
    it.submit(1);
    it.submit(2);
    it.answer(it.take(), error('group_missing'));
    expect([...it.done.values()]).toMatchObject([{ code: 'group_missing' }, { code: 'group_missing' }]);
  });

  test('too many operations are refused before anything is sent', () => {
    const it = new Scripted();
    for (let i = 1; i <= CLIENT_OPERATIONS_MAX + 1; i += 1) it.submit(i);
    const refused = [...it.done];
    expect(refused.length).toBeGreaterThan(0);
    for (const [, outcome] of refused) expect(outcome).toMatchObject({ ok: false, code: 'overloaded' });
    expect(it.sends.length).toBe(1);
  });

  test('after close everything has ended, and nothing more is taken', () => {
    const it = new Scripted();
    it.begin();
    it.submit(2, { kind: 'status' });
    it.give({ kind: 'close' });
    it.submit(3);
    expect(it.done.get(1)).toMatchObject({ code: 'unknown_outcome' });
    expect(it.done.get(2)).toMatchObject({ code: 'unavailable' });
    expect(it.done.get(3)).toMatchObject({ code: 'unavailable' });
    expect(it.client.nextDeadline()).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe('an ended session', () => {
  test('a command whose only attempt it refused runs under a new one', () => {
    const it = new Scripted('stream');
    const first = it.begin();
    it.answer(first, error('session_expired'));
    it.answer(it.take(), session(9));
    const second = it.take();
    expect(refOf(second)).toEqual({ session: { group: GROUP, index: 9 }, sequence: 1, lowestUnanswered: 1 });
    it.answer(second, APPLIED);
    expect(it.done.get(1)?.ok).toBe(true);
  });

  test('a command with a lost earlier attempt is unknown, and not repeated', () => {
    const it = new Scripted('stream');
    it.begin();
    it.answer(it.waitForSend(), error('session_expired'));
    expect(it.done.get(1)).toMatchObject({ ok: false, code: 'unknown_outcome' });
    expect(it.sends).toEqual([]);
    it.submit(2);
    expect(it.take().request.kind).toBe('openSession');
  });

  test('on a datagram network even the only attempt may have run before', () => {
    const it = new Scripted('datagram');
    it.answer(it.begin(), error('session_expired'));
    expect(it.done.get(1)).toMatchObject({ ok: false, code: 'unknown_outcome' });
  });
});
