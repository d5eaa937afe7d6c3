/** One node hears and reaches no other node; clients may still reach it. */
import { blockAll, type Fault, type FaultRequest } from './fault.ts';

export const isolateFault: Fault = {
  kind: 'isolate',
  counts: ['isolate'],
  inject: ({ target, draws }: FaultRequest): (() => void) | undefined => {
    if (target.nodeCount < 2) return undefined;
    const alone = draws.below(target.nodeCount);
    const directions: (readonly [number, number])[] = [];
    for (let peer = 0; peer < target.nodeCount; peer += 1) if (peer !== alone) directions.push([alone, peer], [peer, alone]);
    target.counts.add('isolate');
    return blockAll(target, directions);
  },
};
