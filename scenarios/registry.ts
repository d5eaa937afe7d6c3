/** Every scenario that `vouch sim list` shows, in the order of the list. A new one is a file here and a line below. */
import type { Scenario } from '../sim/scenario.ts';
import { authorization } from './authorization.ts';
import { badNetwork } from './bad-network.ts';
import { byzantineNode } from './byzantine-node.ts';
import { changingMembers } from './changing-members.ts';
import { cutOffLeaders } from './cut-off-leaders.ts';
import { deafLeader } from './deaf-leader.ts';
import { divergedVault } from './diverged-vault.ts';
import { echoes } from './echoes.ts';
import { failingFsync } from './failing-fsync.ts';
import { failover } from './failover.ts';
import { flappingPartition } from './flapping-partition.ts';
import { fullDisk } from './full-disk.ts';
import { hostileMember } from './hostile-member.ts';
import { hundredGroups } from './hundred-groups.ts';
import { leaderCrashLoop } from './leader-crash-loop.ts';
import { lightsOut } from './lights-out.ts';
import { limpingNode } from './limping-node.ts';
import { muteLeader } from './mute-leader.ts';
import { plannedTransfer } from './planned-transfer.ts';
import { readModes } from './read-modes.ts';
import { regionLoss } from './region-loss.ts';
import { ringAround } from './ring-around.ts';
import { rollingRestart } from './rolling-restart.ts';
import { rollingUpgrade } from './rolling-upgrade.ts';
import { rottenDisk } from './rotten-disk.ts';
import { rottenPages } from './rotten-pages.ts';
import { sealedVaults } from './sealed-vaults.ts';
import { sleepingLeader } from './sleeping-leader.ts';
import { splitBrain } from './split-brain.ts';
import { stragglers } from './stragglers.ts';
import { swizzle } from './swizzle.ts';
import { tornWal } from './torn-wal.ts';
import { wanderingClocks } from './wandering-clocks.ts';

export const SCENARIOS: readonly Scenario[] = [
  splitBrain,
  leaderCrashLoop,
  failover,
  plannedTransfer,
  tornWal,
  flappingPartition,
  deafLeader,
  muteLeader,
  sleepingLeader,
  rollingRestart,
  lightsOut,
  limpingNode,
  ringAround,
  swizzle,
  echoes,
  failingFsync,
  rottenDisk,
  divergedVault,
  byzantineNode,
  authorization,
  wanderingClocks,
  hundredGroups,
  badNetwork,
  cutOffLeaders,
  readModes,
  changingMembers,
  stragglers,
  sealedVaults,
  regionLoss,
  rollingUpgrade,
  fullDisk,
  rottenPages,
  hostileMember,
];
