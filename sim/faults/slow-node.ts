/** A process that stutters: alive, answering, and always late. Neither a crash nor a partition shows it. */
import { drawVictim, type Fault, type FaultRequest } from './fault.ts';

/** Mean time for which the process runs between two stalls, microseconds. */
const RUN_MEAN_MICROS = 5_000;
/** A stall is drawn up to this. */
const STALL_MAX_MICROS = 60_000;

export const slowNodeFault: Fault = {
  kind: 'slowNode',
  counts: ['slowNode'],
  inject: (request: FaultRequest): (() => void) | undefined => {
    const { target, draws } = request;
    const node = drawVictim(request);
    if (!target.isRunning(node)) return undefined;
    const longest = 1 + draws.below(STALL_MAX_MICROS);
    let active = true;
    target.counts.add('slowNode');
    const stall = (): void => {
      if (!active) return;
      const micros = 1 + draws.below(longest);
      target.pause(node, micros);
      target.at(target.now + micros + draws.exponential(RUN_MEAN_MICROS), stall);
    };
    stall();
    return () => {
      active = false;
    };
  },
};
