/** Types of bundle-verify.mjs, for the test of the bundle. */

export const MINIFIED_BYTES_MAX: number;
export const GZIP_BYTES_MAX: number;
/** What a page imports, and what that may weigh, bytes. */
export const IMPORTS: readonly { readonly names: readonly string[]; readonly minified: number; readonly gzip: number }[];

export interface VerifyBundle {
  readonly text: string;
  readonly minifiedBytes: number;
  readonly gzipBytes: number;
  /** Files that it is made of, relative to the repository. */
  readonly inputs: readonly string[];
  /** What it would load. */
  readonly imports: readonly string[];
}

/** @param format iife: the exports are then the global `vouchVerify`. @param names what is imported; everything unless given. */
export function bundleVerify(format: 'esm' | 'iife', names?: readonly string[]): Promise<VerifyBundle>;
