/** What the tests of things that must not pass share: a small honest vault, and where something is refused. */
import { expect } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { tuplePath } from '../../core/merkle/path.ts';
import { prove } from '../../core/merkle/prove.ts';
import { type AnswerExpectations, verifyAnswer } from '../../core/proof/answer.ts';
import { verifyPrunedTree } from '../../core/proof/pruned-tree.ts';
import type { TupleKey } from '../../core/state/transaction.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { type Answer, answerFor, type World, world } from './answers.ts';

export const honest: World = world();
export const allow: Answer = answerFor(honest, { subject: 'user:alice' });

export function plan(subject: string): TupleKey {
  return { resource: 'doc:plan', relation: 'viewer', subject };
}
export const pathOf = (tuple: TupleKey): Uint8Array => tuplePath(nativeHasher, tuple);
export function proofFrom(from: World, targets: readonly Uint8Array[]): Uint8Array {
  return prove(from.tree, targets, (path) => from.values.get(toHex(path)) as Uint8Array);
}

/** ok, or the stage at which a proof is refused, with a reason. */
export function stageOf(
  proof: Uint8Array,
  targets: readonly Uint8Array[],
  treeRoot: Uint8Array = honest.tree.treeRoot(),
): string {
  const verdict = verifyPrunedTree({ hasher: nativeHasher, treeRoot, targets, proof });
  if (verdict.ok) return 'ok';
  expect(verdict.reason).not.toBe('');
  return verdict.stage;
}

/** ok, or the stage at which an answer is refused, with a reason. */
export function answerStage(answer: unknown, expected: AnswerExpectations = {}): string {
  const verdict = verifyAnswer(answer, { hasher: nativeHasher, ...expected });
  if (verdict.ok) return 'ok';
  expect(verdict.reason).not.toBe('');
  return verdict.stage;
}

export function flipped(bytes: Uint8Array, at: number, by: number): Uint8Array {
  return bytes.map((byte, i) => (i === at ? byte ^ by : byte));
}
