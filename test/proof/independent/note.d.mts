/** Types of note.mjs. */

/** As receipt.mjs takes it. */
export interface ReadPolicy {
  readonly origins: readonly string[];
}
export function readPolicy(text: string): ReadPolicy | undefined;
