/** Whose fault it is when a story ends early: what the world throws is a finding, what the story's own code throws is not. */
import { describe, expect, test } from 'vitest';
import { InvariantError } from '../../core/assert.ts';
import { Violation } from '../../sim/observer.ts';
import { ScenarioError } from '../../sim/scenario-error.ts';
import { StoryBook, type StoryOptions } from '../../sim/story.ts';
import { Choices } from '../../sim/tape.ts';

/** A world of three nodes in which restarting one fails. */
function storyIn(failure: Error): StoryBook {
  const fails = (): never => {
    throw failure;
  };
  const target = { nodeCount: 3, now: 0, at: (_: number, act: () => void) => act(), restart: fails };
  const options = { target, watch: {}, choices: Choices.fromSeed([1, 2, 3, 4]), downMax: 1, askForTransfer: fails };
  return new StoryBook(options as unknown as StoryOptions);
}

describe('a story that ends early', () => {
  test.each([
    new InvariantError('a defect of the core'),
    new TypeError('a defect of the core'),
    new Violation('some-oracle', 'it is broken'),
  ])('by what the world throws is a finding: %s', (failure) => {
    const story = storyIn(failure);
    const tell = (): void => story.after(1, () => story.restart(0));
    expect(() => story.perform('tell', tell)).toThrow(failure);
  });

  test.each([new InvariantError('a bound is at least 1'), new TypeError('x is not a function')])(
    'by what its own code throws is a mistake: %s',
    (mistake) => {
      const story = storyIn(mistake);
      const tell = (): never => {
        throw mistake;
      };
      expect(() => story.perform('tell', () => story.after(1, tell))).toThrow(ScenarioError);
    },
  );
});
