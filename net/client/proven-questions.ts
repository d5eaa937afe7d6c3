/** The answer to several questions, checked here: what `Vault.prove` gives out. */
import type { Anchor, ClientResult, VaultEntry } from '../../core/client/protocol.ts';
import { portableHasher } from '../../core/hasher.ts';
import type { AnchorExpectations, Anchored } from '../../core/proof/anchor-claim.ts';
import type { Finding } from '../../core/proof/findings.ts';
import type { Question } from '../../core/proof/statement.ts';
import { verifyStatements } from '../../core/proof/statements.ts';
import { type StatementsAnswer, statementsAnswer } from '../../core/proof/statements-answer.ts';
import { VouchError } from './error.ts';

/** Every question with what the proof shows. */
export interface ProvenFindings {
  /** In the order of the questions. */
  readonly findings: readonly Finding[];
  readonly anchor: Anchor;
  readonly anchored: Anchored;
  /** The same in the form that `vouch verify` reads, to be kept. */
  readonly answer: StatementsAnswer;
}

/** Throws VouchError `proof_invalid` where the proof does not answer the questions, or not for this vault. */
export function provenQuestions(
  vault: VaultEntry,
  questions: readonly Question[],
  { anchor, proof }: Extract<ClientResult, { readonly kind: 'proof' }>,
  expected: AnchorExpectations & { readonly height?: number },
): ProvenFindings {
  const { organization, id: store } = vault;
  const made = statementsAnswer({ hasher: portableHasher, organization, store, questions, anchor, proof });
  if (!made.ok) throw invalid(made);
  const { answer, findings } = made;
  const { block, root, height } = expected;
  const verdict = verifyStatements(answer, {
    questions,
    organization,
    store,
    ...(block === undefined ? {} : { block }),
    ...(root === undefined ? {} : { root }),
    ...(height === undefined ? {} : { height }),
  });
  if (!verdict.ok) throw invalid(verdict);
  return { findings, anchor, anchored: verdict.anchored, answer };
}

function invalid({ stage, reason }: { readonly stage: string; readonly reason: string }): VouchError {
  return new VouchError('proof_invalid', `The proof does not hold (${stage}): ${reason}`);
}
