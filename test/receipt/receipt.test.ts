/** Receipts: what verifies offline with pinned keys, what does not, and that no byte of one can change. */
import { describe, expect, test } from 'vitest';
import { fromBase64, toBase64 } from '../../core/bytes/base64.ts';
import { encodeHeader } from '../../core/chain/header.ts';
import { encodeCheckpoint } from '../../core/note/checkpoint.ts';
import { encodeNote } from '../../core/note/note.ts';
import { PROOF_BYTES_MAX } from '../../core/proof/format.ts';
import { decodeReceipt, encodeReceipt } from '../../core/receipt/format.ts';
import { type ReceiptExpectations, verifyReceipt } from '../../core/receipt/verify.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { nativeVerifier } from '../../node/keys/native-ed25519.ts';
import { linesOf, node, party } from '../note/support.ts';
import { answerFor, defaultLeaves, HEIGHT, TIME, tupleLeaf, world } from '../support/answers.ts';
import { cosigned, ledger, policyFor, receiptOf, receiptText, SIZE } from './support.ts';

const NODES = [node(1), node(2), node(3)];
const honest = ledger();
const policy = policyFor(honest, 2, NODES);
const receipt = receiptText(honest, cosigned(honest, NODES.slice(0, 2)));

function verify(text: string, expected: ReceiptExpectations = { policy }) {
  return verifyReceipt(text, { hasher: nativeHasher, verifier: nativeVerifier, ...expected });
}
function refusal(text: string, expected?: ReceiptExpectations): string {
  const verdict = verify(text, expected);
  return verdict.ok ? 'accepted' : `${verdict.stage}: ${verdict.reason}`;
}

describe('an honest receipt', () => {
  test('verifies offline with pinned keys, portable and native alike, and says who signed and what is proven', () => {
    for (const verdict of [verify(receipt), verifyReceipt(receipt, { policy })]) {
      expect(verdict).toMatchObject({
        ok: true,
        authenticated: true,
        height: HEIGHT,
        time: TIME,
        checkpoint: { origin: honest.origin, size: SIZE },
        statements: [{ question: { kind: 'tuple' }, finding: { kind: 'tuple', found: { tuple: { subject: 'user:alice' } } } }],
      });
      expect(verdict.ok && verdict.signers.map(({ witness }) => witness.name)).toEqual(['n1', 'n2']);
    }
  });

  test('a denial has a receipt too', () => {
    const verdict = verify(receiptText(honest, cosigned(honest, NODES), 'user:mallory'));
    expect(verdict).toMatchObject({ ok: true, statements: [{ finding: { kind: 'tuple', found: undefined } }] });
  });

  test('without keys it is consistent and not authenticated, whoever signed it', () => {
    for (const note of [cosigned(honest, NODES), cosigned(honest, [party('somebody', 99)])]) {
      expect(verify(receiptText(honest, note), {})).toMatchObject({ ok: true, authenticated: false, signers: [] });
    }
  });

  test('it is about what was asked, or refused', () => {
    const tuple = { resource: 'doc:plan', relation: 'viewer', subject: 'user:alice' };
    const { org, store } = answerFor(honest.world, {}).statement;
    expect(verify(receipt, { policy, questions: [{ kind: 'tuple', tuple }], organization: org, store }).ok).toBe(true);
    const other = { ...tuple, subject: 'user:bob' };
    expect(refusal(receipt, { policy, questions: [{ kind: 'tuple', tuple: other }] })).toContain('statement: ');
    expect(verify(receipt, { policy, height: HEIGHT }).ok).toBe(true);
    expect(refusal(receipt, { policy, height: HEIGHT + 1 })).toContain('another height than expected');
    expect(refusal(receipt, { policy, store: org })).toContain('statement: ');
  });

  test('one receipt has one text', () => {
    const read = decodeReceipt(receipt);
    expect(read.ok && encodeReceipt(read.value)).toBe(receipt);
  });

  test('its form is that of a C2SP tlog-proof', () => {
    const lines = receipt.split('\n');
    expect(lines[0]).toBe('c2sp.org/tlog-proof@v1');
    expect(lines[1]).toMatch(/^extra [A-Za-z0-9+/]+=*$/);
    expect(lines[2]).toBe(`index ${HEIGHT - 1}`);
    const gap = lines.indexOf('');
    expect(lines.slice(3, gap).map((line) => fromBase64(line)?.length)).toEqual(honest.log.inclusion(HEIGHT - 1).map(() => 32));
    expect(lines.slice(gap + 1).join('\n')).toBe(encodeNote(cosigned(honest, NODES.slice(0, 2))));
  });
});

describe('mutation', () => {
  test('every single changed character of a receipt with no signature to spare is refused with a stage and a reason', () => {
    for (let at = 0; at < receipt.length; at += 1) {
      for (const bit of [1, 2, 64]) {
        const changed = receipt.slice(0, at) + String.fromCharCode(receipt.charCodeAt(at) ^ bit) + receipt.slice(at + 1);
        expect(refusal(changed), `character ${at} ^ ${bit}`).toMatch(/^[a-z]+: ./);
      }
    }
  });

  test('every beginning of a receipt is refused, and so is anything behind it', () => {
    for (let length = 0; length < receipt.length; length += 1) expect(refusal(receipt.slice(0, length))).not.toBe('accepted');
    for (const more of ['\n', ' ', 'x', receipt]) expect(refusal(receipt + more)).not.toBe('accepted');
  });

  test('with signatures to spare a changed signature costs that signature at most, never another claim', () => {
    const { text } = cosigned(honest, NODES);
    const spare = receiptText(honest, { text, signatures: NODES.flatMap((each) => linesOf(each, text)) });
    const expected = verify(spare);
    if (!expected.ok) throw new Error(expected.reason);
    for (let at = spare.indexOf('\u2014'); at < spare.length; at += 1) {
      const changed = spare.slice(0, at) + String.fromCharCode(spare.charCodeAt(at) ^ 1) + spare.slice(at + 1);
      const verdict = verify(changed);
      if (verdict.ok) expect({ ...verdict, signers: [] }).toEqual({ ...expected, signers: [] });
    }
  });
});

describe('forged receipts', () => {
  const lie = ledger(
    world([...defaultLeaves(), tupleLeaf({ resource: 'doc:plan', relation: 'viewer', subject: 'user:mallory' })]),
  );

  test("a self-consistent forgery (the attacker's own tree, proof, header, log and keys) fails against pinned keys", () => {
    const impostors = NODES.map(({ name }, i) => party(name, 90 + i));
    const forged = receiptText(lie, cosigned(lie, impostors), 'user:mallory');
    expect(verify(forged, {})).toMatchObject({ ok: true, authenticated: false });
    expect(refusal(forged)).toBe('signatures: signed by no pinned key; the policy needs 2 of n1, n2, n3');
  });

  test('identity chosen by the server: a log of another cluster, signed by its own nodes, is refused', () => {
    const elsewhere = { ...lie, origin: lie.origin.replace(/^vouch\/[0-9a-f]+/, `vouch/${'f'.repeat(32)}`) };
    expect(refusal(receiptText(elsewhere, cosigned(elsewhere, NODES)))).toContain('signatures: the checkpoint is of');
  });

  test("a forged header under the honest log's checkpoint is in no log", () => {
    const forged = { ...receiptOf(lie, cosigned(honest, NODES), 'user:mallory'), path: honest.log.inclusion(HEIGHT - 1) };
    expect(refusal(encodeReceipt(forged))).toBe('log: the header is not in the log of the checkpoint');
  });

  test('an honest header in the log of a sibling vault is refused', () => {
    const sibling = world(defaultLeaves(), { vault: new Uint8Array(16).fill(7) });
    const moved = { ...honest, world: sibling };
    expect(refusal(receiptText(moved, cosigned(honest, NODES)))).toContain('log: the checkpoint is of');
  });

  test('a lone lying node is not a quorum', () => {
    expect(refusal(receiptText(lie, cosigned(lie, NODES.slice(0, 1)), 'user:mallory'))).toContain(
      'signed by n1; the policy needs 2',
    );
  });

  test('absence proof replayed for another key, height or vault', () => {
    const denial = receiptOf(honest, cosigned(honest, NODES), 'user:mallory');
    const [statement] = denial.statements as [ReturnType<typeof answerFor>['statement']];
    const told = (change: object): string => refusal(encodeReceipt({ ...denial, statements: [{ ...statement, ...change }] }));
    expect(told({ tuple: { ...statement.tuple, user: 'user:alice' } })).not.toBe('accepted');
    expect(told({ height: HEIGHT - 1 })).toContain('height is not that of the header');
    expect(told({ store: statement.org })).toContain('store is not that of the header');
    expect(told({ verdict: 'allow' })).toContain('verdict: ');
    expect(refusal(encodeReceipt({ ...denial, index: HEIGHT }))).toContain('log: index');
    expect(
      refusal(encodeReceipt({ ...denial, index: HEIGHT, header: encodeHeader({ ...honest.world.header, height: HEIGHT + 1 }) })),
    ).toContain('log: the header is not in the log');
  });

  test('a checkpoint with another size or root, honestly signed, does not contain the header', () => {
    const note = (size: number, root: Uint8Array) => {
      const text = encodeCheckpoint({ origin: honest.origin, size, root, extension: [] });
      return { text, signatures: NODES.flatMap((each) => linesOf(each, text).slice(1)) };
    };
    for (const size of [1, HEIGHT - 1, HEIGHT, SIZE - 1]) {
      expect(refusal(receiptText(honest, note(size, honest.log.root(size))))).toContain('log: ');
    }
    expect(refusal(receiptText(honest, note(SIZE, honest.log.root(SIZE - 1))))).toContain('log: ');
  });

  test('two encodings of one statement: other spacing, order or escapes of the JSON are refused', () => {
    const read = receiptOf(honest, cosigned(honest, NODES));
    const json = Buffer.from(fromBase64(receipt.split('\n')[1]?.slice(6) as string) as Uint8Array).subarray(201);
    const length = json.indexOf('}]') + 2;
    const text = json.subarray(0, length).toString();
    const again = [
      text.replace('[{', '[ {'),
      text.replace('viewer', '\\u0076iewer'),
      JSON.stringify(read.statements),
      `${text} `,
    ];
    for (const other of again) {
      expect(other).not.toBe(text);
      const body = Buffer.from(other);
      const count = Buffer.alloc(4);
      count.writeUInt32BE(body.length);
      const extra = Buffer.concat([Uint8Array.of(1), read.header, count, body, read.proof]);
      const lines = receipt.split('\n');
      lines[1] = `extra ${toBase64(extra)}`;
      expect(refusal(lines.join('\n'))).toBe('receipt: the statements are not a list in canonical JSON');
    }
  });
});

describe('texts that are no receipt', () => {
  test('a proof beyond the size cap is refused before it is read', () => {
    const decoded = decodeReceipt(receipt);
    if (!decoded.ok) throw new Error(decoded.reason);
    const text = encodeReceipt({ ...decoded.value, proof: new Uint8Array(PROOF_BYTES_MAX + 1) });
    expect(refusal(text)).toBe('decode: larger than the size cap');
  });

  const [first, extra, index, ...rest] = receipt.split('\n');
  const text = (...lines: (string | undefined)[]): string => [...lines, ...rest].join('\n');

  test.each([
    ['nothing', ''],
    ['another first line', text('c2sp.org/tlog-proof@v2', extra, index)],
    ['no extra line', text(first, index)],
    ['an empty extra line', text(first, 'extra ', index)],
    ['another format of the extra line', text(first, `extra ${toBase64(new Uint8Array(300).fill(2))}`, index)],
    ['a short extra line', text(first, `extra ${toBase64(new Uint8Array(200).fill(1))}`, index)],
    ['a leading zero in the index', text(first, extra, `index 0${HEIGHT - 1}`)],
    ['no index', text(first, extra)],
    ['two index lines', text(first, extra, index, index)],
    ['a path of 54 hashes', text(first, extra, index, ...Array.from({ length: 54 }, () => toBase64(new Uint8Array(32))))],
    ['carriage returns', receipt.replaceAll('\n', '\r\n')],
    ['10^5 levels of JSON', text(first, `extra ${deep()}`, index)],
    ['an answer in JSON', '{"allowed":true}\n\n'],
  ])('%s is refused', (_, bad) => {
    expect(refusal(bad)).toMatch(/^receipt: ./);
  });

  function deep(): string {
    const json = Buffer.from('['.repeat(100_000) + ']'.repeat(100_000));
    const count = Buffer.alloc(4);
    count.writeUInt32BE(json.length);
    return toBase64(Buffer.concat([Uint8Array.of(1), Buffer.alloc(196), count, json]));
  }
});
