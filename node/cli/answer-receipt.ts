/**
 * An answer with a proof that was kept in a file (`vouch check --proof`, `list-objects --proof`, `proof -o`), made into a receipt: its
 * block's place in the log and a checkpoint that the nodes have signed come to it. The node is believed in nothing: the receipt is verified.
 */
import { readFileSync } from 'node:fs';
import { celConditions } from '../../core/authz/cel.ts';
import { fromBase64 } from '../../core/bytes/base64.ts';
import { fromHex } from '../../core/bytes/text.ts';
import { isCertificateStatement } from '../../core/certificate/read-statement.ts';
import { verifyCertificateReceipt } from '../../core/certificate/receipt.ts';
import type { ChainAnswer } from '../../core/chain/chain-answer.ts';
import { HEADER_BYTES } from '../../core/chain/header.ts';
import { decodeCheckpoint } from '../../core/note/checkpoint.ts';
import { decodeNote } from '../../core/note/note.ts';
import type { Policy } from '../../core/note/policy.ts';
import { encodeReceipt } from '../../core/receipt/format.ts';
import { verifyReceipt } from '../../core/receipt/verify.ts';
import { nativeHasher } from '../hasher.ts';
import { nativeVerifier } from '../keys/native-ed25519.ts';
import { CliFailure, usageFailure } from './failure.ts';
import type { Remote } from './remote.ts';
import { certificateLines } from './verify-certificate.ts';
import { receiptLines, whereLines } from './verify-receipt.ts';

/** What of an answer a receipt is made of. */
export interface KeptAnswer {
  readonly height: number;
  readonly header: Uint8Array;
  readonly statements: readonly unknown[];
  readonly proof: Uint8Array;
}

/** @throws CliFailure where the file holds no answer with a proof of which a receipt can be made */
export function readKeptAnswer(file: string): KeptAnswer {
  let answer: Readonly<Record<string, unknown>>;
  try {
    answer = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw usageFailure(code === undefined ? `${file} is not JSON.` : `${file} cannot be read: ${code}.`);
  }
  const { height, header, proof, statement, statements } = answer ?? {};
  const bytes = (value: unknown): Uint8Array | undefined => (typeof value === 'string' ? fromBase64(value) : undefined);
  const [headerBytes, proofBytes] = [bytes(header), bytes(proof)];
  if (!Number.isSafeInteger(height) || headerBytes?.length !== HEADER_BYTES || proofBytes === undefined) {
    throw usageFailure(`${file} is no answer with a proof: write one with --proof of check, list-objects or list-users.`);
  }
  const list = Array.isArray(statements) ? statements : isCertificateStatement(statement) ? [statement] : [];
  if (list.length === 0) {
    throw usageFailure(
      `${file} holds the answer of a vault without models: name its tuple instead, vouch receipt --vault V TUPLE.`,
    );
  }
  return { height: height as number, header: headerBytes, statements: list, proof: proofBytes };
}

/** The text of the receipt, not verified. @param vault its path at the node @param signatures of so many nodes at least; 0: of a majority */
export async function receiptOfAnswer(remote: Remote, vault: string, kept: KeptAnswer, signatures: number): Promise<string> {
  const note = decodeNote(await remote.text(`${vault}/checkpoint?signatures=${signatures}`));
  const checkpoint = note.ok ? decodeCheckpoint(note.value.text) : note;
  if (!note.ok || !checkpoint.ok) throw new CliFailure('The node answered with no checkpoint. Ask another node.');
  const { size } = checkpoint.value;
  const { log } = await remote.get<ChainAnswer>(`${vault}/log/inclusion?height=${kept.height}&size=${size}`);
  const path = log.path.map((hash) => fromHex(hash));
  if (path.some((hash) => hash === undefined)) throw new CliFailure('The node answered with no inclusion. Ask another node.');
  const { header, statements, proof, height } = kept;
  return encodeReceipt({ header, statements, proof, index: height - 1, path: path as Uint8Array[], note: note.value });
}

/** What the receipt shows, in words. @throws CliFailure where it does not hold */
export function keptReceiptLines(
  text: string,
  kept: KeptAnswer,
  known: { readonly store: string; readonly policy?: Policy },
): readonly string[] {
  const common = { hasher: nativeHasher, verifier: nativeVerifier, ...known };
  if (isCertificateStatement(kept.statements[0])) {
    const verdict = verifyCertificateReceipt(text, { ...common, conditions: celConditions });
    if (!verdict.ok) throw invalid(verdict);
    return [...certificateLines(verdict.results, false), ...whereLines(verdict)];
  }
  const verdict = verifyReceipt(text, common);
  if (!verdict.ok) throw invalid(verdict);
  return receiptLines(verdict);
}

function invalid({ stage, reason }: { readonly stage: string; readonly reason: string }): CliFailure {
  return new CliFailure(`The receipt does not hold (${stage}): ${reason}.`);
}
