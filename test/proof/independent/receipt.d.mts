/** Types of receipt.mjs. */
import type { ReadPolicy } from './note.mjs';
import type { Asked } from './statements.mjs';
import type { Refused } from './verify.mjs';

export function verifyReceipt(
  text: string,
  expected?: Asked & { readonly policy?: ReadPolicy },
):
  | Refused
  | {
      readonly ok: true;
      readonly signers: readonly string[];
      readonly authenticated: boolean;
      readonly findings: readonly unknown[];
      readonly height: number;
    };
