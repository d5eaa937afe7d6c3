/** Certificates of a small vault: what is proven, what anchors it, and that whatever is changed about one is refused. */
import { describe, expect, test } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { certificateAnswer } from '../../core/certificate/answer.ts';
import type { Asked } from '../../core/certificate/asked.ts';
import { type CertificateQuestion, certificateQuestions, certificateTarget } from '../../core/certificate/questions.ts';
import { prove } from '../../core/merkle/prove.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { world } from '../support/answers.ts';
import { check, docsVault, objects, QUESTIONS, stored, users } from './docs-vault.ts';
import {
  bytesOf,
  certified,
  certify,
  certifyAll,
  decide,
  type Held,
  MODEL_ID,
  stageOf,
  type Vault,
  verify,
  withProof,
} from './support.ts';

const vault = docsVault();
const asked: readonly Asked[] = QUESTIONS.map(([question]) => question);

function targetsProof(of: Vault, questions: readonly CertificateQuestion[]): Uint8Array {
  const targets = questions.map((question) => certificateTarget(nativeHasher, question));
  return prove(of.world.tree, targets, (at) => of.world.values.get(toHex(at)) as Uint8Array);
}

function questionsOf(question: Asked, held: Held): readonly CertificateQuestion[] {
  return certificateQuestions([{ model: question.model, grounds: held }]);
}

describe('honest certificates', () => {
  test('each says what the vault says, and holds', () => {
    for (const [question, result] of QUESTIONS) {
      const answer = certify(vault, question);
      const verdict = verify(answer, { asked: [question], model: MODEL_ID, root: answer.tree_root });
      expect(verdict, JSON.stringify(question)).toMatchObject({ ok: true, anchored: 'root', height: answer.height });
      const found = verdict.ok ? verdict.results[0]?.found : undefined;
      expect(found?.kind === 'check' ? found.allowed : found?.members, JSON.stringify(question)).toEqual(result);
    }
  });

  test('equal questions have equal bytes, whatever was asked before', () => {
    const again = docsVault();
    for (const question of [...asked].reverse()) expect(certify(again, question)).toEqual(certify(vault, question));
  });

  test('several questions have one proof, and it is not longer than theirs together', () => {
    const answer = certifyAll(vault, asked);
    expect(stageOf(answer, { asked })).toBe('ok');
    const alone = asked.reduce((sum, question) => sum + bytesOf(certify(vault, question)).length, 0);
    expect(bytesOf(answer).length).toBeLessThan(alone);
  });

  test('an allow opens its witness only: three thousand other members stay behind hashes', () => {
    const more = Array.from({ length: 3000 }, (_, i) => stored(`group:eng#member@user:m${i}`));
    const big = docsVault({ tuples: [...vault.stored, ...more] });
    expect(bytesOf(certify(big, check('doc:plan#can_sign@user:anne'))).length).toBeLessThan(12_000);
  });

  test('users may stand in the answer as OpenFGA writes them', () => {
    const answer = certify(vault, users('doc:plan', 'can_view', 'user'));
    const object = (id: string) => ({ object: { type: 'user', id } });
    expect(stageOf({ ...answer, users: [object('anne'), object('olga')] })).toBe('ok');
    expect(stageOf({ ...answer, users: [object('anne'), object('eve')] })).toBe('statement');
    const open = certify(vault, users('doc:open', 'can_view', 'user'));
    expect(stageOf({ ...open, users: [{ wildcard: { type: 'user' } }] })).toBe('ok');
    const groups = certify(vault, users('doc:plan', 'viewer', 'group#member'));
    const userset = (id: string) => ({ userset: { type: 'group', id, relation: 'member' } });
    expect(stageOf({ ...groups, users: [userset('eng'), userset('staff')] })).toBe('ok');
  });
});

describe('openings', () => {
  test('none may be left out, and none may be added', () => {
    let dropped = 0;
    let added = 0;
    for (const question of asked) {
      const held = decide(vault, question);
      const needed = questionsOf(question, held);
      const honest = certify(vault, question);
      for (const left of needed) {
        const proof = targetsProof(
          vault,
          needed.filter((one) => one !== left).concat(needed.length === 1 ? [{ kind: 'model', id: 'x' }] : []),
        );
        if (toHex(proof) === toHex(bytesOf(honest))) continue;
        expect(stageOf(withProof(honest, proof)), JSON.stringify([question, left])).not.toBe('ok');
        dropped += 1;
      }
      for (const other of asked.filter((_, index) => index % 4 === 0)) {
        for (const extra of questionsOf(other, decide(vault, other))) {
          const proof = targetsProof(vault, [...needed, extra]);
          if (toHex(proof) === toHex(bytesOf(honest))) continue;
          expect(stageOf(withProof(honest, proof)), JSON.stringify([question, extra])).toBe('targets');
          added += 1;
        }
      }
    }
    expect(dropped).toBeGreaterThan(80);
    expect(added).toBeGreaterThan(200);
  });

  test('those of another question do not do, nor those of another vault, of the same questions', () => {
    const other = docsVault({ tuples: vault.stored.slice(1) });
    for (const question of asked) {
      const honest = certify(vault, question);
      for (const wrong of asked) {
        const swapped = withProof(honest, bytesOf(certify(vault, wrong)));
        if (swapped.proof === honest.proof) continue;
        expect(stageOf(swapped), JSON.stringify([question, wrong])).not.toBe('ok');
      }
      expect(stageOf(withProof(honest, targetsProof(other, questionsOf(question, decide(vault, question)))))).toBe('root');
    }
  });

  test('no byte may be another', () => {
    for (const question of [check('doc:plan#can_view@user:anne'), check('doc:plan#can_view@user:bob')]) {
      const honest = certify(vault, question);
      const bytes = bytesOf(honest);
      for (let at = 0; at < bytes.length; at += 1) {
        const changed = bytes.slice();
        changed[at] = (changed[at] as number) ^ (1 << (at % 8));
        expect(stageOf(withProof(honest, changed)), `byte ${at}`).not.toBe('ok');
      }
      for (let length = 0; length < bytes.length; length += 7)
        expect(stageOf(withProof(honest, bytes.slice(0, length)))).toBe('decode');
    }
  });
});

describe('statements', () => {
  test('a result that is turned round is refused, in the statement and beside it', () => {
    for (const question of asked) {
      const honest = certify(vault, question);
      const { statement } = honest;
      if (question.kind === 'check') {
        const flipped = { ...statement, verdict: statement.verdict === 'allow' ? 'deny' : 'allow' };
        expect(stageOf({ ...honest, statement: flipped })).toBe('statement');
        expect(stageOf({ ...honest, allowed: !honest.allowed })).toBe('statement');
        expect(stageOf({ ...honest, allowed: !honest.allowed, statement: flipped })).toBe('verdict');
        continue;
      }
      const field = question.kind === 'listObjects' ? 'objects' : 'users';
      const members = statement[field] as readonly string[];
      const lists = [
        ...members.map((one) => members.filter((other) => other !== one)),
        [...members, 'zzz:added'],
        ['aaa:added', ...members],
      ];
      for (const list of lists) {
        expect(stageOf({ ...honest, statement: { ...statement, [field]: list } })).toBe('statement');
        expect(stageOf({ ...honest, [field]: list, statement: { ...statement, [field]: list } })).toBe('verdict');
      }
    }
  });

  test('a certificate is of its question, model, vault and height', () => {
    const honest = certify(vault, check('doc:plan#can_view@user:anne'));
    const stated = (change: object): string => stageOf({ ...honest, statement: { ...honest.statement, ...change } });
    const tuple = { user: 'user:anne', relation: 'can_view', object: 'doc:plan' };
    expect(stated({})).toBe('ok');
    expect(stated({ tuple: { ...tuple, user: 'user:olga' } })).toBe('evaluation');
    expect(stated({ tuple: { ...tuple, relation: 'can_sign' } })).toBe('evaluation');
    expect(stated({ tuple: { ...tuple, relation: 'none' } })).toBe('evaluation');
    expect(stated({ tuple: { ...tuple, object: 'doc:open' } })).toBe('evaluation');
    expect(stated({ tuple: { ...tuple, relation: 'viewer' } })).toBe('targets');
    expect(stated({ model: '01ARZ3NDEKTSV4RRFFQ69G5FAW' })).toBe('model');
    expect(stated({ height: honest.height + 1 })).toBe('statement');
    expect(stated({ store: honest.statement.org })).toBe('statement');
    expect(stated({ org: honest.statement.store })).toBe('statement');
    expect(stated({ block_hash: '0'.repeat(64) })).toBe('statement');
  });

  test('a contextual tuple cannot be added or taken away', () => {
    const guest = { contextual: [stored('doc:plan#viewer@user:guest')] };
    const honest = certify(vault, check('doc:plan#can_view@user:guest', guest));
    const { contextual_tuples: _, ...without } = honest.statement;
    expect(stageOf({ ...honest, statement: without })).toBe('evaluation');
    const plain = certify(vault, check('doc:plan#can_view@user:guest'));
    const [tuple] = honest.statement.contextual_tuples ?? [];
    expect(stageOf({ ...plain, statement: { ...plain.statement, contextual_tuples: [tuple] } })).not.toBe('ok');
  });

  test('another height, another vault, an older model: the header and the tree are of one block', () => {
    const question = check('doc:plan#can_view@user:anne');
    const honest = certify(vault, question);
    const later = certify(docsVault({ header: { height: 10 } }), question);
    expect(stageOf(later)).toBe('ok');
    expect(stageOf({ ...honest, header: later.header })).toBe('header');
    expect(stageOf({ ...later, statement: honest.statement })).toBe('statement');
    expect(stageOf(later, { block: honest.block_hash })).toBe('anchor');
    expect(stageOf(later, { height: honest.height })).toBe('statement');
    const elsewhere = certify(docsVault({ header: { vault: new Uint8Array(16).fill(9) } }), question);
    expect(stageOf(elsewhere)).toBe('ok');
    expect(stageOf(elsewhere, { store: honest.statement.store })).toBe('statement');
    expect(stageOf({ ...elsewhere, statement: honest.statement })).toBe('statement');
    const otherModel = '01ARZ3NDEKTSV4RRFFQ69G5FAA';
    const older = certify(docsVault({ modelId: otherModel }), check('doc:plan#can_view@user:anne', { model: otherModel }));
    expect(stageOf(older)).toBe('ok');
    expect(stageOf(older, { model: MODEL_ID })).toBe('statement');
  });

  test('what the caller asked must be what is answered', () => {
    for (const question of asked) {
      for (const other of asked)
        expect(stageOf(certify(vault, question), { asked: [other] })).toBe(question === other ? 'ok' : 'statement');
    }
    const answer = certifyAll(vault, asked.slice(0, 3));
    expect(stageOf(answer, { asked: asked.slice(0, 2) })).toBe('statement');
    expect(stageOf({ ...answer, statements: answer.statements.slice(0, 2) })).toBe('targets');
    expect(stageOf({ ...answer, statements: [...answer.statements].reverse() }, { asked: asked.slice(0, 3) })).toBe('statement');
  });

  test('one statement has one form', () => {
    const guest = { contextual: [stored('doc:plan#viewer@user:guest'), stored('doc:open#viewer@user:guest')] };
    const honest = certify(vault, check('doc:plan#can_view@user:guest', guest));
    const tuples = honest.statement.contextual_tuples ?? [];
    const stated = (change: object): string => stageOf({ ...honest, statement: { ...honest.statement, ...change } });
    expect(stated({})).toBe('ok');
    expect(stated({ contextual_tuples: [...tuples].reverse() })).toBe('shape');
    expect(stated({ contextual_tuples: [...tuples, tuples[1]] })).toBe('shape');
    expect(stated({ contextual_tuples: [] })).toBe('shape');
    expect(stated({ contextual_tuples: [{ ...tuples[0], condition: null }] })).toBe('shape');
    expect(stated({ context: {} })).toBe('shape');
    expect(stated({ context: [] })).toBe('shape');
    expect(stated({ limits: { depth: 24 } })).toBe('shape');
    expect(stated({ limits: { depth: 25, more: 1 } })).toBe('shape');
    expect(stated({ note: 'x' })).toBe('shape');
    expect(stated({ v: 1 })).toBe('shape');
    expect(stated({ verdict: 'perhaps' })).toBe('shape');
    expect(stated({ model: 'latest' })).toBe('shape');
    expect(stated({ tuple: { user: 'anne', relation: 'can_view', object: 'doc:plan' } })).toBe('shape');
    expect(stated({ list_objects: { type: 'doc', relation: 'viewer', user: 'user:anne' } })).toBe('shape');
    expect(stageOf({ ...honest, statements: [honest.statement] })).toBe('shape');
    for (const value of [null, 0, 'x', [], {}, { statement: 1 }, { ...honest, statement: [] }])
      expect(stageOf(value)).toBe('shape');
  });
});

describe('vaults that do not help', () => {
  test('a list of objects needs a vault with reverse leaves', () => {
    const question = objects('doc', 'can_view', 'user:anne');
    expect(stageOf(certify(docsVault({ header: { reverse: false } }), question))).toBe('evaluation');
    expect(stageOf(certify(docsVault({ header: { reverse: false } }), check('doc:memo#viewer@user:anne')))).toBe('ok');
  });

  test('what has expired grants nothing, though it is shown', () => {
    const leaf = {
      kind: 'tuple' as const,
      ...stored('doc:memo#viewer@user:late').tuple,
      conditionName: '',
      conditionContext: '',
      version: 5,
    };
    const question = check('doc:memo#viewer@user:late');
    const header = docsVault().world.header;
    const gone = docsVault({ more: [{ ...leaf, expiresAt: Number(header.time) }] });
    expect(verify(certify(gone, question))).toMatchObject({ ok: true, results: [{ found: { allowed: false } }] });
    const there = docsVault({ more: [{ ...leaf, expiresAt: Number(header.time) + 1 }], tuples: [...vault.stored] });
    // The server of this test does not see the leaf, and denies: the verifier does.
    expect(stageOf(certify(there, question))).toBe('verdict');
  });

  test('a tree without the model shows nothing of it', () => {
    const question = check('doc:memo#viewer@user:anne');
    const empty: Vault = { ...vault, world: world([], {}) };
    const held = decide(vault, question);
    const answer = certificateAnswer(certified(empty, targetsProof(empty, questionsOf(question, held))), {
      asked: question,
      found: held.found,
    });
    expect(stageOf(answer)).toBe('model');
  });
});
