/** Answers the reads of an evaluation from a vault's rows, as one of its blocks left them: what was live at the block's time. */
import type { ReadAnswer, ReadTuple } from '../authz/reading.ts';
import type { Micros } from '../ids.ts';
import { isLive } from '../merkle/value.ts';
import type { Question } from '../proof/statement.ts';
import { tupleOfKey, tupleOfReverseKey } from './key-reader.ts';
import { Table } from './keys.ts';
import { rowsOf } from './question-rows.ts';
import { decodeTupleRow, rowExpiresAt } from './rows.ts';
import type { RowsAt } from './rows-at.ts';
import type { TupleKey } from './transaction.ts';

const NOTHING: ReadAnswer = { tuples: [], complete: true };

export class AuthzReads {
  private readonly at: RowsAt;
  private readonly time: Micros;
  /** Rows that were read so far. */
  rows: number = 0;

  /** @param time of the block */
  constructor(at: RowsAt, time: Micros) {
    this.at = at;
    this.time = time;
  }

  /** Yields once a row of a range; of a single tuple nothing. */
  *answer(question: Question): Generator<void, ReadAnswer> {
    return question.kind === 'tuple' ? this.point(question.tuple) : yield* this.range(question);
  }

  private point(tuple: TupleKey): ReadAnswer {
    this.rows += 1;
    const row = this.at.row(this.at.keys.tuple(tuple));
    return row === undefined || !isLive(rowExpiresAt(row), this.time)
      ? NOTHING
      : { tuples: [readTuple(tuple, row)], complete: true };
  }

  private *range(question: Question): Generator<void, ReadAnswer> {
    const tuples: ReadTuple[] = [];
    for (const { key, row } of rowsOf(this.at, question)) {
      this.rows += 1;
      yield;
      if (row === undefined || !isLive(rowExpiresAt(row), this.time)) continue;
      if (key[0] === Table.reverse) tuples.push({ tuple: tupleOfReverseKey(key), condition: undefined });
      else tuples.push(readTuple(tupleOfKey(key), row));
    }
    return { tuples, complete: true };
  }
}

function readTuple(tuple: TupleKey, row: Uint8Array): ReadTuple {
  const { conditionName: name, conditionContext: context } = decodeTupleRow(row);
  return { tuple, condition: name === '' ? undefined : { name, context } };
}
