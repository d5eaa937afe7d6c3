/** Types of log.mjs. */
import type { Refused } from './verify.mjs';

export function verifyHeader(
  bytes: Uint8Array,
): Refused | { readonly ok: true; readonly hash: Uint8Array; readonly height: bigint };

export interface InclusionClaim {
  readonly index: number;
  readonly size: number;
  readonly leafHash: Uint8Array;
  readonly root: Uint8Array;
  readonly path: readonly Uint8Array[];
}
export function verifyInclusion(claim: InclusionClaim): boolean;

export interface ConsistencyClaim {
  readonly olderSize: number;
  readonly newerSize: number;
  readonly olderRoot: Uint8Array;
  readonly newerRoot: Uint8Array;
  readonly path: readonly Uint8Array[];
}
export function verifyConsistency(claim: ConsistencyClaim): boolean;
