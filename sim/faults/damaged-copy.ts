/**
 * A node's directory is copied, the copy is damaged, and somebody opens it: a restored backup, a disk moved to another machine,
 * a newer version tried and taken back. What must happen is the protocol's to judge (Protocol.openDamagedCopy); the node
 * itself runs on and knows nothing of it.
 */
import type { Fault, FaultRequest } from './fault.ts';

const COPIES_MAX = 4;

export const damagedCopyFault: Fault = {
  kind: 'damagedCopy',
  counts: ['damagedCopy'],
  inject: ({ target, draws }: FaultRequest): undefined => {
    const times = 1 + draws.below(COPIES_MAX);
    for (let i = 0; i < times; i += 1) {
      if (target.hostility.openDamagedCopy(draws.below(target.nodeCount), draws)) target.counts.add('damagedCopy');
    }
  },
};
