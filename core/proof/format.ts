/**
 * The bytes of a pruned tree. One statement has one proof: the prover and the verifier agree on every byte.
 *
 *   proof = u8 format = 1 ‖ node            all numbers big-endian
 *
 *   TAG  SIZE  node
 *   00      1  the empty tree, only as the whole tree
 *   01      3  u16 bit, then the left node, then the right node
 *   02     35  u16 bit ‖ hash of the pruned left side, then the right node
 *   03     35  u16 bit ‖ hash of the pruned right side, then the left node
 *   04    5+n  u32 n ‖ value of n bytes: a revealed leaf; its path is computed from the value
 *   05   34+n  u8 n ‖ path of n bytes ‖ SHA-256 of the value: a boundary leaf
 */
export const PROOF_FORMAT: number = 1;

/** First byte of a node. In every proof: do not renumber. */
export const NodeTag = {
  empty: 0,
  inner: 1,
  leftPruned: 2,
  rightPruned: 3,
  revealed: 4,
  boundary: 5,
} as const;

/** Shortest and longest target, bytes. */
export const TARGET_BYTES_MIN: number = 1;
export const TARGET_BYTES_MAX: number = 97;

/** Longest proof, bytes; the verifier's default cap. One of core/limits.ts, but for the weight of the others in a browser. */
export const PROOF_BYTES_MAX: number = 16 << 20;
