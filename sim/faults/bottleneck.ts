/** Links hold only a few frames at a time: whatever is sent in bursts is cut short, and must be sent again in time. */
import type { Fault, FaultRequest } from './fault.ts';

const QUEUE_MAX = 4;

export const bottleneckFault: Fault = {
  kind: 'bottleneck',
  counts: ['bottleneck', 'overflow'],
  inject: ({ target, draws }: FaultRequest): (() => void) | undefined => {
    const { network } = target;
    const { queueMax } = network.knobs;
    if (queueMax <= QUEUE_MAX) return undefined; // one at a time
    target.counts.add('bottleneck');
    network.knobs = { ...network.knobs, queueMax: 1 + draws.below(QUEUE_MAX) };
    return () => {
      network.knobs = { ...network.knobs, queueMax };
    };
  },
};
