/** What a client with pinned keys takes of checkpoints: what extends its memory, and nothing else. */
import { expect, test } from 'vitest';
import type { MerkleLog } from '../../core/chain/merkle-log.ts';
import type { OrganizationId, VaultId } from '../../core/ids.ts';
import { encodeNote } from '../../core/note/note.ts';
import { AcceptedCheckpoints } from '../../net/client/accepted-checkpoints.ts';
import { VouchError } from '../../net/client/error.ts';
import { logOf, node, noteOf, ORGANIZATION, ORIGIN, type Party, policyText, textOf, VAULT } from '../note/support.ts';

const NODES = [node(1), node(2), node(3)];
const ENTRY = { organization: ORGANIZATION as OrganizationId, id: VAULT as VaultId };
const policy = policyText(2, NODES);

const real = logOf(20);
/** Another story from leaf 6 on. */
const other = logOf(20, 6);

function note(log: MerkleLog, size: number, parties: readonly Party[] = NODES): string {
  return encodeNote(noteOf(textOf(log, size), parties));
}
const proofIn = (log: MerkleLog) => async (from: number, to: number) => log.consistency(from, to);
const noProof = (): Promise<never> => Promise.reject(new Error('no proof is needed'));

async function errorOf(promise: Promise<unknown>): Promise<VouchError> {
  const error = await promise.catch((thrown: unknown) => thrown);
  if (error instanceof VouchError) return error;
  throw error instanceof Error ? error : new Error('nothing was thrown');
}

test('the first is believed for its signatures, a newer one for its proof, the same one again for nothing', async () => {
  const kept: string[] = [];
  const memory = new AcceptedCheckpoints({ policy, onAccepted: (text) => kept.push(text) });
  expect((await memory.expect(ENTRY).take(note(real, 5), noProof)).map(({ witness }) => witness.name)).toEqual([
    'n1',
    'n2',
    'n3',
  ]);
  await memory.expect(ENTRY).take(note(real, 5), noProof);
  await memory.expect(ENTRY).take(note(real, 12), proofIn(real));
  expect(kept).toEqual([note(real, 5), note(real, 12)]);
  expect(memory.notes()).toEqual([note(real, 12)]);
  expect(memory.signatures).toBe(2);
});

test('an older one is a rollback, another root of one size a fork, and both notes are handed out', async () => {
  const memory = new AcceptedCheckpoints({ policy, accepted: [note(real, 9)] });
  const rollback = await errorOf(memory.expect(ENTRY).take(note(real, 8), proofIn(real)));
  expect(rollback).toMatchObject({ code: 'rollback', notes: { accepted: note(real, 9), offered: note(real, 8) } });
  expect(await errorOf(memory.expect(ENTRY).take(note(other, 9), noProof))).toMatchObject({
    code: 'fork',
    notes: { accepted: note(real, 9), offered: note(other, 9) },
  });
  expect(memory.notes()).toEqual([note(real, 9)]);
});

test('a newer one of another story is inconsistent, whichever proof comes with it', async () => {
  const memory = new AcceptedCheckpoints({ policy, accepted: [note(real, 9)] });
  for (const prove of [proofIn(real), proofIn(other), async () => []]) {
    expect(await errorOf(memory.expect(ENTRY).take(note(other, 12), prove))).toMatchObject({
      code: 'inconsistent',
      notes: { accepted: note(real, 9), offered: note(other, 12) },
    });
  }
  expect(memory.notes()).toEqual([note(real, 9)]);
});

test('what the policy does not want is refused, and so is a checkpoint of another vault', async () => {
  const memory = new AcceptedCheckpoints({ policy: policy.replace(ORIGIN, `${ORIGIN.split('/').slice(0, 2).join('/')}/*`) });
  expect((await errorOf(memory.expect(ENTRY).take(note(real, 5, [node(1)]), noProof))).code).toBe('checkpoint_refused');
  expect((await errorOf(memory.expect(ENTRY).take('no note', noProof))).code).toBe('checkpoint_refused');
  const elsewhere = memory.expect({ ...ENTRY, id: ORGANIZATION as VaultId });
  expect(await errorOf(elsewhere.take(note(real, 5), noProof))).toMatchObject({
    code: 'checkpoint_refused',
    message: expect.stringContaining('another vault'),
  });
  expect(memory.notes()).toEqual([]);
});

test('answers that overtake each other are no rollback, as long as they are of one log', async () => {
  const memory = new AcceptedCheckpoints({ policy, accepted: [note(real, 4)] });
  const [slow, fast, liar] = [memory.expect(ENTRY), memory.expect(ENTRY), memory.expect(ENTRY)];
  await fast.take(note(real, 12), proofIn(real));
  await slow.take(note(real, 7), proofIn(real));
  expect(memory.notes()).toEqual([note(real, 12)]);
  // Not behind what was known when it was asked for, but of another story than what is known now.
  expect((await errorOf(liar.take(note(other, 8), proofIn(other)))).code).toBe('inconsistent');
});

test('two at once, both newer: each extends what is remembered when it is its turn', async () => {
  const memory = new AcceptedCheckpoints({ policy, accepted: [note(real, 4)] });
  const waiting: (() => void)[] = [];
  const late = (log: MerkleLog) => async (from: number, to: number) => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return log.consistency(from, to);
  };
  const first = memory.expect(ENTRY).take(note(real, 9), late(real));
  const second = memory.expect(ENTRY).take(note(other, 12), late(other));
  const outcome = errorOf(second);
  for (let turn = 0; turn < 10; turn += 1) {
    for (const go of waiting.splice(0)) go();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await first;
  // It extends size 4, which both stories share, and not size 9, which was accepted first.
  expect((await outcome).code).toBe('inconsistent');
  expect(memory.notes()).toEqual([note(real, 9)]);
});

test('a policy or a kept note that does not read is refused at the start', () => {
  expect(() => new AcceptedCheckpoints({ policy: 'quorum none' })).toThrow(/The policy does not read: line 1/);
  expect(() => new AcceptedCheckpoints({ policy, accepted: ['x'] })).toThrow(/An accepted note does not read/);
});
