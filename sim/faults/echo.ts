/**
 * Frames of a moment arrive once more when it has long passed: votes of an old term, acknowledgements from before a
 * restart, requests that a client has forgotten. A network that may duplicate says nothing about when.
 */
import type { Fault, FaultRequest } from './fault.ts';

/** Frames overheard per fault, and how many of them come again at most. */
const HEARD_MAX = 128;
const AGAIN_MAX = 24;

export const echoFault: Fault = {
  kind: 'echo',
  counts: ['echo'],
  inject: ({ target, draws }: FaultRequest): (() => void) | undefined => {
    const heard = target.network.overhear(HEARD_MAX);
    return () => {
      target.network.stopOverhearing(heard);
      if (heard.length === 0) return;
      const times = 1 + draws.below(AGAIN_MAX);
      for (let i = 0; i < times; i += 1) {
        const frame = heard[draws.below(heard.length)];
        if (frame === undefined) continue;
        target.counts.add('echo');
        target.network.sendAgain(frame);
      }
    };
  },
};
