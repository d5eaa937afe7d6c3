/** The leader is killed, and nothing else ever fails: how long is nobody served? `--measure failover` tells. */
import type { Knobs } from '../sim/knobs.ts';
import type { Scenario } from '../sim/scenario.ts';

const MILLISECOND = 1000;
/** The shortest election timeout; the longest is twice that. */
const T = 150 * MILLISECOND;

/** Three nodes, links of 1 to 5 ms, a disk whose sync takes 1 ms, and clients that always want something of the leader. */
function quickWorld(drawn: Knobs): Knobs {
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

export const failover: Scenario = {
  name: 'failover',
  summary: 'The leader is killed once, while everybody writes, and comes back when another one leads.',
  faults: ['crash', 'restart'],
  world: quickWorld,
  tell: (story) => {
    story.after(300 + story.draws.below(100), () => {
      const leader = story.leader();
      story.crash(leader, 'crash');
      story.after(800, () => story.restart(leader));
    });
  },
};
