/**
 * Frames as another version of Vouch writes them on a link: the version in front is another one, and the checksum behind fits it. A node
 * that runs that version is one of this build, with every frame turned into the other version on its way out, and back on its way in: so its
 * decoder refuses what this build writes, ours refuses what it writes, and both understand their own.
 */
import { crc32c } from '../core/bytes/crc32c.ts';
import { LINK_OVERHEAD_BYTES, LINK_VERSION } from '../core/codec/link-message.ts';

const OTHER_VERSION = LINK_VERSION + 1;
const CHECKSUM_BYTES = 4;

/** A frame of this version as one of the other, and of the other as one of this; anything else as it is. */
export function inOtherVersion(frame: Uint8Array): Uint8Array {
  const [version] = frame;
  if (frame.length < LINK_OVERHEAD_BYTES || (version !== LINK_VERSION && version !== OTHER_VERSION)) return frame;
  const end = frame.length - CHECKSUM_BYTES;
  const isWhole = checksumAt(frame, end) === crc32c(frame, 0, end);
  const turned = frame.slice();
  turned[0] = version === LINK_VERSION ? OTHER_VERSION : LINK_VERSION;
  if (isWhole) new DataView(turned.buffer, turned.byteOffset).setUint32(end, crc32c(turned, 0, end)); // what was damaged stays so
  return turned;
}

function checksumAt(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
}
