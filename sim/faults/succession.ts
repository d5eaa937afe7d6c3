/**
 * Leaders are cut off in turn: whoever leads is alone with its clients, and comes back as its successor is cut off. So each
 * returns with entries that nobody else has, while nobody is there to overwrite them before the next election: logs that
 * conflict, and candidates whose log is long and old.
 */
import { blockAll, type Fault, type FaultRequest } from './fault.ts';

/** Looks at who leads, per episode. */
const LOOKS = 12;

export const successionFault: Fault = {
  kind: 'succession',
  counts: ['succession'],
  inject: ({ target, durationMicros }: FaultRequest): (() => void) | undefined => {
    const { nodeCount } = target;
    if (nodeCount < 2) return undefined;
    let alone = -1;
    let open = (): void => undefined;
    let isOver = false;
    const look = (): void => {
      if (isOver) return;
      const leader = target.focus();
      if (leader !== alone) {
        open();
        alone = leader;
        open = cutOff(target, leader);
      }
      target.at(target.now + Math.ceil(durationMicros / LOOKS), look);
    };
    target.counts.add('succession');
    look();
    return () => {
      isOver = true;
      open();
    };
  },
};

function cutOff(target: FaultRequest['target'], node: number): () => void {
  const directions: (readonly [number, number])[] = [];
  for (let peer = 0; peer < target.nodeCount; peer += 1) if (peer !== node) directions.push([node, peer], [peer, node]);
  return blockAll(target, directions);
}
