/**
 * The canonical bytes of a ledger transaction: what is hashed into a block's tx_root, kept for ever in the chain, and
 * carried by the log. Decoding is strict, so one transaction has one byte string.
 *
 *   OFFSET  SIZE  FIELD
 *   0       1     format = 1
 *   1       1     kind: 1 createVault, 2 transact, 3 expire
 *   2       …     body
 *     createVault  organization 16, vault 16, u16 flags (header flags: bit 0 = reverse leaves)
 *     transact     text actor, text reason, u32 count (1 to TRANSACTION_OPERATIONS_MAX), operations
 *     expire       empty: which leaves go follows from the block's time
 *   operation: u8 kind, then
 *     1 writeTuple    text resource, text relation, text subject, text condition name, text condition context (both empty
 *                     = no condition), u64 expires_at, u8 on duplicate (0 error, 1 ignore)
 *     2 deleteTuple   text resource, text relation, text subject, u8 on missing (0 error, 1 ignore)
 *     3 setEntity     text key, blob value, u64 expires_at, condition
 *     4 deleteEntity  text key, condition
 *     5 setRetention  u8 kind, u64 number (retention.ts)
 *     6 writeModel    text model, RFC 8785 JSON (1 to MODEL_BYTES_MAX bytes); at most once in a transaction
 *   condition: u8 0 none | 1 must not exist | 2 must exist | 3 version equals: u64 | 4 value equals: blob
 * Text and blob: u32 length, bytes. Integers are big-endian.
 */
import { unreachable } from '../assert.ts';
import { Reader } from '../bytes/reader.ts';
import { utf8Length } from '../bytes/text.ts';
import { Writer } from '../bytes/writer.ts';
import type { Decoded } from '../errors.ts';
import type { Height, OrganizationId, VaultId } from '../ids.ts';
import {
  ACTOR_BYTES_MAX,
  CONTEXT_BYTES_MAX,
  ENTITY_KEY_BYTES_MAX,
  ENTITY_VALUE_BYTES_MAX,
  MODEL_BYTES_MAX,
  NAME_BYTES_MAX,
  OBJECT_BYTES_MAX,
  TRANSACTION_OPERATIONS_MAX,
} from '../limits.ts';
import { isEntityKey, isPlainText, isRelation, isTupleKey } from './names.ts';
import { KEEP_ALL, retentionCode, retentionOfCode } from './retention-code.ts';
import type { EntityCondition, Operation, Retention, Transaction, TupleCondition, TupleKey } from './transaction.ts';
import { readUlid, writeUlid } from './ulid-field.ts';

/** What a block can hold. reverse: the vault keeps a reverse leaf for every tuple. */
export type LedgerTransaction =
  | { readonly kind: 'createVault'; readonly organization: OrganizationId; readonly vault: VaultId; readonly reverse: boolean }
  | { readonly kind: 'transact'; readonly transaction: Transaction }
  | { readonly kind: 'expire' };

const FORMAT = 1;
/** In hashes and on disk: do not renumber. */
const LedgerKind = { createVault: 1, transact: 2, expire: 3 } as const;
const OperationKind = { writeTuple: 1, deleteTuple: 2, setEntity: 3, deleteEntity: 4, setRetention: 5, writeModel: 6 } as const;
const ConditionKind = { none: 0, mustNotExist: 1, mustExist: 2, versionEquals: 3, valueEquals: 4 } as const;

function writeTupleKey(writer: Writer, tuple: TupleKey): void {
  writer.text(tuple.resource);
  writer.text(tuple.relation);
  writer.text(tuple.subject);
}

function writeCondition(writer: Writer, condition: EntityCondition | undefined): void {
  if (condition === undefined) return writer.u8(ConditionKind.none);
  writer.u8(ConditionKind[condition.kind]);
  if (condition.kind === 'versionEquals') writer.u64(condition.version);
  else if (condition.kind === 'valueEquals') writer.blob(condition.value);
}

function writeOperation(writer: Writer, operation: Operation): void {
  writer.u8(OperationKind[operation.op]);
  switch (operation.op) {
    case 'writeTuple':
      writeTupleKey(writer, operation.tuple);
      writer.text(operation.condition === undefined ? '' : operation.condition.name);
      writer.text(operation.condition === undefined ? '' : operation.condition.context);
      writer.u64(operation.expiresAt);
      return writer.u8(operation.onDuplicate === 'ignore' ? 1 : 0);
    case 'deleteTuple':
      writeTupleKey(writer, operation.tuple);
      return writer.u8(operation.onMissing === 'ignore' ? 1 : 0);
    case 'setEntity':
      writer.text(operation.key);
      writer.blob(operation.value);
      writer.u64(operation.expiresAt);
      return writeCondition(writer, operation.condition);
    case 'deleteEntity':
      writer.text(operation.key);
      return writeCondition(writer, operation.condition);
    case 'setRetention': {
      const { kind, amount } = retentionCode(operation.retention);
      writer.u8(kind);
      return writer.u64(amount);
    }
    case 'writeModel':
      return writer.text(operation.model);
    default:
      return unreachable(operation);
  }
}

/** Appends the canonical bytes. A transact passed admission: its texts are well-formed and within limits. */
export function writeLedgerTransaction(writer: Writer, ledger: LedgerTransaction): void {
  writer.u8(FORMAT);
  writer.u8(LedgerKind[ledger.kind]);
  switch (ledger.kind) {
    case 'createVault':
      writeUlid(writer, ledger.organization);
      writeUlid(writer, ledger.vault);
      return writer.u16(ledger.reverse ? 1 : 0);
    case 'transact':
      return writeTransaction(writer, ledger.transaction);
    case 'expire':
      return;
    default:
      return unreachable(ledger);
  }
}

function writeTransaction(writer: Writer, transaction: Transaction): void {
  writer.text(transaction.actor);
  writer.text(transaction.reason);
  writer.u32(transaction.operations.length);
  for (const operation of transaction.operations) writeOperation(writer, operation);
}

/** Appends the canonical bytes of a transact behind their u32 length. */
export function writeTransactBlob(writer: Writer, transaction: Transaction): void {
  const lengthAt = writer.length;
  writer.u32(0);
  writer.u8(FORMAT);
  writer.u8(LedgerKind.transact);
  writeTransaction(writer, transaction);
  writer.patchU32(lengthAt, writer.length - lengthAt - 4);
}

/** The canonical bytes, as a new array. */
export function encodeLedgerTransaction(ledger: LedgerTransaction): Uint8Array {
  const writer = new Writer();
  writeLedgerTransaction(writer, ledger);
  return writer.finish();
}

function textBytes(text: string): number {
  return 4 + utf8Length(text);
}

function tupleKeyBytes(tuple: TupleKey): number {
  return textBytes(tuple.resource) + textBytes(tuple.relation) + textBytes(tuple.subject);
}

function conditionBytes(condition: EntityCondition | undefined): number {
  if (condition?.kind === 'versionEquals') return 1 + 8;
  return condition?.kind === 'valueEquals' ? 1 + 4 + condition.value.length : 1;
}

function operationBytes(operation: Operation): number {
  switch (operation.op) {
    case 'writeTuple': {
      const { tuple, condition } = operation;
      const texts = condition === undefined ? 8 : textBytes(condition.name) + textBytes(condition.context);
      return 1 + tupleKeyBytes(tuple) + texts + 8 + 1;
    }
    case 'deleteTuple':
      return 1 + tupleKeyBytes(operation.tuple) + 1;
    case 'setEntity':
      return 1 + textBytes(operation.key) + 4 + operation.value.length + 8 + conditionBytes(operation.condition);
    case 'deleteEntity':
      return 1 + textBytes(operation.key) + conditionBytes(operation.condition);
    case 'setRetention':
      return 1 + 1 + 8;
    case 'writeModel':
      return 1 + textBytes(operation.model);
    default:
      return unreachable(operation);
  }
}

/** Length of the canonical bytes of a transact, counted instead of written: it is asked twice per command. */
export function transactBytes(transaction: Transaction): number {
  let bytes = 2 + textBytes(transaction.actor) + textBytes(transaction.reason) + 4;
  for (const operation of transaction.operations) bytes += operationBytes(operation);
  return bytes;
}

function readTupleKey(reader: Reader): TupleKey {
  const resource = reader.text(OBJECT_BYTES_MAX);
  const relation = reader.text(NAME_BYTES_MAX);
  const tuple = { resource, relation, subject: reader.text(OBJECT_BYTES_MAX) };
  if (!isTupleKey(tuple)) reader.fail('bad_value');
  return tuple;
}

function readTupleCondition(reader: Reader): TupleCondition | undefined {
  const name = reader.text(NAME_BYTES_MAX);
  const context = reader.text(CONTEXT_BYTES_MAX);
  if (name === '' && context === '') return undefined;
  if (context === '' || !isRelation(name)) reader.fail('bad_value');
  return { name, context };
}

function readEntityKey(reader: Reader): string {
  const key = reader.text(ENTITY_KEY_BYTES_MAX);
  if (!isEntityKey(key)) reader.fail('bad_value');
  return key;
}

function readCondition(reader: Reader): EntityCondition | undefined {
  const kind = reader.u8();
  switch (kind) {
    case ConditionKind.none:
      return undefined;
    case ConditionKind.mustNotExist:
      return { kind: 'mustNotExist' };
    case ConditionKind.mustExist:
      return { kind: 'mustExist' };
    case ConditionKind.versionEquals:
      return { kind: 'versionEquals', version: reader.u64() as Height };
    case ConditionKind.valueEquals:
      return { kind: 'valueEquals', value: reader.blobCopy(ENTITY_VALUE_BYTES_MAX) };
    default:
      reader.fail('bad_tag');
      return undefined;
  }
}

function readRetention(reader: Reader): Retention {
  const retention = retentionOfCode(reader.u8(), reader.u64());
  if (retention === undefined) reader.fail('bad_value');
  return retention ?? KEEP_ALL;
}

function readOperation(reader: Reader): Operation {
  const kind = reader.u8();
  switch (kind) {
    case OperationKind.writeTuple: {
      const tuple = readTupleKey(reader);
      const condition = readTupleCondition(reader);
      const expiresAt = reader.u64();
      return { op: 'writeTuple', tuple, condition, expiresAt, onDuplicate: reader.flag() ? 'ignore' : 'error' };
    }
    case OperationKind.deleteTuple:
      return { op: 'deleteTuple', tuple: readTupleKey(reader), onMissing: reader.flag() ? 'ignore' : 'error' };
    case OperationKind.setEntity: {
      const key = readEntityKey(reader);
      const value = reader.blobCopy(ENTITY_VALUE_BYTES_MAX);
      const expiresAt = reader.u64();
      return { op: 'setEntity', key, value, expiresAt, condition: readCondition(reader) };
    }
    case OperationKind.setRetention:
      return { op: 'setRetention', retention: readRetention(reader) };
    case OperationKind.writeModel: {
      const model = reader.text(MODEL_BYTES_MAX);
      if (!model.startsWith('{')) reader.fail('bad_value');
      return { op: 'writeModel', model };
    }
    default: {
      if (kind !== OperationKind.deleteEntity) reader.fail('bad_tag');
      const key = readEntityKey(reader);
      return { op: 'deleteEntity', key, condition: readCondition(reader) };
    }
  }
}

function readTransaction(reader: Reader): Transaction {
  const actor = reader.text(ACTOR_BYTES_MAX);
  const reason = reader.text(ACTOR_BYTES_MAX);
  if (!isPlainText(actor, ACTOR_BYTES_MAX) || !isPlainText(reason, ACTOR_BYTES_MAX)) reader.fail('bad_value');
  const count = reader.u32();
  if (count < 1 || count > TRANSACTION_OPERATIONS_MAX) reader.fail('bad_length');
  const operations: Operation[] = [];
  for (let i = 0; i < count && reader.failed === undefined; i += 1) operations.push(readOperation(reader));
  if (operations.filter(({ op }) => op === 'writeModel').length > 1) reader.fail('bad_value');
  return { actor, reason, operations };
}

/** The transaction behind canonical bytes; anything that encode would not have written is refused. Keeps no view of bytes. */
export function decodeLedgerTransaction(bytes: Uint8Array): Decoded<LedgerTransaction> {
  const reader = new Reader(bytes);
  if (reader.u8() !== FORMAT) reader.fail('bad_version');
  const kind = reader.u8();
  switch (kind) {
    case LedgerKind.createVault: {
      const organization = readUlid<'OrganizationId'>(reader);
      const vault = readUlid<'VaultId'>(reader);
      const flags = reader.u16();
      if (flags > 1) reader.fail('bad_value');
      return reader.finish({ kind: 'createVault', organization, vault, reverse: flags === 1 });
    }
    case LedgerKind.transact:
      return reader.finish({ kind: 'transact', transaction: readTransaction(reader) });
    default:
      if (kind !== LedgerKind.expire) reader.fail('bad_tag');
      return reader.finish({ kind: 'expire' });
  }
}
