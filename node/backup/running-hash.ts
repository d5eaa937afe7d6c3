/** SHA-256 over a stream, for what is too large to be hashed at once. */
import { createHash } from 'node:crypto';
import type { RunningHash } from '../../core/backup/scan.ts';

export function runningSha256(): RunningHash {
  const hash = createHash('sha256');
  return { update: (bytes) => void hash.update(bytes), digest: () => new Uint8Array(hash.digest()) };
}
