/** Big-endian 32-bit words in byte arrays. Why not a DataView: one costs 80 ns to make, and shifts inline as well. */

/** The unsigned word at bytes[at]. */
export function readWord(bytes: Uint8Array, at: number): number {
  const word =
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number);
  return word >>> 0;
}

/** Writes the low 32 bits of a number at out[at]. */
export function writeWord(word: number, out: Uint8Array, at: number): void {
  out[at] = word >>> 24;
  out[at + 1] = word >>> 16;
  out[at + 2] = word >>> 8;
  out[at + 3] = word;
}
