/** Turns a captured state into chunks and their manifest, slice by slice. It writes nothing: who drives it does. */
import { defined } from '../assert.ts';
import type { Buggify, Hasher } from '../capability.ts';
import { MerkleLog } from '../chain/merkle-log.ts';
import type { GroupId, Term } from '../ids.ts';
import type { Configuration } from '../raft/message.ts';
import type { StateCapture } from '../state/capture.ts';
import { chunkHash, SECTIONS, type Section, type SnapshotManifest } from './manifest.ts';
import { type SerialStep, serialise } from './serialise.ts';
import { Slice } from './slices.ts';

export interface BuiltChunk {
  readonly section: Section;
  readonly number: number;
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
}

export interface BuilderOptions {
  readonly hasher: Hasher;
  readonly buggify: Buggify;
  readonly group: GroupId;
  /** Term of the captured entry, and the configuration in force there. */
  readonly term: Term;
  readonly configuration: Configuration;
  readonly chunkBytes: number;
  /** Records read in one slice. */
  readonly sliceRecords: number;
}

export class SnapshotBuilder {
  private readonly options: BuilderOptions;
  private readonly capture: StateCapture;
  private readonly steps: Generator<SerialStep, void>;
  private readonly logs: readonly MerkleLog[];
  private readonly sectionBytes: number[] = SECTIONS.map(() => 0);
  private isDone: boolean = false;

  constructor(capture: StateCapture, options: BuilderOptions) {
    this.options = options;
    this.capture = capture;
    this.steps = serialise(capture, options.chunkBytes);
    this.logs = SECTIONS.map(() => new MerkleLog(options.hasher));
  }

  get done(): boolean {
    return this.isDone;
  }

  /** Works for one slice. @returns the chunks that became complete, in order. The capture is released with the last one. */
  work(): readonly BuiltChunk[] {
    const chunks: BuiltChunk[] = [];
    const slice = new Slice(this.options.sliceRecords, this.options.buggify);
    while (!this.isDone) {
      const { done, value } = this.steps.next();
      if (done === true) {
        this.isDone = true;
        this.capture.release();
        break;
      }
      if (value.kind === 'chunk') chunks.push(this.take(value.section, value.bytes));
      if (slice.spend(value.kind === 'chunk' ? value.bytes.length : value.bytes)) break;
    }
    return chunks;
  }

  /** Gives up: the capture is released. */
  abandon(): void {
    if (this.isDone) return;
    this.isDone = true;
    this.capture.release();
  }

  /** What the chunks add up to, once done. */
  manifest(): SnapshotManifest {
    const { group, term, configuration, chunkBytes } = this.options;
    const { index, time } = this.capture;
    const sections = SECTIONS.map((section) => {
      const log = defined(this.logs[section], 'every section has its log');
      return { bytes: this.sectionBytes[section] ?? 0, chunks: log.size, root: log.root() };
    });
    return { group, index, term, time, chunkBytes, configuration, sections };
  }

  private take(section: Section, bytes: Uint8Array): BuiltChunk {
    const log = defined(this.logs[section], 'every section has its log');
    const hash = chunkHash(this.options.hasher, bytes);
    const number = log.size;
    log.append(hash);
    this.sectionBytes[section] = (this.sectionBytes[section] ?? 0) + bytes.length;
    return { section, number, hash, bytes };
  }
}
