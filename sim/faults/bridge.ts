/** Two sides that cannot hear each other, and one node that both can: whom it follows decides, and it must not flatter both. */
import { blockAll, drawOrder, type Fault, type FaultRequest } from './fault.ts';

const NODES_MIN = 3;

export const bridgeFault: Fault = {
  kind: 'bridge',
  counts: ['bridge'],
  inject: ({ target, draws }: FaultRequest): (() => void) | undefined => {
    if (target.nodeCount < NODES_MIN) return undefined;
    const [, ...others] = drawOrder(target.nodeCount, draws);
    const cut = 1 + draws.below(others.length - 1);
    const directions: (readonly [number, number])[] = [];
    for (const a of others.slice(0, cut)) for (const b of others.slice(cut)) directions.push([a, b], [b, a]);
    target.counts.add('bridge');
    return blockAll(target, directions);
  },
};
