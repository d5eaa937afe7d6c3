/** Two sides that cannot hear each other. Clients stand on either side, or reach both. */
import { blockAll, drawVictim, type Fault, type FaultRequest } from './fault.ts';

/** Draws a side (0 or 1) per endpoint, or 2 for a client that reaches both; both sides have a node. */
function drawSides(request: FaultRequest): readonly number[] {
  const { target, draws } = request;
  const sides: number[] = [];
  const first = drawVictim(request);
  const second = (first + 1 + draws.below(target.nodeCount - 1)) % target.nodeCount;
  for (let endpoint = 0; endpoint < target.endpointCount; endpoint += 1) {
    sides.push(endpoint < target.nodeCount ? draws.below(2) : draws.below(3));
  }
  sides[first] = 0;
  sides[second] = 1;
  return sides;
}

export const partitionFault: Fault = {
  kind: 'partition',
  counts: ['partition'],
  inject: (request: FaultRequest): (() => void) | undefined => {
    const { target } = request;
    if (target.nodeCount < 2) return undefined;
    const sides = drawSides(request);
    const directions: (readonly [number, number])[] = [];
    for (let from = 0; from < target.endpointCount; from += 1) {
      for (let to = 0; to < target.endpointCount; to += 1) {
        const a = sides[from] as number;
        const b = sides[to] as number;
        if (a !== b && a !== 2 && b !== 2) directions.push([from, to]);
      }
    }
    target.counts.add('partition');
    return blockAll(target, directions);
  },
};
