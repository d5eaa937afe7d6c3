/**
 * What replicas say to each other about a snapshot's data. The follower pulls: it knows what it lacks, it may ask whoever holds
 * an equal snapshot, and nobody has to remember for it how far it came. A snapshot is named by its index and the hash of its
 * manifest.
 */
import type { Hasher } from '../capability.ts';
import { hashOf } from '../hasher.ts';
import type { LogIndex } from '../ids.ts';
import type { Section } from './manifest.ts';

export interface SnapshotName {
  readonly index: LogIndex;
  /** SHA-256 of the manifest. */
  readonly manifestHash: Uint8Array;
}

export type SnapshotMessage =
  /** Asks for one chunk. */
  | ({ readonly kind: 'snapshotPull'; readonly section: Section; readonly number: number } & SnapshotName)
  /** The chunk, with the hashes that prove its place in its section. */
  | ({
      readonly kind: 'snapshotChunk';
      readonly section: Section;
      readonly number: number;
      readonly path: readonly Uint8Array[];
      readonly bytes: Uint8Array;
    } & SnapshotName)
  /** The sender does not hold that snapshot, or not any more: the answer to the pull of that chunk, and to no other. */
  | ({ readonly kind: 'snapshotGone'; readonly section: Section; readonly number: number } & SnapshotName);

export function nameOf(hasher: Hasher, index: LogIndex, manifestBytes: Uint8Array): SnapshotName {
  return { index, manifestHash: hashOf(hasher, manifestBytes) };
}
