/**
 * Programmer error stops the group; the outside world never reaches these functions (it gets typed results).
 * Messages are constants: a template string costs 20-30 ns a call even when the condition holds.
 */
export class InvariantError extends Error {
  override readonly name: string = 'InvariantError';
}

/** Throws InvariantError unless the condition holds. @param claim what is true when the code is right. */
export function assert(condition: boolean, claim: string): asserts condition {
  if (!condition) throw new InvariantError(claim);
}

/** For the default branch of an exhaustive switch: fails to compile when a variant is missed, throws if one arrives. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable variant: ${JSON.stringify(value)}`);
}

/** The value, or InvariantError where it is undefined. */
export function defined<T>(value: T | undefined, claim: string): T {
  if (value === undefined) throw new InvariantError(claim);
  return value;
}
