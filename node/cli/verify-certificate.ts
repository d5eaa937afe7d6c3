/** `vouch verify` of answers that an authorization model decides: a check, a list of objects or users, or several of them with one proof. */
import { celConditions } from '../../core/authz/cel.ts';
import type { Context } from '../../core/authz/condition.ts';
import { explain as explainWhy } from '../../core/authz/explain.ts';
import type { ReadTuple } from '../../core/authz/reading.ts';
import { toHex } from '../../core/bytes/text.ts';
import type { Asked } from '../../core/certificate/asked.ts';
import type { ProvenResult } from '../../core/certificate/prove.ts';
import { isCertificateStatement } from '../../core/certificate/read-statement.ts';
import { type CertificateReceiptVerdict, verifyCertificateReceipt } from '../../core/certificate/receipt.ts';
import { certificateStatement, foundJson } from '../../core/certificate/statement-json.ts';
import { type AskedExpectations, type CertificateVerdict, verifyCertificate } from '../../core/certificate/verify.ts';
import { tupleJson } from '../../core/proof/statement-json.ts';
import { nativeHasher } from '../hasher.ts';
import { nativeVerifier } from '../keys/native-ed25519.ts';
import { parseContext, parseContextual } from './context-notation.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { print, printJson } from './output.ts';
import { shown } from './shown.ts';
import { formatTuple, parseTuple } from './tuple-notation.ts';
import type { AskedOptions, Trusted } from './verify-answer.ts';
import { readPolicy, signersJson, whereLines } from './verify-receipt.ts';

/** What the caller says that the answer must be about. */
export interface CertificateOptions extends AskedOptions {
  /** JSON, of the checks that --tuple names. */
  readonly context?: string;
  readonly contextual?: readonly string[];
  readonly explain?: boolean;
}

/** Whether the parsed JSON is an answer with certificates. */
export function isCertificateAnswer(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null) return false;
  const { statement, statements } = answer as { readonly statement?: unknown; readonly statements?: unknown };
  return isCertificateStatement(Array.isArray(statements) ? statements[0] : statement);
}

/** Whether options are given that only certificates have. */
export function asksOfModel({ context, contextual, explain }: CertificateOptions): boolean {
  return context !== undefined || contextual !== undefined || explain === true;
}

/** What the options demand. @throws CliFailure where they say nothing about certificates */
export function certificateExpectations(options: CertificateOptions): AskedExpectations {
  const { tuple: tuples = [], viewers, object, subject, entity, model = [], context, contextual } = options;
  if ([viewers, object, subject, entity].some((given) => given !== undefined))
    throw usageFailure(
      'The file holds what a model decides: of the questions only --tuple, and --model, say something about it.',
    );
  const [id, ...others] = model;
  if (others.length > 0) throw usageFailure('What a model decides is decided by one: give --model once.');
  if (tuples.length === 0 && (context !== undefined || contextual !== undefined))
    throw usageFailure('--context and --contextual belong to the checks that --tuple names.');
  const under = { model: id ?? '', context: parseContext(context), contextual: parseContextual(contextual) };
  const asked = tuples.map((text): Asked => ({ ...under, kind: 'check', tuple: parseTuple(text) }));
  return { ...(id === undefined ? {} : { model: id }), ...(asked.length === 0 ? {} : { asked }) };
}

/** Checks it and says what it shows. Throws CliFailure where it does not hold. */
export function verifyCertificateAnswer(answer: unknown, options: CertificateOptions, trusted: Trusted): CertificateVerdict {
  const expected = certificateExpectations(options);
  const verdict = verifyCertificate(answer, { hasher: nativeHasher, conditions: celConditions, ...expected, ...trusted });
  if (options.json) printJson(verdict.ok ? verdictJson(verdict) : verdict);
  if (!verdict.ok) throw new CliFailure(`REJECTED (${verdict.stage}): ${shown(verdict.reason)}`);
  if (options.json) return verdict;
  for (const line of certificateLines(verdict.results, options.explain === true)) print(line);
  print(`at height ${verdict.height}, block ${verdict.blockHash}`);
  return verdict;
}

/** Checks a receipt of certificates. @param keys file of a policy. Throws CliFailure where it does not hold. */
export function verifyCertificateReceiptText(text: string, options: CertificateOptions, keys: string | undefined): void {
  const verdict = verifyCertificateReceipt(text, {
    hasher: nativeHasher,
    verifier: nativeVerifier,
    conditions: celConditions,
    ...(keys === undefined ? {} : { policy: readPolicy(keys) }),
    ...certificateExpectations(options),
  });
  if (options.json) printJson(verdict.ok ? receiptJson(verdict) : verdict);
  if (!verdict.ok) throw new CliFailure(`REJECTED (${verdict.stage}): ${shown(verdict.reason)}`);
  if (options.json) return;
  for (const line of certificateLines(verdict.results, options.explain === true)) print(line);
  for (const line of whereLines(verdict)) print(line);
}

/** What results say, in words. */
export function certificateLines(results: readonly ProvenResult[], isExplained: boolean): readonly string[] {
  return results.flatMap((result) => {
    const [why] = result.whys;
    const isCheck = result.asked.kind === 'check';
    const reasons = isExplained && isCheck && why !== undefined ? explainWhy(why).map((line) => `  ${shown(line)}`) : [];
    return [...resultLines(result), ...underLines(result.asked), ...reasons];
  });
}

function resultLines({ asked, found }: ProvenResult): readonly string[] {
  const members = found.kind === 'list' ? found.members.map((name) => `  ${shown(name)}`) : [];
  switch (asked.kind) {
    case 'check': {
      const verdict = found.kind === 'check' && found.allowed ? 'ALLOW' : 'DENY';
      return [`${verdict}: ${shown(formatTuple(tupleJson(asked.tuple)))} under model ${asked.model}`];
    }
    case 'listObjects': {
      const { type, relation, subject } = asked.question;
      const of = `of type ${type} of which ${subject} is ${relation}`;
      return [`OBJECTS (all ${members.length}) ${shown(of)} under model ${asked.model}:`, ...members];
    }
    default: {
      const { resource, relation, filters } = asked.question;
      const kinds = filters.map((filter) => (filter.relation === '' ? filter.type : `${filter.type}#${filter.relation}`));
      const of = `of kind ${kinds.join(', ')} that are ${relation} of ${resource}`;
      return [`USERS (all ${members.length}) ${shown(of)} under model ${asked.model}:`, ...members];
    }
  }
}

function underLines({ context, contextual }: { readonly context: Context; readonly contextual: readonly ReadTuple[] }): string[] {
  const lines = contextual.map(({ tuple, condition }) => {
    const held = condition === undefined ? '' : `, under the condition '${condition.name}' ${condition.context}`;
    return `  taking for granted ${shown(formatTuple(tupleJson(tuple)) + held)}`;
  });
  return Object.keys(context).length === 0 ? lines : [`  in the context ${shown(JSON.stringify(context))}`, ...lines];
}

/** Results as they stand in statements. */
function resultsJson(results: readonly ProvenResult[]): readonly unknown[] {
  return results.map(({ asked, found }) => {
    const at = { organization: '', store: '', height: 0, blockHash: '' };
    const { v: _, org: __, store: ___, height: ____, block_hash: _____, ...statement } = certificateStatement(at, asked, found);
    return { ...statement, ...foundJson(asked.kind, found) };
  });
}

function receiptJson(verdict: Extract<CertificateReceiptVerdict, { readonly ok: true }>): unknown {
  const { results, time, checkpoint, signers, ...rest } = verdict;
  const { origin, size, root } = checkpoint;
  return {
    ...rest,
    time: String(time),
    checkpoint: { origin, size, root: toHex(root) },
    signers: signersJson(signers),
    results: resultsJson(results),
  };
}

function verdictJson(verdict: Extract<CertificateVerdict, { readonly ok: true }>): unknown {
  const { results, time, ...rest } = verdict;
  return { ...rest, time: String(time), results: resultsJson(results) };
}
