/** The rows that a question is about: of the leaves that its target leads to. */

import { unreachable } from '../assert.ts';
import { concatBytes } from '../bytes/compare.ts';
import { type Question, RANGE_KIND } from '../proof/statement.ts';
import { prefixRange } from './key-reader.ts';
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
    default:
      return yield* at.scan(prefixRange(prefixOf(keys, question)));
  }
}

/** Questions about all rows with a prefix. */
export type RangeQuestion = Extract<Question, { readonly kind: 'subjects' | 'resource' | 'grants' }>;

/** What the keys of all rows begin with that a question is about; may be a view of the key builder. */
export function prefixOf(keys: KeyBuilder, question: RangeQuestion): Uint8Array {
  switch (question.kind) {
    case 'subjects': {
      const prefix = keys.tuplePrefix(question.resource, question.relation);
      return question.range === 'all' ? prefix : concatBytes(prefix, Uint8Array.of(RANGE_KIND[question.range]));
    }
    case 'resource':
      return keys.tuplePrefix(question.resource, '');
    case 'grants':
      return keys.reversePrefix(question.subject, question.relation);
    default:
      return unreachable(question);
  }
}

function one(at: RowsAt, view: Uint8Array): QuestionRow {
  const key = view.slice();
  return { key, row: at.row(key) };
}
