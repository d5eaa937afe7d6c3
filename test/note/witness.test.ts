/** A witness's decisions: every status of C2SP tlog-witness, and that it never signs what does not extend what it signed. */
import { describe, expect, test } from 'vitest';
import { toBase64 } from '../../core/bytes/base64.ts';
import type { MerkleLog } from '../../core/chain/merkle-log.ts';
import { decodeAddCheckpoint, encodeAddCheckpoint } from '../../core/note/add-checkpoint.ts';
import { encodeCheckpoint } from '../../core/note/checkpoint.ts';
import { encodeNote } from '../../core/note/note.ts';
import { decideCheckpoint, type Witnessed } from '../../core/note/witness.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { nativeVerifier } from '../../node/keys/native-ed25519.ts';
import { CLUSTER, checkpointOf, linesOf, logOf, node, noteOf, ORIGIN, type Party, party, textOf } from './support.ts';

const NODES = [node(1), node(2), node(3)];
const foreign = party('example.org/log', 40);
const RULES = { keys: [...NODES.map(({ plain }) => plain), foreign.plain], quorum: 2 };
const log = logOf(12);

interface Request {
  readonly from?: MerkleLog;
  readonly old: number;
  readonly size: number;
  readonly proof?: readonly Uint8Array[];
  readonly by?: readonly Party[];
  readonly origin?: string;
}

function bodyOf({ from = log, old, size, proof, by = NODES, origin = ORIGIN }: Request): string {
  const text = encodeCheckpoint(checkpointOf(from, size, origin));
  const path = proof ?? (old === 0 || old >= size ? [] : from.consistency(old, size));
  return encodeAddCheckpoint({ oldSize: old, proof: path, note: noteOf(text, by) });
}
function decide(body: string, last?: Witnessed) {
  return decideCheckpoint({ hasher: nativeHasher, verifier: nativeVerifier }, RULES, () => last, body);
}
const at = (size: number, from: MerkleLog = log): Witnessed => ({ size, root: from.root(size) });

describe('a witness', () => {
  test('200: signs the first checkpoint, a newer one with its proof, and the same one again', () => {
    expect(decide(bodyOf({ old: 0, size: 5 }))).toEqual({ status: 200, checkpoint: checkpointOf(log, 5), text: textOf(log, 5) });
    for (let old = 1; old < 12; old += 1) expect(decide(bodyOf({ old, size: 12 }), at(old)).status).toBe(200);
    expect(decide(bodyOf({ old: 7, size: 7 }), at(7)).status).toBe(200);
  });

  test('200: of a log that is not ours, by the key that has its name, whatever the quorum of nodes', () => {
    expect(decide(bodyOf({ old: 0, size: 5, by: [foreign], origin: foreign.name })).status).toBe(200);
    const text = `${encodeCheckpoint(checkpointOf(log, 5, foreign.name))}an extension line\n`;
    const body = encodeAddCheckpoint({ oldSize: 0, proof: [], note: noteOf(text, [foreign]) });
    expect(decide(body)).toMatchObject({ status: 200, text });
  });

  test('404: a log of which no key is known', () => {
    for (const origin of [
      'example.org/other',
      ORIGIN.replace(CLUSTER, 'f'.repeat(32)),
      `vouch/${CLUSTER}/x/y`,
      NODES[0]?.plain.name as string,
    ]) {
      const { status } = decide(bodyOf({ old: 0, size: 5, origin }));
      expect(status, origin).toBe(origin === NODES[0]?.plain.name ? 200 : 404);
    }
  });

  test('403: signed by nobody known, by too few, by a foreign key, or by a known one in a way that does not hold', () => {
    const text = textOf(log, 5);
    const swapped = linesOf(NODES[1] as Party, textOf(log, 6));
    const broken = { text, signatures: [...linesOf(NODES[0] as Party, text), ...linesOf(NODES[2] as Party, text), ...swapped] };
    for (const body of [
      bodyOf({ old: 0, size: 5, by: [node(9)] }),
      bodyOf({ old: 0, size: 5, by: NODES.slice(0, 1) }),
      bodyOf({ old: 0, size: 5, by: [foreign] }),
      encodeAddCheckpoint({ oldSize: 0, proof: [], note: broken }),
    ]) {
      expect(decide(body).status).toBe(403);
    }
  });

  test('409: another last size is told, and the same size with another root is not signed', () => {
    expect(decide(bodyOf({ old: 0, size: 9 }), at(5))).toMatchObject({ status: 409, size: 5 });
    expect(decide(bodyOf({ old: 3, size: 9 }), at(5))).toMatchObject({ status: 409, size: 5 });
    expect(decide(bodyOf({ old: 3, size: 9 }))).toMatchObject({ status: 409, size: 0 });
    expect(decide(bodyOf({ from: logOf(12, 2), old: 5, size: 5 }), at(5))).toMatchObject({ status: 409, size: 5 });
  });

  test('rollback: an older checkpoint, honestly signed, is never signed again', () => {
    expect(decide(bodyOf({ old: 4, size: 4 }), at(9))).toMatchObject({ status: 409, size: 9 });
    expect(decide(bodyOf({ old: 9, size: 4, proof: [] }), at(9)).status).toBe(400);
  });

  test('422: a proof that is wrong, of another story, missing, or there where none belongs', () => {
    const other = logOf(12, 3);
    for (const body of [
      bodyOf({ old: 5, size: 9, proof: [] }),
      bodyOf({ old: 5, size: 9, proof: log.consistency(5, 8) }),
      bodyOf({ old: 5, size: 9, proof: other.consistency(5, 9) }),
      bodyOf({ from: other, old: 5, size: 9 }),
      bodyOf({ old: 5, size: 5, proof: log.consistency(4, 5) }),
    ]) {
      expect(decide(body, at(5)).status).toBe(422);
    }
    expect(decide(bodyOf({ old: 0, size: 9, proof: log.consistency(5, 9) })).status).toBe(422);
  });

  const note = encodeNote(noteOf(textOf(log, 5), NODES));
  test.each([
    ['nothing', ''],
    ['no old line', `\n${note}`],
    ['another word', `older 0\n\n${note}`],
    ['a leading zero', `old 00\n\n${note}`],
    ['a negative size', `old -1\n\n${note}`],
    ['64 lines of proof', `old 1\n${`${toBase64(new Uint8Array(32))}\n`.repeat(64)}\n${note}`],
    ['a short hash', `old 1\n${toBase64(new Uint8Array(31))}\n\n${note}`],
    ['a note without signatures', `old 0\n\n${textOf(log, 5)}\n`],
    ['a note that is no checkpoint', `old 0\n\n${encodeNote(noteOf('hello\n', NODES))}`],
    ['too long', `old 0\n\n${'x'.repeat(100_000)}`],
  ])('400: %s', (_, body) => {
    expect(decide(body).status).toBe(400);
  });

  test('63 lines of proof are read, and a body has one text', () => {
    const body = `old 1\n${`${toBase64(new Uint8Array(32))}\n`.repeat(63)}\n${note}`;
    const read = decodeAddCheckpoint(body);
    expect(read.ok && encodeAddCheckpoint(read.value)).toBe(body);
  });

  test('the body of the specification is read: four lines of proof and two signatures', () => {
    const example =
      'old 20852014\n' +
      'PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\njrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n' +
      '5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\n' +
      'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
      '\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n' +
      '\u2014 example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n';
    const read = decodeAddCheckpoint(example);
    expect(read).toMatchObject({ ok: true, value: { oldSize: 20852014 } });
    expect(read.ok && encodeAddCheckpoint(read.value)).toBe(example);
  });
});
