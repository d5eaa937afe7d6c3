/** Authorization questions to the state machine of a group: the public suites through real entries, rows, slices, past heights and proofs. */
import { transformer } from '@openfga/syntax-transformer';
import { describe, expect, test } from 'vitest';
import { celConditions } from '../../core/authz/cel.ts';
import type { ReadTuple } from '../../core/authz/reading.ts';
import { canonicalJson } from '../../core/bytes/canonical-json.ts';
import { certificatesAnswer } from '../../core/certificate/answer.ts';
import type { Asked, Found } from '../../core/certificate/asked.ts';
import { verifyCertificate } from '../../core/certificate/verify.ts';
import type { AuthzQuery, AuthzResult, CheckQuestion } from '../../core/client/authz-protocol.ts';
import { type ClientResult, NEWEST, type ReadPoint } from '../../core/client/protocol.ts';
import type { Height } from '../../core/ids.ts';
import { CHECKS_MAX } from '../../core/limits.ts';
import { ProofWork } from '../../core/state/proof-work.ts';
import type { Operation } from '../../core/state/transaction.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { readTupleOf, type StageYaml, suitesOf, type TupleYaml } from '../core/authz/model-corpus.ts';
import { Bench, ORGANIZATION, VAULT } from './support.ts';

function modelText(dsl: string): string {
  const canonical = canonicalJson(transformer.transformDSLToJSONObject(dsl));
  if (!canonical.ok) throw new Error(canonical.reason);
  return canonical.text;
}

function writes(tuples: readonly ReadTuple[]): readonly Operation[] {
  return tuples.map(({ tuple, condition }) => ({ op: 'writeTuple', tuple, condition, expiresAt: 0, onDuplicate: 'ignore' }));
}

/** The vault of a suite, as far as its stages have come. */
class SuiteVault {
  readonly bench: Bench = new Bench({ hasher: nativeHasher });

  constructor() {
    this.bench.createVault();
  }

  enter(stage: StageYaml): void {
    this.bench.run([{ op: 'writeModel', model: modelText(stage.model) }]);
    const tuples = (stage.tuples ?? []).map(readTupleOf);
    if (tuples.length > 0) this.bench.run(writes(tuples));
  }

  ask(query: AuthzQuery, proof: boolean = false, at: ReadPoint = NEWEST): AuthzResult {
    const result = this.bench.query(query, proof, at);
    if (result.kind === 'error' || !('model' in result) || result.kind === 'model') throw new Error(JSON.stringify(result));
    return result;
  }

  /** The same, one row a step. */
  askInSlices(query: AuthzQuery): ClientResult {
    const { state } = this.bench;
    const where = {
      group: state.group,
      organization: ORGANIZATION,
      vault: VAULT,
      consistency: 'linearizable',
      at: NEWEST,
    } as const;
    const begun = state.begin({ kind: 'query', ...where, query, proof: true });
    if (!(begun instanceof ProofWork)) throw new Error('an evaluation is work');
    for (;;) {
      const result = begun.work(1);
      if (result !== undefined) return result;
    }
  }
}

function contextOf(value: unknown): string {
  const canonical = canonicalJson(value ?? {});
  if (!canonical.ok) throw new Error(canonical.reason);
  return canonical.text;
}

interface OwnYaml {
  readonly contextualTuples?: readonly TupleYaml[];
  readonly context?: unknown;
}

function ownOf({ contextualTuples, context }: OwnYaml): Pick<CheckQuestion, 'contextual' | 'context'> {
  return { contextual: (contextualTuples ?? []).map(readTupleOf), context: contextOf(context) };
}

function verifyAll(result: Exclude<AuthzResult, { kind: 'expand' }>, results: readonly { asked: Asked; found: Found }[]): void {
  const certified = { organization: ORGANIZATION, store: VAULT, anchor: result.anchor, proof: result.proof };
  const answer = certificatesAnswer(certified, results);
  const verdict = verifyCertificate(answer, { hasher: nativeHasher, conditions: celConditions });
  expect(verdict.ok ? 'verified' : `${verdict.stage}: ${verdict.reason}`).toBe('verified');
}

/** Asks everything of a stage that is not to be refused, and verifies each answer's proof. @returns how much that was */
function askAll(vault: SuiteVault, stage: StageYaml): number {
  let asked = 0;
  const model = '';
  for (const item of stage.checkAssertions ?? []) {
    if (item.errorCode !== undefined) continue;
    const { object: resource, relation, user: subject } = item.tuple;
    const check: CheckQuestion = { tuple: { resource, relation, subject }, ...ownOf(item) };
    const query: AuthzQuery = { kind: 'check', model, checks: [check] };
    const result = vault.ask(query, true);
    if (result.kind !== 'check') throw new Error('a check is answered as one');
    const allowed = item.expectation === true;
    expect(result.verdicts, JSON.stringify(check)).toEqual([{ ok: true, allowed }]);
    expect(vault.askInSlices(query)).toEqual(result);
    const under = { model: result.model, context: item.context ?? {}, contextual: check.contextual };
    verifyAll(result, [{ asked: { kind: 'check', tuple: check.tuple, ...under }, found: { kind: 'check', allowed } }]);
    asked += 1;
  }
  for (const item of stage.listObjectsAssertions ?? []) {
    if (item.errorCode !== undefined) continue;
    const { type, relation, user: subject } = item.request;
    const own = ownOf(item);
    const result = vault.ask({ kind: 'listObjects', model, type, relation, subject, ...own }, true);
    if (result.kind !== 'listObjects') throw new Error('a list is answered as one');
    const members = [...(item.expectation ?? [])].sort();
    expect(result.found, JSON.stringify(item.request)).toEqual(members);
    const under = { model: result.model, context: item.context ?? {}, contextual: own.contextual };
    const question = { type, relation, subject };
    verifyAll(result, [{ asked: { kind: 'listObjects', question, ...under }, found: { kind: 'list', members } }]);
    asked += 1;
  }
  for (const item of stage.listUsersAssertions ?? []) {
    if (item.errorCode !== undefined) continue;
    const { object: resource, relation } = item.request;
    const filters = item.request.filters.map((filter) => {
      const [type = '', of = ''] = filter.split('#');
      return { type, relation: of };
    });
    const own = ownOf(item);
    const result = vault.ask({ kind: 'listUsers', model, resource, relation, filters, ...own }, true);
    if (result.kind !== 'listUsers') throw new Error('a list is answered as one');
    const members = [...(item.expectation ?? [])].sort();
    expect(result.found, JSON.stringify(item.request)).toEqual(members);
    const under = { model: result.model, context: item.context ?? {}, contextual: own.contextual };
    const question = { resource, relation, filters };
    verifyAll(result, [{ asked: { kind: 'listUsers', question, ...under }, found: { kind: 'list', members } }]);
    asked += 1;
  }
  return asked;
}

describe.each(['consolidated_1_1_tests.yaml', 'abac_tests.yaml'])('the public suites of %s, over entries', (file) => {
  const suites = suitesOf(file);

  test.skipIf(suites === undefined)(
    'are answered as expected, in slices too, and every proof verifies',
    { timeout: 120_000 },
    () => {
      let asked = 0;
      for (const { name, stages } of suites ?? []) {
        const vault = new SuiteVault();
        for (const stage of stages) {
          vault.enter(stage);
          try {
            asked += askAll(vault, stage);
          } catch (error) {
            throw new Error(`suite ${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
          }
        }
      }
      expect(asked).toBeGreaterThan(file.startsWith('abac') ? 80 : 800);
    },
  );
});

const NESTED = `
model
  schema 1.1
type user
type group
  relations
    define member: [user, group#member]
type document
  relations
    define blocked: [user]
    define viewer: [user, group#member] but not blocked
`;

function check(text: string): CheckQuestion {
  const [left = '', subject = ''] = text.split('@');
  const [resource = '', relation = ''] = left.split('#');
  return { tuple: { resource, relation, subject }, contextual: [], context: '{}' };
}

function tuples(...texts: readonly string[]): readonly Operation[] {
  return writes(texts.map((text) => ({ tuple: check(text).tuple, condition: undefined })));
}

describe('a vault with a model', () => {
  function vaultOf(...texts: readonly string[]): SuiteVault {
    const vault = new SuiteVault();
    vault.enter({ model: NESTED });
    vault.bench.run(tuples(...texts));
    return vault;
  }

  test('a batch is judged by one block, error by error', () => {
    const vault = vaultOf(
      'group:eng#member@user:anne',
      'document:1#viewer@group:eng#member',
      'document:1#viewer@user:bob',
      'document:1#blocked@user:bob',
    );
    const checks = [
      check('document:1#viewer@user:anne'),
      check('document:1#viewer@user:bob'),
      check('document:1#editor@user:bob'),
      check('document:1#viewer@user:cid'),
    ];
    const result = vault.ask({ kind: 'check', model: '', checks }, true);
    if (result.kind !== 'check') throw new Error('a check is answered as one');
    const [anne, bob, editor, cid] = result.verdicts;
    expect([anne, bob, cid]).toEqual([
      { ok: true, allowed: true },
      { ok: true, allowed: false },
      { ok: true, allowed: false },
    ]);
    expect(editor).toMatchObject({ ok: false, error: { code: 'invalid' } });
    const proven = [0, 1, 3].map((index) => {
      const { tuple } = checks[index] as CheckQuestion;
      const asked: Asked = { kind: 'check', tuple, model: result.model, context: {}, contextual: [] };
      return { asked, found: { kind: 'check', allowed: index === 0 } as const };
    });
    verifyAll(result, proven);
  });

  test('an answer at a past height is the one that was given then, with its proof, whatever was written since', () => {
    const vault = vaultOf('group:eng#member@user:anne', 'document:1#viewer@group:eng#member');
    const query: AuthzQuery = { kind: 'check', model: '', checks: [check('document:1#viewer@user:anne')] };
    const lists: AuthzQuery[] = [
      {
        kind: 'listObjects',
        model: '',
        type: 'document',
        relation: 'viewer',
        subject: 'user:anne',
        contextual: [],
        context: '{}',
      },
      {
        kind: 'listUsers',
        model: '',
        resource: 'document:1',
        relation: 'viewer',
        filters: [{ type: 'user', relation: '' }],
        contextual: [],
        context: '{}',
      },
    ];
    const then = [query, ...lists].map((one) => vault.ask(one, true));
    const { height } = (then[0] as AuthzResult).anchor;
    vault.bench.run(tuples('document:1#blocked@user:anne', 'document:2#viewer@user:anne'));
    vault.enter({ model: NESTED.replace(' but not blocked', '') });
    const at: ReadPoint = { kind: 'height', height: height as Height };
    expect([query, ...lists].map((one) => vault.ask(one, true, at))).toEqual(then);
    expect(vault.ask(query)).toMatchObject({ verdicts: [{ ok: true, allowed: true }] });
  });

  test('everybody in everybody else’s group is decided without walking every way there is', () => {
    const groups = Array.from({ length: 24 }, (_, i) => `group:${i}`);
    const mesh = groups.flatMap((one) => groups.filter((other) => other !== one).map((other) => `${one}#member@${other}#member`));
    const vault = vaultOf(...mesh, 'document:1#viewer@group:0#member');
    const denied = vault.ask({ kind: 'check', model: '', checks: [check('document:1#viewer@user:anne')] }, true);
    expect(denied).toMatchObject({ verdicts: [{ ok: true, allowed: false }] });
    vault.bench.run(tuples('group:23#member@user:anne'));
    const allowed = vault.ask({ kind: 'check', model: '', checks: [check('document:1#viewer@user:anne')] });
    expect(allowed).toMatchObject({ verdicts: [{ ok: true, allowed: true }] });
  });

  test('an unknown model, and more checks than a request has, are refused by name', () => {
    const vault = vaultOf('document:1#viewer@user:anne');
    const checks = [check('document:1#viewer@user:anne')];
    expect(vault.bench.query({ kind: 'check', model: '01ARZ3NDEKTSV4RRFFQ69G5FAV', checks })).toMatchObject({
      code: 'model_missing',
    });
    expect(CHECKS_MAX).toBe(50);
  });
});

test('a vault without models says whether the exact tuple is there, and lists nothing', () => {
  const vault = new SuiteVault();
  vault.bench.run(tuples('document:1#viewer@user:anne'));
  const checks = [check('document:1#viewer@user:anne'), check('document:1#viewer@user:bob')];
  expect(vault.ask({ kind: 'check', model: '', checks })).toMatchObject({
    model: '',
    verdicts: [
      { ok: true, allowed: true },
      { ok: true, allowed: false },
    ],
  });
  const list = { kind: 'listObjects', model: '', type: 'document', relation: 'viewer', subject: 'user:anne' } as const;
  expect(vault.bench.query({ ...list, contextual: [], context: '{}' })).toMatchObject({ code: 'no_model' });
});

test('where nothing was read there is nothing to prove: checks without a verdict, in a vault without models', () => {
  const bench = new Bench({ hasher: nativeHasher });
  bench.createVault();
  const tuple = { resource: 'file:plan', relation: 'reader', subject: 'person:ann' };
  const own: ReadTuple = { tuple, condition: undefined };
  const ask = (checks: readonly CheckQuestion[]): ClientResult => bench.query({ kind: 'check', model: '', checks }, true, NEWEST);
  const contextual = ask([{ tuple, contextual: [own], context: '{}' }]);
  expect(contextual).toMatchObject({ kind: 'check', verdicts: [{ ok: false }], proof: new Uint8Array(0) });
  const read = ask([
    { tuple, contextual: [own], context: '{}' },
    { tuple, contextual: [], context: '{}' },
  ]);
  expect(read).toMatchObject({ kind: 'check', verdicts: [{ ok: false }, { ok: true, allowed: false }] });
  expect(read.kind === 'check' && read.proof.length).toBeGreaterThan(0);
});
