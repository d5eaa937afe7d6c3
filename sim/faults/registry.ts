/** Every fault that the nemesis can inject as an episode, in the order it draws from. Rates (loss, duplicate, reorder) are knobs of the network. */
import { blackoutFault } from './blackout.ts';
import { crashFault, powerLossFault } from './crash.ts';
import { delayFault } from './delay.ts';
import type { Fault } from './fault.ts';
import { flappingFault } from './flapping.ts';
import { isolateFault } from './isolate.ts';
import { oneWayFault } from './one-way.ts';
import { partitionFault } from './partition.ts';
import { pauseFault } from './pause.ts';
import { slowDiskFault } from './slow-disk.ts';
import { wallStepFault } from './wall-step.ts';

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
];
