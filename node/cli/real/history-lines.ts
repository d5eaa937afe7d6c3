/**
 * The client history of a real run as the lines that `vouch sim check --model ledger` takes: grants, revokes and checks of single tuples, in
 * real-time order. A transaction of several operations appears once for each tuple that it touches: if the whole is linearizable, so is that.
 * Left out: reads that may be old, lists and proofs of several questions, entities, and tuples that ever had an expiry, of which the ledger
 * model knows nothing. The run itself judges all of it (real-oracles.ts).
 */
import type { Operation, TupleKey } from '../../../core/state/transaction.ts';
import { type History, type Invocation, isLinearizable } from '../../../sim/workload/history.ts';

/** Processes of the file for each process of the run: one for each operation of a transaction. */
const SLOTS = 16;

interface Step {
  readonly f: 'grant' | 'revoke' | 'check';
  readonly key: string;
}

interface Line {
  readonly time: number;
  /** Invocations stand before completions of the same time: then they are concurrent. */
  readonly order: number;
  readonly text: string;
}

/** @param vaults names, in the order of the layout. */
export function historyLines(history: History, vaults: readonly string[]): string {
  const expiring = expiringKeys(history, vaults);
  const lines: Line[] = [];
  for (const invocation of history.invocations) {
    stepsOf(invocation, vaults).forEach((step, slot) => {
      if (!expiring.has(step.key) && slot < SLOTS) lines.push(...linesOf(invocation, step, slot));
    });
  }
  lines.sort((a, b) => a.time - b.time || a.order - b.order);
  return lines.map(({ text }) => `${text}\n`).join('');
}

function linesOf(invocation: Invocation, { f, key }: Step, slot: number): readonly Line[] {
  const { invokedAt, returnedAt, told } = invocation;
  const process = invocation.process * SLOTS + slot;
  const value = f === 'check' ? undefined : f === 'grant';
  const said = told?.kind === 'tuple' ? told.present : value;
  const end = typeOf(invocation);
  const lines: Line[] = [{ time: invokedAt, order: 0, text: JSON.stringify({ process, type: 'invoke', f, key, value }) }];
  // It may take effect at any later time, wherever its line stands; and its process may ask again behind it.
  const time = end === 'info' ? invokedAt : returnedAt;
  lines.push({ time, order: 1, text: JSON.stringify({ process, type: end, f, key, value: end === 'ok' ? said : value }) });
  return lines;
}

/** A transaction that was refused has not happened, and neither have its parts. */
function typeOf({ outcome, told }: Invocation): 'ok' | 'fail' | 'info' {
  if (outcome === 'ok') return told?.kind === 'transact' && !told.outcome.ok ? 'fail' : 'ok';
  return outcome === 'fail' ? 'fail' : 'info';
}

/** The last write to a tuple is what its transaction leaves of it. */
function stepsOf(invocation: Invocation, vaults: readonly string[]): readonly Step[] {
  const { asked, vault, mode } = invocation;
  const name = vaults[vault] ?? String(vault);
  if (asked.kind === 'tuple') return isLinearizable(mode) ? [{ f: 'check', key: keyOf(name, asked.tuple) }] : [];
  if (asked.kind !== 'transact') return [];
  const steps = new Map<string, Step>();
  for (const operation of asked.operations) {
    const tuple = tupleOf(operation);
    if (tuple === undefined) continue;
    const key = keyOf(name, tuple);
    steps.set(key, { key, f: operation.op === 'writeTuple' ? 'grant' : 'revoke' });
  }
  return [...steps.values()];
}

function expiringKeys(history: History, vaults: readonly string[]): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const { asked, vault } of history.invocations) {
    if (asked.kind !== 'transact') continue;
    for (const operation of asked.operations)
      if (operation.op === 'writeTuple' && operation.expiresAt > 0)
        keys.add(keyOf(vaults[vault] ?? String(vault), operation.tuple));
  }
  return keys;
}

function tupleOf(operation: Operation): TupleKey | undefined {
  return operation.op === 'writeTuple' || operation.op === 'deleteTuple' ? operation.tuple : undefined;
}

function keyOf(vault: string, { resource, relation, subject }: TupleKey): string {
  return `${vault}/${resource}#${relation}@${subject}`;
}
