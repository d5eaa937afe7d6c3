/** What can happen to guests that a node lies to; a test demands that seeds reach all of it. */
export const BYZANTINE_MARKS = [
  /** Told what is not of the chain, signed by the liar. */
  'byzantine.forgery-reached-client',
  /** Told a checkpoint behind the one that was accepted. */
  'byzantine.refused-as-rollback',
  'byzantine.refused-by-policy',
  /** Another root of the size that was accepted. */
  'byzantine.refused-as-fork',
  'byzantine.refused-as-inconsistent',
  'byzantine.client-diverged',
  'byzantine.false-answer-believed',
  'byzantine.false-answer-refused',
  'byzantine.fork-proven-by-one-size',
  'byzantine.fork-proven-by-two-sizes',
] as const;
export type ByzantineMark = (typeof BYZANTINE_MARKS)[number];
