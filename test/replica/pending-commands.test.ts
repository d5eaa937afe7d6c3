/** Commands that wait for a proposal: how many, and how much of them. */
import { expect, test } from 'vitest';
import type { CommandRef } from '../../core/client/protocol.ts';
import type { GroupId, LogIndex, RequestId, Seq, Term } from '../../core/ids.ts';
import { PROPOSAL_QUEUE_BYTES_MAX, PROPOSAL_QUEUE_MAX } from '../../core/limits.ts';
import { type PendingCommand, PendingCommands } from '../../core/replica/pending-commands.ts';
import { ORGANIZATION, VAULT } from '../state/support.ts';

function command(bytes: number): PendingCommand {
  return { request: 1 as RequestId, command: { kind: 'openSession' }, bytes };
}

test('commands wait in a bounded number', () => {
  const commands = new PendingCommands(PROPOSAL_QUEUE_MAX);
  for (let i = 0; i < PROPOSAL_QUEUE_MAX; i += 1) expect(commands.enqueue(command(1))).toBe(true);
  expect(commands.enqueue(command(1))).toBe(false);
});

test('commands wait within a bound of bytes, and those that go on make room', () => {
  const commands = new PendingCommands(PROPOSAL_QUEUE_MAX);
  const half = PROPOSAL_QUEUE_BYTES_MAX / 2;
  expect([half, half, 1].map((bytes) => commands.enqueue(command(bytes)))).toEqual([true, true, false]);
  expect(commands.takeBatch(1, half).length).toBe(1);
  expect([half, 1].map((bytes) => commands.enqueue(command(bytes)))).toEqual([true, false]);
  commands.drain();
  expect(commands.enqueue(command(PROPOSAL_QUEUE_BYTES_MAX))).toBe(true);
});

test('a command of a session is known by its sequence as long as it is on its way', () => {
  const commands = new PendingCommands(PROPOSAL_QUEUE_MAX);
  const session = { group: 1 as GroupId, index: 5 as LogIndex };
  const refOf = (sequence: number): CommandRef => ({ session, sequence, lowestUnanswered: 1 });
  const transaction = { actor: '', reason: '', operations: [] };
  const where = { organization: ORGANIZATION, vault: VAULT };
  commands.enqueue({ ...command(1), command: { kind: 'transact', ref: refOf(3), ...where, transaction } });
  expect([2, 3].map((sequence) => commands.has(refOf(sequence)))).toEqual([false, true]);
  expect(commands.has({ ...refOf(3), session: { ...session, index: 6 as LogIndex } })).toBe(false);
  commands.markProposed(1 as LogIndex, 1 as Term, commands.takeBatch(10, 10), 1 as Seq);
  expect(commands.has(refOf(3))).toBe(true);
  expect(commands.takeApplied(1 as LogIndex, 1 as Term)?.requests).toEqual([1]);
  expect(commands.has(refOf(3))).toBe(false);
});
