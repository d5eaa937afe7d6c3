/** One disk takes many times longer for everything. */
import { drawVictim, type Fault, type FaultRequest } from './fault.ts';

export const slowDiskFault: Fault = {
  kind: 'slowDisk',
  counts: ['slowDisk'],
  inject: (request: FaultRequest): (() => void) | undefined => {
    const { target, draws } = request;
    const node = drawVictim(request);
    const factor = 5 + draws.below(40);
    target.counts.add('slowDisk');
    target.diskDelayMean[node] = (target.diskDelayMean[node] as number) * factor;
    return () => {
      target.diskDelayMean[node] = (target.diskDelayMean[node] as number) / factor;
    };
  },
};
