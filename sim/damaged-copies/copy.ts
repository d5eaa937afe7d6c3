/** A directory beside the original: what is written, removed or spoilt here stays here. Every operation is durable at once. */
import { assert, defined, unreachable } from '../../core/assert.ts';
import type { DirectoryReader, FileOp } from '../../core/effect.ts';
import { StorageError } from '../../core/errors.ts';

/** Files of a copy that differ from the original; undefined = the file is not there. */
export type ChangedFiles = ReadonlyMap<string, Uint8Array | undefined>;

export class CopiedDirectory implements DirectoryReader {
  private readonly original: DirectoryReader;
  private readonly changed: Map<string, Uint8Array | undefined>;
  /** Reads of a file that still succeed, of files that cannot be read to the end. */
  private readonly readable: Map<string, number>;
  /** Reads so far, by file. */
  readonly reads: Map<string, number> = new Map();

  constructor(original: DirectoryReader, changed: ChangedFiles = new Map(), readable: ReadonlyMap<string, number> = new Map()) {
    this.original = original;
    this.changed = new Map(changed);
    this.readable = new Map(readable);
  }

  get changes(): ChangedFiles {
    return this.changed;
  }

  list(): readonly string[] {
    const names = new Set(this.original.list());
    for (const [file, content] of this.changed) {
      if (content === undefined) names.delete(file);
      else names.add(file);
    }
    return [...names].sort();
  }

  size(file: string): number | undefined {
    return this.changed.has(file) ? this.changed.get(file)?.length : this.original.size(file);
  }

  read(file: string, offset: number, lengthBytes: number): Uint8Array {
    const before = this.reads.get(file) ?? 0;
    this.reads.set(file, before + 1);
    if (before >= (this.readable.get(file) ?? Number.POSITIVE_INFINITY)) throw new StorageError('EIO', `${file} cannot be read`);
    return this.stored(file, offset, lengthBytes);
  }

  private stored(file: string, offset: number, lengthBytes: number): Uint8Array {
    if (!this.changed.has(file)) return this.original.read(file, offset, lengthBytes);
    const content = this.changed.get(file);
    if (content === undefined) throw new StorageError('ENOENT', `there is no file ${file}`);
    return content.slice(offset, offset + lengthBytes);
  }

  put(file: string, content: Uint8Array | undefined): void {
    this.changed.set(file, content);
  }

  /** From now on the file cannot be read. */
  spoil(file: string): void {
    this.readable.set(file, 0);
  }

  /** Carries operations out. What a real directory would refuse is an error of whoever planned it. */
  execute(ops: readonly FileOp[]): void {
    for (const op of ops) this.executeOne(op);
  }

  private executeOne(op: FileOp): void {
    switch (op.op) {
      case 'create':
        assert(this.size(op.file) === undefined, `${op.file} is not there before it is created`);
        return this.put(op.file, new Uint8Array(op.sizeBytes));
      case 'write': {
        const before = this.contentOf(op.file);
        const after = new Uint8Array(Math.max(before.length, op.offset + op.bytes.length));
        after.set(before);
        after.set(op.bytes, op.offset);
        return this.put(op.file, after);
      }
      case 'rename':
        this.put(op.to, this.contentOf(op.from));
        return this.put(op.from, undefined);
      case 'remove':
        assert(this.size(op.file) !== undefined, `${op.file} is there before it is removed`);
        this.readable.delete(op.file);
        return this.put(op.file, undefined);
      case 'sync':
      case 'syncDirectory':
        return;
      default:
        return unreachable(op);
    }
  }

  private contentOf(file: string): Uint8Array {
    return this.stored(file, 0, defined(this.size(file), `${file} is there`));
  }
}

/** As another runtime may give bytes: not at the beginning of their buffer. */
export class UnalignedReader implements DirectoryReader {
  private readonly reader: DirectoryReader;

  constructor(reader: DirectoryReader) {
    this.reader = reader;
  }

  list(): readonly string[] {
    return this.reader.list();
  }

  size(file: string): number | undefined {
    return this.reader.size(file);
  }

  read(file: string, offset: number, lengthBytes: number): Uint8Array {
    const bytes = this.reader.read(file, offset, lengthBytes);
    const wider = new Uint8Array(bytes.length + 1);
    wider.set(bytes, 1);
    return wider.subarray(1);
  }
}

export function contentOf(reader: DirectoryReader, file: string): Uint8Array | undefined {
  const sizeBytes = reader.size(file);
  return sizeBytes === undefined ? undefined : reader.read(file, 0, sizeBytes);
}

export function withByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
}

/** One drawn bit from `from` on is another one. */
export function withBitFlipped(bytes: Uint8Array, draws: { below(bound: number): number }, from: number = 0): Uint8Array {
  const at = from + draws.below(bytes.length - from);
  return withByte(bytes, at, (bytes[at] as number) ^ (1 << draws.below(8)));
}
