/** Notes, keys, checkpoints, policies and fork proofs against anything: what was written is read again, and nothing throws. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeAddCheckpoint } from '../../core/note/add-checkpoint.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../core/note/checkpoint.ts';
import { checkForkProof } from '../../core/note/fork-proof.ts';
import { decodeVkey, encodeVkey, noteKey, SignatureType } from '../../core/note/key.ts';
import { isKeyName } from '../../core/note/names.ts';
import { decodeNote, encodeNote } from '../../core/note/note.ts';
import { parsePolicy } from '../../core/note/policy.ts';
import { checkSignature, cosignText, signText } from '../../core/note/sign.ts';
import { verifyReceipt } from '../../core/receipt/verify.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { nativeVerifier } from '../../node/keys/native-ed25519.ts';
import { property } from '../support/property.ts';
import { node, noteOf, party, policyText } from './support.ts';

const names = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).filter(isKeyName);
const lines = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((line) => ![...line].some((c) => c < ' '));
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const checkpoints = fc.record({
  origin: lines,
  size: fc.maxSafeNat(),
  root: bytes(32),
  extension: fc.array(lines, { maxLength: 3 }),
});

property('a checkpoint is read as it was written', checkpoints, (checkpoint) => {
  expect(decodeCheckpoint(encodeCheckpoint(checkpoint))).toEqual({ ok: true, value: checkpoint });
});

property(
  'a note is read as it was written, and written as it was read, with any text, names and signatures',
  fc.array(fc.oneof(lines, fc.constant('')), { minLength: 1, maxLength: 5 }),
  fc.array(fc.record({ name: names, keyId: fc.nat(), bytes: fc.uint8Array({ minLength: 1, maxLength: 80 }) }), {
    minLength: 1,
    maxLength: 5,
  }),
  (text, signatures) => {
    const note = { text: `${text.join('\n')}\n`, signatures };
    const written = encodeNote(note);
    const read = decodeNote(written);
    expect(read).toEqual({ ok: true, value: note });
    expect(read.ok && encodeNote(read.value)).toBe(written);
  },
);

property(
  'a key is read as it was written',
  names,
  fc.constantFrom(SignatureType.ed25519, SignatureType.cosignature),
  fc.nat(250),
  (name, type, seed) => {
    const key = noteKey(nativeHasher, { name, type, publicKey: party('any', seed).plain.publicKey });
    expect(decodeVkey(nativeHasher, encodeVkey(key))).toEqual({ ok: true, value: key });
  },
);

const garbage = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc
    .array(
      fc.constantFrom(
        '\n',
        '\n\n',
        '\u2014 ',
        'old 1',
        'origin a',
        'witness a',
        'quorum a',
        'AAAA',
        'vouch fork proof 1',
        'c2sp.org/tlog-proof@v1',
        'extra AQ==',
        'index 0',
        'a+b+c',
        ' ',
        '\ud800',
      ),
    )
    .map((parts) => parts.join('')),
);
property('nothing that comes from outside makes a reader throw', garbage, (text) => {
  for (const read of [
    () => decodeNote(text),
    () => decodeCheckpoint(text),
    () => decodeVkey(nativeHasher, text),
    () => decodeAddCheckpoint(text),
    () => parsePolicy(nativeHasher, text),
    () => checkForkProof(nativeHasher, nativeVerifier, text),
    () => verifyReceipt(text),
  ]) {
    const verdict = read();
    if (!verdict.ok) expect(verdict.reason).not.toBe('');
  }
});

describe('non-ASCII and 2^53+1', () => {
  test('a key name beyond ASCII signs, is pinned and is named', () => {
    const other = party('überwachung.example/zeuge-é', 5);
    const text = encodeCheckpoint({ origin: 'vouch/…', size: 1, root: new Uint8Array(32), extension: [] });
    const line = signText(nativeHasher, other.signer, other.name, text);
    expect(checkSignature(nativeVerifier, other.plain, text, line).ok).toBe(true);
    const composed = { ...other.plain, name: other.name.replace('é', 'e\u0301') };
    expect(checkSignature(nativeVerifier, composed, text, line).ok).toBe(false); // nothing is normalised
    expect(decodeNote(encodeNote(noteOf(text, [other]))).ok).toBe(true);
    expect(parsePolicy(nativeHasher, policyText(1, [other, node(1)])).ok).toBe(true);
  });

  test('a cosignature of the second 2^53 + 1 is not one of 2^53', () => {
    const { signer, timed } = node(1);
    const text = 'o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n';
    const line = cosignText(nativeHasher, signer, timed.name, text, 1);
    for (const timeS of [2n ** 53n, 2n ** 53n + 1n]) {
      const moved = line.bytes.slice();
      new DataView(moved.buffer).setBigUint64(0, timeS);
      const message = new TextEncoder().encode(`cosignature/v1\ntime ${timeS}\n${text}`);
      moved.set(signer.sign(message), 8);
      expect(checkSignature(nativeVerifier, timed, text, { ...line, bytes: moved })).toEqual({ ok: true, timeS });
      new DataView(moved.buffer).setBigUint64(0, timeS ^ 1n);
      expect(checkSignature(nativeVerifier, timed, text, { ...line, bytes: moved }).ok).toBe(false);
    }
  });
});
