/** Unpredictable bytes from the operating system: node ids, cluster ids, salts, the seed of a node's random streams. */
import { randomFillSync } from 'node:crypto';
import type { Entropy } from '../core/capability.ts';
import type { SeedWords } from '../core/random.ts';

export const systemEntropy: Entropy = {
  fill(out: Uint8Array, offset: number, length: number): void {
    randomFillSync(out, offset, length);
  },
};

/** Four words to seed a generator with. */
export function seedFrom(entropy: Entropy): SeedWords {
  const bytes = new Uint8Array(16);
  entropy.fill(bytes, 0, 16);
  const view = new DataView(bytes.buffer);
  return [view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12)];
}
