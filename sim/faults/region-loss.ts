/**
 * A region is lost: every machine in it is without power at once, or nobody outside reaches it, clients neither. Nodes and clients are spread
 * over the regions by turns, as an operator would: what is left has a quorum of whatever is spread over all of them.
 */
import { blockAll, downCount, drawVictim, type Fault, type FaultRequest } from './fault.ts';

const REGIONS = 3;

export const regionLossFault: Fault = {
  kind: 'regionLoss',
  counts: ['regionLoss', 'powerLoss', 'restart', 'lostWrite', 'tornWrite'],
  lasts: 2,
  inject: (request: FaultRequest): (() => void) | undefined => {
    const { target, draws, downMax } = request;
    if (target.nodeCount < REGIONS) return undefined;
    const region = drawVictim(request) % REGIONS;
    const isDark = draws.below(2) === 1;
    const nodes = endpointsIn(region, target.nodeCount);
    if (isDark && downCount(target) + nodes.length > downMax) return undefined;
    target.counts.add('regionLoss');
    return isDark ? darken(request, nodes) : cutOff(request, region);
  },
};

function endpointsIn(region: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, endpoint) => endpoint).filter((endpoint) => endpoint % REGIONS === region);
}

/** Power comes back for all of it at the same time; the machines start one after another. */
function darken({ target, draws, durationMicros }: FaultRequest, nodes: readonly number[]): () => void {
  for (const node of nodes) target.crash(node, 'powerLoss');
  const late = nodes.map(() => draws.below(Math.ceil(durationMicros / 4)));
  return () => {
    nodes.forEach((node, at) => {
      target.at(target.now + (late[at] as number), () => target.restart(node));
    });
  };
}

function cutOff({ target }: FaultRequest, region: number): () => void {
  const directions: (readonly [number, number])[] = [];
  for (let a = 0; a < target.endpointCount; a += 1) {
    for (let b = 0; b < target.endpointCount; b += 1) {
      if ((a % REGIONS === region) !== (b % REGIONS === region)) directions.push([a, b]);
    }
  }
  return blockAll(target, directions);
}
