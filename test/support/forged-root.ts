/** The root that a proof amounts to, whatever it proves: what a forger would have to have signed. */
import { verifyPrunedTree } from '../../core/proof/pruned-tree.ts';
import { nativeHasher } from '../../node/hasher.ts';

/** @returns undefined where the proof does not decode, and for that of the empty tree. */
export function forgedRoot(proof: Uint8Array, targets: readonly Uint8Array[]): Uint8Array | undefined {
  let last: Uint8Array | undefined;
  const listening = {
    name: 'listening',
    digest(input: Uint8Array, start: number, end: number, out: Uint8Array, at: number): void {
      nativeHasher.digest(input, start, end, out, at);
      if (at === 0) last = out.slice(0, 32); // the root is hashed last, and its hash goes to the front
    },
  };
  const verdict = verifyPrunedTree({ hasher: listening, treeRoot: new Uint8Array(32), targets, proof });
  return !verdict.ok && verdict.stage === 'decode' ? undefined : last;
}
