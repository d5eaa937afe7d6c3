/** Every machine loses power at the same moment; they come back one by one. */
import type { Fault, FaultRequest } from './fault.ts';

export const blackoutFault: Fault = {
  kind: 'blackout',
  counts: ['blackout', 'powerLoss', 'restart', 'lostWrite', 'tornWrite'],
  inject: ({ target, draws, durationMicros, downMax }: FaultRequest): (() => void) | undefined => {
    if (downMax < target.nodeCount) return undefined;
    target.counts.add('blackout');
    for (let node = 0; node < target.nodeCount; node += 1) {
      target.crash(node, 'powerLoss');
      target.at(target.now + draws.below(durationMicros + 1), () => target.restart(node));
    }
    return () => {
      for (let node = 0; node < target.nodeCount; node += 1) target.restart(node);
    };
  },
};
