/** What seeds draw: wild, and yet such that something happens. */
import { expect, test } from 'vitest';
import { drawKnobs } from '../../sim/knobs.ts';
import { seedWords } from '../../sim/seed.ts';
import { Choices } from '../../sim/tape.ts';

test('between two blackouts a cluster has the time to elect and to answer', () => {
  const drawn = Array.from({ length: 500 }, (_, seed) => drawKnobs('swarm', Choices.fromSeed(seedWords(String(seed)))));
  const elections = drawn.map(({ faults: { blackout = 0 }, timing }) => 1e6 / blackout / timing.electionTimeoutMinMicros);
  expect(Math.min(...elections)).toBeGreaterThan(11.9);
  expect(elections.filter((pause) => pause < 12.1).length).toBeGreaterThan(10); // as often as that allows, in some seeds
});

test('and among one or two nodes between two regions that are lost', () => {
  const drawn = Array.from({ length: 1000 }, (_, seed) => drawKnobs('swarm', Choices.fromSeed(seedWords(String(seed)))));
  const pauses = (isSmall: boolean): readonly number[] =>
    drawn
      .filter(({ nodes }) => nodes <= 2 === isSmall)
      .map(({ faults: { regionLoss = 0 }, timing }) => 1e6 / regionLoss / timing.electionTimeoutMinMicros);
  expect(Math.min(...pauses(true))).toBeGreaterThan(11.9);
  expect(pauses(false).filter((pause) => pause < 11.9).length).toBeGreaterThan(10); // others have a quorum left
});
