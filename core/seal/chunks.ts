/**
 * Chunks in a snapshot's file, sealed. What belongs to one vault (its leaves, its history) is sealed under the vault's key, so that it
 * is gone with the key; lists of vaults, sessions and the directory, under the node's own.
 *
 *   pieces, in order, one behind the other: vault 16 (zeros: the node's key) ‖ u32 length of the sealed text, 0 = its key was
 *   destroyed before ‖ sealed text. Their plaintexts, one behind the other, are the chunk.
 * Position: u32 group ‖ u64 index ‖ u64 offset of the record in the file ‖ u8 section ‖ u32 chunk ‖ u32 piece.
 */
import { concatBytes } from '../bytes/compare.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { ULID_BYTES } from '../chain/ulid.ts';
import type { VaultId } from '../ids.ts';
import { SEALED_CHUNK_BYTES_MAX } from '../limits.ts';
import type { ChunkAt, ChunkSealer, OpenedChunk } from '../snapshot/chunk-sealer.ts';
import { Section } from '../snapshot/manifest.ts';
import { historyRuns, type VaultRun } from '../snapshot/records.ts';
import { readUlid, ulidText, writeUlid } from '../state/ulid-field.ts';
import { NODE_KEY } from './key-file.ts';
import { SealKind, type VaultKeys } from './vault-keys.ts';

const NOTHING: Uint8Array = new Uint8Array(0);

export class SealedChunks implements ChunkSealer {
  private readonly keys: VaultKeys;

  constructor(keys: VaultKeys) {
    this.keys = keys;
  }

  seal(at: ChunkAt, chunk: Uint8Array): Uint8Array {
    const writer = new Writer(chunk.length + 128);
    for (const [piece, { vault, bytes }] of runsOf(at.section, chunk).entries()) {
      writeUlid(writer, vault);
      writer.blob(this.keys.seal(vault, SealKind.snapshot, positionOf(at, piece), bytes) ?? NOTHING);
    }
    return writer.take();
  }

  open(at: ChunkAt, sealed: Uint8Array): OpenedChunk | undefined {
    const reader = new Reader(sealed);
    const pieces: Uint8Array[] = [];
    let isWhole = true;
    for (let piece = 0; reader.remaining > 0; piece += 1) {
      const vault: VaultId = readUlid(reader);
      const text = reader.blob(SEALED_CHUNK_BYTES_MAX);
      if (reader.failed !== undefined) return undefined;
      const opened = this.keys.openSealed(vault, SealKind.snapshot, positionOf(at, piece), text);
      if (opened === undefined) return undefined;
      if (opened === 'destroyed') isWhole = false;
      else pieces.push(opened);
    }
    return { bytes: concatBytes(...pieces), isWhole };
  }

  isShredded(vault: VaultId): boolean {
    return this.keys.isDestroyed(vault);
  }
}

/** Who owns which bytes of a chunk, in order. */
function runsOf(section: Section, chunk: Uint8Array): readonly VaultRun[] {
  if (section === Section.leaves && chunk.length >= ULID_BYTES) {
    return [{ vault: ulidText(chunk.subarray(0, ULID_BYTES)), bytes: chunk }];
  }
  if (section === Section.history) {
    const runs = historyRuns(chunk);
    if (runs !== undefined) return runs;
  }
  return [{ vault: NODE_KEY, bytes: chunk }];
}

function positionOf({ group, index, offset, section, number }: ChunkAt, piece: number): Uint8Array {
  const writer = new Writer(32);
  writer.u32(group);
  writer.u64(index);
  writer.u64(offset);
  writer.u8(section);
  writer.u32(number);
  writer.u32(piece);
  return writer.take();
}
