/** An answer with certificates in its JSON form, out of results and their proof: what gateway and SDK hand out, and `verifyCertificate` reads. */
import { toBase64 } from '../bytes/base64.ts';
import { toHex } from '../bytes/text.ts';
import type { Anchor } from '../client/protocol.ts';
import type { AnchoredJson } from '../proof/statements-answer.ts';
import type { Asked, Found } from './asked.ts';
import { type CertificateStatementJson, certificateStatement, foundJson } from './statement-json.ts';

/** allowed, objects or users: what the statement says. */
export interface CertificateAnswer extends AnchoredJson {
  readonly allowed?: boolean;
  readonly objects?: readonly string[];
  readonly users?: readonly string[];
  readonly statement: CertificateStatementJson;
}

export interface CertificatesAnswer extends AnchoredJson {
  readonly statements: readonly CertificateStatementJson[];
}

/** Where results stand, and the proof that answers certificateQuestions of all of them. */
export interface Certified {
  /** ULIDs. */
  readonly organization: string;
  readonly store: string;
  readonly anchor: Anchor;
  readonly proof: Uint8Array;
}

export interface Result {
  readonly asked: Asked;
  readonly found: Found;
}

/** The answer to one question. */
export function certificateAnswer(certified: Certified, { asked, found }: Result): CertificateAnswer {
  const result = found.kind === 'check' ? { allowed: found.allowed } : foundJson(asked.kind, found);
  return { ...result, ...anchoredJson(certified), statement: statementOf(certified, { asked, found }) };
}

/** The answer to several, with one proof. */
export function certificatesAnswer(certified: Certified, results: readonly Result[]): CertificatesAnswer {
  return { ...anchoredJson(certified), statements: results.map((result) => statementOf(certified, result)) };
}

function statementOf({ organization, store, anchor }: Certified, { asked, found }: Result): CertificateStatementJson {
  const at = { organization, store, height: anchor.height, blockHash: toHex(anchor.blockHash) };
  return certificateStatement(at, asked, found);
}

function anchoredJson({ anchor, proof }: Certified): AnchoredJson {
  return {
    height: anchor.height,
    block_hash: toHex(anchor.blockHash),
    state_root: toHex(anchor.stateRoot),
    tree_root: toHex(anchor.treeRoot),
    header: toBase64(anchor.header),
    proof: toBase64(proof),
  };
}
