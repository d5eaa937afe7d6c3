/**
 * An ICS-23 proof between nodes and clients (core/ics23/proof.ts): flag existence, then
 *   1 existence  leaf
 *   0 absence    optional leaf before the key, optional leaf behind it
 *   leaf         blob path, blob value, list of step, the leaf's first      step: blob prefix, blob suffix
 */
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import type { CommitmentProof, ExistenceProof, InnerOp } from '../ics23/proof.ts';
import { MESSAGE_BYTES_MAX } from '../limits.ts';
import { readList, readOptional, writeList, writeOptional } from './client-fields.ts';

/** Two empty blobs. */
const STEP_BYTES_MIN = 8;

export function writeIcs23(writer: Writer, proof: CommitmentProof): void {
  writer.u8(proof.kind === 'exist' ? 1 : 0);
  if (proof.kind === 'exist') return writeExistence(writer, proof.exist);
  writeOptional(writer, proof.left, writeExistence);
  writeOptional(writer, proof.right, writeExistence);
}

/** Where the reader has failed the value means nothing. */
export function readIcs23(reader: Reader): CommitmentProof {
  if (reader.flag()) return { kind: 'exist', exist: readExistence(reader) };
  const left = readOptional(reader, readExistence);
  return { kind: 'nonexist', left, right: readOptional(reader, readExistence) };
}

function writeExistence(writer: Writer, { key, value, path }: ExistenceProof): void {
  writer.blob(key);
  writer.blob(value);
  writeList(writer, path, writeStep);
}

function readExistence(reader: Reader): ExistenceProof {
  const key = reader.blobCopy(MESSAGE_BYTES_MAX);
  const value = reader.blobCopy(MESSAGE_BYTES_MAX);
  return { key, value, path: readList(reader, STEP_BYTES_MIN, readStep) };
}

function writeStep(writer: Writer, { prefix, suffix }: InnerOp): void {
  writer.blob(prefix);
  writer.blob(suffix);
}

function readStep(reader: Reader): InnerOp {
  const prefix = reader.blobCopy(MESSAGE_BYTES_MAX);
  return { prefix, suffix: reader.blobCopy(MESSAGE_BYTES_MAX) };
}
