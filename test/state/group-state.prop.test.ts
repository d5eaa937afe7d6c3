/** A group against the naive model: random entries with retries, duplicates, stale and reused sequences, expiry at its boundary. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import type { ClientResult } from '../../core/client/protocol.ts';
import { portableHasher } from '../../core/hasher.ts';
import type { LogIndex, Micros } from '../../core/ids.ts';
import { entityPath, tuplePath } from '../../core/merkle/path.ts';
import { verifyPrunedTree } from '../../core/proof/pruned-tree.ts';
import { auditVault } from '../../core/state/audit.ts';
import type { Command } from '../../core/state/command.ts';
import { GroupState } from '../../core/state/group-state.ts';
import { propertyRuns } from '../support/property.ts';
import { commandOf, digestOf, KEYS, LIMITS, ordered, step, TUPLES } from './arbitraries.ts';
import { Model } from './model.ts';
import { Bench, GROUP, ORGANIZATION, tupleOf, VAULT } from './support.ts';

function verdictOf(result: ClientResult): string {
  switch (result.kind) {
    case 'session':
      return `session ${result.session.index}`;
    case 'vaultCreated':
      return 'created';
    case 'error':
      return result.code;
    case 'transacted': {
      const { outcome } = result;
      if (!outcome.ok) return `${outcome.code} ${outcome.operation}`;
      return `${outcome.changed ? 'changed' : 'same'} ${outcome.height}`;
    }
    default:
      throw new Error(`unexpected ${result.kind}`);
  }
}

function replayOf(bench: Bench): GroupState {
  const replica = new GroupState({ group: GROUP, hasher: portableHasher, dataGroups: [GROUP], sessionLimits: LIMITS });
  for (const entry of bench.entries) replica.apply(entry);
  return replica;
}

/** Every tuple and entity is answered as the model says, with a proof that verifies against the answer's own header. */
function compareReads(bench: Bench, model: Model): void {
  for (const text of TUPLES) {
    const tuple = tupleOf(text);
    const result = bench.query({ kind: 'tuple', tuple }, true);
    if (result.kind !== 'tuple') throw new Error('no tuple answer');
    const fact = model.live(VAULT, `t ${text}`);
    expect(result.present).toBe(fact !== undefined);
    expect(result.row?.version).toBe(fact?.version);
    const path = tuplePath(portableHasher, tuple);
    const { treeRoot } = result.anchor;
    const verdict = verifyPrunedTree({ hasher: portableHasher, treeRoot, targets: [path], proof: result.proof });
    expect(verdict.ok).toBe(true);
    if (verdict.ok) expect(verdict.results[0]?.length).toBe(bench.state.vault(VAULT)?.leaves.hasTuple(tuple) ? 1 : 0);
    expect(bench.state.vault(VAULT)?.isTupleLive(tuple)).toBe(fact !== undefined);
  }
  for (const key of KEYS) {
    const result = bench.query({ kind: 'entity', key }, true);
    if (result.kind !== 'entity') throw new Error('no entity answer');
    const fact = model.live(VAULT, `e ${key}`);
    expect(result.value === undefined ? undefined : [...result.value].join('.')).toBe(fact?.text);
    expect(result.version).toBe(fact?.version ?? 0);
    const targets = [entityPath(portableHasher, key)];
    const { treeRoot } = result.anchor;
    expect(verifyPrunedTree({ hasher: portableHasher, treeRoot, targets, proof: result.proof }).ok).toBe(true);
  }
}

propertyRuns(300, 'a group does what the naive model says, entry by entry', fc.array(step, { maxLength: 40 }), (steps) => {
  const bench = new Bench({ sessionLimits: LIMITS });
  const model = new Model(LIMITS);
  let base = 0;
  let entries = 0;
  const apply = (commands: readonly Command[], wallStep: number, term: number): void => {
    base = Math.max(0, base + wallStep);
    const sorted = ordered(commands);
    const wall = base;
    expect(bench.apply(sorted, wall, term).map(verdictOf)).toEqual(model.apply(sorted, wall));
    expect(bench.state.lastTime).toBe(model.time);
    for (const [id, expected] of model.vaults) {
      const actual = bench.state.vault(id as typeof VAULT);
      expect([actual?.height, actual?.time]).toEqual([expected.height, expected.time]);
    }
    // Checks are answered out of an index that begins with the first one: here in an empty vault or later, in one that has rows.
    entries += 1;
    if (entries < 2 + (steps.length % 8)) return;
    for (const text of TUPLES) {
      expect(bench.state.vault(VAULT)?.isTupleLive(tupleOf(text)) ?? false).toBe(model.live(VAULT, `t ${text}`) !== undefined);
    }
  };
  apply([{ kind: 'openSession' }], 1, 1);
  const session = { group: GROUP, index: 1 as LogIndex };
  const first = { session, sequence: 12, lowestUnanswered: 1 };
  apply([{ kind: 'createVault', ref: first, organization: ORGANIZATION, vault: VAULT }], 1, 1);
  for (const { commands, wallStep, term } of steps)
    apply(
      commands.map((item) => commandOf(item, GROUP)),
      wallStep,
      term,
    );
  compareReads(bench, model);
  for (const id of bench.state.vaultIds()) {
    const actual = bench.state.vault(id);
    expect(actual === undefined ? 'missing' : auditVault(actual)).toBeUndefined();
  }
  const replica = replayOf(bench);
  expect(digestOf(replica)).toBe(digestOf(bench.state));
  expect(replica.vault(VAULT)?.anchor).toEqual(bench.state.vault(VAULT)?.anchor);
  const due = [...model.vaults].flatMap(([id, { facts }]) =>
    [...facts.values()].map((fact) => ({ vault: id, at: fact.expiresAt })),
  );
  const earliest = Math.min(...due.filter(({ at }) => at > 0).map(({ at }) => at));
  expect(bench.state.nextExpiry()?.at ?? Number.POSITIVE_INFINITY).toBe(earliest as Micros);
});
