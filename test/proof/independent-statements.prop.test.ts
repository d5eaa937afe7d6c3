/**
 * Core's verifiers of answers with statements and of receipts beside those that were written from docs/reference/proof-format.md and
 * checkpoint-format.md alone: on honest ones and on changes of them both say the same, down to the stage of a refusal.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toBase64 } from '../../core/bytes/base64.ts';
import { toHex } from '../../core/bytes/text.ts';
import { blockHash } from '../../core/chain/header.ts';
import { encodeVkey, noteKey, SignatureType } from '../../core/note/key.ts';
import { encodeNote, type SignedNote } from '../../core/note/note.ts';
import { parsePolicy } from '../../core/note/policy.ts';
import type { Question } from '../../core/proof/statement.ts';
import { CLAIM_OF, findingJson, questionJson } from '../../core/proof/statement-json.ts';
import { type StatementsExpectations, type StatementsVerdict, verifyStatements } from '../../core/proof/statements.ts';
import type { StatementsAnswer } from '../../core/proof/statements-answer.ts';
import { encodeReceipt } from '../../core/receipt/format.ts';
import { verifyReceipt } from '../../core/receipt/verify.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { nativeVerifier } from '../../node/keys/native-ed25519.ts';
import { linesOf, node, party, policyText } from '../note/support.ts';
import { cosigned, ledger, receiptOf, receiptText } from '../receipt/support.ts';
import { change } from '../support/changes.ts';
import { propertyRuns } from '../support/property.ts';
import { answerTo, entityLeaf, ORGANIZATION, STORE, statedWorld, TIME, tupleLeaf } from '../support/statements.ts';
import { readPolicy } from './independent/note.mjs';
import { verifyReceipt as otherReceipt } from './independent/receipt.mjs';
import { verifyStatements as otherStatements } from './independent/statements.mjs';

const SUBJECTS = ['user:a', 'user:*', 'team:x#member', 'user:ä€😀'];
const RESOURCES = ['doc:1', 'doc:2'];
const RELATIONS = ['viewer', 'owner'];

function leafOf(k: number) {
  const tuple = {
    resource: RESOURCES[k % 2] as string,
    relation: RELATIONS[(k >> 1) % 2] as string,
    subject: SUBJECTS[(k >> 2) % 4] as string,
  };
  const expiresAt = k % 3 === 0 ? TIME + (k % 2) : 0;
  return k >= 16
    ? entityLeaf(`k${k}`, new Uint8Array(k % 4), expiresAt)
    : tupleLeaf(tuple, expiresAt, k % 5 === 0 ? 'office' : '');
}

const resource = fc.constantFrom(...RESOURCES, 'doc:9');
const relation = fc.constantFrom(...RELATIONS, 'editor');
const subject = fc.constantFrom(...SUBJECTS, 'user:nobody');
const question: fc.Arbitrary<Question> = fc.oneof(
  fc.record({ kind: fc.constant('tuple' as const), tuple: fc.record({ resource, relation, subject }) }),
  fc.record({
    kind: fc.constant('subjects' as const),
    resource,
    relation,
    range: fc.constantFrom('all' as const, 'wildcard' as const, 'userset' as const, 'plain' as const),
  }),
  fc.record({ kind: fc.constant('resource' as const), resource }),
  fc.record({ kind: fc.constant('grants' as const), subject, relation: fc.oneof(relation, fc.constant('')) }),
  fc.record({ kind: fc.constant('entity' as const), key: fc.nat(24).map((k) => `k${k}`) }),
);
const questions = fc.array(question, { minLength: 1, maxLength: 5 });
const leaves = fc.uniqueArray(fc.nat(24), { maxLength: 25 }).map((ks) => ks.map(leafOf));

/** What core found, in the words of statements. */
function findings(verdict: Pick<Extract<StatementsVerdict, { ok: true }>, 'statements'>): readonly unknown[] {
  return verdict.statements.map(({ question: asked, finding }) => findingJson(finding)[CLAIM_OF[asked.kind]]);
}

/** Both say the same; that is returned. */
function both(answer: unknown, expected: StatementsExpectations = {}): unknown {
  const verdict = verifyStatements(answer, { hasher: nativeHasher, ...expected });
  const said = verdict.ok ? [verdict.anchored, findings(verdict), verdict.height] : verdict.stage;
  const { questions: asked, ...rest } = expected;
  const other = otherStatements(answer, { ...rest, ...(asked === undefined ? {} : { questions: asked.map(questionJson) }) });
  expect(other.ok ? [other.anchored, other.findings, other.height] : other.stage).toEqual(said);
  return said;
}

const anything = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(
    'allow',
    'deny',
    '\ud800',
    '',
    'plain',
    1,
    2,
    2 ** 53,
    1.5,
    null,
    [],
    {},
    'AA==',
    'AB==',
    ORGANIZATION,
    STORE,
  ),
  fc.constantFrom<unknown>(
    { object: 'doc:1' },
    { user: 'user:a', relation: '' },
    { object: 'doc:1', relation: 'viewer', kind: 'all' },
    { key: '' },
  ),
);

/** Parsed JSON with a value in one of its places, or without what is there; the place is told by numbers. */
function put(json: unknown, at: readonly number[], value: unknown): unknown {
  const text = JSON.stringify(placed(json, at, value));
  return text === undefined ? undefined : JSON.parse(text);
}

function placed(json: unknown, [first = 0, ...rest]: readonly number[], value: unknown): unknown {
  if (typeof json !== 'object' || json === null || rest.length === 0) return value;
  const isGone = value === undefined && rest.length === 1;
  if (Array.isArray(json)) {
    const index = first % (json.length + 1);
    return [...json.slice(0, index), ...(isGone ? [] : [placed(json[index], rest, value)]), ...json.slice(index + 1)];
  }
  const names = [...Object.keys(json), 'unknown', 'kind', 'relation', 'bucket_hashes', 'value', 'tuples', 'entity'];
  const name = names[first % names.length] as string;
  const { [name]: old, ...others } = json as Record<string, unknown>;
  return isGone ? others : { ...others, [name]: placed(old, rest, value) };
}

describe('an independent verifier of statements', () => {
  propertyRuns(
    250,
    'accepts the same answers to every kind of question, under the same expectations',
    leaves,
    questions,
    questions,
    fc.boolean(),
    (held, asked, others, reverse) => {
      const world = statedWorld(held, { reverse });
      const [mine, theirs] = [asked, others].map((list) => list.filter(({ kind }) => reverse || kind !== 'grants')) as [
        Question[],
        Question[],
      ];
      if (mine.length === 0 || theirs.length === 0) return;
      const answer = answerTo(world, mine);
      const { block_hash: block } = answer;
      expect(Array.isArray(both(answer))).toBe(true);
      expect(Array.isArray(both(answer, { questions: mine, organization: ORGANIZATION, store: STORE, block }))).toBe(true);
      const { statements } = answer;
      for (const given of [others, [...asked, ...others], asked.slice(1), [...asked].reverse()])
        both(answer, { questions: given });
      for (const expected of [
        { organization: STORE },
        { store: ORGANIZATION },
        { root: answer.tree_root },
        { root: answer.state_root },
        { block: '0' },
      ])
        both(answer, { questions: asked, ...expected });
      for (const list of [[], [...statements].reverse(), [...statements, ...statements], statements.slice(1)])
        both({ ...answer, statements: list });
      const made = answerTo(world, theirs);
      both({ ...answer, statements: made.statements });
      both({ ...answer, proof: made.proof });
    },
  );

  propertyRuns(
    700,
    'refuses the same changed answers at the same stage',
    leaves,
    questions,
    fc.array(fc.tuple(fc.array(fc.nat(40), { minLength: 2, maxLength: 6 }), fc.option(anything, { nil: undefined })), {
      minLength: 1,
      maxLength: 8,
    }),
    (held, asked, changes) => {
      const answer = answerTo(statedWorld(held), asked);
      for (const [at, value] of changes) {
        both(put(answer, at, value));
        both({ ...answer, statements: put(answer.statements, at, value) });
        both(value);
      }
    },
  );

  propertyRuns(
    300,
    'refuses the same changes of header and proof, the header with its own hash too',
    leaves,
    questions,
    fc.constantFrom('header', 'proof'),
    change,
    (held, asked, field, apply) => {
      const answer = answerTo(statedWorld(held), asked);
      const bytes = apply(Uint8Array.from(Buffer.from(answer[field as 'header'], 'base64')));
      const spoilt: StatementsAnswer = { ...answer, [field]: toBase64(bytes) };
      both(spoilt);
      if (field === 'header' && bytes.length === 196) both({ ...spoilt, block_hash: toHex(blockHash(nativeHasher, bytes)) });
    },
  );

  test('grants need the reverse flag, behind the anchor', () => {
    const answer = answerTo(statedWorld([leafOf(4)]), [{ kind: 'grants', subject: 'user:*', relation: '' }]);
    const header = Uint8Array.from(Buffer.from(answer.header, 'base64'));
    header[1] = 0;
    const flagless = { ...answer, header: toBase64(header), block_hash: toHex(blockHash(nativeHasher, header)) };
    expect(both(flagless)).toBe('statement');
    expect(both(flagless, { block: answer.block_hash })).toBe('anchor');
  });
});

describe('an independent verifier of receipts', () => {
  const NODES = [node(1), node(2), node(3)];
  const honest = ledger();
  const POLICY = policyText(2, NODES).replace(/^origin .*$/m, `origin ${honest.origin}`);
  const core = parsePolicy(nativeHasher, POLICY);
  const pinned = readPolicy(POLICY);
  if (!core.ok || pinned === undefined) throw new Error('the policy is one');
  const policy = core.value;
  const receipt = receiptText(honest, cosigned(honest, NODES.slice(0, 2)));

  /** Both say the same, with the keys pinned and without; the first is returned. */
  function agreed(text: string): unknown {
    const [said] = [true, false].map((isPinned) => {
      const verdict = verifyReceipt(text, { hasher: nativeHasher, verifier: nativeVerifier, ...(isPinned ? { policy } : {}) });
      const other = otherReceipt(text, isPinned ? { policy: pinned as NonNullable<typeof pinned> } : {});
      const words = verdict.ok
        ? [verdict.signers.map(({ witness }) => witness.name), verdict.authenticated, findings(verdict), verdict.height]
        : verdict.stage;
      expect(other.ok ? [other.signers, other.authenticated, other.findings, other.height] : other.stage).toEqual(words);
      return words;
    });
    return said;
  }

  /** Lines of both types, of some. */
  function bothTypes(parties: typeof NODES): SignedNote {
    const { text } = cosigned(honest, parties);
    return { text, signatures: parties.flatMap((each) => linesOf(each, text)) };
  }

  test('accepts the same receipts and names the same signers', () => {
    expect(agreed(receipt)).toEqual([['n1', 'n2'], true, ['allow'], 9]);
    expect(agreed(receiptText(honest, bothTypes(NODES), 'user:mallory'))).toEqual([['n1', 'n2', 'n3'], true, ['deny'], 9]);
    expect(agreed(receiptText(honest, cosigned(honest, NODES.slice(0, 1))))).toBe('signatures');
    expect(agreed(receiptText(honest, cosigned(honest, [party('somebody', 99)])))).toBe('signatures');
    expect(
      agreed(
        receiptText(
          honest,
          cosigned(
            honest,
            NODES.map(({ name }, i) => party(name, 90 + i)),
          ),
        ),
      ),
    ).toBe('signatures');
    const moved = { ...honest, origin: honest.origin.replace(/^vouch\/[0-9a-f]+/, `vouch/${'f'.repeat(32)}`) };
    expect(agreed(receiptText(moved, cosigned(moved, NODES)))).toBe('signatures');
    const named = { ...honest, origin: 'vouch' };
    expect(agreed(receiptText(named, cosigned(named, NODES)))).toBe('log');
    const extended = cosigned(honest, []).text;
    const more = `${extended}more\n`;
    const note = { text: more, signatures: NODES.flatMap((each) => linesOf(each, more)) };
    expect(agreed(receiptText(honest, note))).toBe('signatures');
    for (const parties of [
      [NODES[0], NODES[0]],
      [NODES[2], NODES[1], NODES[0]],
    ] as (typeof NODES)[])
      expect(typeof agreed(receiptText(honest, bothTypes(parties)))).toBeDefined();
  });

  test('refuses every changed character of a receipt at the same stage', () => {
    const stages = new Set<unknown>();
    for (let at = 0; at < receipt.length; at += 1) {
      for (const bit of [1, 64]) {
        const changed = receipt.slice(0, at) + String.fromCharCode(receipt.charCodeAt(at) ^ bit) + receipt.slice(at + 1);
        const said = agreed(changed);
        expect(typeof said, `character ${at} ^ ${bit}`).toBe('string');
        stages.add(said);
      }
    }
    for (const stage of ['receipt', 'header', 'log', 'signatures']) expect(stages).toContain(stage);
  });

  test('refuses every beginning, every missing or doubled line, and whatever follows, alike', () => {
    for (let length = 0; length < receipt.length; length += 1) expect(typeof agreed(receipt.slice(0, length))).toBe('string');
    for (const more of ['\n', ' ', 'x', receipt]) agreed(receipt + more);
    const lines = receipt.split('\n');
    lines.forEach((line, at) => {
      agreed([...lines.slice(0, at), ...lines.slice(at + 1)].join('\n'));
      agreed([...lines.slice(0, at), line, ...lines.slice(at)].join('\n'));
      for (const other of [
        `${line} `,
        ` ${line}`,
        `${line}\r`,
        line.replace('=', ''),
        line.replace(' ', '\t'),
        line.toUpperCase(),
        '',
      ]) {
        agreed([...lines.slice(0, at), other, ...lines.slice(at + 1)].join('\n'));
      }
    });
  });

  test('says the same of every changed character where there are signatures to spare', () => {
    const spare = receiptText(honest, bothTypes(NODES));
    const accepted = [];
    for (let at = spare.indexOf('\u2014'); at < spare.length; at += 1) {
      const said = agreed(spare.slice(0, at) + String.fromCharCode(spare.charCodeAt(at) ^ 1) + spare.slice(at + 1));
      if (Array.isArray(said)) accepted.push(said);
    }
    expect(accepted.length).toBeGreaterThan(10);
  });

  propertyRuns(
    400,
    'says the same of every change of statements, header and proof under the checkpoint that belongs to it',
    fc.constantFrom('header', 'proof', 'statements', 'index', 'path'),
    change,
    fc.array(fc.nat(40), { minLength: 2, maxLength: 4 }),
    anything,
    (field, apply, at, value) => {
      const made = receiptOf(honest, cosigned(honest, NODES));
      if (field === 'header' || field === 'proof') {
        const bytes = apply(made[field]);
        if (field === 'proof' || bytes.length === 196) agreed(encodeReceipt({ ...made, [field]: bytes }));
      } else if (field === 'index') agreed(encodeReceipt({ ...made, index: at[0] as number }));
      else if (field === 'path') agreed(encodeReceipt({ ...made, path: made.path.slice(0, at[0]).reverse() }));
      else {
        const statements = put(made.statements, at, value);
        const isJson = Array.isArray(statements) && !JSON.stringify(statements).includes('\\ud800');
        if (isJson) agreed(encodeReceipt({ ...made, statements }));
      }
    },
  );

  test('reads the same texts as policies', () => {
    const [first, second] = POLICY.split('\n') as [string, string];
    const texts = [
      POLICY,
      POLICY.replaceAll(' ', '\t \t'),
      POLICY.trimEnd(),
      `# more\n\n${POLICY}`,
      `${first}\n${POLICY}`,
      `${POLICY}${second}\n`,
      `${POLICY}quorum nodes\n`,
      `origin *\n${POLICY}`,
      POLICY.replace(/^origin .*$/m, ''),
      POLICY.replace(/^origin .*$/m, `origin ${honest.origin.split('/').slice(0, 2).join('/')}/*`),
      POLICY.replace(/^origin .*$/m, 'origin some-log'),
      POLICY.replace('quorum nodes', 'quorum none'),
      POLICY.replace('quorum nodes', 'quorum n1'),
      ...['0', '4', '01', 'any', 'all', '-1', '1.0', ''].map((k) => POLICY.replace('nodes 2', `nodes ${k}`)),
      POLICY.replace(' n3', ' n1'),
      POLICY.replace(' n3', ' nobody'),
      POLICY.replace('quorum', 'group more 1 n1\nquorum'),
      POLICY.replace('witness n1', 'witness none'),
      POLICY.replace('witness n1', 'log n1'),
      `${POLICY}#${'x'.repeat(65_536)}`,
      '',
    ];
    for (let at = 0; at < POLICY.length; at += 1) {
      for (const bit of [1, 64])
        texts.push(POLICY.slice(0, at) + String.fromCharCode(POLICY.charCodeAt(at) ^ bit) + POLICY.slice(at + 1));
    }
    // Keys that strict Ed25519 does not take: y of small order with either sign, y not below the prime. The last one is a key.
    const order8 = 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a';
    const keys = [
      '00'.repeat(32),
      `01${'00'.repeat(31)}`,
      `ec${'ff'.repeat(30)}7f`,
      `ec${'ff'.repeat(31)}`,
      order8,
      `ed${'ff'.repeat(30)}7f`,
    ];
    for (const key of [...keys, toHex((NODES[0] as (typeof NODES)[0]).signer.publicKey)]) {
      const publicKey = Uint8Array.from(Buffer.from(key, 'hex'));
      const vkey = encodeVkey(noteKey(nativeHasher, { name: 'outside', type: SignatureType.cosignature, publicKey }));
      texts.push(`origin some-log\nwitness w ${vkey}\nquorum w`);
      expect(readPolicy(texts.at(-1) as string) === undefined).toBe(keys.includes(key));
    }
    let accepted = 0;
    for (const text of texts) {
      const isPolicy = parsePolicy(nativeHasher, text).ok;
      expect(readPolicy(text) !== undefined, text).toBe(isPolicy);
      if (isPolicy) accepted += 1;
    }
    expect(accepted).toBeGreaterThan(6);
    expect(encodeNote(cosigned(honest, NODES)).length).toBeLessThan(65_536);
  });
});
