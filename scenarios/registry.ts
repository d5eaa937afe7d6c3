/** Every scenario that `vouch sim list` shows, in the order of the list. A new one is a file here and a line below. */
import type { Scenario } from '../sim/scenario.ts';
import { flappingPartition } from './flapping-partition.ts';
import { leaderCrashLoop } from './leader-crash-loop.ts';
import { splitBrain } from './split-brain.ts';
import { tornWal } from './torn-wal.ts';

export const SCENARIOS: readonly Scenario[] = [splitBrain, leaderCrashLoop, tornWal, flappingPartition];
