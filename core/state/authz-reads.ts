/**
 * Answers the reads of an evaluation from a vault's rows, as one of its blocks left them: what was live at the block's time. Some rows
 * are answered at once, then the evaluation has to let the step go on (C11).
 */
import { InvariantError } from '../assert.ts';
import type { ReadAnswer, ReadTuple } from '../authz/reading.ts';
import type { Cursor } from '../btree/cursor.ts';
import type { Micros } from '../ids.ts';
import { AUTHZ_ROWS_AT_ONCE, AUTHZ_ROWS_MAX } from '../limits.ts';
import { isLive } from '../merkle/value.ts';
import type { Question } from '../proof/statement.ts';
import { lastFieldOfKey, prefixRange } from './key-reader.ts';
import { prefixOf, type QuestionRow, type RangeQuestion } from './question-rows.ts';
import { decodeTupleRow, rowExpiresAt } from './rows.ts';
import type { RowsAt } from './rows-at.ts';
import type { TupleKey } from './transaction.ts';

/** A request that reads too much gets no answer, whatever branch it is in. */
export class TooMuch extends Error {}

const NOTHING: ReadAnswer = { tuples: [], complete: true };

export class AuthzReads {
  /** Answers what takes no more rows than are left at once; undefined: the evaluation yields the question. */
  readonly lookup: (question: Question) => ReadAnswer | undefined = (question) => this.atOnce(question);
  private readonly at: RowsAt;
  private readonly time: Micros;
  private left: number = AUTHZ_ROWS_AT_ONCE;
  /** Rows that were read so far. */
  rows: number = 0;

  /** @param time of the block */
  constructor(at: RowsAt, time: Micros) {
    this.at = at;
    this.time = time;
  }

  /** Yields once in so many rows. */
  *answer(question: Question): Generator<void, ReadAnswer> {
    yield* this.pause();
    if (question.kind === 'tuple') return this.point(question.tuple);
    const tuples: ReadTuple[] = [];
    const walk = new RangeWalk(this.at, this.time, question as RangeQuestion);
    for (;;) {
      const found = walk.next();
      if (found === END) return { tuples, complete: true };
      if (found !== undefined) tuples.push(found);
      this.count();
      if (this.left <= 0) yield* this.pause();
    }
  }

  private *pause(): Generator<void, void> {
    this.left = AUTHZ_ROWS_AT_ONCE;
    yield;
  }

  private atOnce(question: Question): ReadAnswer | undefined {
    if (this.left <= 0) return undefined;
    if (question.kind === 'tuple') return this.point(question.tuple);
    const tuples: ReadTuple[] = [];
    const walk = new RangeWalk(this.at, this.time, question as RangeQuestion);
    this.count();
    for (;;) {
      const found = walk.next();
      if (found === END) return { tuples, complete: true };
      if (this.left <= 0) return undefined; // it is read again, from its start, by who yields
      if (found !== undefined) tuples.push(found);
      this.count();
    }
  }

  private point(tuple: TupleKey): ReadAnswer {
    this.count();
    const row = this.at.row(this.at.keys.tuple(tuple));
    if (row === undefined || !isLive(rowExpiresAt(row), this.time)) return NOTHING;
    return { tuples: [{ tuple, condition: conditionOf(row) }], complete: true };
  }

  private count(): void {
    this.rows += 1;
    this.left -= 1;
    if (this.rows > AUTHZ_ROWS_MAX)
      throw new TooMuch(`the question reads more than ${AUTHZ_ROWS_MAX} tuples: ask a narrower one`);
  }
}

const END: unique symbol = Symbol('end');

/** The rows of a range, one by one. */
class RangeWalk {
  /** Of the newest block; else `rows`. */
  private readonly cursor: Cursor | undefined;
  private readonly rows: Iterator<QuestionRow> | undefined;
  private readonly time: Micros;
  private readonly question: RangeQuestion;
  /** Where the last field of the keys begins. */
  private readonly fieldAt: number;

  constructor(at: RowsAt, time: Micros, question: RangeQuestion) {
    const prefix = prefixOf(at.keys, question);
    this.time = time;
    this.question = question;
    // Where subjects of all kinds are asked for, the byte of the kind is no part of the prefix.
    this.fieldAt = prefix.length + (question.kind === 'subjects' && question.range === 'all' ? 1 : 0);
    const range = prefixRange(prefix);
    this.cursor = at.cursor(range);
    this.rows = this.cursor === undefined ? at.scan(range)[Symbol.iterator]() : undefined;
  }

  /** undefined: a row of which nothing is live. */
  next(): ReadTuple | typeof END | undefined {
    const { cursor } = this;
    if (cursor !== undefined) return cursor.advance() ? this.tupleOf(cursor.key(), cursor.value()) : END;
    const step = this.rows?.next();
    return step === undefined || step.done === true ? END : this.tupleOf(step.value.key, step.value.row);
  }

  private tupleOf(key: Uint8Array, row: Uint8Array | undefined): ReadTuple | undefined {
    if (row === undefined || !isLive(rowExpiresAt(row), this.time)) return undefined;
    const { question } = this;
    const last = lastFieldOfKey(key, this.fieldAt);
    switch (question.kind) {
      case 'grants': // a reverse row does not say under what condition
        return { tuple: { resource: last, relation: question.relation, subject: question.subject }, condition: undefined };
      case 'subjects':
        return {
          tuple: { resource: question.resource, relation: question.relation, subject: last },
          condition: conditionOf(row),
        };
      default:
        throw new InvariantError('an evaluation reads one relation at a time');
    }
  }
}

function conditionOf(row: Uint8Array): ReadTuple['condition'] {
  const { conditionName: name, conditionContext: context } = decodeTupleRow(row);
  return name === '' ? undefined : { name, context };
}
