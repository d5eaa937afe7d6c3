/** What the operating system refused, as one sentence for the operator. */
import { StorageError } from '../../core/errors.ts';

const REASONS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['EROFS', 'the file system is read-only'],
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', 'the disk quota is exhausted'],
  ['ENOTDIR', 'it is not a directory'],
  ['EIO', 'the disk reports an error'],
  ['EMFILE', 'too many open files'],
]);

/** @param what the sentence up to the colon. */
export function asStorageError(error: unknown, what: string): StorageError {
  if (error instanceof StorageError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? 'EIO';
  return new StorageError(code, `${what}: ${REASONS.get(code) ?? code}`);
}
