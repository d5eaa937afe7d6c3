/** A storm of messages is noticed, and a busy day is none. */
import { expect, test } from 'vitest';
import { NoMessageStorm } from '../../../sim/check/no-message-storm.ts';
import type { VouchNode } from '../../../sim/check/raft/watch.ts';

const node = { index: 2 } as unknown as VouchNode;
const frame = { kind: 'frame' } as unknown as Parameters<NoMessageStorm['stepped']>[1];

test('twenty thousand frames in a tenth of a second are a storm, in a second they are not', () => {
  let now = 0;
  const calm = new NoMessageStorm(() => now);
  for (let i = 0; i < 100_000; i += 1) {
    now += 50;
    calm.stepped(node, frame);
  }
  const storm = new NoMessageStorm(() => now);
  const blow = (): void => {
    for (let i = 0; i <= 20_000; i += 1) {
      now += 1;
      storm.stepped(node, frame);
    }
  };
  expect(blow).toThrow('took 20000 frames');
});
