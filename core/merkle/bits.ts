/** Bits of a path, counted from the most significant bit of its first byte: bit i is (path[i >> 3] >> (7 - (i & 7))) & 1. */

/** Bit i of bytes[from …]; 0 behind the end. 0 goes left, 1 goes right. */
export function bitAt(bytes: Uint8Array, bit: number): number {
  return ((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1;
}

/** First bit at which two paths differ; -1 where one is a prefix of the other, or they are equal. */
export function firstDifferentBit(a: Uint8Array, b: Uint8Array): number {
  const shared = a.length < b.length ? a.length : b.length;
  for (let i = 0; i < shared; i += 1) {
    const difference = (a[i] as number) ^ (b[i] as number);
    if (difference !== 0) return i * 8 + Math.clz32(difference) - 24;
  }
  return -1;
}
