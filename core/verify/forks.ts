/** The `vouch/verify/forks` sub-path: proof that a key contradicted itself, to make and to check. */
// biome-ignore-all lint/performance/noBarrelFile: the one place where this sub-path says what is public
export { consistencyRoots, withOlderRoot } from '../chain/log-proof.ts';
export { checkForkProof, type Fork, type ForkEvidence, forkProof } from '../note/fork-proof.ts';
