/** What the world needs of a disk; disk.ts implements it with a volatile and a durable image. */
import type { DirectoryReader, FileOp } from '../core/effect.ts';

export interface VirtualDisk extends DirectoryReader {
  /** Carries out one operation: writes become volatile, syncs make them durable. @returns why it was refused. */
  execute(op: FileOp): string | undefined;
  /** Loses, tears or keeps what no sync has covered, as drawn. */
  powerLoss(): { readonly lostWrites: number; readonly tornWrites: number };
}
