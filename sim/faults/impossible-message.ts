/**
 * A member says what no correct node says: damaged frames, groups that do not exist, terms beyond all bounds, answers to
 * questions never asked. The protocol makes them (Protocol.forge) from frames of the moment.
 */
import type { Fault, FaultRequest } from './fault.ts';

/** Frames overheard per fault, and how many of them are answered with forgeries at most. */
const HEARD_MAX = 64;
const FORGED_MAX = 16;

export const impossibleMessageFault: Fault = {
  kind: 'impossibleMessage',
  counts: ['impossibleMessage'],
  inject: ({ target, draws }: FaultRequest): (() => void) | undefined => {
    const heard = target.network.overhear(HEARD_MAX);
    return () => {
      target.network.stopOverhearing(heard);
      if (heard.length === 0) return;
      const times = 1 + draws.below(FORGED_MAX);
      for (let i = 0; i < times; i += 1) {
        const frame = heard[draws.below(heard.length)];
        const forged = frame === undefined ? undefined : target.hostility.forge(frame, draws);
        if (forged === undefined) continue;
        target.counts.add('impossibleMessage');
        target.network.sendAgain(forged);
      }
    };
  },
};
