/** The part of `vouch verify` that is about signatures: receipts against pinned keys, and proofs of forks. Nothing is asked of any node. */
import { readFileSync } from 'node:fs';
import { toHex } from '../../core/bytes/text.ts';
import { checkForkProof, FORK_PROOF_LINE } from '../../core/note/fork-proof.ts';
import { encodeVkey } from '../../core/note/key.ts';
import { type Policy, parsePolicy, type SignedBy } from '../../core/note/policy.ts';
import type { Question } from '../../core/proof/statement.ts';
import { findingJson, questionJson } from '../../core/proof/statement-json.ts';
import { RECEIPT_LINE } from '../../core/receipt/format.ts';
import { type ReceiptVerdict, verifyReceipt } from '../../core/receipt/verify.ts';
import { nativeHasher } from '../hasher.ts';
import { nativeVerifier } from '../keys/native-ed25519.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { print, printJson } from './output.ts';
import { findingLines } from './question-notation.ts';
import { shown } from './shown.ts';

export interface SignedFileOptions {
  /** File of a policy. */
  readonly keys?: string;
  /** The receipt must answer exactly these; empty: any. */
  readonly questions: readonly Question[];
  readonly json?: boolean;
}

type Accepted = Extract<ReceiptVerdict, { readonly ok: true }>;

export function isReceipt(text: string): boolean {
  return text.startsWith(`${RECEIPT_LINE}\n`);
}
export function isForkProof(text: string): boolean {
  return text.startsWith(`${FORK_PROOF_LINE}\n`);
}

/** Reads a policy. @throws CliFailure */
export function readPolicy(file: string): Policy {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw usageFailure(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}.`);
  }
  const policy = parsePolicy(nativeHasher, text);
  if (!policy.ok) throw usageFailure(`${file}: ${policy.reason}.`);
  return policy.value;
}

/** Checks a receipt and says what it shows. @throws CliFailure where it does not hold */
export function verifyReceiptText(text: string, { keys, questions, json }: SignedFileOptions): void {
  const verdict = verifyReceipt(text, {
    hasher: nativeHasher,
    verifier: nativeVerifier,
    ...(keys === undefined ? {} : { policy: readPolicy(keys) }),
    ...(questions.length === 0 ? {} : { questions }),
  });
  if (json) printJson(verdict.ok ? receiptJson(verdict) : verdict);
  if (!verdict.ok) throw new CliFailure(`REJECTED (${verdict.stage}): ${shown(verdict.reason)}`);
  if (json) return;
  for (const line of receiptLines(verdict)) print(line);
}

/** What a receipt shows and by whom it is signed, in words. */
export function receiptLines(verdict: Accepted): readonly string[] {
  return [...verdict.statements.flatMap(({ question, finding }) => findingLines(question, finding)), ...whereLines(verdict)];
}

type Signed = Omit<Accepted, 'statements'>;

/** Of which block a receipt is, and by whom it is signed. */
export function whereLines({ height, time, store, organization, checkpoint, signers, authenticated }: Signed): readonly string[] {
  const signed = `Authenticated: the checkpoint of size ${checkpoint.size} is signed by ${signersText(signers)}.`;
  const alone = 'Consistent with its own checkpoint, NOT authenticated: pin keys and give them with --keys.';
  return [
    `At height ${height}, ${timeText(Number(time) / 1000)}, in vault ${store} of organization ${organization}.`,
    authenticated ? signed : alone,
  ];
}

/** Checks a proof of a fork and says whose it is. @throws CliFailure where it proves nothing */
export function verifyForkText(text: string, { keys, json }: SignedFileOptions): void {
  const policy = keys === undefined ? undefined : readPolicy(keys);
  const fork = checkForkProof(nativeHasher, nativeVerifier, text);
  if (!fork.ok) {
    if (json) printJson(fork);
    throw new CliFailure(`REJECTED (fork proof): ${shown(fork.reason)}`);
  }
  const { key, origin, older, newer, kind } = fork.value;
  const publicKey = toHex(key.publicKey);
  const pinned = policy?.witnesses.find((witness) => toHex(witness.key.publicKey) === publicKey)?.name;
  if (json) {
    const side = ({ size, root }: typeof older) => ({ size, root: toHex(root) });
    return printJson({
      ok: true,
      kind,
      key: encodeVkey(key),
      pinned: pinned ?? null,
      origin,
      older: side(older),
      newer: side(newer),
    });
  }
  print(`FORK (${kind}): ${shown(key.name)} signed two stories of ${shown(origin)}.`);
  for (const { size, root } of [older, newer]) print(`  size ${size}, root ${toHex(root)}`);
  print(`The key: ${shown(encodeVkey(key))}`);
  if (policy !== undefined)
    print(pinned === undefined ? 'The policy does not pin this key.' : `The policy pins this key as ${pinned}: take it out.`);
}

function timeText(ms: number): string {
  return ms <= 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`;
}

/** Names of a policy, with the time where one was signed. */
export function signersText(signers: readonly SignedBy[]): string {
  const textOf = ({ witness, timeS }: SignedBy): string =>
    timeS === undefined ? witness.name : `${witness.name} (${timeText(Number(timeS) * 1000)})`;
  return signers.map(textOf).join(', ');
}

export function signersJson(signers: readonly SignedBy[]): unknown {
  return signers.map(({ witness, timeS }) => ({
    name: witness.name,
    key: encodeVkey(witness.key),
    time: timeS === undefined ? null : String(timeS),
  }));
}

function receiptJson(verdict: Accepted): unknown {
  const { height, time, organization, store, blockHash, stateRoot, treeRoot, checkpoint, authenticated } = verdict;
  const { origin, size, root } = checkpoint;
  return {
    ok: true,
    authenticated,
    ...{ organization, store, height, time: String(time), blockHash, stateRoot, treeRoot },
    checkpoint: { origin, size, root: toHex(root) },
    signers: signersJson(verdict.signers),
    statements: verdict.statements.map(({ question, finding }) => ({ ...questionJson(question), ...findingJson(finding) })),
  };
}
