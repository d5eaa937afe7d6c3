/** Answers to several questions: what they show, and what every lie in them is refused for. */
import { describe, expect, test } from 'vitest';
import { toBase64 } from '../../core/bytes/base64.ts';
import { toHex } from '../../core/bytes/text.ts';
import type { Question } from '../../core/proof/statement.ts';
import { type StatementsExpectations, verifyStatements } from '../../core/proof/statements.ts';
import type { StatementsAnswer } from '../../core/proof/statements-answer.ts';
import { nativeHasher } from '../../node/hasher.ts';
import {
  answerTo,
  entityLeaf,
  HEIGHT,
  proofFor,
  rawWorld,
  reverseOf,
  STORE,
  type StatedWorld,
  statedWorld,
  TIME,
  tupleLeaf,
} from '../support/statements.ts';

const on = (relation: string, subject: string, resource: string = 'doc:plan'): Parameters<typeof tupleLeaf>[0] => ({
  resource,
  relation,
  subject,
});
const LEAVES = [
  tupleLeaf(on('viewer', 'user:alice')),
  tupleLeaf(on('viewer', 'user:*')),
  tupleLeaf(on('viewer', 'team:a#member')),
  tupleLeaf(on('viewer', 'user:bob'), TIME + 1),
  tupleLeaf(on('viewer', 'user:carol'), TIME),
  tupleLeaf(on('viewer', 'user:dave'), 0, 'in_region'),
  tupleLeaf(on('owner', 'user:alice')),
  tupleLeaf(on('viewer', 'user:alice', 'doc:other')),
  entityLeaf('plan', Uint8Array.of(1, 2, 3)),
  entityLeaf('empty', new Uint8Array(0)),
  entityLeaf('gone', Uint8Array.of(9), TIME),
  ...Array.from({ length: 40 }, (_, i) => tupleLeaf(on('viewer', `user:${i}`, `doc:${i}`))),
];
const honest = statedWorld(LEAVES);
const VIEWERS: Question = { kind: 'subjects', resource: 'doc:plan', relation: 'viewer', range: 'all' };
const QUESTIONS: readonly Question[] = [
  { kind: 'tuple', tuple: on('viewer', 'user:alice') },
  { kind: 'tuple', tuple: on('viewer', 'user:carol') },
  VIEWERS,
  { kind: 'resource', resource: 'doc:plan' },
  { kind: 'grants', subject: 'user:alice', relation: '' },
  { kind: 'entity', key: 'plan' },
];
const answer = answerTo(honest, QUESTIONS);

function check(given: unknown, expected: StatementsExpectations = {}): string {
  const verdict = verifyStatements(given, { hasher: nativeHasher, ...expected });
  return verdict.ok ? `holds (${verdict.anchored})` : verdict.stage;
}

function reasonOf(given: unknown, expected: StatementsExpectations = {}): string {
  const verdict = verifyStatements(given, { hasher: nativeHasher, ...expected });
  return verdict.ok ? 'holds' : `${verdict.stage}: ${verdict.reason}`;
}

/** What is shown to one question: names of tuples, or a value. */
function shown(question: Question, world: StatedWorld = honest): readonly string[] {
  const verdict = verifyStatements(answerTo(world, [question]), { questions: [question], hasher: nativeHasher });
  const finding = verdict.ok ? verdict.statements[0]?.finding : undefined;
  if (finding === undefined) throw new Error('refused');
  if (finding.kind === 'model') return finding.found === undefined ? [] : [finding.found.model];
  if (finding.kind === 'entity') return finding.found === undefined ? [] : [toHex(finding.found.value)];
  const found = finding.kind === 'set' ? finding.found : finding.found === undefined ? [] : [finding.found];
  return found.map(({ tuple }) => `${tuple.resource}#${tuple.relation}@${tuple.subject}`).sort();
}

/** An answer with one of its statements changed. */
function stated(index: number, change: Readonly<Record<string, unknown>>): unknown {
  const statements = answer.statements.map((statement, i) => (i === index ? { ...statement, ...change } : statement));
  return { ...answer, statements };
}

describe('honest answers', () => {
  test('show all that is live of what was asked, and nothing else', () => {
    const viewers = ['team:a#member', 'user:*', 'user:alice', 'user:bob', 'user:dave'].map((user) => `doc:plan#viewer@${user}`);
    expect(shown(VIEWERS)).toEqual(viewers);
    expect(shown({ ...VIEWERS, range: 'userset' })).toEqual(['doc:plan#viewer@team:a#member']);
    expect(shown({ ...VIEWERS, range: 'wildcard' })).toEqual(['doc:plan#viewer@user:*']);
    expect(shown({ ...VIEWERS, range: 'plain' })).toEqual(viewers.slice(2));
    expect(shown({ kind: 'resource', resource: 'doc:plan' })).toEqual(['doc:plan#owner@user:alice', ...viewers]);
    expect(shown({ kind: 'resource', resource: 'doc:none' })).toEqual([]);
    const alice = ['doc:other#viewer@user:alice', 'doc:plan#owner@user:alice', 'doc:plan#viewer@user:alice'];
    expect(shown({ kind: 'grants', subject: 'user:alice', relation: '' })).toEqual(alice);
    expect(shown({ kind: 'grants', subject: 'user:alice', relation: 'owner' })).toEqual([alice[1]]);
    expect(shown({ kind: 'grants', subject: 'user:carol', relation: '' })).toEqual([]);
    expect(shown({ kind: 'entity', key: 'plan' })).toEqual(['010203']);
    expect(shown({ kind: 'entity', key: 'empty' })).toEqual(['']);
    expect(shown({ kind: 'entity', key: 'gone' })).toEqual([]);
    expect(shown({ kind: 'entity', key: 'none' })).toEqual([]);
  });

  test('an empty vault answers everything with nothing', () => {
    const empty = statedWorld([]);
    for (const question of QUESTIONS) expect(shown(question, empty)).toEqual([]);
  });

  test('what expires is there until the microsecond of its expiry', () => {
    const later = statedWorld(LEAVES, { time: TIME + 1 });
    expect(shown({ ...VIEWERS, range: 'plain' }, later)).toEqual(['doc:plan#viewer@user:alice', 'doc:plan#viewer@user:dave']);
  });

  test('a condition is shown with the tuple, not evaluated; of grants it is not known', () => {
    const questions: readonly Question[] = [
      { kind: 'tuple', tuple: on('viewer', 'user:dave') },
      { kind: 'grants', subject: 'user:dave', relation: '' },
    ];
    const verdict = verifyStatements(answerTo(honest, questions));
    expect(verdict).toMatchObject({
      ok: true,
      statements: [
        { finding: { found: { condition: { name: 'in_region', context: '{}' } } } },
        { finding: { found: [{ condition: undefined }] } },
      ],
    });
  });

  test('one proof serves all questions, in whatever order and however often they are asked', () => {
    const turned = [...QUESTIONS, ...QUESTIONS].reverse();
    expect(toHex(proofFor(honest, turned))).toBe(toHex(proofFor(honest, QUESTIONS)));
    expect(check(answer, { questions: QUESTIONS })).toBe('holds (none)');
    expect(check(answer, { block: answer.block_hash })).toBe('holds (block)');
    expect(check(answer, { root: answer.tree_root.toUpperCase() })).toBe('holds (root)');
  });

  test('fields besides the known ones are ignored, but not inside a statement', () => {
    expect(check({ ...answer, served_by: 'n1' })).toBe('holds (none)');
    expect(reasonOf(stated(0, { served_by: 'n1' }))).toBe('shape: statements[0] holds an unknown field');
  });
});

describe('a statement that says something else than the proof is refused', () => {
  const [carol] = (answer.statements[2]?.tuples ?? []).map((tuple) => ({ ...tuple, user: 'user:carol' }));
  const viewers = answer.statements[2]?.tuples ?? [];

  test.each([
    ['allow for deny', stated(1, { verdict: 'allow' })],
    ['deny for allow', stated(0, { verdict: 'deny' })],
    ['no verdict at all', stated(0, { verdict: null })],
    ['a member hidden', stated(2, { tuples: viewers.slice(1) })],
    ['an expired member named', stated(2, { tuples: [...viewers, carol] })],
    ['a member twice', stated(2, { tuples: [...viewers, viewers[0]] })],
    ['another order', stated(2, { tuples: [...viewers].reverse() })],
    ['a field more in a member', stated(2, { tuples: viewers.map((tuple) => ({ ...tuple, extra: 1 })) })],
    ['no list', stated(2, { tuples: { length: viewers.length } })],
    ['another value', stated(5, { value: toBase64(Uint8Array.of(1, 2, 4)) })],
    ['no value', stated(5, { value: null })],
  ])('%s', (_, given) => {
    expect(check(given)).toBe('verdict');
  });

  test('and is named, with what is wrong', () => {
    expect(verifyStatements(stated(2, { tuples: viewers.slice(1) }))).toMatchObject({
      stage: 'verdict',
      statement: 2,
      reason: 'statements[2].tuples is not what the proof shows: it names 4 tuples, and there are 5',
    });
  });
});

describe('an answer to another question is refused', () => {
  test.each([
    ['another tuple', [{ kind: 'tuple', tuple: on('viewer', 'user:mallory') }, ...QUESTIONS.slice(1)]],
    ['another range', QUESTIONS.map((asked) => (asked === VIEWERS ? { ...VIEWERS, range: 'plain' } : asked))],
    ['another order', [...QUESTIONS].reverse()],
    ['fewer questions', QUESTIONS.slice(1)],
    ['more questions', [...QUESTIONS, VIEWERS]],
  ] as readonly (readonly [string, readonly Question[]])[])('%s', (_, questions) => {
    expect(check(answer, { questions })).toBe('statement');
  });

  test('the proof of one question does not answer another, nor fewer, nor more', () => {
    const withQuestions = (questions: readonly Question[]): StatementsAnswer => ({
      ...answerTo(honest, questions),
      proof: answer.proof,
    });
    expect(check(withQuestions(QUESTIONS))).toBe('holds (none)');
    expect(check(withQuestions(QUESTIONS.slice(0, 2)))).toBe('targets');
    expect(check(withQuestions([...QUESTIONS, { kind: 'entity', key: 'empty' }]))).toBe('targets');
    expect(check(withQuestions([{ kind: 'entity', key: 'none' }]))).toBe('targets');
  });

  test('another store, organization, height or block', () => {
    expect(check(answer, { store: STORE, organization: STORE })).toBe('statement');
    expect(check(stated(3, { store: answer.statements[0]?.org }))).toBe('statement');
    expect(check(stated(3, { height: 8 }))).toBe('statement');
    expect(check(answer, { height: HEIGHT })).toBe('holds (none)');
    expect(reasonOf(answer, { height: HEIGHT - 1 })).toBe('statement: statements[0]: another height than expected');
    expect(check(answer, { block: '0'.repeat(64) })).toBe('anchor');
    expect(check({ ...answer, height: 8 })).toBe('header');
  });

  test('an attacker’s own tree, proof and header are consistent, and refused against an anchor', () => {
    const forged = answerTo(statedWorld([tupleLeaf(on('viewer', 'user:mallory'))]), [VIEWERS]);
    expect(check(forged, { questions: [VIEWERS] })).toBe('holds (none)');
    expect(check(forged, { questions: [VIEWERS], block: answer.block_hash })).toBe('anchor');
    expect(check(forged, { questions: [VIEWERS], root: answer.tree_root })).toBe('anchor');
  });
});

describe('a proof that shows too little or too much is refused', () => {
  test('grants, where the header does not say that every tuple has its reverse leaf', () => {
    const world = rawWorld([...LEAVES, reverseOf(LEAVES[0] as ReturnType<typeof tupleLeaf>)], { reverse: false });
    const proof = toBase64(proofFor(world, QUESTIONS));
    const rest = answerTo(world, [VIEWERS]);
    const given = { ...rest, proof, statements: answer.statements };
    expect(verifyStatements(given)).toMatchObject({ ok: false, stage: 'statement', statement: 4 });
  });

  test('a member hidden behind a hash', () => {
    const one: Question = { kind: 'tuple', tuple: on('viewer', 'user:alice') };
    const given = { ...answerTo(honest, [VIEWERS]), proof: toBase64(proofFor(honest, [one])) };
    expect(reasonOf(given)).toMatch(/^targets: (hidden|the leftmost leaf)/);
  });

  test('an absence shown for one key says nothing of another', () => {
    const absent: Question = { kind: 'tuple', tuple: on('viewer', 'user:mallory') };
    const present: Question = { kind: 'tuple', tuple: on('viewer', 'user:alice') };
    const given = { ...answerTo(honest, [present]), proof: toBase64(proofFor(honest, [absent])) };
    expect(check(given)).toBe('targets');
  });

  test('a leaf newer than the header', () => {
    const world = statedWorld([{ ...(LEAVES[0] as ReturnType<typeof tupleLeaf>), version: 10 }]);
    const given = { ...answerTo(statedWorld([]), [VIEWERS]), ...tied(world) };
    expect(check({ ...given, proof: toBase64(proofFor(world, [VIEWERS])) })).toBe('decode');
  });
});

/** The fields of an answer that tie it to its block. */
function tied({ anchor }: StatedWorld): Record<string, unknown> {
  return {
    block_hash: toHex(anchor.blockHash),
    state_root: toHex(anchor.stateRoot),
    tree_root: toHex(anchor.treeRoot),
    header: toBase64(anchor.header),
  };
}

describe('what has not the form of an answer is refused with a sentence', () => {
  test.each([
    ['nothing', null, 'answer is not an object'],
    ['no statements', { ...answer, statements: undefined }, 'answer.statements is not a list of statements'],
    ['an empty list', { ...answer, statements: [] }, 'answer.statements is not a list of statements'],
    ['a statement that is none', { ...answer, statements: [7] }, 'statements[0] is not an object'],
    ['another version', stated(0, { v: 2 }), 'statements[0].v is not 1'],
    ['two questions in one', stated(0, { entity: { key: 'plan' } }), /^statements\[0\] has not exactly one of tuple, subjects/],
    ['no question', stated(0, { tuple: undefined }), /^statements\[0\] has not exactly one of tuple, subjects/],
    [
      'an unknown field of a question',
      stated(3, { resource: { object: 'doc:plan', x: 1 } }),
      'statements[3].resource holds an unknown field',
    ],
    [
      'a lone surrogate',
      stated(3, { resource: { object: 'doc:\ud800' } }),
      'statements[3].resource.object is not a well-formed text',
    ],
    [
      'an unknown kind',
      stated(2, { subjects: { object: 'doc:plan', relation: 'viewer', kind: 'all' } }),
      /kind is one of wildcard, userset, plain/,
    ],
    ['an empty relation', stated(4, { grants: { user: 'user:alice', relation: '' } }), /relation is left out for every one/],
    ['a claim of another kind', stated(5, { value: undefined, tuples: [] }), 'statements[5].value is not there'],
    ['a store that is no ULID', stated(0, { store: 'x' }), 'statements[0].store is not a ULID'],
    ['a proof that is no base64', { ...answer, proof: 'x' }, 'answer.proof is not canonical base64'],
  ])('%s', (_, given, reason) => {
    const verdict = verifyStatements(JSON.parse(JSON.stringify(given)));
    expect(verdict).toMatchObject({ ok: false, stage: 'shape' });
    if (!verdict.ok)
      expect(verdict.reason).toMatch(reason instanceof RegExp ? reason : new RegExp(`^${reason.replace(/[[\].]/g, '\\$&')}$`));
  });
});

test('a question that is repeated costs what its answer has of leaves once, not as often as it is asked', () => {
  const many = statedWorld(Array.from({ length: 2000 }, (_, i) => tupleLeaf(on('viewer', `user:${i}`))));
  const once = answerTo(many, [VIEWERS]);
  const [statement] = once.statements;
  const twice = verifyStatements({ ...once, statements: [statement, statement] }, { hasher: nativeHasher });
  if (!twice.ok) throw new Error(twice.reason);
  expect(twice.statements[0]?.finding).toBe(twice.statements[1]?.finding);
  // A short text with a long proof behind each of its lines: worked out anew, they are 40 million tuples.
  const lie = { ...statement, tuples: [] };
  const attack = { ...once, statements: [statement, ...Array.from({ length: 20_000 }, () => lie)] };
  expect(reasonOf(attack)).toBe(
    'verdict: statements[1].tuples is not what the proof shows: it names 0 tuples, and there are 2000',
  );
});
