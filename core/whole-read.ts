/**
 * Reads of which every byte counts: a disk that gives fewer than its own directory says are there has not been read. Taking such a
 * read for a shorter file would take a log's newest records for a torn tail, and cut them, or forget what was signed.
 */
import type { DirectoryReader } from './effect.ts';
import { StorageError } from './errors.ts';

/** The whole of a file of that size. @throws StorageError `short_read` where the disk gives less. */
export function readWhole(reader: DirectoryReader, file: string, sizeBytes: number): Uint8Array {
  return readExactly(reader, file, 0, sizeBytes);
}

/** Bytes of a file that is that long. @throws StorageError `short_read` where the disk gives less. */
export function readExactly(reader: DirectoryReader, file: string, offset: number, lengthBytes: number): Uint8Array {
  const bytes = reader.read(file, offset, lengthBytes);
  if (bytes.length === lengthBytes) return bytes;
  const place = offset === 0 ? '' : ` from byte ${offset} on`;
  const message = `${file} has ${lengthBytes} bytes${place}, and its disk gave ${bytes.length} of them. Nothing was changed: start the node again; if that helps not, replace the disk.`;
  throw new StorageError('short_read', message);
}
