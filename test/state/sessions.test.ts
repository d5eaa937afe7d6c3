/** Sessions as 20-consensus says: exactly once, stale and reused sequences, ends by entry time, bounded. */
import { expect, test } from 'vitest';
import type { ClientResult, CommandRef } from '../../core/client/protocol.ts';
import type { LogIndex } from '../../core/ids.ts';
import type { Command } from '../../core/state/command.ts';
import type { Operation } from '../../core/state/transaction.ts';
import { Bench, GROUP, ORGANIZATION, OTHER_VAULT, remove, transactionOf, VAULT, write } from './support.ts';

const IDLE = 1000;
const LIMITS = { sessionsMax: 2, resultsMax: 3, idleMicros: IDLE };

function refOf(session: number, sequence: number, lowestUnanswered: number = 1): CommandRef {
  return { session: { group: GROUP, index: session as LogIndex }, sequence, lowestUnanswered };
}

function running(ref: CommandRef, operation: Operation): Command {
  return { kind: 'transact', ref, organization: ORGANIZATION, vault: VAULT, transaction: transactionOf(operation) };
}

function writing(ref: CommandRef, text: string): Command {
  return running(ref, write(text));
}

/** A group with one session (index 1) and VAULT, at height 1. */
function opened(): Bench {
  const bench = new Bench({ sessionLimits: LIMITS });
  expect(bench.one({ kind: 'openSession' }, 1)).toEqual({ kind: 'session', session: { group: GROUP, index: 1 } });
  bench.one({ kind: 'createVault', ref: refOf(1, 1), organization: ORGANIZATION, vault: VAULT }, 2);
  return bench;
}

function codeOf(result: ClientResult): string {
  return result.kind === 'error' ? result.code : result.kind;
}

function heightOf(bench: Bench): number {
  return bench.state.vault(VAULT)?.height ?? 0;
}

test('a retry is answered with the first result and not executed, in a later entry, term and in the same entry', () => {
  const bench = opened();
  const command = writing(refOf(1, 2), 'doc:1#viewer@user:a');
  const [first, duplicate] = bench.apply([command, command], 10);
  expect(first).toMatchObject({ kind: 'transacted', outcome: { ok: true, changed: true, height: 2 } });
  expect(duplicate).toEqual(first);
  bench.one(writing(refOf(1, 3), 'doc:2#viewer@user:a'), 11);
  expect(bench.apply([command], 12, 7)).toEqual([first]);
  expect(heightOf(bench)).toBe(3);
});

test('a refused transaction is remembered like any other: its retry is refused though it could be applied by now', () => {
  const bench = opened();
  const command = writing(refOf(1, 2), 'doc:1#viewer@user:a');
  bench.one(writing(refOf(1, 3), 'doc:1#viewer@user:a'), 10);
  const refused = bench.one(command, 11);
  expect(refused).toMatchObject({ outcome: { ok: false, code: 'tuple_exists' } });
  bench.one(running(refOf(1, 4), remove('doc:1#viewer@user:a')), 12);
  expect(bench.one(command, 13)).toEqual(refused);
  expect(bench.has('doc:1#viewer@user:a')).toBe(false);
});

test('the same sequence with another payload is sequence_reused and not executed', () => {
  const bench = opened();
  bench.one(writing(refOf(1, 2), 'doc:1#viewer@user:a'), 10);
  expect(codeOf(bench.one(writing(refOf(1, 2), 'doc:2#viewer@user:a'), 11))).toBe('sequence_reused');
  const elsewhere: Command = { kind: 'createVault', ref: refOf(1, 2), organization: ORGANIZATION, vault: OTHER_VAULT };
  expect(codeOf(bench.one(elsewhere, 12))).toBe('sequence_reused');
  const otherVault = { ...writing(refOf(1, 2), 'doc:1#viewer@user:a'), vault: OTHER_VAULT } as Command;
  expect(codeOf(bench.one(otherVault, 13))).toBe('sequence_reused');
  expect(heightOf(bench)).toBe(2);
});

test('a sequence below the lowest unanswered one is sequence_stale and never executes', () => {
  const bench = opened();
  bench.one(writing(refOf(1, 5, 5), 'doc:1#viewer@user:a'), 10);
  expect(codeOf(bench.one(writing(refOf(1, 4, 1), 'doc:2#viewer@user:a'), 11))).toBe('sequence_stale');
  expect(codeOf(bench.one(writing(refOf(1, 1, 1), 'doc:2#viewer@user:a'), 12))).toBe('sequence_stale');
  expect(codeOf(bench.one(writing(refOf(1, 5, 1), 'doc:1#viewer@user:a'), 13))).toBe('transacted');
  expect(heightOf(bench)).toBe(2);
});

test('beyond the results a session keeps, the smallest sequence becomes stale, never executable again', () => {
  const bench = opened(); // keeps sequence 1
  for (const sequence of [2, 3, 4]) bench.one(writing(refOf(1, sequence), `doc:${sequence}#viewer@user:a`), 10);
  const first: Command = { kind: 'createVault', ref: refOf(1, 1), organization: ORGANIZATION, vault: VAULT };
  expect(codeOf(bench.one(first, 11))).toBe('sequence_stale');
  expect(codeOf(bench.one(writing(refOf(1, 2), 'doc:2#viewer@user:a'), 12))).toBe('transacted');
  expect(heightOf(bench)).toBe(4);
});

test('an unknown session, or one of another group, is session_expired and executes nothing', () => {
  const bench = opened();
  expect(codeOf(bench.one(writing(refOf(9, 1), 'doc:1#viewer@user:a')))).toBe('session_expired');
  const foreign = { ...refOf(1, 2), session: { group: 5 as typeof GROUP, index: 1 as LogIndex } };
  expect(codeOf(bench.one(writing(foreign, 'doc:1#viewer@user:a')))).toBe('session_expired');
  expect(heightOf(bench)).toBe(1);
});

test('a session ends by entry time after being unused for the limit, not a microsecond before', () => {
  const bench = opened(); // last used at 2
  bench.one(writing(refOf(1, 2), 'doc:1#viewer@user:a'), 2 + IDLE - 1);
  expect(heightOf(bench)).toBe(2);
  expect(codeOf(bench.one(writing(refOf(1, 3), 'doc:2#viewer@user:a'), 2 + IDLE - 1 + IDLE))).toBe('session_expired');
  expect(heightOf(bench)).toBe(2);
});

test('where there is no room, the least recently used session ends', () => {
  const bench = opened();
  bench.one({ kind: 'openSession' }, 10); // index 3
  bench.one(writing(refOf(1, 2), 'doc:1#viewer@user:a'), 11); // session 1 is used later than session 3
  bench.one({ kind: 'openSession' }, 12); // index 5
  expect(codeOf(bench.one(writing(refOf(3, 1), 'doc:2#viewer@user:a'), 13))).toBe('session_expired');
  expect(codeOf(bench.one(writing(refOf(1, 3), 'doc:2#viewer@user:a'), 14))).toBe('transacted');
});

test('one entry opens one session: a second one in it is told to ask again', () => {
  const bench = new Bench();
  const results = bench.apply([{ kind: 'openSession' }, { kind: 'openSession' }]);
  expect(results.map(codeOf)).toEqual(['session', 'overloaded']);
});
