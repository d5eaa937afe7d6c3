/**
 * From a seed as a person types it to the four words every stream is split from.
 * Why seedrandom: its ARC4 spreads "1" and "2" as far apart as any two texts; hot draws use core/random.ts.
 */
import seedrandom from 'seedrandom';
import type { SeedWords } from '../core/random.ts';

/** The seed words of a text; equal texts give equal words on every engine. */
export function seedWords(text: string): SeedWords {
  const generator = seedrandom(`vouch/${text}`);
  return [generator.int32(), generator.int32(), generator.int32(), generator.int32()];
}
