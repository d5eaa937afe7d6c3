/**
 * What a client remembers of a log: the last note it accepted. The next one must not be behind it, must not contradict it, and
 * must extend it, which a consistency proof shows. The note is kept whole, because half of a fork proof is what was signed before.
 */
import { equalBytes } from '../bytes/compare.ts';
import type { Hasher } from '../capability.ts';
import { verifyConsistency } from '../chain/log-proof.ts';
import type { Checkpoint } from './checkpoint.ts';

/** What an accepted checkpoint is to the one that is remembered. Only `first`, `same` and `newer` may take its place. */
export type Progress =
  | { readonly kind: 'first' | 'same' | 'newer' }
  /** It is older: whoever sent it is behind, or was set back. */
  | { readonly kind: 'rollback'; readonly reason: string }
  /** Another root for the same size: whoever signed both lies, and the two notes prove it. */
  | { readonly kind: 'fork'; readonly reason: string }
  /** The proof is missing or does not show that one extends the other. */
  | { readonly kind: 'inconsistent'; readonly reason: string };

/**
 * Compares the next checkpoint with the last one. Both were accepted (checkNote).
 * @param last undefined: none yet. @param proof RFC 6962 consistency proof from the size of last to that of next
 */
export function compareWithLast(
  hasher: Hasher,
  last: Checkpoint | undefined,
  next: Checkpoint,
  proof: readonly Uint8Array[],
): Progress {
  if (last === undefined) return { kind: 'first' };
  if (last.origin !== next.origin)
    return { kind: 'inconsistent', reason: `the last checkpoint is of another log, ${last.origin}` };
  if (next.size < last.size) {
    return { kind: 'rollback', reason: `the checkpoint has size ${next.size}; one of size ${last.size} was accepted before` };
  }
  if (next.size === last.size) {
    if (equalBytes(next.root, last.root)) return { kind: 'same' };
    return { kind: 'fork', reason: `another root of size ${next.size} was accepted before` };
  }
  const extendsLast =
    last.size === 0 ||
    verifyConsistency(hasher, {
      olderSize: last.size,
      newerSize: next.size,
      olderRoot: last.root,
      newerRoot: next.root,
      path: proof,
    });
  if (extendsLast) return { kind: 'newer' };
  const reason = `no proof that the log of size ${next.size} extends the one of size ${last.size} that was accepted before`;
  return { kind: 'inconsistent', reason };
}
