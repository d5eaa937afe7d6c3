/**
 * A disk is wiped, and with it the node: a machine with an empty disk is another node, which an operator brings in for the one that is lost
 * (workload/operator.ts). At most one in a run: whoever loses two of three has nothing left to ask.
 */
import { downCount, drawVictim, type Fault, type FaultRequest } from './fault.ts';

export const wipeFault: Fault = {
  kind: 'wipe',
  counts: ['wipe', 'powerLoss', 'lostWrite', 'tornWrite'],
  inject: (request: FaultRequest): undefined => {
    const { target, downMax } = request;
    const node = drawVictim(request);
    if (!target.isRunning(node) || downCount(target) >= downMax) return undefined;
    if (target.counts.of('wipe') > 0 || !target.mayLose(node)) return undefined;
    target.counts.add('wipe');
    target.wipe(node);
    return undefined;
  },
};
