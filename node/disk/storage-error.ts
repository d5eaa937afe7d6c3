/** What the operating system refused, as one sentence for the operator. */
import { StorageError } from '../../core/errors.ts';

/** What the code means, and what to do about it. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'permission denied. Run as the user who owns it'],
  ['EPERM', 'permission denied. Run as the user who owns it'],
  ['EROFS', 'the file system is read-only. Mount it for writing'],
  ['ENOSPC', 'the disk is full. Make room on it'],
  ['EDQUOT', 'the disk quota is exhausted. Make room, or raise it'],
  ['ENOTDIR', 'it is not a directory. Name one'],
  ['EIO', 'the disk reports an error. The log of the operating system says more'],
  ['EMFILE', 'too many open files. Raise the limit (ulimit -n)'],
]);

/** @param what the sentence up to the colon. */
export function asStorageError(error: unknown, what: string): StorageError {
  if (error instanceof StorageError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? 'EIO';
  return new StorageError(code, `${what}: ${REASONS.get(code) ?? code}.`);
}
