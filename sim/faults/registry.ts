/** Every fault that the nemesis can inject as an episode, in the order it draws from. Rates (loss, duplicate, reorder) are knobs of the network. */
import { blackoutFault } from './blackout.ts';
import { bottleneckFault } from './bottleneck.ts';
import { bridgeFault } from './bridge.ts';
import { clockRateFault } from './clock-rate.ts';
import { crashFault, powerLossFault } from './crash.ts';
import { badSectorFault, bitRotFault, misdirectedWriteFault, pageRotFault } from './damage.ts';
import { damagedCopyFault } from './damaged-copy.ts';
import { delayFault } from './delay.ts';
import { diskFullFault, syncFailureFault } from './disk-failure.ts';
import { echoFault } from './echo.ts';
import type { Fault } from './fault.ts';
import { flappingFault } from './flapping.ts';
import { impossibleMessageFault } from './impossible-message.ts';
import { isolateFault } from './isolate.ts';
import { misdirectedReadFault } from './misdirected-read.ts';
import { mixedCoreFault, mixedWireFault } from './mixed-versions.ts';
import { oneWayFault } from './one-way.ts';
import { partitionFault } from './partition.ts';
import { pauseFault } from './pause.ts';
import { regionLossFault } from './region-loss.ts';
import { ringFault } from './ring.ts';
import { shortReadFault } from './short-read.ts';
import { signingLossFault } from './signing-loss.ts';
import { slowDiskFault } from './slow-disk.ts';
import { slowNodeFault } from './slow-node.ts';
import { stragglerFault } from './straggler.ts';
import { successionFault } from './succession.ts';
import { swizzleFault } from './swizzle.ts';
import { wallDriftFault, wallFreezeFault } from './wall-drift.ts';
import { wallStepFault } from './wall-step.ts';
import { wipeFault } from './wipe.ts';

export const FAULTS: readonly Fault[] = [
  crashFault,
  powerLossFault,
  blackoutFault,
  pauseFault,
  partitionFault,
  oneWayFault,
  isolateFault,
  flappingFault,
  delayFault,
  slowDiskFault,
  wallStepFault,
  slowNodeFault,
  ringFault,
  bridgeFault,
  swizzleFault,
  successionFault,
  echoFault,
  bottleneckFault,
  wallDriftFault,
  wallFreezeFault,
  clockRateFault,
  syncFailureFault,
  diskFullFault,
  bitRotFault,
  badSectorFault,
  misdirectedWriteFault,
  impossibleMessageFault,
  damagedCopyFault,
  pageRotFault,
  signingLossFault,
  wipeFault,
  regionLossFault,
  stragglerFault,
  misdirectedReadFault,
  shortReadFault,
  mixedWireFault,
  mixedCoreFault,
];
