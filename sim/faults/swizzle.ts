/**
 * Swizzled clogging: some nodes are cut off one after another, and come back one after another in a different order, so
 * that the cluster passes through many partial connections. Source: FoundationDB's simulator, which found most bugs this way.
 */
import { blockAll, drawOrder, type Fault, type FaultRequest } from './fault.ts';

export const swizzleFault: Fault = {
  kind: 'swizzle',
  counts: ['swizzle'],
  inject: ({ target, draws, durationMicros }: FaultRequest): (() => void) | undefined => {
    const { nodeCount } = target;
    if (nodeCount < 2) return undefined;
    const chosen = drawOrder(nodeCount, draws).slice(0, 1 + draws.below(nodeCount));
    const half = Math.ceil(durationMicros / 2);
    const cuts: { open: (() => void) | undefined; over: boolean }[] = [];
    target.counts.add('swizzle');
    for (const node of chosen) {
      const cut = { open: undefined as (() => void) | undefined, over: false };
      cuts.push(cut);
      target.at(target.now + draws.below(half), () => {
        if (!cut.over) cut.open = blockAll(target, everyLinkOf(node, nodeCount));
      });
      target.at(target.now + half + draws.below(half), () => end(cut));
    }
    return () => cuts.forEach(end);
  },
};

function end(cut: { open: (() => void) | undefined; over: boolean }): void {
  cut.over = true;
  cut.open?.();
  cut.open = undefined;
}

function everyLinkOf(node: number, nodeCount: number): readonly (readonly [number, number])[] {
  const directions: (readonly [number, number])[] = [];
  for (let peer = 0; peer < nodeCount; peer += 1) if (peer !== node) directions.push([node, peer], [peer, node]);
  return directions;
}
