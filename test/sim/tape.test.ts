/** Choices: the same with and without recording, repeated by a tape, independent between labels, harmless where a tape ends. */
import { describe, expect, test } from 'vitest';
import { resolveKnobs } from '../../sim/run-tape.ts';
import { seedWords } from '../../sim/seed.ts';
import { Choices, type Draws, type Tape } from '../../sim/tape.ts';

const NAME = {
  ...{ version: 1 as const, scenario: 'generic', seed: '1', profile: 'lite' as const, without: [] },
  knobs: resolveKnobs({ seed: '1', profile: 'lite', scenario: undefined }),
} as const;

function sample(draws: Draws): readonly unknown[] {
  return [
    draws.below(10),
    draws.chance(0.5),
    draws.exponential(1000),
    draws.between(3, 5),
    draws.pick(['a', 'b', 'c']),
    draws.below(2 ** 32),
  ];
}

describe('Choices', () => {
  test('recording draws what not recording draws, and its tape repeats it', () => {
    const seed = seedWords('tape');
    const recording = Choices.recording(seed);
    const recorded = sample(recording.under('a'));
    expect(sample(Choices.fromSeed(seed).under('a'))).toEqual(recorded);
    const tape = JSON.parse(JSON.stringify({ ...NAME, draws: recording.drawn() })) as Tape;
    expect(sample(Choices.replaying(seedWords('another'), tape).under('a'))).toEqual(recorded);
  });

  test('draws under one label shift no other', () => {
    const seed = seedWords('labels');
    const alone = sample(Choices.fromSeed(seed).under('b'));
    const both = Choices.fromSeed(seed);
    sample(both.under('a'));
    expect(sample(both.under('b'))).toEqual(alone);
    expect(sample(Choices.fromSeed(seed).under('a'))).not.toEqual(alone);
  });

  test('where a tape ends, every choice is the harmless one', () => {
    const draws = Choices.replaying(seedWords('x'), { ...NAME, draws: [] }).under('fault');
    expect(sample(draws)).toEqual([0, false, 0, 3, 'a', 0]);
  });

  test('a recorded value beyond a bound that has shrunk is brought within it', () => {
    const draws = Choices.replaying(seedWords('x'), { ...NAME, draws: [{ label: 'a', values: [9] }] }).under('a');
    expect(draws.below(4)).toBe(3);
  });

  test('exponential draws have about their mean', () => {
    const draws = Choices.fromSeed(seedWords('mean')).under('delay');
    let sum = 0;
    for (let i = 0; i < 20_000; i += 1) sum += draws.exponential(1000);
    expect(sum / 20_000).toBeGreaterThan(900);
    expect(sum / 20_000).toBeLessThan(1150);
  });
});

test('seed texts give far apart words, the same ones each time', () => {
  expect(seedWords('1')).toEqual(seedWords('1'));
  expect(seedWords('1')).not.toEqual(seedWords('2'));
});
