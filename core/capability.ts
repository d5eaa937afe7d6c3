/**
 * What the core is given instead of importing it (C10). `@noble/*` is the portable default; the node runtime injects
 * native ones; a property test holds them equal. The simulator draws the hasher as a printed knob.
 */
export interface Hasher {
  /** 'native', 'portable', or the name of a non-cryptographic stand-in. */
  readonly name: string;
  /**
   * Writes the 32-byte digest of input[start, end) at out[outOffset, outOffset + 32). In and out may be the same array.
   * Why not return a new array: one short-lived Uint8Array object per hash costs as much as the hash.
   */
  digest(input: Uint8Array, start: number, end: number, out: Uint8Array, outOffset: number): void;
}

/** Source of unpredictable bytes for ids and salts: the operating system, or seeded in the simulator. */
export interface Entropy {
  /** Fills out[offset, offset + length). */
  fill(out: Uint8Array, offset: number, length: number): void;
}

/** buggify sites: production compiles to `false`; the simulator answers with a labelled draw. */
export type Buggify = (site: string) => boolean;

/** Production's buggify. */
export const neverBuggify: Buggify = () => false;
