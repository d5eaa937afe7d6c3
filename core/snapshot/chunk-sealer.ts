/** What a snapshot's file asks of whoever seals its chunks at rest; implemented by core/seal/chunks.ts. */
import type { VaultId } from '../ids.ts';
import type { Section } from './manifest.ts';

/** Which chunk of which file: what is sealed for one place opens in no other. */
export interface ChunkAt {
  readonly group: number;
  readonly index: number;
  /** Of its record in the file. */
  readonly offset: number;
  readonly section: Section;
  readonly number: number;
}

export interface OpenedChunk {
  /** The chunk without what belongs to vaults whose key was destroyed. */
  readonly bytes: Uint8Array;
  /** Whether that is all of it. */
  readonly isWhole: boolean;
}

export interface ChunkSealer {
  /** What stands in the file for a chunk. */
  seal(at: ChunkAt, chunk: Uint8Array): Uint8Array;
  /** undefined: not what was sealed there. */
  open(at: ChunkAt, sealed: Uint8Array): OpenedChunk | undefined;
  /** Whether the vault's key was destroyed: nothing of it is read any more. */
  isShredded(vault: VaultId): boolean;
}
