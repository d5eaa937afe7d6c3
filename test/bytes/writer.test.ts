/** What a writer hands out: copies, cuts of a slab, and the array itself. None of them may change afterwards. */
import { expect, test } from 'vitest';
import { Writer } from '../../core/bytes/writer.ts';

const KIB = 1024;

function written(writer: Writer, byte: number, count: number): Writer {
  writer.reset();
  writer.raw(new Uint8Array(count).fill(byte));
  return writer;
}

test('a cut keeps its bytes whatever is written or cut later, across slabs and sizes', () => {
  const writer = new Writer(8);
  const sizes = Array.from({ length: 300 }, (_, i) => (i % 7 === 0 ? 3 * KIB : (i * 37) % 500));
  const cuts = sizes.map((size, i) => written(writer, i & 255, size).cut());
  cuts.forEach((cut, i) => {
    expect(cut).toEqual(new Uint8Array(sizes[i] as number).fill(i & 255));
  });
});

test('small cuts share a buffer, the first one and large ones do not', () => {
  const writer = new Writer(8);
  const [first, second, third] = [1, 2, 3].map((byte) => written(writer, byte, 10).cut());
  expect(first?.buffer).not.toBe(second?.buffer);
  expect(second?.buffer).toBe(third?.buffer);
  expect(written(writer, 4, 8 * KIB).cut().buffer).not.toBe(third?.buffer);
});

test('take gives the array away where its capacity was exact, a copy otherwise, and leaves the writer empty', () => {
  for (const capacity of [4, 9]) {
    const writer = new Writer(capacity);
    writer.u32(0x01020304);
    const taken = writer.take();
    expect(writer.length).toBe(0);
    writer.u32(0x0a0b0c0d);
    expect(taken).toEqual(Uint8Array.of(1, 2, 3, 4));
  }
});

test('text is the same bytes whether or not it is ASCII only', () => {
  const writer = new Writer(1);
  writer.text('plain');
  writer.text('naïve – 𝒱');
  const bytes = Uint8Array.from([...Buffer.from('naïve – 𝒱')]);
  expect(writer.finish()).toEqual(Uint8Array.of(0, 0, 0, 5, ...Buffer.from('plain'), 0, 0, 0, bytes.length, ...bytes));
});
