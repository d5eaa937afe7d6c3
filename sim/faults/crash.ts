/** A process or a machine dies, now or between two effects of a coming step, and comes back. */
import type { CrashKind } from '../node.ts';
import { downCount, drawVictim, type Fault, type FaultRequest } from './fault.ts';

/** Effects after which a planned crash falls at the latest: a step seldom has more. */
const EFFECTS_MAX = 6;
/** Of eight crashes one falls at once, one is counted from now, the others from a coming persist: only then is there anything to lose. */
const MOMENTS = 8;
/** Of these, so many from one in several stages: a checkpoint, a new segment, a file that is replaced. */
const STAGED_MOMENTS = 4;
/** Parts of an episode: disks are idle most of the time, so a crash has all of it to fall; the node starts at the end of the part in which it did. */
const PARTS = 4;

function inject(request: FaultRequest, how: CrashKind): (() => void) | undefined {
  const { target, draws, durationMicros, downMax } = request;
  const node = drawVictim(request);
  const moment = draws.below(MOMENTS);
  const effects = draws.below(EFFECTS_MAX);
  if (!target.isRunning(node) || downCount(target) >= downMax) return undefined;
  if (moment === 0) target.crash(node, how);
  else if (moment < MOMENTS - STAGED_MOMENTS) target.planCrash(node, { effects, fromNextPersist: moment > 1, how });
  else target.planCrash(node, { effects: 0, fromNextPersist: true, isStaged: true, how });
  let isOver = false;
  const end = (): void => {
    isOver = true;
    target.restart(node);
  };
  for (let part = 1; part < PARTS; part += 1) {
    target.at(target.now + Math.ceil((part * durationMicros) / PARTS), () => {
      if (!isOver && !target.isRunning(node)) end();
    });
  }
  return () => {
    if (!isOver) end();
  };
}

export const crashFault: Fault = {
  kind: 'crash',
  counts: ['crash', 'restart'],
  lasts: PARTS,
  inject: (request) => inject(request, 'crash'),
};

export const powerLossFault: Fault = {
  kind: 'powerLoss',
  counts: ['powerLoss', 'restart', 'lostWrite', 'tornWrite'],
  lasts: PARTS,
  inject: (request) => inject(request, 'powerLoss'),
};
