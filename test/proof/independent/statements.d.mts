/** Types of statements.mjs. */
import type { Refused } from './verify.mjs';

export interface Asked {
  /** Each as it stands in a statement. */
  readonly questions?: readonly object[];
  readonly organization?: string;
  readonly store?: string;
  readonly block?: string;
  readonly root?: string;
}
export function verifyStatements(
  answer: unknown,
  expected?: Asked,
): Refused | { readonly ok: true; readonly anchored: string; readonly findings: readonly unknown[]; readonly height: number };
