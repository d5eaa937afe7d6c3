/**
 * Authorization answers about the past: at every height that is kept, verdicts, lists and their certificates are the bytes that were
 * given when that height was the newest, wherever the state came from since: here, replayed, restored from a snapshot, reopened from a
 * checkpoint; below what is kept they are refused.
 */
import { transformer } from '@openfga/syntax-transformer';
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { canonicalJson } from '../../core/bytes/canonical-json.ts';
import { toHex } from '../../core/bytes/text.ts';
import type { AuthzQuery, CheckQuestion } from '../../core/client/authz-protocol.ts';
import { type ClientResult, NEWEST, type ReadPoint } from '../../core/client/protocol.ts';
import type { Height, Micros } from '../../core/ids.ts';
import { GroupState, type GroupStateOptions } from '../../core/state/group-state.ts';
import type { Operation } from '../../core/state/transaction.ts';
import type { Vault } from '../../core/state/vault.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { CheckpointHost } from '../checkpoint/host.ts';
import { restore, snapshotOf } from '../snapshot/support.ts';
import { propertyRuns } from '../support/property.ts';
import { Bench, GROUP, keep, ORGANIZATION, remove, tupleOf, VAULT, write } from './support.ts';

const STATE: GroupStateOptions = { group: GROUP, hasher: nativeHasher, dataGroups: [GROUP] };
/** Among the times of the blocks: entries are 1000 microseconds apart. */
const EXPIRES_AT = 6000;

/** Two models that judge the same tuples differently. */
const MODELS = [' but not blocked', ''].map((exclusion): Operation => {
  const dsl = `
model
  schema 1.1
type user
type group
  relations
    define member: [user, group#member]
type document
  relations
    define blocked: [user]
    define viewer: [user, user:*, group#member, user with office]${exclusion}
condition office(at_work: bool) {
  at_work
}
`;
  const canonical = canonicalJson(transformer.transformDSLToJSONObject(dsl));
  if (!canonical.ok) throw new Error(canonical.reason);
  return { op: 'writeModel', model: canonical.text };
});

const USERS = ['user:anne', 'user:bob'];
const DOCUMENTS = ['document:1', 'document:2'];
const TUPLES = [
  ...USERS.map((user) => `group:eng#member@${user}`),
  'group:all#member@group:eng#member',
  'group:eng#member@group:all#member',
  ...DOCUMENTS.flatMap((document) => [
    ...USERS.flatMap((user) => [`${document}#viewer@${user}`, `${document}#blocked@${user}`]),
    `${document}#viewer@group:all#member`,
    `${document}#viewer@user:*`,
  ]),
];

function checkOf(text: string): CheckQuestion {
  return { tuple: tupleOf(text), contextual: [], context: '{"at_work":true}' };
}

const OWN = { contextual: [], context: '{"at_work":true}' } as const;
/** model: empty, the newest at the height that is asked about. */
const QUERIES: readonly AuthzQuery[] = [
  {
    kind: 'check',
    model: '',
    checks: DOCUMENTS.flatMap((document) => USERS.map((user) => checkOf(`${document}#viewer@${user}`))),
  },
  { kind: 'check', model: '', checks: [checkOf('group:all#member@user:anne')] },
  { kind: 'listObjects', model: '', type: 'document', relation: 'viewer', subject: 'user:anne', ...OWN },
  { kind: 'listUsers', model: '', resource: 'document:1', relation: 'viewer', filters: [{ type: 'user', relation: '' }], ...OWN },
];

const text = fc.constantFrom(...TUPLES);
const onViewers = fc
  .constantFrom(...DOCUMENTS)
  .chain((document) => fc.constantFrom(...USERS.map((user) => `${document}#viewer@${user}`)));
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: text.map((tuple) => write(tuple, { ignore: true })) },
  { weight: 4, arbitrary: text.map((tuple) => remove(tuple, { ignore: true })) },
  { weight: 1, arbitrary: onViewers.map((tuple) => write(tuple, { ignore: true, condition: 'office' })) },
  { weight: 2, arbitrary: text.map((tuple) => write(tuple, { ignore: true, expiresAt: EXPIRES_AT })) },
);
const block: fc.Arbitrary<readonly Operation[]> = fc.oneof(
  { weight: 8, arbitrary: fc.array(operation, { minLength: 1, maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom(...MODELS).map((one) => [one]) },
  { weight: 1, arbitrary: fc.integer({ min: 2, max: 9 }).map((heights) => [keep({ kind: 'heights', heights })]) },
);
const blocks = fc.array(block, { minLength: 2, maxLength: 12 });

function ask(state: GroupState, query: AuthzQuery, at: ReadPoint): ClientResult {
  const where = { group: GROUP, organization: ORGANIZATION, vault: VAULT, consistency: 'linearizable' } as const;
  return state.query({ kind: 'query', ...where, query, at, proof: true });
}

/** An answer with its certificate, in text, or why there is none. */
function textOf(result: ClientResult): string {
  return JSON.stringify(result, (_key, value: unknown) => (value instanceof Uint8Array ? toHex(value) : value));
}

function vaultOf(state: GroupState): Vault {
  return state.vault(VAULT) as Vault;
}

/** What the answers were when a block was the newest. */
interface Given {
  readonly height: Height;
  readonly time: Micros;
  readonly answers: readonly string[];
}

function play(bench: Bench, history: readonly (readonly Operation[])[], after: (at: number) => void): readonly Given[] {
  const given: Given[] = [];
  const run = (operations: readonly Operation[]): void => {
    bench.run(operations);
    const { height, time } = vaultOf(bench.state);
    if (height === given.at(-1)?.height) return;
    given.push({ height, time, answers: QUERIES.map((query) => textOf(ask(bench.state, query, NEWEST))) });
  };
  bench.createVault();
  run([MODELS[0] as Operation]);
  history.forEach((operations, at) => {
    run(operations);
    after(at);
  });
  return given;
}

function oldestOf(bench: Bench): number {
  const result = bench.query({ kind: 'retention' });
  if (result.kind !== 'retention') throw new Error(textOf(result));
  return result.oldest;
}

/** @returns at how many heights answers were compared */
function expectGiven(state: GroupState, given: readonly Given[], oldest: number): number {
  let compared = 0;
  for (const { height, time, answers } of given) {
    for (const at of [{ kind: 'height', height } as const, { kind: 'time', time } as const]) {
      const found = QUERIES.map((query) => ask(state, query, at));
      if (height >= oldest) expect(found.map(textOf)).toEqual(answers);
      else for (const result of found) expect(result).toMatchObject({ code: 'pruned_height', oldest });
    }
    if (height >= oldest) compared += 1;
  }
  return compared;
}

propertyRuns(
  30,
  'what is answered about a past height, with its certificates, is what was answered then: here, replayed, restored from a snapshot, reopened',
  blocks,
  fc.nat(),
  (history, at) => {
    const host = new CheckpointHost({ pageBytes: 512, cacheBytes: 4096 });
    const bench = new Bench({ hasher: nativeHasher, pages: host.begin() });
    const installed: GroupState[] = [];
    const given = play(bench, history, (now) => {
      if (now !== at % history.length) return;
      const outcome = restore(snapshotOf(bench.state), { hasher: nativeHasher });
      if (typeof outcome === 'string') throw new Error(outcome);
      installed.push(outcome);
    });
    expect(installed.length).toBe(1);
    expect(given.some(({ answers }) => answers.every((answer) => answer.includes('"proof":')))).toBe(true);
    const replayed = new GroupState(STATE);
    for (const state of [replayed, ...installed]) {
      for (const entry of bench.entries.slice(state.lastApplied)) state.apply(entry);
    }
    expect(host.finish(host.checkpoint(bench.state))).toBe(true);
    const reopened = host.open(STATE)?.state as GroupState;
    const oldest = oldestOf(bench);
    for (const state of [bench.state, replayed, ...installed, reopened]) {
      expect(expectGiven(state, given, oldest)).toBeGreaterThan(0);
    }
  },
);
