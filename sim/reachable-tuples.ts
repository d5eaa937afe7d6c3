/** placeholder */
export const REACHABLE_TUPLES: readonly string[] = [];
