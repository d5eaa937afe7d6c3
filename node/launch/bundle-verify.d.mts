/** Types of bundle-verify.mjs, for the tests of the bundles. */

export interface Weight {
  readonly minifiedBytes: number;
  readonly gzipBytes: number;
}

export type SubPath =
  | 'vouch/verify'
  | 'vouch/verify/answers'
  | 'vouch/verify/certificates'
  | 'vouch/verify/chain'
  | 'vouch/verify/check'
  | 'vouch/verify/forks'
  | 'vouch/verify/notes'
  | 'vouch/verify/tree';

export interface Import {
  readonly subPath: SubPath;
  /** Parted by commas; '*' is everything. */
  readonly names: string;
  /** undefined: it is said, not limited. */
  readonly limit?: Weight;
  /** What it should weigh, where that is not AIM. */
  readonly aim?: Weight;
}

export const AIM: Weight;
/** Files in core/verify. */
export const SUB_PATHS: Readonly<Record<SubPath, string>>;
export const IMPORTS: readonly Import[];

export interface VerifyBundle extends Weight {
  readonly text: string;
  /** Files of which something is in it, relative to the repository. */
  readonly inputs: readonly string[];
  /** What it would load. */
  readonly imports: readonly string[];
}

/** @param format iife: the exports are then a global, `vouchVerify` unless named. @param options.names everything unless given. */
export function bundleVerify(
  subPath: SubPath,
  format: 'esm' | 'iife',
  options?: { readonly names?: string; readonly globalName?: string },
): Promise<VerifyBundle>;

/** What there is to say of a weight, and whether it may be that. */
export function judgeWeight(row: Import, weight: Weight): { readonly isFine: boolean; readonly line: string };
