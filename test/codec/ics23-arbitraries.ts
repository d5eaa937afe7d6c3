/** ICS-23 proofs of any bytes, as the codec takes them. */
import * as fc from 'fast-check';
import type { CommitmentProof } from '../../core/ics23/proof.ts';

const bytes = fc.uint8Array({ maxLength: 40 });
const step = fc.record({ prefix: bytes, suffix: bytes });
const existence = fc.record({ key: bytes, value: bytes, path: fc.array(step, { maxLength: 3 }) });

export const ics23Proof: fc.Arbitrary<CommitmentProof> = fc.oneof(
  fc.record({ kind: fc.constant('exist' as const), exist: existence }),
  fc.record({
    kind: fc.constant('nonexist' as const),
    left: fc.option(existence, { nil: undefined }),
    right: fc.option(existence, { nil: undefined }),
  }),
);
