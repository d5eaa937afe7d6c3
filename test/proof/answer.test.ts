/** Answers with a proof: what is accepted, how it is anchored, and that every change of them is refused. */
import { describe, expect, test } from 'vitest';
import { toBase64 } from '../../core/bytes/base64.ts';
import { toHex } from '../../core/bytes/text.ts';
import { blockHash, encodeHeader } from '../../core/chain/header.ts';
import { type AnswerExpectations, verifyAnswer } from '../../core/proof/answer.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { type Answer, answerFor, defaultLeaves, EXPIRES_AT, TIME, tupleLeaf, withBuckets, world } from '../support/answers.ts';

const honest = world();
const allow = answerFor(honest, { subject: 'user:alice' });
const deny = answerFor(honest, { subject: 'user:mallory' });

function check(answer: unknown, expected: AnswerExpectations = {}): string {
  const verdict = verifyAnswer(answer, { hasher: nativeHasher, ...expected });
  return verdict.ok ? `${verdict.allowed ? 'allow' : 'deny'} (${verdict.anchored})` : verdict.stage;
}

function stated(answer: Answer, change: Partial<Answer['statement']>): Answer {
  return { ...answer, statement: { ...answer.statement, ...change } };
}

describe('honest answers', () => {
  test('a tuple that is there is allowed, one that is not is denied, and both say so without an anchor', () => {
    expect(check(allow)).toBe('allow (none)');
    expect(check(deny)).toBe('deny (none)');
    expect(verifyAnswer(allow)).toMatchObject({
      ok: true,
      allowed: true,
      present: true,
      height: 9,
      time: TIME,
      anchored: 'none',
      tuple: { resource: 'doc:plan', relation: 'viewer', subject: 'user:alice' },
      condition: undefined,
    });
  });

  test('a tuple is live until the microsecond of its expiry', () => {
    expect(check(answerFor(honest, { subject: 'user:bob' }))).toBe('allow (none)');
    expect(check(answerFor(honest, { subject: 'user:carol' }))).toBe('deny (none)');
    const later = world(defaultLeaves(), { time: EXPIRES_AT });
    expect(verifyAnswer(answerFor(later, { subject: 'user:bob' }))).toMatchObject({ ok: true, allowed: false, present: true });
  });

  test('a condition is shown, not evaluated', () => {
    expect(verifyAnswer(answerFor(honest, { subject: 'user:dave' }))).toMatchObject({
      ok: true,
      condition: { name: 'in_region', context: '{}' },
    });
  });

  test('anything is absent from an empty vault', () => {
    expect(check(answerFor(world([]), {}))).toBe('deny (none)');
  });

  test('fields besides the known ones are ignored', () => {
    expect(check({ ...allow, served_by: 'n1', extra: { a: [1] } })).toBe('allow (none)');
  });

  test('the anchors given are reported, the block before the root', () => {
    expect(check(allow, { root: allow.tree_root })).toBe('allow (root)');
    expect(check(allow, { block: allow.block_hash })).toBe('allow (block)');
    expect(check(allow, { block: allow.block_hash.toUpperCase(), root: allow.tree_root })).toBe('allow (block)');
    expect(check(withBuckets(allow, honest), { root: allow.state_root })).toBe('allow (root)');
  });

  test('what the caller asked must be what is answered', () => {
    const { org, store } = allow.statement;
    const tuple = { resource: 'doc:plan', relation: 'viewer', subject: 'user:alice' };
    expect(check(allow, { tuple, organization: org, store })).toBe('allow (none)');
    expect(check(allow, { tuple: { ...tuple, subject: 'user:bob' } })).toBe('statement');
    expect(check(allow, { organization: store })).toBe('statement');
    expect(check(allow, { store: org })).toBe('statement');
    expect(check(allow, { height: allow.height })).toBe('allow (none)');
    expect(check(allow, { height: allow.height - 1 })).toBe('statement');
  });
});

describe('changed answers', () => {
  test('another verdict, statement or field is refused', () => {
    const zeros = '0'.repeat(64);
    const cases: readonly (readonly [unknown, string])[] = [
      [{ ...allow, allowed: false }, 'statement'],
      [stated(allow, { verdict: 'deny' }), 'statement'],
      [{ ...stated(allow, { verdict: 'deny' }), allowed: false }, 'verdict'],
      [{ ...stated(deny, { verdict: 'allow' }), allowed: true }, 'verdict'],
      [{ ...allow, height: 10 }, 'header'],
      [{ ...allow, height: 9.5 }, 'shape'],
      [{ ...allow, block_hash: zeros }, 'header'],
      [{ ...allow, state_root: zeros }, 'header'],
      [{ ...allow, tree_root: zeros }, 'header'],
      [{ ...allow, tree_root: allow.tree_root.toUpperCase() }, 'shape'],
      [{ ...allow, proof: deny.proof }, 'targets'],
      [{ ...deny, proof: allow.proof }, 'targets'],
      [{ ...allow, proof: `${allow.proof} ` }, 'shape'],
      [{ ...withBuckets(allow, honest), bucket_hashes: toBase64(new Uint8Array(8192)) }, 'header'],
      [{ ...allow, bucket_hashes: toBase64(new Uint8Array(8191)) }, 'shape'],
      [stated(allow, { v: 2 }), 'shape'],
      [stated(allow, { height: 10 }), 'statement'],
      [stated(allow, { org: allow.statement.store }), 'statement'],
      [stated(allow, { store: allow.statement.org }), 'statement'],
      [stated(allow, { store: allow.statement.store.toLowerCase().replace('8', 'b') }), 'shape'],
      [stated(allow, { tuple: { ...allow.statement.tuple, user: 'user:mallory' } }), 'targets'],
      [{ ...allow, statement: { ...allow.statement, note: 'x' } }, 'shape'],
      [{ ...allow, statement: { ...allow.statement, tuple: { ...allow.statement.tuple, condition: {} } } }, 'shape'],
    ];
    expect(cases.map(([answer]) => check(answer))).toEqual(cases.map(([, stage]) => stage));
  });

  test('a missing field is refused', () => {
    for (const field of Object.keys(allow)) expect(check({ ...allow, [field]: undefined })).toBe('shape');
    for (const field of Object.keys(allow.statement)) expect(check(stated(allow, { [field]: undefined }))).toBe('shape');
  });

  test('every byte of header and proof counts, and every character of every text', () => {
    for (const answer of [allow, deny]) {
      for (const field of ['header', 'proof', 'block_hash', 'state_root', 'tree_root'] as const) {
        const text = answer[field];
        for (let at = 0; at < text.length; at += 1) {
          const other = text[at] === 'a' ? 'b' : 'a';
          expect([field, at, verifyAnswer({ ...answer, [field]: text.slice(0, at) + other + text.slice(at + 1) }).ok]).toEqual([
            field,
            at,
            false,
          ]);
        }
      }
    }
  });

  test('an answer whose leaf is newer than its header is refused', () => {
    const early = world(defaultLeaves(), { height: 6 });
    expect(check(answerFor(early, {}))).toBe('decode');
  });

  test('a header with an unknown flag or version is refused', () => {
    const bytes = encodeHeader(honest.header);
    for (const [at, value] of [
      [0, 1],
      [1, 2],
      [3, 2],
    ] as const) {
      const changed = bytes.slice();
      changed[at] = value;
      const block_hash = toHex(blockHash(nativeHasher, changed));
      expect(check({ ...allow, block_hash, header: toBase64(changed) })).toBe('header');
    }
  });
});

describe('self-consistent forgeries: the own tree, proof and header of an attacker', () => {
  const on = { resource: 'doc:plan', relation: 'viewer' };
  /** Alice is gone and Mallory has come. */
  const lie = [...defaultLeaves().slice(1), tupleLeaf({ ...on, subject: 'user:mallory' })];
  const forged = world(lie);
  const anchors = { block: allow.block_hash, root: allow.tree_root };

  test('without an anchor they are consistent with themselves and called unauthenticated', () => {
    expect(check(answerFor(forged, { subject: 'user:mallory' }))).toBe('allow (none)');
    expect(check(answerFor(forged, { subject: 'user:alice' }))).toBe('deny (none)');
  });

  test('against the true block or root they are refused, for a hundred subjects and both verdicts', () => {
    for (let i = 0; i < 50; i += 1) {
      const subject = `user:forged-${i}`;
      const liar = world([...lie, tupleLeaf({ ...on, subject })]);
      for (const answer of [answerFor(liar, { subject }), answerFor(liar, { subject: 'user:alice' })]) {
        expect(check(answer, { block: anchors.block })).toBe('anchor');
        expect(check(answer, { root: anchors.root })).toBe('anchor');
        expect(check(answer, { root: allow.state_root })).toBe('anchor');
      }
    }
  });

  test('the true roots copied beside or into the forged header do not help', () => {
    const answer = answerFor(forged, { subject: 'user:mallory' });
    expect(check({ ...answer, block_hash: allow.block_hash }, { block: anchors.block })).toBe('header');
    expect(check({ ...answer, tree_root: allow.tree_root }, { root: anchors.root })).toBe('header');
    const trueTreeRoot = world(lie, { treeRoot: honest.header.treeRoot });
    expect(check(answerFor(trueTreeRoot, { subject: 'user:mallory' }), { root: anchors.root })).toBe('root');
  });

  test('the true state_root above a forged tree_root is refused: nothing binds them but the bucket hashes', () => {
    const trueStateRoot = world(lie, { stateRoot: honest.header.stateRoot });
    const answer = answerFor(trueStateRoot, { subject: 'user:mallory' });
    expect(check(answer, { root: allow.state_root })).toBe('anchor');
    expect(check(withBuckets(answer, honest), { root: allow.state_root })).toBe('header');
    expect(check(withBuckets(answer, forged), { root: allow.state_root })).toBe('header');
  });
});
