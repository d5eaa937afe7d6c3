/**
 * How people write the questions of a proof, and how a terminal shows what was found.
 *
 *   tuple       object#relation@user
 *   --viewers   object#relation, or object#relation@wildcard, @userset, @plain for the users of one kind
 *   --subject   user, or relation@user for one relation
 *   --model     id of an authorization model
 */
import type { Ics23AnswerVerdict } from '../../core/ics23/verify-answer.ts';
import type { Finding, FoundTuple } from '../../core/proof/findings.ts';
import type { Question, SubjectRange } from '../../core/proof/statement.ts';
import { tupleJson } from '../../core/proof/statement-json.ts';
import { usageFailure } from './failure.ts';
import { shown } from './shown.ts';
import { formatTuple, parseTuple } from './tuple-notation.ts';

export interface QuestionOptions {
  readonly viewers?: readonly string[];
  readonly object?: readonly string[];
  readonly subject?: readonly string[];
  readonly entity?: readonly string[];
  readonly model?: readonly string[];
}

/** In this order, whatever the order of the options: tuples, viewers, objects, subjects, entities, models. */
export function questionsOf(tuples: readonly string[], options: QuestionOptions): readonly Question[] {
  const { viewers = [], object = [], subject = [], entity = [], model = [] } = options;
  return [
    ...tuples.map((text): Question => ({ kind: 'tuple', tuple: parseTuple(text) })),
    ...viewers.map(parseViewers),
    ...object.map((resource): Question => ({ kind: 'resource', resource })),
    ...subject.map(parseSubject),
    ...entity.map((key): Question => ({ kind: 'entity', key })),
    ...model.map((id): Question => ({ kind: 'model', id })),
  ];
}

function parseViewers(text: string): Question {
  const match = /^([^#]+)#([^@]+)(?:@(wildcard|userset|plain))?$/s.exec(text);
  if (match === null) {
    throw usageFailure(
      `"${text}" is no set of users: write object#relation, for example document:1#viewer, or document:1#viewer@userset (wildcard, plain).`,
    );
  }
  const [, resource, relation, range = 'all'] = match;
  return { kind: 'subjects', resource: resource as string, relation: relation as string, range: range as SubjectRange };
}

/** A user begins with its type and a colon, a relation holds none. */
function parseSubject(text: string): Question {
  const match = /^([^@:#]+)@(.+)$/s.exec(text);
  if (match === null) return { kind: 'grants', subject: text, relation: '' };
  return { kind: 'grants', relation: match[1] as string, subject: match[2] as string };
}

/** What was asked, as a line begins. */
function askedText(question: Question): string {
  switch (question.kind) {
    case 'tuple':
      return formatTuple(tupleJson(question.tuple));
    case 'subjects':
      return `${question.resource}#${question.relation}${question.range === 'all' ? '' : `@${question.range}`}`;
    case 'resource':
      return question.resource;
    case 'grants':
      return question.relation === '' ? question.subject : `${question.relation}@${question.subject}`;
    case 'entity':
      return question.key;
    case 'model':
      return `model:${question.id}`;
  }
}

function conditionText({ condition }: FoundTuple): string {
  return condition === undefined ? '' : ` under the condition '${shown(condition.name)}' (not evaluated)`;
}

/** The lines that say what a proof shows to a question. */
export function findingLines(question: Question, finding: Finding): readonly string[] {
  const asked = shown(askedText(question));
  switch (finding.kind) {
    case 'tuple':
      return finding.found === undefined
        ? [`ABSENT (deny): ${asked}`]
        : [`PRESENT${finding.found.condition === undefined ? ' (allow)' : conditionText(finding.found)}: ${asked}`];
    case 'set':
      return [
        `COMPLETE, ${finding.found.length} ${finding.found.length === 1 ? 'tuple' : 'tuples'}: ${asked}`,
        ...finding.found.map((found) => `  ${shown(formatTuple(tupleJson(found.tuple)))}${conditionText(found)}`),
      ];
    case 'entity':
      return finding.found === undefined
        ? [`ABSENT: ${asked}`]
        : [`PRESENT, ${finding.found.value.length} bytes at version ${finding.found.version}: ${asked}`];
    case 'model':
      return finding.found === undefined
        ? [`ABSENT: ${asked}`]
        : [`PRESENT, ${finding.found.model.length} characters, written at height ${finding.found.version}: ${asked}`];
  }
}

/** The same of an ICS-23 export, which does not say whether a leaf is live. */
export function ics23Lines({ question, value, height, blockHash }: Extract<Ics23AnswerVerdict, { ok: true }>): readonly string[] {
  const found = value === undefined ? 'NO LEAF' : `LEAF, ${value.length} bytes, live or expired`;
  return [`${found}: ${askedText(question)}`, `at height ${height}, block ${blockHash}`];
}
