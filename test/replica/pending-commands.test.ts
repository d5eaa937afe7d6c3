/** Commands that wait for a proposal: how many, and how much of them. */
import { expect, test } from 'vitest';
import type { RequestId } from '../../core/ids.ts';
import { PROPOSAL_QUEUE_BYTES_MAX, PROPOSAL_QUEUE_MAX } from '../../core/limits.ts';
import { type PendingCommand, PendingCommands } from '../../core/replica/pending-commands.ts';

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
