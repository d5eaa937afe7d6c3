/** When a block was made, read straight from its header: oracles ask for every block. */

/** Where the time stands in a header (core/chain/header.ts). */
const TIME_AT = 172;

/** Microseconds since 1970. @param header 196 bytes of a block that was sealed here. */
export function headerTime(header: Uint8Array): number {
  let time = 0;
  for (let i = 0; i < 8; i += 1) time = time * 256 + (header[TIME_AT + i] as number);
  return time;
}
