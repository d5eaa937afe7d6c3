/**
 * Queries of a vault's chain and their answers, behind the number of their kind (client-request.ts, client-result.ts).
 *
 *   query   logInclusion      u64 height, u64 size
 *           logConsistency    u64 from, u64 to
 *           transactionProof  u64 height, u32 index, u64 size
 *           blocks            u64 from
 *   answer  logInclusion      inclusion, anchor
 *           logConsistency    u64 from, u64 to, hash, hash, list of hash, anchor
 *           transactionProof  transaction inclusion, anchor
 *           blocks            list of block (core/chain/block-bytes.ts), anchor
 *   inclusion              196 header, u64 size, hash root, list of hash
 *   transaction inclusion  blob transaction, u32 index, u32 count, list of hash, inclusion
 */
import { unreachable } from '../assert.ts';
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import { BLOCK_BYTES_MIN, readBlock, writeBlock } from '../chain/block-bytes.ts';
import { HEADER_BYTES } from '../chain/header.ts';
import type { LogInclusion, TransactionInclusion } from '../chain/inclusion.ts';
import type { ChainQuery, ChainResult } from '../client/chain-protocol.ts';
import type { Height } from '../ids.ts';
import { TRANSACTION_BYTES_MAX } from '../limits.ts';
import { readAnchor, readList, writeAnchor, writeList } from './client-fields.ts';

const HASH_BYTES = 32;

function writeHash(writer: Writer, hash: Uint8Array): void {
  writer.raw(hash);
}
function readHash(reader: Reader): Uint8Array {
  return reader.copy(HASH_BYTES);
}
function readHeight(reader: Reader): Height {
  return reader.u64() as Height;
}
function readPath(reader: Reader): readonly Uint8Array[] {
  return readList(reader, HASH_BYTES, readHash);
}

export function writeChainQuery(writer: Writer, query: ChainQuery): void {
  switch (query.kind) {
    case 'logInclusion':
      writer.u64(query.height);
      return writer.u64(query.size);
    case 'logConsistency':
      writer.u64(query.from);
      return writer.u64(query.to);
    case 'transactionProof':
      writer.u64(query.height);
      writer.u32(query.index);
      return writer.u64(query.size);
    case 'blocks':
      return writer.u64(query.from);
    default:
      return unreachable(query);
  }
}

export function readChainQuery(reader: Reader, kind: ChainQuery['kind']): ChainQuery {
  switch (kind) {
    case 'logInclusion': {
      const height = readHeight(reader);
      return { kind, height, size: readHeight(reader) };
    }
    case 'logConsistency': {
      const from = readHeight(reader);
      return { kind, from, to: readHeight(reader) };
    }
    case 'transactionProof': {
      const height = readHeight(reader);
      const index = reader.u32();
      return { kind, height, index, size: readHeight(reader) };
    }
    case 'blocks':
      return { kind, from: readHeight(reader) };
    default:
      return unreachable(kind);
  }
}

function writeInclusion(writer: Writer, { header, size, root, path }: LogInclusion): void {
  writer.raw(header);
  writer.u64(size);
  writer.raw(root);
  writeList(writer, path, writeHash);
}

function readInclusion(reader: Reader): LogInclusion {
  const header = reader.copy(HEADER_BYTES);
  const size = reader.u64();
  const root = readHash(reader);
  return { header, size, root, path: readPath(reader) };
}

export function writeTransactionInclusion(writer: Writer, inclusion: TransactionInclusion): void {
  writer.blob(inclusion.transaction);
  writer.u32(inclusion.index);
  writer.u32(inclusion.count);
  writeList(writer, inclusion.path, writeHash);
  writeInclusion(writer, inclusion.block);
}

/** Everything in it is a copy. */
export function readTransactionInclusion(reader: Reader): TransactionInclusion {
  const transaction = reader.blobCopy(TRANSACTION_BYTES_MAX);
  const index = reader.u32();
  const count = reader.u32();
  const path = readPath(reader);
  return { transaction, index, count, path, block: readInclusion(reader) };
}

export function writeChainResult(writer: Writer, result: ChainResult): void {
  switch (result.kind) {
    case 'logInclusion':
      writeInclusion(writer, result.inclusion);
      break;
    case 'logConsistency': {
      const { from, to, fromRoot, toRoot, path } = result.consistency;
      writer.u64(from);
      writer.u64(to);
      writer.raw(fromRoot);
      writer.raw(toRoot);
      writeList(writer, path, writeHash);
      break;
    }
    case 'transactionProof':
      writeTransactionInclusion(writer, result.inclusion);
      break;
    case 'blocks':
      writeList(writer, result.blocks, writeBlock);
      break;
    default:
      unreachable(result);
  }
  writeAnchor(writer, result.anchor);
}

/** Everything in it is a copy. */
export function readChainResult(reader: Reader, kind: ChainResult['kind']): ChainResult {
  switch (kind) {
    case 'logInclusion': {
      const inclusion = readInclusion(reader);
      return { kind, inclusion, anchor: readAnchor(reader) };
    }
    case 'logConsistency': {
      const from = reader.u64();
      const to = reader.u64();
      const fromRoot = readHash(reader);
      const toRoot = readHash(reader);
      const path = readPath(reader);
      return { kind, consistency: { from, to, fromRoot, toRoot, path }, anchor: readAnchor(reader) };
    }
    case 'transactionProof': {
      const inclusion = readTransactionInclusion(reader);
      return { kind, inclusion, anchor: readAnchor(reader) };
    }
    case 'blocks': {
      const blocks = readList(reader, BLOCK_BYTES_MIN, readBlock);
      return { kind, blocks, anchor: readAnchor(reader) };
    }
    default:
      return unreachable(kind);
  }
}
