/** Types of verify.mjs, for the test that holds it beside core's verifier. */

export type Refused = { readonly ok: false; readonly stage: string };

export interface ProofClaim {
  readonly treeRoot: Uint8Array;
  readonly targets: readonly Uint8Array[];
  readonly proof: Uint8Array;
  readonly maxBytes?: number;
  readonly maxVersion?: number | bigint;
}
export function verifyProof(
  claim: ProofClaim,
):
  | Refused
  | { readonly ok: true; readonly results: readonly (readonly { readonly path: Uint8Array; readonly value: Uint8Array }[])[] };
