/** Every link is slow for a while: messages of several terms and rounds are in flight together. */
import type { Fault, FaultRequest } from './fault.ts';

export const delayFault: Fault = {
  kind: 'delay',
  counts: ['delay'],
  inject: ({ target, draws }: FaultRequest): (() => void) | undefined => {
    const factor = 3 + draws.below(30);
    const { network } = target;
    const usual = network.knobs.delayMeanMicros;
    target.counts.add('delay');
    network.knobs = { ...network.knobs, delayMeanMicros: usual * factor };
    return () => {
      network.knobs = { ...network.knobs, delayMeanMicros: network.knobs.delayMeanMicros / factor };
    };
  },
};
