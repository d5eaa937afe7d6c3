/** What a stranger makes up, with a header of his own, to break a verifier or to keep it busy: it is refused, soon, and nothing is thrown. */
import { describe, expect, test } from 'vitest';
import { celConditions } from '../../core/authz/cel.ts';
import type { ReadTuple } from '../../core/authz/reading.ts';
import { canonicalJson } from '../../core/bytes/canonical-json.ts';
import { toHex } from '../../core/bytes/text.ts';
import { certificateAnswer } from '../../core/certificate/answer.ts';
import type { Asked } from '../../core/certificate/asked.ts';
import { CERTIFICATE_WORK_MAX } from '../../core/certificate/prove.ts';
import { type CertificateQuestion, certificateTarget } from '../../core/certificate/questions.ts';
import { modelPath } from '../../core/merkle/path.ts';
import { prove } from '../../core/merkle/prove.ts';
import { encodeValue, type LeafValue } from '../../core/merkle/value.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { world } from '../support/answers.ts';
import { check, objects, stored, UNDER } from './docs-vault.ts';
import { certified, MODEL_ID, type Vault, vaultOf, verify } from './support.ts';

const user = { type: 'user' };

function modelWith(relations: Readonly<Record<string, unknown>>, direct: readonly string[], conditions: object = {}): unknown {
  const types = (name: string) => ({
    directly_related_user_types: [user, { type: 'group', relation: 'member' }, { type: 'group', relation: name }],
  });
  const metadata = { relations: Object.fromEntries(direct.map((name) => [name, types(name)])) };
  return { schema_version: '1.1', type_definitions: [user, { type: 'group', relations, metadata }], conditions };
}

/** What a liar says of a vault, showing all that he likes to show. */
function claim(vault: Vault, asked: Asked, shown: readonly CertificateQuestion[]): unknown {
  const targets = [{ kind: 'model' as const, id: MODEL_ID }, ...shown].map((one) => certificateTarget(nativeHasher, one));
  const proof = prove(vault.world.tree, targets, (at) => vault.world.values.get(toHex(at)) as Uint8Array);
  const found = asked.kind === 'check' ? { kind: 'check' as const, allowed: true } : { kind: 'list' as const, members: [] };
  return certificateAnswer(certified(vault, proof), { asked, found });
}

/** Milliseconds that a refusal takes, and which it is. */
function refusalOf(
  answer: unknown,
  workMax: number = CERTIFICATE_WORK_MAX,
): { readonly ms: number; readonly stage: string; readonly reason: string } {
  const begin = performance.now();
  const verdict = verify(answer, { conditions: celConditions, workMax });
  const ms = performance.now() - begin;
  return verdict.ok ? { ms, stage: 'ok', reason: '' } : { ms, stage: verdict.stage, reason: verdict.reason };
}

function nested(edges: readonly (readonly [string, string])[]): readonly ReadTuple[] {
  return edges.map(([of, member]) => stored(`group:${of}#member@group:${member}#member`));
}

describe('models and tuples that are made up', () => {
  test('groups that all hold each other, under a condition that fails: the work ends', () => {
    const names = Array.from({ length: 24 }, (_, i) => `g${i}`);
    const edges = names.flatMap((a) => names.filter((b) => b !== a).map((b): [string, string] => [a, b]));
    const condition = { broken: { name: 'broken', expression: 'x == 1', parameters: { x: { type_name: 'TYPE_NAME_INT' } } } };
    const model = modelWith({ member: { this: {} } }, ['member'], condition) as {
      type_definitions: { metadata?: { relations: { member: { directly_related_user_types: unknown[] } } } }[];
    };
    model.type_definitions[1]?.metadata?.relations.member.directly_related_user_types.push({ type: 'user', condition: 'broken' });
    const broken: readonly ReadTuple[] = names.map((name) => ({
      tuple: { resource: `group:${name}`, relation: 'member', subject: 'user:anne' },
      condition: { name: 'broken', context: '{}' },
    }));
    const vault = vaultOf({ model, tuples: [...nested(edges), ...broken] });
    const all = names.map((name): CertificateQuestion => ({ kind: 'resource', resource: `group:${name}` }));
    const refusal = refusalOf(claim(vault, check('group:g0#member@user:anne'), all), CERTIFICATE_WORK_MAX / 16);
    expect(refusal).toMatchObject({ stage: 'evaluation', reason: 'the evaluation takes more work than a verification may' });
    console.log(`24 groups, each in each other: ${Math.round(refusal.ms)} ms, ${refusal.reason}`);
  });

  test('a list that walks from each of 120 groups to each: the work ends', () => {
    const names = Array.from({ length: 120 }, (_, i) => `g${i}`);
    const edges = names.flatMap((a) => names.filter((b) => b !== a).map((b): [string, string] => [a, b]));
    const vault = vaultOf({ model: modelWith({ member: { this: {} } }, ['member']), tuples: nested(edges) });
    const all: CertificateQuestion[] = names.map((name) => ({ kind: 'resource', resource: `group:${name}` }));
    const asked: Asked = {
      ...UNDER,
      kind: 'listUsers',
      question: { resource: 'group:g0', relation: 'member', filters: [{ type: 'group', relation: 'member' }] },
    };
    const refusal = refusalOf(claim(vault, asked, all));
    expect(refusal.stage).not.toBe('ok');
    console.log(`120 groups, each in each other: ${Math.round(refusal.ms)} ms, ${refusal.reason}`);
  });

  test('relations that rest on what is not there, in ways that nobody counts', () => {
    const relations = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [
        `r${i}`,
        { union: { child: [`r${i + 1}`, `r${i + 1}`].map((relation) => ({ computedUserset: { relation } })) } },
      ]),
    );
    const vault = vaultOf({ model: modelWith(relations, []), tuples: [] });
    const refusal = refusalOf(claim(vault, check('group:g#r0@user:anne'), []));
    expect(refusal).toMatchObject({ stage: 'model', reason: expect.stringContaining("'r60'") });
  });

  test('relations that rest on each other for ever, and deeper than the stack', () => {
    const chain = (length: number): unknown =>
      modelWith(
        {
          ...Object.fromEntries(Array.from({ length }, (_, i) => [`r${i}`, { computedUserset: { relation: `r${i + 1}` } }])),
          [`r${length}`]: { this: {} },
        },
        [`r${length}`],
      );
    const deep = refusalOf(claim(vaultOf({ model: chain(20_000), tuples: [] }), check('group:g#r0@user:anne'), []));
    expect(deep).toMatchObject({ stage: 'evaluation', reason: 'the model is too deep to be evaluated' });
    const names = Array.from({ length: 80 }, (_, i) => `r${i}`);
    const all = { union: { child: names.map((relation) => ({ computedUserset: { relation } })) } };
    const round = vaultOf({ model: modelWith(Object.fromEntries(names.map((name) => [name, all])), []), tuples: [] });
    expect(refusalOf(claim(round, check('group:g#r0@user:anne'), []))).toMatchObject({ stage: 'verdict' });
  });

  test('models that are no JSON, no model, or huge; tuples with contexts that are no JSON', () => {
    const vault = vaultOf({ model: modelWith({ member: { this: {} } }, ['member']), tuples: [] });
    const question = check('group:g#member@user:anne');
    const withModel = (model: string): Vault => {
      const leaf: LeafValue = { kind: 'model', id: MODEL_ID, model, expiresAt: 0, version: 3 };
      return { ...vault, world: world([leaf]) };
    };
    for (const model of [
      '',
      '{',
      'null',
      '[]',
      '"x"',
      '{}',
      '{"schema_version":"1.1","type_definitions":[{"type":"group","relations":{"member":{}}}]}',
    ]) {
      expect(refusalOf(claim(withModel(model), question, [])), model).toMatchObject({ stage: 'model' });
    }
    const levels = 100_000;
    expect(
      refusalOf(claim(withModel(`{"schema_version":${'['.repeat(levels)}${']'.repeat(levels)}}`), question, [])),
    ).toMatchObject({ stage: 'model' });
    for (const context of ['{', 'null', '7', '[]', '"{}"']) {
      const leaf: LeafValue = {
        kind: 'tuple',
        ...stored('group:g#member@user:anne').tuple,
        conditionName: 'x',
        conditionContext: context,
        expiresAt: 0,
        version: 7,
      };
      const bad = vaultOf({ model: modelWith({ member: { this: {} } }, ['member']), tuples: [], more: [leaf] });
      expect(refusalOf(claim(bad, question, [{ kind: 'resource', resource: 'group:g' }])), context).toMatchObject({
        stage: 'evaluation',
      });
    }
  });

  test('a leaf of another kind in the place of a model', () => {
    const vault = vaultOf({ model: modelWith({ member: { this: {} } }, ['member']), tuples: [] });
    expect(toHex(modelPath(nativeHasher, MODEL_ID))).not.toBe(toHex(modelPath(nativeHasher, 'x')));
    const entity: LeafValue = {
      kind: 'entity',
      key: MODEL_ID,
      value: encodeValue({ kind: 'model', id: MODEL_ID, model: '{}', expiresAt: 0, version: 1 }),
      expiresAt: 0,
      version: 1,
    };
    const other: Vault = { ...vault, world: world([entity]) };
    expect(refusalOf(claim(other, check('group:g#member@user:anne'), []))).toMatchObject({ stage: 'model' });
  });

  test('contexts that are deep or long', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(100)}1${'}'.repeat(100)}`);
    const vault = vaultOf({
      model: modelWith({ member: { this: {} } }, ['member']),
      tuples: [stored('group:g#member@user:anne')],
    });
    const asked = check('group:g#member@user:anne', { context: deep });
    expect(canonicalJson(deep)).toMatchObject({ ok: false });
    expect(refusalOf(claim(vault, asked, []))).toMatchObject({ stage: 'shape' });
  });

  test('a list of objects over a tree that shows no grants', () => {
    const vault = vaultOf({
      model: modelWith({ member: { this: {} } }, ['member']),
      tuples: [stored('group:g#member@user:anne')],
    });
    expect(refusalOf(claim(vault, objects('group', 'member', 'user:anne'), []))).toMatchObject({ stage: 'evaluation' });
  });
});
