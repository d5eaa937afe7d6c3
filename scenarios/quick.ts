/** The world in which the pauses of a cluster are measured: quick and without faults, so that only what a story does costs time. */
import type { Knobs } from '../sim/knobs.ts';

const MILLISECOND = 1000;
/** The shortest election timeout; the longest is twice that. */
const T = 150 * MILLISECOND;

/** Three nodes, links of 1 ms and an exponential part, a disk whose sync takes 1 ms, and clients that always want something of the leader. */
export function quickWorld(drawn: Knobs): Knobs {
  return {
    ...drawn,
    nodes: 3,
    downMax: 1,
    dataGroups: 1,
    vaults: 1,
    keys: 6,
    clients: 6,
    lanes: 2,
    readShare: 0.3,
    weakReadShare: 0,
    clientDeathShare: 0,
    thinkMeanMicros: 20 * MILLISECOND,
    operations: 600,
    faults: {},
    buggify: 0,
    preVote: true,
    limits: {},
    timing: { electionTimeoutMinMicros: T, electionTimeoutMaxMicros: 2 * T, heartbeatMicros: 30 * MILLISECOND },
    link: {
      ...drawn.link,
      loss: 0,
      duplicate: 0,
      reorder: 0,
      delayMinMicros: MILLISECOND,
      delayMeanMicros: MILLISECOND,
      queueMax: 1024,
    },
    diskDelayMinMicros: MILLISECOND,
    diskDelayMeanMicros: 0,
    clockRatePpmMax: 0,
    wallOffsetMaxMicros: 0,
  };
}
