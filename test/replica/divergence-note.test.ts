/** The file DIVERGED: its bytes, and that a damaged one is never taken for one that names nothing. */
import { expect, test } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import type { DirectoryReader } from '../../core/effect.ts';
import type { GroupId, Height, LogIndex, VaultId } from '../../core/ids.ts';
import { DIVERGED_FILE, DivergenceNote, decodeNote, encodeNote, type IsolatedVault } from '../../core/replica/divergence-note.ts';

const VAULT: IsolatedVault = {
  vault: '01HZZZZZZZZZZZZZZZZZZZZZZZ' as VaultId,
  height: 7 as Height,
  index: 258 as LogIndex,
  blockHash: new Uint8Array(32).fill(0xab),
};
const BYTES = encodeNote(new Map([[3 as GroupId, [VAULT]]]));

function directory(files: Readonly<Record<string, Uint8Array>>): DirectoryReader {
  return {
    list: () => Object.keys(files).sort(),
    size: (file) => files[file]?.length,
    read: (file, offset, length) => (files[file] ?? new Uint8Array(0)).slice(offset, offset + length),
  };
}

test('format 1 has these bytes', () => {
  expect(toHex(BYTES)).toMatchInlineSnapshot(
    `"564f554348444956010000000100000003018fffffffffffffffffffffffffffff00000000000000070000000000000102ababababababababababababababababababababababababababababababababab4ee336"`,
  );
  expect(decodeNote(BYTES)).toEqual({ ok: true, value: new Map([[3, [VAULT]]]) });
});

test('every flipped bit and every cut is noticed', () => {
  for (let at = 0; at < BYTES.length; at += 1) {
    const flipped = BYTES.slice();
    flipped[at] = (flipped[at] as number) ^ 0x10;
    expect(decodeNote(flipped).ok).toBe(false);
    expect(decodeNote(BYTES.subarray(0, at)).ok).toBe(false);
  }
});

test('a damaged file is refused with what to do; none, and an empty list, isolate nothing', () => {
  expect(() => new DivergenceNote(directory({ [DIVERGED_FILE]: BYTES.subarray(1) }))).toThrow(/Remove it/);
  expect(new DivergenceNote(directory({})).of(3 as GroupId)).toEqual([]);
  expect(new DivergenceNote(directory({ [DIVERGED_FILE]: encodeNote(new Map()) })).of(3 as GroupId)).toEqual([]);
  expect(new DivergenceNote(directory({ [DIVERGED_FILE]: BYTES })).of(3 as GroupId)).toEqual([VAULT]);
});
