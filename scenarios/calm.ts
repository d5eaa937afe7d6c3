/** The world that stories start from: five nodes on a healthy network, so that only the story's own faults happen. */
import type { Knobs } from '../sim/knobs.ts';

export function calmWorld(drawn: Knobs): Knobs {
  return {
    ...drawn,
    nodes: 5,
    downMax: 2,
    faults: {},
    timing: { electionTimeoutMinMicros: 150_000, electionTimeoutMaxMicros: 300_000, heartbeatMicros: 30_000 },
    link: { ...drawn.link, loss: 0, duplicate: 0, reorder: 0, delayMeanMicros: 500 },
    diskDelayMeanMicros: 500,
  };
}
