/** Memory of the last checkpoint, and proofs of forks: equivocation is found, and shown to others. */
import { describe, expect, test } from 'vitest';
import { withOlderRoot } from '../../core/chain/log-proof.ts';
import { encodeCheckpoint } from '../../core/note/checkpoint.ts';
import { checkForkProof, forkProof } from '../../core/note/fork-proof.ts';
import { compareWithLast } from '../../core/note/last-accepted.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { nativeVerifier } from '../../node/keys/native-ed25519.ts';
import { checkpointOf, logOf, node, noteOf, ORIGIN, textOf } from './support.ts';

const compare = (...rest: Parameters<typeof compareWithLast> extends [unknown, ...infer R] ? R : never) =>
  compareWithLast(nativeHasher, ...rest).kind;

describe('the last accepted checkpoint', () => {
  const log = logOf(9);
  const other = logOf(9, 3);

  test('the first is taken, the same again is the same', () => {
    expect(compare(undefined, checkpointOf(log), [])).toBe('first');
    expect(compare(checkpointOf(log), checkpointOf(log), [])).toBe('same');
  });

  test('a newer one needs a consistency proof from the last', () => {
    for (let size = 1; size < 9; size += 1) {
      expect(compare(checkpointOf(log, size), checkpointOf(log), log.consistency(size, 9))).toBe('newer');
      expect(compare(checkpointOf(log, size), checkpointOf(log), [])).toBe('inconsistent');
    }
    expect(compare({ ...checkpointOf(log), size: 0 }, checkpointOf(log), [])).toBe('newer');
  });

  test('rollback: an older one is an alarm, though it is true', () => {
    expect(compare(checkpointOf(log, 5), checkpointOf(log, 4), [])).toBe('rollback');
  });

  test('equivocation: the same size with another root is a fork', () => {
    expect(compare(checkpointOf(log, 5), checkpointOf(other, 5), [])).toBe('fork');
  });

  test('equivocation: a newer one of another story has no consistency proof', () => {
    for (let size = 4; size < 9; size += 1) {
      for (const proof of [log.consistency(size, 9), other.consistency(size, 9)]) {
        expect(compare(checkpointOf(log, size), checkpointOf(other), proof)).toBe('inconsistent');
      }
    }
  });

  test('a checkpoint of another log is never newer', () => {
    expect(compare(checkpointOf(log, 5), checkpointOf(log, 9, `${ORIGIN}x`), log.consistency(5, 9))).toBe('inconsistent');
  });
});

describe('fork proofs', () => {
  const liar = node(1);
  const [log, other] = [logOf(12), logOf(12, 3)];
  const prove = (older: string, newer: string, hashes: readonly Uint8Array[], key = liar.timed) =>
    forkProof(nativeHasher, nativeVerifier, {
      key,
      older: noteOf(older, [liar, node(2)]),
      newer: noteOf(newer, [node(3), liar]),
      hashes,
    });
  const textOfProof = (proof: ReturnType<typeof prove>): string => {
    if (!proof.ok) throw new Error(proof.reason);
    return proof.value;
  };
  const check = (text: string) => checkForkProof(nativeHasher, nativeVerifier, text);

  test('two roots of one size name the key, in either signature type', () => {
    for (const key of [liar.timed, liar.plain]) {
      const proof = textOfProof(prove(textOf(log), textOf(other), [], key));
      expect(check(proof)).toMatchObject({
        ok: true,
        value: { key: { name: liar.name }, origin: ORIGIN, kind: 'two roots of one size' },
      });
    }
  });

  test('golden bytes of a fork proof', () => {
    expect(textOfProof(prove(textOf(log, 5), textOf(other, 6), other.consistency(5, 6)))).toMatchInlineSnapshot(`
      "vouch fork proof 1
      key vouch/00112233445566778899aabbccddeeff/00000000000000000000000000000001+c016a16c+BIqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c
      hash Rzmxcn536PCf4luuPgDn0n8q5aHFpL4axgqbYkaYYdQ=
      hash pmyEzb4an57HYcxuTyILEp4qVdvKEnbOg5K+vJ9I8c8=
      hash Y8NwqkXlJtx1ryVfdkbjydKVWrOzmdvkrADlSRkUhyw=

      vouch/00112233445566778899aabbccddeeff/01ARZ3NDEKTSV4RRFFQ69G5FAV/01BX5ZZKBKACTAV9WEVGEMMVRZ
      5
      NBUVmC1lDiNSDb1U1/zwr6G3DMOhakEdRk3JwayWwwE=

      — vouch/00112233445566778899aabbccddeeff/00000000000000000000000000000001 wBahbAAAAABlU/EA1yC12fFS8X7iqSp+4j9JlpEouFOCGQZ33fRKPXZ0kjG8xdKqgIpxXryZe39UCZNlp3ugtT648Hu/yIpl62B4Bw==

      vouch/00112233445566778899aabbccddeeff/01ARZ3NDEKTSV4RRFFQ69G5FAV/01BX5ZZKBKACTAV9WEVGEMMVRZ
      6
      r1jLLpMSNyxqFRl9zZq/Fft12mTvfYTqlrG0ITfVrZw=

      — vouch/00112233445566778899aabbccddeeff/00000000000000000000000000000001 wBahbAAAAABlU/EA2jwdzM4+bB+uqO8eLy1JDHDog+0GPYO1/O7RmpQxygUo3Ncxtg5SJvPknmyrHh1EPXzSZSyWpiU52fGgfg/BBQ==
      "
    `);
  });

  test('inconsistent sizes: the newer log shows that its own past is another one, at every pair of sizes', () => {
    for (let newer = 5; newer <= 12; newer += 1) {
      for (let older = 4; older < newer; older += 1) {
        const hashes = withOlderRoot(older, other.root(older), other.consistency(older, newer));
        const proof = textOfProof(prove(textOf(log, older), textOf(other, newer), hashes));
        expect(check(proof)).toMatchObject({ ok: true, value: { kind: 'inconsistent sizes', older: { size: older } } });
      }
    }
  });

  test('an honest key cannot be accused: with its own log, with any hashes of another, the proof is refused', () => {
    for (let newer = 2; newer <= 12; newer += 1) {
      for (let older = 1; older < newer; older += 1) {
        for (const story of [log, other]) {
          const hashes = withOlderRoot(older, story.root(older), story.consistency(older, newer));
          expect(prove(textOf(log, older), textOf(log, newer), hashes).ok).toBe(false);
          expect(prove(textOf(log, older), textOf(log, newer), hashes.slice(1)).ok).toBe(false);
        }
      }
    }
    expect(prove(textOf(log), textOf(log), []).ok).toBe(false);
  });

  test('a fork proof is refused where a note is of another key, another log, or in the other order', () => {
    expect(prove(textOf(log), textOf(other), [], node(4).timed)).toEqual({
      ok: false,
      reason: `a note is not signed by ${node(4).name}`,
    });
    const elsewhere = encodeCheckpoint(checkpointOf(other, 12, 'example.org/log'));
    expect(prove(textOf(log), elsewhere, [])).toEqual({ ok: false, reason: 'the notes are of two logs' });
    const hashes = withOlderRoot(4, other.root(4), other.consistency(4, 5));
    expect(prove(textOf(other, 5), textOf(log, 4), hashes).ok).toBe(false);
    expect(prove(textOf(log), textOf(other), [log.root()]).ok).toBe(false);
  });

  test('every changed character of a fork proof, and every part of it, is refused with a reason', () => {
    const proof = textOfProof(prove(textOf(log, 6), textOf(other, 11), other.consistency(6, 11)));
    for (let at = 0; at < proof.length; at += 1) {
      for (const bit of [1, 2]) {
        const changed = proof.slice(0, at) + String.fromCharCode(proof.charCodeAt(at) ^ bit) + proof.slice(at + 1);
        const verdict = check(changed);
        expect(verdict.ok, `character ${at} ^ ${bit}`).toBe(false);
        expect(verdict.ok ? '' : verdict.reason).not.toBe('');
      }
      expect(check(proof.slice(0, at)).ok).toBe(false);
    }
    expect(check(`${proof}\n`).ok).toBe(false);
    expect(check(`${proof}${proof}`).ok).toBe(false);
  });
});
