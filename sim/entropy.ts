/** The entropy of simulated nodes and clients: words of a labelled stream. */
import type { Entropy } from '../core/capability.ts';
import type { Draws } from './tape.ts';

/** Entropy from a labelled stream. */
export function entropyFrom(draws: Draws): Entropy {
  return {
    fill(out: Uint8Array, offset: number, length: number): void {
      for (let i = 0; i < length; i += 4) {
        const word = draws.word();
        for (let k = 0; k < 4 && i + k < length; k += 1) out[offset + i + k] = word >>> (8 * k);
      }
    },
  };
}
