/** A directory in memory that carries out file operations at once, for tests that damage what lies on a disk. */
import type { DirectoryReader, FileOp } from '../../core/effect.ts';

export class MemoryDirectory implements DirectoryReader {
  readonly files: Map<string, Uint8Array> = new Map();

  run(ops: readonly FileOp[]): void {
    for (const op of ops) {
      if (op.op === 'create') this.files.set(op.file, new Uint8Array(op.sizeBytes));
      if (op.op === 'remove') this.files.delete(op.file);
      if (op.op !== 'write') continue;
      const before = this.files.get(op.file) ?? new Uint8Array(0);
      const bytes = new Uint8Array(Math.max(before.length, op.offset + op.bytes.length));
      bytes.set(before);
      bytes.set(op.bytes, op.offset);
      this.files.set(op.file, bytes);
    }
  }

  /** A directory with the same contents. */
  copy(): MemoryDirectory {
    const copy = new MemoryDirectory();
    for (const [name, bytes] of this.files) copy.files.set(name, bytes.slice());
    return copy;
  }

  list(): readonly string[] {
    return [...this.files.keys()].sort();
  }

  size(file: string): number | undefined {
    return this.files.get(file)?.length;
  }

  read(file: string, offset: number, lengthBytes: number): Uint8Array {
    return (this.files.get(file) ?? new Uint8Array(0)).slice(offset, offset + lengthBytes);
  }
}
