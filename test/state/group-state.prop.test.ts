/** A group against the naive model: random entries with retries, duplicates, stale and reused sequences, expiry at its boundary. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { Writer } from '../../core/bytes/writer.ts';
import type { ClientResult } from '../../core/client/protocol.ts';
import { portableHasher } from '../../core/hasher.ts';
import type { Height, LogIndex, Micros } from '../../core/ids.ts';
import { entityPath, tuplePath } from '../../core/merkle/path.ts';
import { verifyPrunedTree } from '../../core/proof/pruned-tree.ts';
import { auditVault } from '../../core/state/audit.ts';
import type { Command } from '../../core/state/command.ts';
import { GroupState } from '../../core/state/group-state.ts';
import type { EntityCondition, Operation } from '../../core/state/transaction.ts';
import { propertyRuns } from '../support/property.ts';
import { Model } from './model.ts';
import { Bench, GROUP, ORGANIZATION, OTHER_ORGANIZATION, OTHER_VAULT, tupleOf, VAULT } from './support.ts';

const LIMITS = { sessionsMax: 3, resultsMax: 256, idleMicros: 400 };
const TUPLES = ['doc:1#viewer@user:a', 'doc:1#viewer@user:*', 'doc:1#viewer@team:x#member', 'doc:2#owner@user:a'] as const;
const KEYS = ['k', 'Schlüssel 1'] as const;

const expiresAt = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.integer({ min: 1, max: 600 }) });
const value = fc.constantFrom('', 'v', 'w').map((text) => new Uint8Array(Buffer.from(text)));
const condition: fc.Arbitrary<EntityCondition | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.constant({ kind: 'mustExist' } as const),
  fc.constant({ kind: 'mustNotExist' } as const),
  fc.nat({ max: 8 }).map((version) => ({ kind: 'versionEquals', version: version as Height }) as const),
  value.map((wanted) => ({ kind: 'valueEquals', value: wanted }) as const),
);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    op: fc.constant('writeTuple' as const),
    tuple: fc.constantFrom(...TUPLES).map(tupleOf),
    condition: fc.constantFrom(undefined, undefined, { name: 'office', context: '{}' }),
    expiresAt,
    onDuplicate: fc.constantFrom('error' as const, 'ignore' as const),
  }),
  fc.record({
    op: fc.constant('deleteTuple' as const),
    tuple: fc.constantFrom(...TUPLES).map(tupleOf),
    onMissing: fc.constantFrom('error' as const, 'ignore' as const),
  }),
  fc.record({ op: fc.constant('setEntity' as const), key: fc.constantFrom(...KEYS), value, expiresAt, condition }),
  fc.record({ op: fc.constant('deleteEntity' as const), key: fc.constantFrom(...KEYS), condition }),
);

/** Sequences and sessions from small ranges, so that retries, duplicates, stale and reused ones are common. */
const ref = fc.record({
  session: fc.integer({ min: 1, max: 6 }),
  sequence: fc.integer({ min: 1, max: 12 }),
  lag: fc.nat({ max: 3 }),
});
const vault = fc.constantFrom(VAULT, VAULT, VAULT, OTHER_VAULT);
const organization = fc.constantFrom(ORGANIZATION, ORGANIZATION, ORGANIZATION, ORGANIZATION, OTHER_ORGANIZATION);
const drawn = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('openSession' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('expire' as const), vault }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('createVault' as const), ref, organization, vault }) },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('transact' as const),
      ref,
      organization,
      vault,
      operations: fc.array(operation, { minLength: 1, maxLength: 3 }),
    }),
  },
);
type Drawn = typeof drawn extends fc.Arbitrary<infer T> ? T : never;

const step = fc.record({
  /** Added to a base; negative = the new leader's clock is behind. */
  wallStep: fc.integer({ min: -30, max: 60 }),
  term: fc.integer({ min: 1, max: 3 }),
  commands: fc.array(drawn, { maxLength: 4 }),
});

function commandOf(item: Drawn): Command {
  if (item.kind === 'openSession' || item.kind === 'expire') return item;
  const { session, sequence, lag } = item.ref;
  const reference = {
    session: { group: GROUP, index: session as LogIndex },
    sequence,
    lowestUnanswered: Math.max(1, sequence - lag),
  };
  if (item.kind === 'createVault') return { ...item, ref: reference };
  const transaction = { actor: 'user:anne', reason: '', operations: item.operations };
  return { kind: 'transact', ref: reference, organization: item.organization, vault: item.vault, transaction };
}

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

/** As entry-data orders them: by vault, in order of first use. */
function ordered(commands: readonly Command[]): readonly Command[] {
  const section = (command: Command): string => ('vault' in command ? command.vault : '');
  const sections = [...new Set(commands.map(section))];
  return sections.flatMap((id) => commands.filter((command) => section(command) === id));
}

function digestOf(state: GroupState): string {
  const out = new Writer();
  state.digest(out);
  return toHex(out.finish());
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
  };
  apply([{ kind: 'openSession' }], 1, 1);
  const session = { group: GROUP, index: 1 as LogIndex };
  const first = { session, sequence: 12, lowestUnanswered: 1 };
  apply([{ kind: 'createVault', ref: first, organization: ORGANIZATION, vault: VAULT }], 1, 1);
  for (const { commands, wallStep, term } of steps) apply(commands.map(commandOf), wallStep, term);
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
