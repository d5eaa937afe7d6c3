/** Types of bundle-verify.mjs, for the test of the bundle. */

export const MINIFIED_BYTES_MAX: number;
export const GZIP_BYTES_MAX: number;

export interface VerifyBundle {
  readonly text: string;
  readonly minifiedBytes: number;
  readonly gzipBytes: number;
  /** Files that it is made of, relative to the repository. */
  readonly inputs: readonly string[];
  /** What it would load. */
  readonly imports: readonly string[];
}

/** @param format iife: the exports are then the global `vouchVerify`. */
export function bundleVerify(format: 'esm' | 'iife'): Promise<VerifyBundle>;
