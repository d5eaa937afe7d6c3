/** Some directions between nodes are closed while the way back is open. */
import { blockAll, drawVictim, type Fault, type FaultRequest } from './fault.ts';

export const oneWayFault: Fault = {
  kind: 'oneWay',
  counts: ['oneWay'],
  inject: (request: FaultRequest): (() => void) | undefined => {
    const { target, draws } = request;
    if (target.nodeCount < 2) return undefined;
    const deaf = drawVictim(request);
    const outbound = draws.below(2) === 1;
    const directions: (readonly [number, number])[] = [];
    for (let peer = 0; peer < target.nodeCount; peer += 1) {
      if (peer === deaf || draws.below(3) === 0) continue;
      directions.push(outbound ? [deaf, peer] : [peer, deaf]);
    }
    if (directions.length === 0) return undefined;
    target.counts.add('oneWay');
    return blockAll(target, directions);
  },
};
