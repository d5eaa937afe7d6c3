/** An answer to several questions in its JSON form, out of a proof that was just checked: what SDK and gateway hand out. */
import { toBase64 } from '../bytes/base64.ts';
import { toHex } from '../bytes/text.ts';
import type { Hasher } from '../capability.ts';
import { decodeHeader } from '../chain/header.ts';
import type { Anchor } from '../client/protocol.ts';
import { type Finding, type FindingRefusal, findingsOf } from './findings.ts';
import type { Question } from './statement.ts';
import { findingJson, questionJson, type StatementJson } from './statement-json.ts';

/** Where an answer stands, and its proof: hashes in hex, header and proof in base64. */
export interface AnchoredJson {
  readonly height: number;
  readonly block_hash: string;
  readonly state_root: string;
  readonly tree_root: string;
  readonly header: string;
  readonly proof: string;
}

/** What `verifyStatements` reads. */
export interface StatementsAnswer extends AnchoredJson {
  readonly statements: readonly StatementJson[];
}

export interface AnsweredQuestions {
  readonly hasher: Hasher;
  /** ULIDs. */
  readonly organization: string;
  readonly store: string;
  readonly questions: readonly Question[];
  readonly anchor: Anchor;
  readonly proof: Uint8Array;
}

/** Writes the answer, or says why the proof does not answer the questions. */
export function statementsAnswer(
  given: AnsweredQuestions,
): { readonly ok: true; readonly answer: StatementsAnswer; readonly findings: readonly Finding[] } | FindingRefusal {
  const { hasher, questions, anchor, proof } = given;
  const header = decodeHeader(anchor.header);
  if (!header.ok) return { ok: false, stage: 'statement', reason: `header: ${header.reason}` };
  const found = findingsOf(hasher, header.value, questions, proof);
  if (!found.ok) return found;
  const { findings } = found;
  const about = { v: 1, org: given.organization, store: given.store, height: anchor.height } as const;
  const answer: StatementsAnswer = {
    height: anchor.height,
    block_hash: toHex(anchor.blockHash),
    state_root: toHex(anchor.stateRoot),
    tree_root: toHex(anchor.treeRoot),
    header: toBase64(anchor.header),
    proof: toBase64(proof),
    statements: questions.map((question, index) => ({
      ...about,
      ...questionJson(question),
      ...findingJson(findings[index] as Finding),
    })),
  };
  return { ok: true, answer, findings };
}
