/** A process or a machine dies, now or between two effects of a coming step, and comes back. */
import type { CrashKind } from '../node.ts';
import { downCount, drawVictim, type Fault, type FaultRequest } from './fault.ts';

/** Effects after which a planned crash falls at the latest: a step seldom has more. */
const EFFECTS_MAX = 6;
/** Of five crashes one falls at once, the others are counted from a coming persist: only then is there anything to lose. */
const MOMENTS = 5;

function inject(request: FaultRequest, how: CrashKind): (() => void) | undefined {
  const { target, draws, downMax } = request;
  const node = drawVictim(request);
  const moment = draws.below(MOMENTS);
  const effects = draws.below(EFFECTS_MAX);
  if (!target.isRunning(node) || downCount(target) >= downMax) return undefined;
  if (moment === 0) target.crash(node, how);
  else target.planCrash(node, { effects, fromNextPersist: moment > 1, how });
  return () => target.restart(node);
}

export const crashFault: Fault = {
  kind: 'crash',
  counts: ['crash', 'restart'],
  inject: (request) => inject(request, 'crash'),
};

export const powerLossFault: Fault = {
  kind: 'powerLoss',
  counts: ['powerLoss', 'restart', 'lostWrite', 'tornWrite'],
  inject: (request) => inject(request, 'powerLoss'),
};
