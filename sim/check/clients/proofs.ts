/**
 * Every proof served verifies against the header it came with, says what the answer said, and no longer verifies once a
 * byte of it is changed. Judged with the production verifier and SHA-256 only: seeds with the fast hasher ask for no proofs.
 */

import { equalBytes } from '../../../core/bytes/compare.ts';
import type { Hasher } from '../../../core/capability.ts';
import { blockHash, decodeHeader } from '../../../core/chain/header.ts';
import type { Answer } from '../../../core/client/operation.ts';
import { entityPath, modelPath, tuplePath } from '../../../core/merkle/path.ts';
import { isLive } from '../../../core/merkle/value.ts';
import { verifyPrunedTree } from '../../../core/proof/pruned-tree.ts';
import { targetOf } from '../../../core/proof/statement.ts';
import { Violation } from '../../observer.ts';
import type { Draws } from '../../tape.ts';
import type { Asked } from '../../workload/history.ts';

type Proven = Extract<Answer, { readonly kind: 'tuple' | 'entity' | 'model' | 'proof' }>;

export const PROOFS: string = 'proofs-verify';
export const PROOFS_CLAIM: string = 'Every proof served verifies, and fails once any byte of it is changed.';

export class ProofOracle {
  private readonly hasher: Hasher;
  private readonly draws: Draws;
  /** Proofs that were judged. */
  judged: number = 0;

  constructor(hasher: Hasher, draws: Draws) {
    this.hasher = hasher;
    this.draws = draws;
  }

  judge(asked: Asked, answer: Proven): void {
    const { hasher } = this;
    const { anchor, proof } = answer;
    const header = decodeHeader(anchor.header);
    if (!header.ok || !equalBytes(blockHash(hasher, anchor.header), anchor.blockHash))
      throw new Violation(PROOFS, 'an answer’s header does not hash to its block');
    const targets = this.targets(asked, answer);
    const claim = { hasher, treeRoot: header.value.treeRoot, targets, maxVersion: header.value.height };
    const verdict = verifyPrunedTree({ ...claim, proof });
    if (!verdict.ok) throw new Violation(PROOFS, `a served proof fails at ${verdict.stage}: ${verdict.reason}`);
    this.judged += 1;
    const leaf = verdict.results[0]?.[0]?.leaf;
    const isProvenLive = leaf !== undefined && isLive(leaf.expiresAt, header.value.time);
    // What a proof of several questions shows is its answer: the model says whether it is right (reads-match-blocks).
    const isRight = answer.kind === 'proof' || isProvenLive === isPresent(answer);
    if (!isRight) throw new Violation(PROOFS, 'a proof proves the opposite of its answer');
    const mutated = proof.slice();
    const at = this.draws.below(mutated.length);
    mutated[at] = (mutated[at] as number) ^ (1 << this.draws.below(8));
    if (verifyPrunedTree({ ...claim, proof: mutated }).ok)
      throw new Violation(PROOFS, `a proof still verifies after byte ${at} was changed`);
  }

  private targets(asked: Asked, answer: Proven): readonly Uint8Array[] {
    if (answer.kind === 'model') return [modelPath(this.hasher, answer.id)];
    if (asked.kind === 'proof') return asked.questions.map((question) => targetOf(this.hasher, question));
    if (asked.kind === 'tuple') return [tuplePath(this.hasher, asked.tuple)];
    return [entityPath(this.hasher, asked.kind === 'entity' ? asked.key : '')];
  }
}

function isPresent(answer: Exclude<Proven, { readonly kind: 'proof' }>): boolean {
  if (answer.kind === 'model') return answer.model !== undefined;
  return answer.kind === 'tuple' ? answer.present : answer.value !== undefined;
}
