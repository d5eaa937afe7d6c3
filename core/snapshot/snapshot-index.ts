/**
 * What is known of a snapshot's file: its manifest, and where each chunk stands. Of a whole one any chunk can be served with the
 * hashes that prove its place; of one that is being fetched it says what is missing.
 */
import { assert, defined } from '../assert.ts';
import { equalBytes } from '../bytes/compare.ts';
import type { Hasher } from '../capability.ts';
import { MerkleLog } from '../chain/merkle-log.ts';
import type { DirectoryReader } from '../effect.ts';
import type { ChunkSealer, OpenedChunk } from './chunk-sealer.ts';
import type { SnapshotPlace } from './file.ts';
import { chunkHash, SECTIONS, type Section, type SnapshotManifest } from './manifest.ts';
import type { ChunkSource } from './restore.ts';

export interface ChunkPlace {
  /** Of its bytes in the file. */
  readonly offset: number;
  readonly length: number;
  readonly hash: Uint8Array;
  /** Of a sealed one: where its record begins. */
  readonly sealedAt: number | undefined;
}

export class SnapshotIndex {
  /** Its name at present. */
  file: string;
  readonly place: SnapshotPlace;
  manifest: SnapshotManifest | undefined = undefined;
  /** The same as bytes. */
  manifestBytes: Uint8Array | undefined = undefined;
  /** Where the next record goes. */
  end: number = 0;
  private readonly hasher: Hasher;
  private readonly sealer: ChunkSealer | undefined;
  /** By section and number; holes where chunks are missing. */
  private readonly chunks: readonly (ChunkPlace | undefined)[][] = SECTIONS.map(() => []);
  private noted: number = 0;
  private logs: readonly MerkleLog[] | undefined = undefined;

  /** @param sealer opens sealed chunks. */
  constructor(hasher: Hasher, file: string, place: SnapshotPlace, sealer?: ChunkSealer) {
    this.hasher = hasher;
    this.sealer = sealer;
    this.file = file;
    this.place = place;
  }

  setManifest(manifest: SnapshotManifest, bytes: Uint8Array): void {
    this.manifest = manifest;
    this.manifestBytes = bytes;
  }

  /** A chunk stands in the file now. */
  note(section: Section, number: number, chunk: ChunkPlace): void {
    const list = defined(this.chunks[section], 'every section has its list');
    if (list[number] === undefined) this.noted += 1;
    list[number] = chunk;
  }

  has(section: Section, number: number): boolean {
    return this.chunks[section]?.[number] !== undefined;
  }

  /** Chunks there are in all, by the manifest. */
  get total(): number {
    return (this.manifest?.sections ?? []).reduce((sum, { chunks }) => sum + chunks, 0);
  }

  /** Whether manifest and as many chunks as it names were seen. */
  get isComplete(): boolean {
    return this.manifest !== undefined && this.noted >= this.total;
  }

  /** Whether the file holds exactly what the manifest says; then chunks can be served. */
  isWhole(): boolean {
    const { manifest } = this;
    if (manifest === undefined || !this.isComplete) return false;
    if (this.logs !== undefined) return true;
    const logs: MerkleLog[] = [];
    for (const section of SECTIONS) {
      const list = defined(this.chunks[section], 'every section has its list');
      const summary = defined(manifest.sections[section], 'a manifest has every section');
      if (list.length !== summary.chunks) return false;
      const log = new MerkleLog(this.hasher);
      for (let number = 0; number < list.length; number += 1) {
        const chunk = list[number];
        if (chunk === undefined) return false;
        log.append(chunk.hash);
      }
      if (!equalBytes(log.root(), summary.root)) return false;
      logs.push(log);
    }
    this.logs = logs;
    return true;
  }

  /** A chunk, checked; undefined where the file does not hold what was written, or not all of it can be opened any more. */
  read(reader: DirectoryReader, section: Section, number: number): Uint8Array | undefined {
    const chunk = this.open(reader, section, number);
    return chunk?.isWhole === true ? chunk.bytes : undefined;
  }

  private open(reader: DirectoryReader, section: Section, number: number): OpenedChunk | undefined {
    const chunk = this.chunks[section]?.[number];
    if (chunk === undefined) return undefined;
    const bytes = reader.read(this.file, chunk.offset, chunk.length);
    const { sealedAt: offset } = chunk;
    const opened = offset === undefined ? whole(bytes) : this.sealer?.open({ ...this.place, offset, section, number }, bytes);
    if (opened === undefined || !opened.isWhole) return opened; // of a part there is no hash; each piece has its tag
    return equalBytes(chunkHash(this.hasher, opened.bytes), chunk.hash) ? opened : undefined;
  }

  /** The hashes that prove a chunk's place in its section. Of a whole snapshot. */
  pathOf(section: Section, number: number): readonly Uint8Array[] {
    assert(this.logs !== undefined, 'chunks of a whole snapshot have a place');
    return defined(this.logs[section], 'every section has its log').inclusion(number);
  }

  /** The file's chunks for a restoration. */
  source(reader: DirectoryReader): ChunkSource {
    return {
      chunk: (section, number) => this.open(reader, section, number)?.bytes,
      isShredded: (vault) => this.sealer?.isShredded(vault) ?? false,
    };
  }
}

function whole(bytes: Uint8Array): OpenedChunk {
  return { bytes, isWhole: true };
}
