/** Proofs of several questions, as the generic workload asks them, and what they show as texts that a model can say, too. */
import { toHex } from '../../core/bytes/text.ts';
import type { Hasher } from '../../core/capability.ts';
import { decodeHeader } from '../../core/chain/header.ts';
import type { Answer } from '../../core/client/operation.ts';
import { type Finding, findingsOf } from '../../core/proof/findings.ts';
import type { Question } from '../../core/proof/statement.ts';
import type { TupleKey } from '../../core/state/transaction.ts';
import type { Draws } from '../tape.ts';

const QUESTIONS_MAX = 6;
const RANGES = ['all', 'all', 'wildcard', 'userset', 'plain'] as const;

/** Questions about what the workload writes, all kinds of them. */
export function drawQuestions(
  draws: Draws,
  draw: { readonly tuple: () => TupleKey; readonly entity: () => string },
): readonly Question[] {
  return Array.from({ length: 1 + draws.below(QUESTIONS_MAX) }, (): Question => {
    const kind = draws.below(8);
    if (kind === 0) return { kind: 'entity', key: draw.entity() };
    const tuple = draw.tuple();
    const { resource, relation, subject } = tuple;
    if (kind < 3) return { kind: 'tuple', tuple };
    if (kind < 5) return { kind: 'subjects', resource, relation, range: draws.pick(RANGES) };
    if (kind < 6) return { kind: 'resource', resource };
    return { kind: 'grants', subject, relation: draws.below(2) === 0 ? '' : relation };
  });
}

/** Of each question the names of what is there, in order; of an entity its value in hex. Undefined where the proof does not hold. */
export function shownBy(
  hasher: Hasher,
  questions: readonly Question[],
  { anchor, proof }: Extract<Answer, { readonly kind: 'proof' }>,
): readonly (readonly string[])[] | undefined {
  const header = decodeHeader(anchor.header);
  const found = header.ok ? findingsOf(hasher, header.value, questions, proof) : undefined;
  return found?.ok === true ? found.findings.map(textsOf) : undefined;
}

function textsOf(finding: Finding): readonly string[] {
  const { found } = finding;
  if (found === undefined) return [];
  if ('value' in found) return [toHex(found.value)];
  if ('model' in found) return [found.model];
  return ('tuple' in found ? [found] : found).map(({ tuple }) => tupleName(tuple)).sort();
}

export function tupleName({ resource, relation, subject }: TupleKey): string {
  return `${resource}#${relation}@${subject}`;
}

/** Whether a tuple belongs to what is asked for. */
export function isAskedFor(question: Exclude<Question, { kind: 'entity' | 'model' }>, name: string): boolean {
  switch (question.kind) {
    case 'tuple':
      return name === tupleName(question.tuple);
    case 'subjects': {
      const start = `${question.resource}#${question.relation}@`;
      return name.startsWith(start) && isOfKind(name.slice(start.length), question.range);
    }
    case 'resource':
      return name.startsWith(`${question.resource}#`);
    case 'grants':
      return name.endsWith(question.relation === '' ? `@${question.subject}` : `#${question.relation}@${question.subject}`);
  }
}

function isOfKind(subject: string, range: (typeof RANGES)[number]): boolean {
  if (range === 'all') return true;
  if (subject.includes('#')) return range === 'userset';
  return range === (subject.endsWith(':*') ? 'wildcard' : 'plain');
}
