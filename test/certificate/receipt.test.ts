/** Receipts that carry certificates: a check that a model decides, signed by the nodes, for years. */
import { describe, expect, test } from 'vitest';
import { fromBase64 } from '../../core/bytes/base64.ts';
import { isCertificateReceipt, verifyCertificateReceipt } from '../../core/certificate/receipt.ts';
import { encodeReceipt } from '../../core/receipt/format.ts';
import { verifyReceipt } from '../../core/receipt/verify.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { nativeVerifier } from '../../node/keys/native-ed25519.ts';
import { node } from '../note/support.ts';
import { cosigned, type Ledger, ledger, policyFor, receiptOf, receiptText } from '../receipt/support.ts';
import { check, docsVault, objects } from './docs-vault.ts';
import { certifyAll, MODEL_ID, NO_CONDITIONS } from './support.ts';

const NODES = [node(1), node(2), node(3)];
const vault = docsVault();
const signed: Ledger = ledger(vault.world);
const policy = policyFor(signed, 2, NODES);
const questions = [
  check('doc:plan#can_sign@user:anne'),
  check('doc:plan#can_view@user:bob'),
  objects('doc', 'viewer', 'user:bob'),
];

function receipt(change: object = {}): string {
  const { statements, proof } = certifyAll(vault, questions);
  const shown = { statements: statements.map((one) => ({ ...one, ...change })), proof: fromBase64(proof) as Uint8Array };
  return encodeReceipt({ ...receiptOf(signed, cosigned(signed, NODES)), ...shown });
}

function stageOf(text: string, expected: object = {}): string {
  const capabilities = { hasher: nativeHasher, verifier: nativeVerifier, conditions: NO_CONDITIONS };
  const verdict = verifyCertificateReceipt(text, { ...capabilities, policy, ...expected });
  return verdict.ok ? 'ok' : verdict.stage;
}

describe('receipts of certificates', () => {
  test('they say what was decided and who signed', () => {
    const text = receipt();
    expect(isCertificateReceipt(text)).toBe(true);
    expect(isCertificateReceipt(receiptText(signed, cosigned(signed, NODES)))).toBe(false);
    const expected = { policy, asked: questions, model: MODEL_ID, hasher: nativeHasher, conditions: NO_CONDITIONS };
    expect(verifyCertificateReceipt(text, expected)).toMatchObject({
      ok: true,
      authenticated: true,
      height: 9,
      results: [{ found: { allowed: true } }, { found: { allowed: false } }, { found: { members: ['doc:open', 'doc:plan'] } }],
      signers: [{ witness: { name: 'n1' } }, { witness: { name: 'n2' } }, { witness: { name: 'n3' } }],
    });
  });

  test('another question, another model, a turned verdict and too few signatures are refused', () => {
    expect(stageOf(receipt(), { asked: questions.slice(1) })).toBe('statement');
    expect(stageOf(receipt(), { model: '01ARZ3NDEKTSV4RRFFQ69G5FAW' })).toBe('statement');
    expect(stageOf(receipt({ height: 8 }))).toBe('statement');
    expect(stageOf(receipt({ model: '01ARZ3NDEKTSV4RRFFQ69G5FAW' }))).toBe('model');
    expect(stageOf(receipt({ note: 1 }))).toBe('shape');
    expect(stageOf(receipt(), { policy: policyFor(signed, 2, [node(1), node(7), node(8)]) })).toBe('signatures');
    expect(stageOf('nothing')).toBe('receipt');
  });

  test('a verifier of what stands in the vault does not take them for that, nor the other way round', () => {
    expect(verifyReceipt(receipt(), { policy })).toMatchObject({ ok: false, stage: 'shape' });
    expect(stageOf(receiptText(signed, cosigned(signed, NODES)))).toBe('shape');
  });
});
