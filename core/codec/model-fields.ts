/**
 * Answers about authorization models and about changes of tuples: bodies in client-result.ts.
 *   change  u8: 1 write {tuple, text condition name, text condition context, u64 expires at} · 2 delete {tuple}; u64 height, u32 position,
 *           u64 time. Both texts are empty where there is no condition.
 * Fields: client-fields.ts.
 */
import { unreachable } from '../assert.ts';
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import type { ChangePlace, ModelEntry, ModelResult, TupleChange } from '../client/model-protocol.ts';
import type { Height, Micros } from '../ids.ts';
import { CONTEXT_BYTES_MAX, MODEL_BYTES_MAX } from '../limits.ts';
import { PROOF_BYTES_MAX } from '../proof/format.ts';
import {
  codeTable,
  readAnchor,
  readCode,
  readList,
  readOptional,
  readText,
  readTuple,
  writeAnchor,
  writeList,
  writeOptional,
  writeTuple,
} from './client-fields.ts';

const CHANGE = codeTable<TupleChange['operation']>({ write: 1, delete: 2 });
/** Smallest items of the lists, bytes. */
const MODEL_BYTES_MIN = 20;
const CHANGE_BYTES_MIN = 33;

export function writeChangePlace(writer: Writer, { height, position }: ChangePlace): void {
  writer.u64(height);
  writer.u32(position);
}

export function readChangePlace(reader: Reader): ChangePlace {
  const height = reader.u64() as Height;
  return { height, position: reader.u32() };
}

export function writeModelResult(writer: Writer, result: ModelResult): void {
  switch (result.kind) {
    case 'model':
      writer.text(result.id);
      writeOptional(writer, result.model, (out, model) => out.text(model));
      writer.u64(result.version);
      writeAnchor(writer, result.anchor);
      return writer.blob(result.proof);
    case 'models':
      writeList(writer, result.models, writeEntry);
      writer.text(result.next);
      return writeAnchor(writer, result.anchor);
    case 'changes':
      writeList(writer, result.changes, writeChange);
      writeChangePlace(writer, result.next);
      writer.u8(result.more ? 1 : 0);
      return writeAnchor(writer, result.anchor);
    default:
      return unreachable(result);
  }
}

export function readModelResult(reader: Reader, kind: ModelResult['kind']): ModelResult {
  switch (kind) {
    case 'model': {
      const id = readText(reader);
      const model = readOptional(reader, (input) => input.text(MODEL_BYTES_MAX));
      const version = reader.u64() as Height;
      const anchor = readAnchor(reader);
      return { kind, id, model, version, anchor, proof: reader.blobCopy(PROOF_BYTES_MAX) };
    }
    case 'models': {
      const models = readList(reader, MODEL_BYTES_MIN, readEntry);
      const next = readText(reader);
      return { kind, models, next, anchor: readAnchor(reader) };
    }
    case 'changes': {
      const changes = readList(reader, CHANGE_BYTES_MIN, readChange);
      const next = readChangePlace(reader);
      const more = reader.flag();
      return { kind, changes, next, more, anchor: readAnchor(reader) };
    }
    default:
      return unreachable(kind);
  }
}

function writeEntry(writer: Writer, { id, version, writtenAt }: ModelEntry): void {
  writer.text(id);
  writer.u64(version);
  writer.u64(writtenAt);
}

function readEntry(reader: Reader): ModelEntry {
  const id = readText(reader);
  const version = reader.u64() as Height;
  return { id, version, writtenAt: reader.u64() as Micros };
}

function writeChange(writer: Writer, change: TupleChange): void {
  writer.u8(CHANGE.numbers[change.operation]);
  writeTuple(writer, change.tuple);
  if (change.operation === 'write') {
    writer.text(change.condition?.name ?? '');
    writer.text(change.condition?.context ?? '');
    writer.u64(change.expiresAt);
  }
  writeChangePlace(writer, change);
  writer.u64(change.time);
}

function readChange(reader: Reader): TupleChange {
  const operation = readCode(reader, CHANGE, 'delete');
  const tuple = readTuple(reader);
  if (operation === 'delete') return { operation, tuple, condition: undefined, expiresAt: 0, ...readMoment(reader) };
  const name = readText(reader);
  const context = reader.text(CONTEXT_BYTES_MAX);
  const expiresAt = reader.u64();
  const condition = name === '' && context === '' ? undefined : { name, context };
  return { operation, tuple, condition, expiresAt, ...readMoment(reader) };
}

function readMoment(reader: Reader): ChangePlace & { readonly time: Micros } {
  const place = readChangePlace(reader);
  return { ...place, time: reader.u64() as Micros };
}
