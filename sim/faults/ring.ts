/** A ring: every node reaches its two neighbours and nobody else, so every node sees a majority of three, and no two the same one. */
import { blockAll, drawOrder, type Fault, type FaultRequest } from './fault.ts';

/** With fewer nodes everybody is a neighbour. */
const NODES_MIN = 4;

export const ringFault: Fault = {
  kind: 'ring',
  counts: ['ring'],
  inject: ({ target, draws }: FaultRequest): (() => void) | undefined => {
    const { nodeCount } = target;
    if (nodeCount < NODES_MIN) return undefined;
    const order = drawOrder(nodeCount, draws);
    const directions: (readonly [number, number])[] = [];
    for (let a = 0; a < nodeCount; a += 1) {
      for (let b = 0; b < nodeCount; b += 1) {
        const distance = (b - a + nodeCount) % nodeCount;
        if (distance > 1 && distance < nodeCount - 1) directions.push([order[a] as number, order[b] as number]);
      }
    }
    target.counts.add('ring');
    return blockAll(target, directions);
  },
};
