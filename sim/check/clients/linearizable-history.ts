/**
 * The whole client history is linearizable. Vaults are independent; within one, keys that no transaction or list ties
 * together are too (locality: Herlihy & Wing 1990), so each connected set of keys is checked on its own.
 */

import type { Operation as LedgerOperation } from '../../../core/state/transaction.ts';
import { type Evidence, Violation } from '../../observer.ts';
import { seconds } from '../../record/time.ts';
import { askedPhrase, toldPhrase, touchedKeys } from '../../record/words.ts';
import { type Asked, type History, type Invocation, isLinearizable } from '../../workload/history.ts';
import { checkLinearizable } from '../linearizable.ts';
import { longestOrder } from '../longest-order.ts';
import type { Operation } from '../model.ts';
import { entityKeyText, MODEL_KEY, RETENTION_KEY, tupleKeyText, type VaultInput, VaultModel } from './vault-model.ts';
import { isExplainedByChain, type Place } from './witness.ts';

export const LINEARIZABLE: string = 'linearizable';
export const LINEARIZABLE_CLAIM: string =
  'There is one order of all operations that explains every answer and respects real time.';

/** Configurations the search may look at where the chain explains nothing. */
const SEARCH_STEPS_MAX = 300_000;
/** Questions to the model for the order that people are shown. Why few: a prefix that can be explained is explained soon. */
const ORDER_STEPS_MAX = 30_000;

function operationKey(operation: LedgerOperation): string {
  if (operation.op === 'setRetention') return RETENTION_KEY;
  if (operation.op === 'writeModel') return MODEL_KEY;
  return 'tuple' in operation ? tupleKeyText(operation.tuple) : entityKeyText(operation.key);
}

/** Keys an operation touches. A list touches every tuple of its resource that anybody names. */
function keysOf(asked: Asked, tuplesByResource: ReadonlyMap<string, readonly string[]>): readonly string[] {
  switch (asked.kind) {
    case 'tuple':
      return [tupleKeyText(asked.tuple)];
    case 'entity':
      return [entityKeyText(asked.key)];
    case 'model':
      return [MODEL_KEY];
    case 'list':
      return tuplesByResource.get(asked.resource) ?? [];
    case 'proof':
      return [];
    case 'transact':
      return asked.operations.map((operation) => operationKey(operation));
  }
}

/** Throws a Violation unless the history is linearizable; `unknown` where the budget ran out. @param placeOf where a transaction was executed, by its mark. */
export function demandLinearizable(history: History, placeOf: (mark: string) => Place | undefined): void {
  const vaults = new Map<number, Invocation[]>();
  for (const invocation of history.invocations) {
    if (invocation.outcome === 'fail' || !isLinearizable(invocation.mode)) continue; // nothing was executed or read; or it may be old
    // A proof of many questions would join what the search can look at apart. It is judged by its block (reads-match-blocks).
    if (invocation.asked.kind === 'proof') continue;
    const list = vaults.get(invocation.vault);
    if (list === undefined) vaults.set(invocation.vault, [invocation]);
    else list.push(invocation);
  }
  for (const [vault, invocations] of vaults)
    for (const part of split(invocations)) {
      if (!isExplainedByChain(new VaultModel(), part, placeOf)) demandPart(vault, part, placeOf);
    }
}

function demandPart(vault: number, part: readonly Invocation[], placeOf: (mark: string) => Place | undefined): void {
  const operations = part.map((invocation) => toOperation(invocation, placeOf));
  const verdict = checkLinearizable(new VaultModel(), operations, SEARCH_STEPS_MAX);
  if (verdict.verdict === 'unknown') throw new Violation(LINEARIZABLE, `vault ${vault}: the search ran out of budget`, 'unknown');
  if (verdict.verdict === 'violation') {
    const { stuck, placed } = verdict;
    throw new Violation(
      LINEARIZABLE,
      `vault ${vault}: no order explains what process ${stuck.process}, asking at ${seconds(stuck.invokedAt)}, was told: ${answerOf(stuck.input)} (${placed} of ${operations.length} operations placed)`,
      'safety',
      evidenceOf(stuck, operations),
    );
  }
}

/** What the stuck operation was told, and the newest change that was done before it was asked. */
function evidenceOf(stuck: Operation<VaultInput>, operations: readonly Operation<VaultInput>[]): Evidence {
  const { process, invokedAt, returnedAt, input } = stuck;
  const keys = touchedKeys(input.asked);
  let before: Operation<VaultInput> | undefined;
  for (const other of operations) {
    const { told } = other.input;
    const isChange = told?.kind === 'transact' && told.outcome.ok && told.outcome.changed;
    if (!isChange || other.returnedAt >= invokedAt || (before !== undefined && other.returnedAt < before.returnedAt)) continue;
    if (touchedKeys(other.input.asked).some((key) => keys.includes(key))) before = other;
  }
  return {
    at: returnedAt,
    operation: { process, invokedAt },
    order: longestOrder(new VaultModel(), operations, stuck, ORDER_STEPS_MAX).map((placed) => ({
      process: placed.process,
      invokedAt: placed.invokedAt,
    })),
    facts: [
      before === undefined
        ? `Nothing was changed there before ${seconds(invokedAt)}.`
        : `Process ${before.process} was told at ${seconds(before.returnedAt)}: ${answerOf(before.input)}.`,
      `Process ${process} asked at ${seconds(invokedAt)} and was told at ${seconds(returnedAt)}: ${answerOf(input)}.`,
    ],
  };
}

function answerOf({ asked, told }: VaultInput): string {
  return `${askedPhrase(asked)} → ${told === undefined ? 'unknown' : toldPhrase(told)}`;
}

function toOperation(invocation: Invocation, placeOf: (mark: string) => Place | undefined): Operation<VaultInput> {
  const { process, asked, told, invokedAt, returnedAt, outcome } = invocation;
  const at = invocation.seenTime ?? (asked.kind === 'transact' ? placeOf(asked.mark)?.time : undefined);
  return { process, input: { asked, told, at }, invokedAt, returnedAt, outcome: outcome === 'ok' ? 'ok' : 'info' };
}

/** Splits by connected keys. An unknown outcome of a read explains nothing and is left out. */
function split(invocations: readonly Invocation[]): readonly (readonly Invocation[])[] {
  const tuplesByResource = new Map<string, string[]>();
  for (const { asked } of invocations)
    for (const { resource, key } of namedTuples(asked)) {
      const list = tuplesByResource.get(resource);
      if (list === undefined) tuplesByResource.set(resource, [key]);
      else if (!list.includes(key)) list.push(key);
    }
  const parents = new Map<string, string>();
  const find = (key: string): string => {
    let root = key;
    for (let up = parents.get(root); up !== undefined && up !== root; up = parents.get(root)) root = up;
    parents.set(key, root);
    return root;
  };
  const useful = invocations.filter(({ asked, outcome }) => asked.kind === 'transact' || outcome === 'ok');
  for (const { asked } of useful) {
    const [first, ...others] = keysOf(asked, tuplesByResource);
    if (first !== undefined) for (const other of others) parents.set(find(other), find(first));
  }
  const parts = new Map<string, Invocation[]>();
  for (const invocation of useful) {
    const first = keysOf(invocation.asked, tuplesByResource)[0];
    const part = first === undefined ? '' : find(first);
    const list = parts.get(part);
    if (list === undefined) parts.set(part, [invocation]);
    else list.push(invocation);
  }
  return [...parts.values()];
}

function namedTuples(asked: Asked): readonly { readonly resource: string; readonly key: string }[] {
  if (asked.kind === 'tuple') return [{ resource: asked.tuple.resource, key: tupleKeyText(asked.tuple) }];
  if (asked.kind !== 'transact') return [];
  return asked.operations.flatMap((operation) =>
    'tuple' in operation ? [{ resource: operation.tuple.resource, key: tupleKeyText(operation.tuple) }] : [],
  );
}
