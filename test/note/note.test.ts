/** Notes, keys and checkpoints: the bytes of published examples, and every way in which a text is not one. */
import { describe, expect, test } from 'vitest';
import { fromBase64, toBase64 } from '../../core/bytes/base64.ts';
import { concatBytes } from '../../core/bytes/compare.ts';
import { portableHasher } from '../../core/hasher.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../core/note/checkpoint.ts';
import { portableVerifier } from '../../core/note/ed25519.ts';
import { decodeVkey, encodeVkey, noteKey, SignatureType } from '../../core/note/key.ts';
import { isKeyName, nodeKeyName, parseNodeKeyName, parseVaultOrigin, vaultOrigin } from '../../core/note/names.ts';
import { decodeNote, encodeNote, SIGNATURES_MAX } from '../../core/note/note.ts';
import { portableSigner } from '../../core/note/portable-signer.ts';
import { checkSignature, cosignText, signText } from '../../core/note/sign.ts';

const bytes = (text: string): Uint8Array => fromBase64(text) as Uint8Array;

/** Example of golang.org/x/mod/sumdb/note, package documentation and note_test.go. */
const GO = {
  vkey: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  /** Base64 of type and seed, from its "PRIVATE+KEY+…". */
  secret: 'AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz',
  text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
  line: '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
};

/** Examples of C2SP signed-note, tlog-checkpoint and tlog-cosignature. Their keys are not published: only the form can be checked. */
const C2SP_NOTE =
  'Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n' +
  '\u2014 quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n';
const C2SP_COSIGNED =
  'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
  '\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n' +
  '\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n';

const goKey = () => {
  const key = decodeVkey(portableHasher, GO.vkey);
  if (!key.ok) throw new Error(key.reason);
  return key.value;
};

describe('published examples', () => {
  test('the Go note: its key reads and writes, its secret makes the same line, its signature holds', () => {
    const key = goKey();
    expect(key).toMatchObject({ name: 'PeterNeumann', type: SignatureType.ed25519, id: 0xc74f20a3 });
    expect(encodeVkey(key)).toBe(GO.vkey);
    const signer = portableSigner(bytes(GO.secret).subarray(1));
    expect(signer.publicKey).toEqual(key.publicKey);
    const signed = { text: GO.text, signatures: [signText(portableHasher, signer, 'PeterNeumann', GO.text)] };
    expect(encodeNote(signed)).toBe(`${GO.text}\n${GO.line}`);
    const note = decodeNote(`${GO.text}\n${GO.line}`);
    if (!note.ok) throw new Error(note.reason);
    expect(note.value.text).toBe(GO.text);
    expect(checkSignature(portableVerifier, key, GO.text, note.value.signatures[0] as never)).toEqual({
      ok: true,
      timeS: undefined,
    });
  });

  test('the Go key: no part of its text and no changed character is a key', () => {
    const { vkey } = GO;
    for (let from = 0; from <= vkey.length; from += 1) {
      for (let to = from; to <= vkey.length; to += 1) {
        if (from !== 0 || to !== vkey.length) expect(decodeVkey(portableHasher, vkey.slice(from, to)).ok).toBe(false);
      }
    }
    for (let at = 0; at < vkey.length; at += 1) {
      const changed = vkey.slice(0, at) + String.fromCharCode(vkey.charCodeAt(at) + 1) + vkey.slice(at + 1);
      expect(decodeVkey(portableHasher, changed).ok).toBe(false);
    }
  });

  test('the C2SP note: an empty line in the text, letters beyond ASCII, and the same bytes again', () => {
    const note = decodeNote(C2SP_NOTE);
    if (!note.ok) throw new Error(note.reason);
    expect(note.value.text).toBe(C2SP_NOTE.slice(0, C2SP_NOTE.lastIndexOf('\n\n') + 1));
    expect(note.value.signatures.map(({ name }) => name)).toEqual(['quasimodo.example/salvatore']);
    expect(note.value.signatures[0]?.keyId).toBe(0x367ba04b);
    expect(encodeNote(note.value)).toBe(C2SP_NOTE);
  });

  test('the C2SP cosigned checkpoint: origin, size, root, and the time in its cosignature', () => {
    const note = decodeNote(C2SP_COSIGNED);
    if (!note.ok) throw new Error(note.reason);
    expect(decodeCheckpoint(note.value.text)).toEqual({
      ok: true,
      value: {
        origin: 'example.com/behind-the-sofa',
        size: 20852163,
        root: bytes('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I='),
        extension: [],
      },
    });
    const [log, witness] = note.value.signatures;
    expect(log?.bytes.length).toBe(64);
    expect(witness?.bytes.length).toBe(72);
    expect([...(witness?.bytes.subarray(0, 8) ?? [])]).toEqual([0, 0, 0, 0, 0x64, 0x18, 0x50, 0xcb]); // 1679315147
    expect(encodeNote(note.value)).toBe(C2SP_COSIGNED);
  });
});

const SIGNER = portableSigner(new Uint8Array(32).fill(7));
const TEXT = encodeCheckpoint({ origin: 'example.org/log', size: 3, root: new Uint8Array(32).fill(1), extension: [] });

describe('signatures', () => {
  const plain = noteKey(portableHasher, { name: 'n', type: SignatureType.ed25519, publicKey: SIGNER.publicKey });
  const timed = noteKey(portableHasher, { name: 'n', type: SignatureType.cosignature, publicKey: SIGNER.publicKey });
  const plainLine = signText(portableHasher, SIGNER, 'n', TEXT);
  const timedLine = cosignText(portableHasher, SIGNER, 'n', TEXT, 1_700_000_000);

  test('a cosignature holds, and says when it was made', () => {
    expect(checkSignature(portableVerifier, timed, TEXT, timedLine)).toEqual({ ok: true, timeS: 1_700_000_000 });
  });

  test('wrong signature type: a line of one type is none of the other, even with the key id of the other', () => {
    expect(plain.id).not.toBe(timed.id);
    expect(checkSignature(portableVerifier, timed, TEXT, plainLine).ok).toBe(false);
    expect(checkSignature(portableVerifier, plain, TEXT, timedLine).ok).toBe(false);
    const asTimed = { ...plainLine, keyId: timed.id };
    const asPlain = { ...timedLine, keyId: plain.id, bytes: timedLine.bytes.subarray(8) };
    const withTime = { ...asTimed, bytes: concatBytes(new Uint8Array(8), plainLine.bytes) };
    expect(checkSignature(portableVerifier, timed, TEXT, asTimed).ok).toBe(false);
    expect(checkSignature(portableVerifier, plain, TEXT, asPlain).ok).toBe(false);
    expect(checkSignature(portableVerifier, timed, TEXT, withTime).ok).toBe(false);
  });

  test('key-id collision: the line of another key under the same name and id does not hold', () => {
    const other = portableSigner(new Uint8Array(32).fill(8));
    const forged = { ...signText(portableHasher, other, 'n', TEXT), keyId: plain.id };
    expect(checkSignature(portableVerifier, plain, TEXT, forged)).toEqual({
      ok: false,
      reason: 'the signature of n does not hold',
    });
  });

  test('the time of a cosignature is signed, and ends at 2^63 - 1', () => {
    const later = { ...timedLine, bytes: timedLine.bytes.slice() };
    later.bytes[7] = (later.bytes[7] as number) ^ 1;
    expect(checkSignature(portableVerifier, timed, TEXT, later).ok).toBe(false);
    const never = { ...timedLine, bytes: timedLine.bytes.slice().fill(255, 0, 8) };
    expect(checkSignature(portableVerifier, timed, TEXT, never)).toEqual({
      ok: false,
      reason: 'the cosignature of n has no time',
    });
  });
});

describe('names', () => {
  test('newline in names, spaces, plus signs, control characters, lone surrogates and nothing are no key name', () => {
    for (const name of [
      '',
      'a b',
      'a\u00a0b',
      'a\u2003',
      'a\u3000b',
      'a+b',
      'a\nb',
      'a\rb',
      'a\u0085b',
      'a\u2028b',
      'a\u0000',
      'a\u001f',
      '\ud800',
      'x'.repeat(256),
    ]) {
      expect(isKeyName(name)).toBe(false);
    }
    for (const name of ['a', 'example.com/log', 'é', '\u{1f600}', 'x'.repeat(255)]) expect(isKeyName(name)).toBe(true);
  });

  test('names of vaults and nodes read as what they were written from, and in one way only', () => {
    const vault = {
      cluster: '0123456789abcdef0123456789abcdef',
      organization: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
      vault: '01BX5ZZKBKACTAV9WEVGEMMVRZ',
    };
    const origin = vaultOrigin(vault);
    expect(origin).toBe('vouch/0123456789abcdef0123456789abcdef/01ARZ3NDEKTSV4RRFFQ69G5FAV/01BX5ZZKBKACTAV9WEVGEMMVRZ');
    expect(parseVaultOrigin(origin)).toEqual(vault);
    const node = 'ffffffffffffffffffffffffffffffff';
    expect(parseNodeKeyName(nodeKeyName(vault.cluster, node))).toEqual({ cluster: vault.cluster, node });
    expect(parseNodeKeyName(origin)).toBeUndefined();
    for (const text of [
      `${origin}/`,
      `/${origin}`,
      origin.toLowerCase(),
      origin.toUpperCase(),
      origin.slice(1),
      nodeKeyName(vault.cluster, node),
    ]) {
      expect(parseVaultOrigin(text)).toBeUndefined();
    }
  });
});

describe('checkpoints', () => {
  const root = toBase64(new Uint8Array(32).fill(1));

  test('a checkpoint has one text', () => {
    const text = `example.org/log\n3\n${root}\n`;
    expect(TEXT).toBe(text);
    const read = decodeCheckpoint(text);
    expect(read.ok && encodeCheckpoint(read.value)).toBe(text);
    const extended = decodeCheckpoint(`${text}more\nlines\n`);
    expect(extended.ok && extended.value.extension).toEqual(['more', 'lines']);
    expect(extended.ok && encodeCheckpoint(extended.value)).toBe(`${text}more\nlines\n`);
  });

  test.each([
    ['no last newline', `o\n3\n${root}`],
    ['no origin', `\n3\n${root}\n`],
    ['leading zero', `o\n03\n${root}\n`],
    ['plus sign', `o\n+3\n${root}\n`],
    ['negative size', `o\n-3\n${root}\n`],
    ['size beyond 2^53 - 1', `o\n9007199254740992\n${root}\n`],
    ['size with an exponent', `o\n1e3\n${root}\n`],
    ['no size', `o\n\n${root}\n`],
    ['no root', 'o\n3\n'],
    ['short root', `o\n3\n${toBase64(new Uint8Array(31))}\n`],
    ['root without padding', `o\n3\n${root.slice(0, -1)}\n`],
    ['root with stray bits', `o\n3\n${root.slice(0, -2)}F=\n`],
    ['empty line behind the root', `o\n3\n${root}\n\n`],
    ['empty extension line', `o\n3\n${root}\n\nx\n`],
    ['carriage return', `o\r\n3\r\n${root}\r\n`],
    ['tab', `o\t\n3\n${root}\n`],
    ['lone surrogate', `\ud800\n3\n${root}\n`],
    ['nothing', ''],
  ])('%s is refused', (_, text) => {
    expect(decodeCheckpoint(text).ok).toBe(false);
  });
});

describe('notes', () => {
  const line = (): string =>
    encodeNote({ text: TEXT, signatures: [signText(portableHasher, SIGNER, 'n', TEXT)] }).slice(TEXT.length + 1);

  test.each([
    ['no signature', () => `${TEXT}\n`],
    ['no empty line', () => `${TEXT}${line()}`],
    ['no last newline', () => `${TEXT}\n${line().slice(0, -1)}`],
    ['a hyphen for the dash', () => `${TEXT}\n${line().replace('\u2014', '-')}`],
    ['no space behind the dash', () => `${TEXT}\n${line().replace('\u2014 ', '\u2014')}`],
    ['two spaces', () => `${TEXT}\n${line().replace(' n ', ' n  ')}`],
    ['no name', () => `${TEXT}\n${line().replace(' n ', '  ')}`],
    ['a plus sign in the name', () => `${TEXT}\n${line().replace(' n ', ' n+ ')}`],
    ['a newline in the name', () => `${TEXT}\n${line().replace(' n ', ' n\n ')}`],
    ['text behind the signature', () => `${TEXT}\n${line().replace('\n', ' x\n')}`],
    ['a signature of no bytes', () => `${TEXT}\n\u2014 n ${toBase64(new Uint8Array(4))}\n`],
    ['a control character', () => `${TEXT}\u0007\n${line()}`],
    ['more than 100 signatures', () => `${TEXT}\n${line().repeat(SIGNATURES_MAX + 1)}`],
    ['more than 65,536 characters', () => `${'x'.repeat(70_000)}\n\n${line()}`],
  ])('%s is refused', (_, note) => {
    expect(decodeNote(note()).ok).toBe(false);
  });

  test('100 signatures are read', () => {
    const note = decodeNote(`${TEXT}\n${line().repeat(SIGNATURES_MAX)}`);
    expect(note.ok && note.value.signatures.length).toBe(SIGNATURES_MAX);
  });
});
