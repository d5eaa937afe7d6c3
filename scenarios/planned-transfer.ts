/** Leadership is handed over on request, and nothing ever fails: how long is nobody served? `--measure transfer` tells. */
import type { Scenario } from '../sim/scenario.ts';
import { quickWorld } from './quick.ts';

/** One way. The measure is judged in round trips of the slowest link, so there has to be one. */
const SLOWEST_LINK_MICROS = 5000;

export const plannedTransfer: Scenario = {
  name: 'planned-transfer',
  summary:
    'The leader is asked again and again to hand over, while everybody writes: to a node of its own choice, or to a given one.',
  faults: [],
  shows: ['leadership transfers'],
  nodesMin: 2,
  world: (drawn) => {
    const quick = quickWorld(drawn);
    const link = { ...quick.link, delayMaxMicros: SLOWEST_LINK_MICROS };
    // At any time somebody waits for the answer to a write: what is measured is the pause, not how long nobody asked.
    // Reads are few, so it takes more operations at the end until one of them is sure to be a read.
    const busy = { readShare: 0.1, thinkMeanMicros: 3000, operations: 1500, calmOperations: 100 };
    // Where the slices of a checkpoint are drawn small, they cost no virtual time, but most of the real one.
    return { ...quick, ...busy, link, downMax: 0, sliceRecords: 150 };
  },
  tell: (story) => {
    story.every(120, () => {
      story.after(story.draws.below(40), () => {
        const other = (story.leader() + 1 + story.draws.below(story.nodeCount - 1)) % story.nodeCount;
        story.transfer(story.draws.below(2) === 0 ? undefined : other);
      });
    });
  },
};
