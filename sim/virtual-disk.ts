/** What the world and the disk faults need of a disk; disk.ts implements it with a volatile and a durable image. */
import type { DirectoryReader, FileOp } from '../core/effect.ts';

/** Why a disk that was made to fail refuses an operation, as errno names it. */
export type InjectedError = 'EIO' | 'ENOSPC';

export interface VirtualDisk extends DirectoryReader {
  /** Carries out one operation: writes become volatile, syncs make them durable. @returns why it was refused. */
  execute(op: FileOp): string | undefined;
  /** Loses, tears or keeps what no sync has covered, as drawn. */
  powerLoss(): { readonly lostWrites: number; readonly tornWrites: number };

  /** The next sync (EIO) or write (ENOSPC) is refused; undefined takes that back. */
  failNext(error: InjectedError | undefined): void;
  /** Bit rot: flips the bits of mask in one byte, past every check. */
  corrupt(file: string, offset: number, mask: number): void;
  /** Bytes land on the medium that nobody meant for this place. */
  misdirect(file: string, offset: number, bytes: Uint8Array): void;
  /** The sector at the offset cannot be read any more, until it is written. */
  spoil(file: string, offset: number): void;
  /** Reads of this place give these bytes, of another place, whatever is there; undefined: they give what is there again. */
  misread(file: string, offset: number, bytes: Uint8Array | undefined): void;
  /** One of the next reads ends half-way, after so many whole ones; undefined: none does any more. */
  shortenRead(after: number | undefined): void;
  /** Whether a read has ended half-way since that was asked for last. */
  readonly hasCutRead: boolean;
}
