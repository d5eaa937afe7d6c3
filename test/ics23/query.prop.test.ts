/**
 * ICS-23 exports that a state answers: npm `@confio/ics23` accepts them under the header's tree_root, at every height, wherever the
 * state came from and however slowly they are made; and what they show is what the vault held.
 */
import { ics23 } from '@confio/ics23';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromBase64 } from '../../core/bytes/base64.ts';
import { decodeHeader } from '../../core/chain/header.ts';
import { type ClientResult, NEWEST, type ReadPoint } from '../../core/client/protocol.ts';
import { type Ics23Answer, ics23Answer } from '../../core/ics23/answer.ts';
import { verifyIcs23Answer } from '../../core/ics23/verify-answer.ts';
import type { Height } from '../../core/ids.ts';
import { decodeValue } from '../../core/merkle/value.ts';
import type { PointQuestion } from '../../core/proof/statement.ts';
import { checkRequest } from '../../core/state/admission.ts';
import { GroupState, type GroupStateOptions } from '../../core/state/group-state.ts';
import { modelLeafAt } from '../../core/state/models.ts';
import { DEFAULT_PROOF_LIMITS, ProofWork } from '../../core/state/proof-work.ts';
import type { Operation } from '../../core/state/transaction.ts';
import type { Vault } from '../../core/state/vault.ts';
import { type VaultView, viewAt } from '../../core/state/vault-view.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { CheckpointHost } from '../checkpoint/host.ts';
import { restore, snapshotOf } from '../snapshot/support.ts';
import { Bench, GROUP, keep, ORGANIZATION, oneModel, remove, set, tupleOf, VAULT, write, writeModel } from '../state/support.ts';
import { propertyRuns } from '../support/property.ts';
import { accepts, acceptsBytes } from './support.ts';

const STATE: GroupStateOptions = { group: GROUP, hasher: nativeHasher, dataGroups: [GROUP] };
const EXPIRES_AT = 5000;
const TUPLES = ['doc:1', 'doc:2', 'doc:3'].flatMap((resource) =>
  ['user:a', 'user:*', 'team:x#member', 'user:b'].map((subject) => `${resource}#viewer@${subject}`),
);
const QUESTIONS: readonly PointQuestion[] = [
  ...TUPLES.map((text): PointQuestion => ({ kind: 'tuple', tuple: tupleOf(text) })),
  { kind: 'tuple', tuple: tupleOf('doc:9#viewer@user:nobody') },
  ...['k', 'l', 'nothing', 'nobody'].map((key): PointQuestion => ({ kind: 'entity', key })),
  { kind: 'model', id: VAULT },
];
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.constantFrom(...TUPLES).map((tuple) => write(tuple, { ignore: true })),
  fc.constantFrom(...TUPLES).map((tuple) => write(tuple, { ignore: true, expiresAt: EXPIRES_AT })),
  fc.constantFrom(...TUPLES).map((tuple) => remove(tuple, { ignore: true })),
  fc.constantFrom('k', 'l').map((key) => set(key, key.repeat(3))),
  fc.constantFrom('user', 'doc').map(writeModel),
);
const history = fc.array(fc.array(operation, { minLength: 1, maxLength: 6 }).map(oneModel), { maxLength: 8 });
const questions = fc.array(fc.constantFrom(...QUESTIONS), { minLength: 1, maxLength: 6 });

function requestOf(question: PointQuestion, at: ReadPoint): Parameters<GroupState['query']>[0] {
  const where = { group: GROUP, organization: ORGANIZATION, vault: VAULT } as const;
  return { kind: 'query', ...where, query: { kind: 'ics23', question }, consistency: 'linearizable', at, proof: false };
}

/** Makes the export as a client does, and gives it to the verifier of others under the root of the header. */
function held(result: ClientResult, question: PointQuestion): Ics23Answer {
  if (result.kind !== 'ics23') throw new Error(JSON.stringify(result));
  const { anchor, proof } = result;
  const made = ics23Answer({ hasher: nativeHasher, organization: ORGANIZATION, store: VAULT, question, anchor, proof });
  if (!made.ok) throw new Error(made.reason);
  const { answer, value } = made;
  const header = decodeHeader(anchor.header);
  if (!header.ok) throw new Error(header.reason);
  const asked = { root: header.value.treeRoot, key: fromBase64(answer.ics23.key) as Uint8Array, value };
  expect(acceptsBytes(fromBase64(answer.ics23.bytes) as Uint8Array, asked)).toBe(true);
  expect(accepts(ics23.CommitmentProof.fromObject(answer.ics23.proof), asked)).toBe(true);
  const json = JSON.parse(JSON.stringify(answer)) as Ics23Answer;
  const { height, block_hash: block } = answer;
  expect(verifyIcs23Answer(json, { hasher: nativeHasher, question, block })).toMatchObject({
    ok: true,
    height,
    anchored: 'block',
  });
  return answer;
}

/** Whether a vault holds a leaf, live or expired: its rows say so, which know nothing of trees. */
function isStored({ state }: Bench, question: PointQuestion, height: Height): boolean {
  const view = viewAt(state.vault(VAULT) as Vault, { kind: 'height', height }) as VaultView;
  if (question.kind === 'model') return modelLeafAt(view, question.id) !== undefined;
  return (question.kind === 'tuple' ? view.tuple(question.tuple) : view.entity(question.key)) !== undefined;
}

function play(bench: Bench, blocks: readonly (readonly Operation[])[]): void {
  bench.createVault();
  for (const operations of blocks) bench.run(operations);
}

propertyRuns(
  80,
  'every export at every height verifies, and shows a leaf where there is one',
  history,
  questions,
  (blocks, asked) => {
    const bench = new Bench({ hasher: nativeHasher });
    play(bench, blocks);
    const newest = (bench.state.vault(VAULT) as Vault).height;
    for (let height = 1; height <= newest; height += 1) {
      for (const question of asked) {
        const at = { kind: 'height', height: height as Height } as const;
        const result = bench.state.query(requestOf(question, at));
        if (result.kind === 'error') {
          expect(result).toMatchObject({
            code: 'proof_unavailable',
            message: expect.stringMatching(/block \d+ this vault holds nothing/),
          });
          expect(QUESTIONS.some((one) => isStored(bench, one, at.height))).toBe(false);
          continue;
        }
        const { ics23: exported } = held(result, question);
        expect(exported.value !== null).toBe(isStored(bench, question, at.height));
      }
    }
  },
);

propertyRuns(
  25,
  'the export is the same from a state that was replayed, restored from a snapshot or reopened',
  history,
  questions,
  (blocks, asked) => {
    const host = new CheckpointHost({ pageBytes: 512, cacheBytes: 4096 });
    const bench = new Bench({ hasher: nativeHasher, pages: host.begin() });
    play(bench, blocks);
    const said = asked.map((question) => bench.state.query(requestOf(question, NEWEST)));
    const replayed = new GroupState(STATE);
    for (const entry of bench.entries) replayed.apply(entry);
    const restored = restore(snapshotOf(bench.state), { hasher: nativeHasher });
    if (typeof restored === 'string') throw new Error(restored);
    expect(host.finish(host.checkpoint(bench.state))).toBe(true);
    const reopened = host.open(STATE)?.state as GroupState;
    for (const state of [replayed, restored, reopened]) {
      // Each question first of a state in which no bucket is in memory, then of one in which some are.
      expect(asked.map((question) => state.query(requestOf(question, NEWEST)))).toEqual(said);
    }
  },
);

propertyRuns(
  40,
  'an export that is made row by row while blocks are sealed is the same one, and leaves nothing behind',
  history,
  history,
  fc.constantFrom(...QUESTIONS),
  fc.boolean(),
  (blocks, meanwhile, question, isPast) => {
    const bench = new Bench({ hasher: nativeHasher });
    play(bench, [[set('k', 'v')], ...blocks]);
    const at: ReadPoint = isPast ? { kind: 'height', height: 2 as Height } : NEWEST;
    const said = bench.state.query(requestOf(question, at));
    const begun = bench.state.begin(requestOf(question, at)) as ProofWork;
    bench.state.keep(begun);
    let result = begun.work(1);
    for (const operations of meanwhile) {
      bench.run(operations);
      result ??= begun.work(1);
    }
    expect(result ?? begun.finish()).toEqual(said);
    bench.state.proven(begun);
    return bench.state.pages.space.pinnedPages === 0;
  },
);

describe('an ICS-23 export', () => {
  function loaded(): Bench {
    const bench = new Bench({ hasher: nativeHasher });
    play(bench, [TUPLES.map((tuple) => write(tuple)), [write('doc:1#viewer@user:gone', { expiresAt: 3_500 })], [set('k', 'v')]]);
    return bench;
  }

  test('shows the canonical value, of an expired leaf too', () => {
    const bench = loaded();
    const question: PointQuestion = { kind: 'tuple', tuple: tupleOf('doc:1#viewer@user:gone') };
    const { ics23: exported } = held(bench.state.query(requestOf(question, NEWEST)), question);
    const value = decodeValue(fromBase64(exported.value as string) as Uint8Array);
    expect(value).toMatchObject({ ok: true, value: { kind: 'tuple', subject: 'user:gone', expiresAt: 3_500 } });
  });

  test('is refused of a vault that holds nothing, and of a block that the vault does not keep', () => {
    const bench = new Bench({ hasher: nativeHasher });
    bench.createVault();
    const question: PointQuestion = { kind: 'entity', key: 'k' };
    expect(bench.query({ kind: 'ics23', question })).toMatchObject({
      code: 'proof_unavailable',
      message:
        "at block 1 this vault holds nothing, and ICS-23 has no proof of absence from an empty tree; ask for a proof in Vouch's own form",
    });
    bench.run([set('k', '1')]);
    bench.run([keep({ kind: 'heights', heights: 1 })]);
    const at = { kind: 'height', height: 2 as Height } as const;
    expect(bench.query({ kind: 'ics23', question }, false, at)).toMatchObject({ code: 'pruned_height', oldest: 3 });
    expect(bench.query({ kind: 'ics23', question: { kind: 'entity', key: 'l' } })).toMatchObject({ kind: 'ics23' });
  });

  test('reads no more rows for a neighbour than allowed, and none where the leaf is there', () => {
    const bench = loaded();
    const view = viewAt(bench.state.vault(VAULT) as Vault, NEWEST) as VaultView;
    const make = (question: PointQuestion, rebuiltLeavesMax: number): ClientResult => {
      const answer = (proof: unknown): ClientResult => ({ kind: 'ics23', anchor: view.anchor, proof }) as ClientResult;
      return new ProofWork({ view, question, answer }, { ...DEFAULT_PROOF_LIMITS, rebuiltLeavesMax }).finish();
    };
    for (const text of TUPLES) expect(make({ kind: 'tuple', tuple: tupleOf(text) }, 0)).toMatchObject({ kind: 'ics23' });
    const absent: PointQuestion = { kind: 'tuple', tuple: tupleOf('doc:1#viewer@user:nobody') };
    expect(make(absent, 0)).toMatchObject({
      code: 'proof_too_large',
      message: expect.stringMatching(/among more than 0 others/),
    });
    expect(make(absent, 20)).toMatchObject({ kind: 'ics23' });
  });

  test.each([
    [
      'no tuple',
      { kind: 'tuple', tuple: { resource: 'doc', relation: 'viewer', subject: 'user:a' } },
      /a tuple is object#relation@user/,
    ],
    ['no key', { kind: 'entity', key: '' }, /an entity has a key/],
  ] as const)('of %s is refused with a sentence', (_, question, message) => {
    const refused = checkRequest(requestOf(question, NEWEST) as Parameters<typeof checkRequest>[0]);
    expect(refused).toMatchObject({ code: 'invalid_argument', message: expect.stringMatching(message) });
  });

  test('in its JSON form is refused at the stage that finds the fault', () => {
    const bench = loaded();
    const [question, other] = QUESTIONS as [PointQuestion, PointQuestion];
    const answer = held(bench.state.query(requestOf(question, NEWEST)), question);
    const absent = held(bench.state.query(requestOf({ kind: 'entity', key: 'l' }, NEWEST)), { kind: 'entity', key: 'l' });
    const stageOf = (json: unknown, expected: object = {}): string => {
      const verdict = verifyIcs23Answer(json, { hasher: nativeHasher, ...expected });
      return verdict.ok ? 'held' : verdict.stage;
    };
    expect([answer, absent].map((one) => stageOf(one))).toEqual(['held', 'held']);
    expect(stageOf(answer, { question: other })).toBe('statement');
    expect(stageOf(answer, { block: '0'.repeat(64) })).toBe('anchor');
    expect(stageOf({ ...answer, statement: absent.statement })).toBe('ics23');
    expect(stageOf({ ...answer, statement: { ...answer.statement, store: ORGANIZATION } })).toBe('statement');
    expect(stageOf({ ...answer, tree_root: answer.state_root })).toBe('header');
    expect(stageOf({ ...answer, ics23: { ...answer.ics23, proof: absent.ics23.proof } })).toBe('ics23');
    for (const part of [{ value: null }, { root: absent.ics23.key }, { bytes: absent.ics23.bytes }, { more: 1 }, { spec: {} }])
      expect(stageOf({ ...answer, ics23: { ...answer.ics23, ...part } })).toBe('shape');
    for (const json of [undefined, null, 1, {}, { ics23: {} }, { ...answer, ics23: { proof: { exist: { path: [1] } } } }])
      expect(stageOf(json)).toBe('shape');
  });
});
