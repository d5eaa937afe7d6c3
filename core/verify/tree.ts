/** The `vouch/verify/tree` sub-path: the commitment tree's own proofs (pruned trees), its paths, its values and its roots. */
// biome-ignore-all lint/performance/noBarrelFile: the one place where this sub-path says what is public
export { stateRootOf, treeRootOf } from '../merkle/buckets.ts';
export { entityPath, modelPath, reversePath, tuplePath } from '../merkle/path.ts';
export { decodeValue, isLive, type LeafValue } from '../merkle/value.ts';
export { type PrunedTreeClaim, type PrunedTreeVerdict, verifyPrunedTree } from '../proof/pruned-tree.ts';
export { targetOf } from '../proof/statement.ts';
export type { RevealedLeaf } from '../proof/target-range.ts';
