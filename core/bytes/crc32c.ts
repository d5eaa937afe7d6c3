/** CRC-32C (Castagnoli, reflected 0x82F63B78), slicing-by-4. Source: RFC 3720, appendix B.4; check value e3069283. */
const T0: Int32Array = new Int32Array(256);
const T1: Int32Array = new Int32Array(256);
const T2: Int32Array = new Int32Array(256);
const T3: Int32Array = new Int32Array(256);
for (let i = 0; i < 256; i += 1) {
  let crc = i;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  T0[i] = crc;
}
for (let i = 0; i < 256; i += 1) {
  const c0 = T0[i] as number;
  const c1 = (c0 >>> 8) ^ (T0[c0 & 255] as number);
  const c2 = (c1 >>> 8) ^ (T0[c1 & 255] as number);
  T1[i] = c1;
  T2[i] = c2;
  T3[i] = (c2 >>> 8) ^ (T0[c2 & 255] as number);
}

/**
 * CRC of bytes[start, end), as an unsigned 32-bit number.
 * @param previous the CRC of what comes before, to continue a running checksum; 0 to begin.
 */
export function crc32c(bytes: Uint8Array, start: number = 0, end: number = bytes.length, previous: number = 0): number {
  let crc = ~previous;
  let i = start;
  for (const words = end - 3; i < words; i += 4) {
    crc ^=
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24);
    crc =
      (T3[crc & 255] as number) ^
      (T2[(crc >>> 8) & 255] as number) ^
      (T1[(crc >>> 16) & 255] as number) ^
      (T0[crc >>> 24] as number);
  }
  for (; i < end; i += 1) crc = (crc >>> 8) ^ (T0[(crc ^ (bytes[i] as number)) & 255] as number);
  return ~crc >>> 0;
}
