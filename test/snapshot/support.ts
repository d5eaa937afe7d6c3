/** Snapshots held in memory, and what two states must agree on. */
import { MerkleLog } from '../../core/chain/merkle-log.ts';
import { portableHasher } from '../../core/hasher.ts';
import type { GroupId, NodeId, Term } from '../../core/ids.ts';
import { type Configuration, configurationOf } from '../../core/raft/message.ts';
import { type BuiltChunk, SnapshotBuilder } from '../../core/snapshot/builder.ts';
import type { Section, SnapshotManifest } from '../../core/snapshot/manifest.ts';
import { type ChunkSource, type RestoreFault, restoreState } from '../../core/snapshot/restore.ts';
import { GroupState, type GroupStateOptions } from '../../core/state/group-state.ts';

export const CONFIGURATION: Configuration = configurationOf([`${'0'.repeat(31)}1` as NodeId]);

export class HeldSnapshot implements ChunkSource {
  readonly manifest: SnapshotManifest;
  readonly chunks: readonly BuiltChunk[];

  constructor(manifest: SnapshotManifest, chunks: readonly BuiltChunk[]) {
    this.manifest = manifest;
    this.chunks = chunks;
  }

  chunk(section: Section, number: number): Uint8Array | undefined {
    return this.chunks.find((chunk) => chunk.section === section && chunk.number === number)?.bytes;
  }

  isShredded(): boolean {
    return false;
  }

  /** The hashes that prove a chunk's place in its section. */
  pathOf(section: Section, number: number): readonly Uint8Array[] {
    const log = new MerkleLog(portableHasher);
    for (const chunk of this.chunks) if (chunk.section === section) log.append(chunk.hash);
    return log.inclusion(number);
  }
}

/** A builder that works in the shortest slices there are. */
export function builderOf(
  state: GroupState,
  options: { readonly chunkBytes?: number; readonly term?: number } = {},
): SnapshotBuilder {
  return new SnapshotBuilder(state.beginCapture(), {
    hasher: portableHasher,
    buggify: (site) => site === 'snapshot.short-slice',
    group: state.group,
    term: (options.term ?? 1) as Term,
    configuration: CONFIGURATION,
    chunkBytes: options.chunkBytes ?? 256,
    sliceRecords: 150,
  });
}

/** Builds a snapshot to its end. @param between called after every slice: what happens meanwhile */
export function finish(builder: SnapshotBuilder, between: () => void = () => undefined): HeldSnapshot {
  const chunks: BuiltChunk[] = [];
  while (!builder.done) {
    chunks.push(...builder.work());
    between();
  }
  return new HeldSnapshot(builder.manifest(), chunks);
}

export function snapshotOf(state: GroupState, options: { readonly chunkBytes?: number } = {}): HeldSnapshot {
  return finish(builderOf(state, options));
}

/** Restores a state. @returns the state, or why it cannot be. */
export function restore(
  snapshot: { readonly manifest: SnapshotManifest } & ChunkSource,
  options: Partial<GroupStateOptions> = {},
): GroupState | Exclude<RestoreFault, undefined> {
  const group = snapshot.manifest.group;
  const state = new GroupState({ group, hasher: portableHasher, dataGroups: [1 as GroupId], ...options });
  const steps = restoreState(portableHasher, snapshot.manifest, snapshot, state);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value ?? state;
}
