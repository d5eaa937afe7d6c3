/** Links keep the bounds that measures in round trips rest on. */
import { expect, test } from 'vitest';
import { FaultCounts } from '../../sim/faults/counts.ts';
import { type LinkKnobs, Network } from '../../sim/network.ts';
import { Scheduler } from '../../sim/scheduler.ts';
import { Choices } from '../../sim/tape.ts';

const FREE: LinkKnobs = { delayMinMicros: 1000, delayMeanMicros: 1000, loss: 0, duplicate: 0, reorder: 0, queueMax: 1 };

/** Delays of frames sent one after another. */
function delays(knobs: LinkKnobs): readonly number[] {
  const scheduler = new Scheduler();
  const choices = Choices.fromSeed([1, 2, 3, 4]);
  const network = new Network({ endpoints: 2, scheduler, eventKind: 0, choices, counts: new FaultCounts(), knobs });
  return Array.from({ length: 1000 }, () => {
    const sent = scheduler.now;
    network.send(0, 1, new Uint8Array(1));
    scheduler.pop();
    network.arrive(0, 1, new Uint8Array(1), true);
    return scheduler.now - sent;
  });
}

test('no frame takes longer than the slowest link, where there is one', () => {
  const bounded = delays({ ...FREE, delayMaxMicros: 5000 });
  expect(Math.min(...bounded)).toBeGreaterThanOrEqual(1000);
  expect(Math.max(...bounded)).toBe(5000);
  expect(Math.max(...delays(FREE))).toBeGreaterThan(5000);
});
