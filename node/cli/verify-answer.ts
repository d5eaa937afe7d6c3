/** `vouch verify` of an answer to one check, of one to several questions, of an ICS-23 export, and of what a model decides (verify-certificate.ts). */
import { toBase64 } from '../../core/bytes/base64.ts';
import { type Ics23AnswerVerdict, isIcs23Answer, verifyIcs23Answer } from '../../core/ics23/verify-answer.ts';
import { type AnswerVerdict, verifyAnswer } from '../../core/proof/answer.ts';
import { isPointQuestion } from '../../core/proof/statement.ts';
import { findingJson, questionJson } from '../../core/proof/statement-json.ts';
import { type StatementsVerdict, verifyStatements } from '../../core/proof/statements.ts';
import { nativeHasher } from '../hasher.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { print, printJson } from './output.ts';
import { findingLines, ics23Lines, type QuestionOptions, questionsOf } from './question-notation.ts';
import { shown } from './shown.ts';
import { formatTuple, parseTuple } from './tuple-notation.ts';
import { asksOfModel, type CertificateOptions, isCertificateAnswer, verifyCertificateAnswer } from './verify-certificate.ts';

export interface AskedOptions extends QuestionOptions {
  readonly tuple?: readonly string[];
  readonly json?: boolean;
}

/** What the caller trusts, as typed. */
export interface Trusted {
  readonly root?: string;
  readonly block?: string;
}

/** Reads which of the four the parsed JSON is, and checks it. Throws CliFailure where it does not hold. */
export function verifyAnswerJson(answer: unknown, options: CertificateOptions, trusted: Trusted): void {
  if (isCertificateAnswer(answer)) {
    const verdict = verifyCertificateAnswer(answer, options, trusted);
    if (verdict.ok && !options.json) print(ANCHORED[verdict.anchored]);
    return;
  }
  if (asksOfModel(options))
    throw usageFailure('No model decides what the file says: --context, --contextual and --explain say nothing about it.');
  const hasStatements = typeof answer === 'object' && answer !== null && Object.hasOwn(answer, 'statements');
  if (isIcs23Answer(answer)) verifyIcs23(answer, options, trusted);
  else if (hasStatements) verifyMany(answer, options, trusted);
  else verifyOne(answer, options, trusted);
}

/** Whether the caller says what the file must answer. */
export function isAsked({ tuple, viewers, object, subject, entity }: AskedOptions): boolean {
  return [tuple, viewers, object, subject, entity].some((given) => given !== undefined);
}

/** The one tuple that a file which speaks of one tuple may be asked about. */
function onlyTuple({ tuple: tuples = [], viewers, object, subject, entity }: AskedOptions): string | undefined {
  const others = [viewers, object, subject, entity].some((given) => given !== undefined);
  if (!others && tuples.length <= 1) return tuples[0];
  throw usageFailure('The file speaks of one tuple: name it with --tuple, and nothing else.');
}

function verifyOne(answer: unknown, options: AskedOptions, trusted: Trusted): void {
  const text = onlyTuple(options);
  const tuple = text === undefined ? {} : { tuple: parseTuple(text) };
  const result = verifyAnswer(answer, { hasher: nativeHasher, ...tuple, ...trusted });
  report(result, options.json, (held) => {
    const { condition, allowed, height } = held;
    const { resource, relation, subject: user } = held.tuple;
    const present =
      condition === undefined ? 'PRESENT (allow)' : `PRESENT under the condition '${shown(condition.name)}' (not evaluated)`;
    const named = shown(formatTuple({ object: resource, relation, user }));
    print(`${allowed ? present : 'ABSENT (deny)'}: ${named} at height ${height}`);
  });
}

function verifyMany(answer: unknown, options: AskedOptions, trusted: Trusted): void {
  const questions = questionsOf(options.tuple ?? [], options);
  const asked = questions.length === 0 ? {} : { questions };
  const result = verifyStatements(answer, { hasher: nativeHasher, ...asked, ...trusted });
  report(result, options.json, (held) => {
    for (const { question, finding } of held.statements) for (const line of findingLines(question, finding)) print(line);
    print(`at height ${held.height}, block ${held.blockHash}`);
  });
}

function verifyIcs23(answer: unknown, options: AskedOptions, trusted: Trusted): void {
  const [question, ...others] = questionsOf(options.tuple ?? [], options);
  if (others.length > 0 || (question !== undefined && !isPointQuestion(question)))
    throw usageFailure('The file speaks of one leaf: name it with --tuple or --entity.');
  const asked = question === undefined ? {} : { question };
  const result = verifyIcs23Answer(answer, { hasher: nativeHasher, ...asked, ...trusted });
  report(result, options.json, (held) => {
    for (const line of ics23Lines(held)) print(line);
  });
}

type Verdict = AnswerVerdict | StatementsVerdict | Ics23AnswerVerdict;
type Held<V extends Verdict> = Extract<V, { readonly ok: true }>;

function report<V extends Verdict>(result: V, json: boolean | undefined, tell: (held: Held<V>) => void): void {
  if (json) printJson(reportJson(result));
  if (!result.ok) throw new CliFailure(`REJECTED (${result.stage}): ${shown(result.reason)}`);
  if (json) return;
  const held = result as Held<V>;
  tell(held);
  print(ANCHORED[held.anchored]);
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Uint8Array ? toBase64(value) : value;
}

/** Statements as they stand in an answer; a number that a double does not hold as a text, bytes in base64. */
function reportJson(result: Verdict): unknown {
  const shown =
    result.ok && 'statements' in result
      ? {
          ...result,
          statements: result.statements.map(({ question, finding }) => ({ ...questionJson(question), ...findingJson(finding) })),
        }
      : result;
  return JSON.parse(JSON.stringify(shown, (_, value: unknown) => plain(value)));
}

const ANCHORED = {
  block: 'Anchored: the block hash is the one given by --block.',
  root: 'Anchored: the root is the one given by --root.',
  none: 'Consistent with its own header, NOT authenticated: compare the block hash with one you trust (--block or --root).',
} as const;
