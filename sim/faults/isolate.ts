/** One node, mostly the leader, hears and reaches no other node; clients may still reach it. What a leader believes meanwhile is what leases are about. */
import { blockAll, drawVictim, type Fault, type FaultRequest } from './fault.ts';

export const isolateFault: Fault = {
  kind: 'isolate',
  counts: ['isolate'],
  inject: (request: FaultRequest): (() => void) | undefined => {
    const { target, draws } = request;
    if (target.nodeCount < 2) return undefined;
    const alone = draws.below(2) === 1 ? target.focus() : drawVictim(request);
    const directions: (readonly [number, number])[] = [];
    for (let peer = 0; peer < target.nodeCount; peer += 1) if (peer !== alone) directions.push([alone, peer], [peer, alone]);
    target.counts.add('isolate');
    return blockAll(target, directions);
  },
};
