/** A node's wall clock runs wrong for a while: up to ten times too fast, or standing still. */
import { FROZEN } from '../clock.ts';
import type { FaultKind } from './counts.ts';
import type { Fault, FaultRequest } from './fault.ts';

const DRIFT_PPM_MAX = 9_000_000;

function inject({ target, draws }: FaultRequest, kind: FaultKind, driftPpm: number): () => void {
  const node = draws.below(target.nodeCount);
  target.counts.add(kind);
  target.changeClock(node, (clock, now) => clock.setWallDrift(now, driftPpm));
  return () => target.changeClock(node, (clock, now) => clock.setWallDrift(now, 0));
}

export const wallDriftFault: Fault = {
  kind: 'wallDrift',
  counts: ['wallDrift'],
  inject: (request) => inject(request, 'wallDrift', request.draws.below(DRIFT_PPM_MAX - FROZEN) + FROZEN),
};

export const wallFreezeFault: Fault = {
  kind: 'wallFreeze',
  counts: ['wallFreeze'],
  inject: (request) => inject(request, 'wallFreeze', FROZEN),
};
