/**
 * A question of a proof (core/proof/statement.ts): u8 kind, then
 *   1 tuple {tuple} · 2 subjects {text resource, text relation, u8 range: 0 all, 1 wildcard, 2 userset, 3 plain}
 *   3 resource {text resource} · 4 grants {text subject, text relation, empty = every one} · 5 entity {text key} · 6 model {text id}
 * Fields: client-fields.ts.
 */
import { unreachable } from '../assert.ts';
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import { isPointQuestion, type PointQuestion, type Question, type SubjectRange } from '../proof/statement.ts';
import { codeTable, readCode, readText, readTuple, writeTuple } from './client-fields.ts';

const KIND = codeTable<Question['kind']>({ tuple: 1, subjects: 2, resource: 3, grants: 4, entity: 5, model: 6 });
const RANGE = codeTable<SubjectRange>({ all: 0, wildcard: 1, userset: 2, plain: 3 });
/** The smallest one: a kind and an empty text. */
export const QUESTION_BYTES_MIN = 5;

export function writeQuestion(writer: Writer, question: Question): void {
  writer.u8(KIND.numbers[question.kind]);
  switch (question.kind) {
    case 'tuple':
      return writeTuple(writer, question.tuple);
    case 'subjects':
      writer.text(question.resource);
      writer.text(question.relation);
      return writer.u8(RANGE.numbers[question.range]);
    case 'resource':
      return writer.text(question.resource);
    case 'grants':
      writer.text(question.subject);
      return writer.text(question.relation);
    case 'entity':
      return writer.text(question.key);
    case 'model':
      return writer.text(question.id);
    default:
      return unreachable(question);
  }
}

/** Where the reader has failed the value means nothing. */
export function readQuestion(reader: Reader): Question {
  const kind = readCode(reader, KIND, 'entity');
  switch (kind) {
    case 'tuple':
      return { kind, tuple: readTuple(reader) };
    case 'subjects': {
      const resource = readText(reader);
      const relation = readText(reader);
      return { kind, resource, relation, range: readCode(reader, RANGE, 'all') };
    }
    case 'resource':
      return { kind, resource: readText(reader) };
    case 'grants': {
      const subject = readText(reader);
      return { kind, subject, relation: readText(reader) };
    }
    case 'entity':
      return { kind, key: readText(reader) };
    case 'model':
      return { kind, id: readText(reader) };
    default:
      return unreachable(kind);
  }
}

/** A question about one leaf: the others are refused. */
export function readPointQuestion(reader: Reader): PointQuestion {
  const question = readQuestion(reader);
  if (isPointQuestion(question)) return question;
  reader.fail('bad_tag');
  return { kind: 'entity', key: '' };
}
