/**
 * Bytes of a WebSocket message as the core wants them: a plain Uint8Array. Why not the Buffer that `ws` gives: it is a
 * Uint8Array whose `slice` does not copy, and the codecs copy with `slice` what they keep.
 */
import type { RawData } from 'ws';

/** A view of the message's bytes; nothing is copied. */
export function plainBytes(data: RawData): Uint8Array {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (Array.isArray(data)) return plainBytes(Buffer.concat(data));
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
