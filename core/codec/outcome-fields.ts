/**
 * What became of a transaction: u8: 0 refused {u8 reject code, u32 operation} · 1 applied {flag changed, u64 height}
 * · 2 applied, with an authorization model {u64 height, ulid model}. Also in the results that sessions keep.
 */
import { unreachable } from '../assert.ts';
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import type { Height } from '../ids.ts';
import type { RejectCode, TransactionOutcome } from '../state/transaction.ts';
import { readUlid, writeUlid } from '../state/ulid-field.ts';
import { codeTable, readCode } from './client-fields.ts';

const OUTCOME = codeTable<'refused' | 'applied' | 'modelWritten'>({ refused: 0, applied: 1, modelWritten: 2 });
const REJECT = codeTable<RejectCode>({
  tuple_exists: 1,
  tuple_missing: 2,
  tuple_condition_differs: 3,
  entity_exists: 4,
  entity_missing: 5,
  version_differs: 6,
  value_differs: 7,
});

export function writeOutcome(writer: Writer, outcome: TransactionOutcome): void {
  if (!outcome.ok) {
    writer.u8(OUTCOME.numbers.refused);
    writer.u8(REJECT.numbers[outcome.code]);
    return writer.u32(outcome.operation);
  }
  if (outcome.model === '') {
    writer.u8(OUTCOME.numbers.applied);
    writer.u8(outcome.changed ? 1 : 0);
    return writer.u64(outcome.height);
  }
  writer.u8(OUTCOME.numbers.modelWritten);
  writer.u64(outcome.height);
  writeUlid(writer, outcome.model);
}

export function readOutcome(reader: Reader): TransactionOutcome {
  const kind = readCode(reader, OUTCOME, 'refused');
  switch (kind) {
    case 'refused': {
      const code = readCode(reader, REJECT, 'tuple_missing');
      return { ok: false, code, operation: reader.u32() };
    }
    case 'applied': {
      const changed = reader.flag();
      return { ok: true, changed, height: reader.u64() as Height, model: '' };
    }
    case 'modelWritten': {
      const height = reader.u64() as Height;
      return { ok: true, changed: true, height, model: readUlid(reader) };
    }
    default:
      return unreachable(kind);
  }
}
