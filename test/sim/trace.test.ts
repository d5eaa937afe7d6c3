/** The trace hash changes with every byte, time, node, kind and order. */
import { expect, test } from 'vitest';
import { TraceHash } from '../../sim/trace.ts';

function digestOf(fold: (trace: TraceHash) => void): string {
  const trace = new TraceHash();
  fold(trace);
  return trace.digest();
}

test('each single difference gives another digest', () => {
  const bytes = Uint8Array.from({ length: 37 }, (_, i) => i);
  const digests = [
    digestOf((t) => t.bytes(bytes)),
    digestOf((t) => t.bytes(bytes.subarray(0, 36))),
    digestOf((t) => t.text('a')),
    digestOf((t) => t.text('b')),
  ];
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = bytes.slice();
    changed[at] = (changed[at] as number) ^ 1;
    digests.push(digestOf((t) => t.bytes(changed)));
  }
  for (const [time, node, kind] of [
    [1, 2, 3],
    [2, 2, 3],
    [1, 3, 3],
    [1, 2, 4],
    [2 ** 40 + 1, 2, 3],
  ] as const) {
    digests.push(digestOf((t) => t.event(time, node, kind)));
  }
  digests.push(
    digestOf((t) => {
      t.word(1);
      t.word(2);
    }),
    digestOf((t) => {
      t.word(2);
      t.word(1);
    }),
  );
  expect(new Set(digests).size).toBe(digests.length);
});
