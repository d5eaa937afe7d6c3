/** The rows that a question is about: of the leaves that its target leads to. */

import { unreachable } from '../assert.ts';
import { concatBytes } from '../bytes/compare.ts';
import { type Question, RANGE_KIND } from '../proof/statement.ts';
import { type KeyRange, prefixRange } from './key-reader.ts';
import type { KeyBuilder } from './keys.ts';
import type { RowsAt } from './rows-at.ts';

export interface QuestionRow {
  readonly key: Uint8Array;
  readonly row: Uint8Array | undefined;
}

/** In key order; of an older block also keys that had no row then. */
export function* rowsOf(at: RowsAt, question: Question): Generator<QuestionRow> {
  const { keys } = at;
  switch (question.kind) {
    case 'tuple':
      return yield one(at, keys.tuple(question.tuple));
    case 'entity':
      return yield one(at, keys.entity(question.key));
    case 'model':
      return yield one(at, keys.model(question.id));
    case 'subjects':
      return yield* at.scan(subjectRange(keys, question));
    case 'resource':
      return yield* at.scan(prefixRange(keys.tuplePrefix(question.resource, '')));
    case 'grants':
      return yield* at.scan(prefixRange(keys.reversePrefix(question.subject, question.relation)));
    default:
      return unreachable(question);
  }
}

function one(at: RowsAt, view: Uint8Array): QuestionRow {
  const key = view.slice();
  return { key, row: at.row(key) };
}

function subjectRange(keys: KeyBuilder, question: Extract<Question, { readonly kind: 'subjects' }>): KeyRange {
  const prefix = keys.tuplePrefix(question.resource, question.relation);
  if (question.range === 'all') return prefixRange(prefix);
  return prefixRange(concatBytes(prefix, Uint8Array.of(RANGE_KIND[question.range])));
}
