/** Types of answer.mjs. */
import type { Refused } from './verify.mjs';

export interface Expected {
  readonly tuple?: { readonly resource: string; readonly relation: string; readonly subject: string };
  readonly organization?: string;
  readonly store?: string;
  readonly block?: string;
  readonly root?: string;
}
export function verifyAnswer(
  answer: unknown,
  expected?: Expected,
): Refused | { readonly ok: true; readonly allowed: boolean; readonly anchored: string; readonly present: boolean };
