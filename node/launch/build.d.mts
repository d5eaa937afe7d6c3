/** Types of build.mjs, for the tests that run the compiled command line. */

/** Path of the compiled command line. */
export const binary: string;
export function isBuildStale(): boolean;
/** Builds where needed. @returns what the compiler complained of; empty when the build is good. */
export function ensureBuilt(): string;
