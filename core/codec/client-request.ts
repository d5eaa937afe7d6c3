/**
 * Body of a client request: u8 kind, then
 *   1 openSession        u32 group
 *   2 directory          command, u8 body: 1, 8 state/organization-command.ts · 2 reserveVault {text organization, text name, flag allow existing} · 3 to 7, 9 state/member-command.ts · 10 releaseVault {text organization, ulid vault}
 *   3 createVault        u32 group, command, ulid organization, ulid vault
 *   4 transact           u32 group, command, ulid organization, ulid vault, u8 options, ulid model where bit 2 is set, blob canonical transaction (state/transaction-codec.ts)
 *      options: bit 0 proof · bit 1 tuples fit the newest model, bit 2 the one named: not both
 *   5 query              u32 group, ulid organization, ulid vault, consistency, point, flag proof, u8 query:
 *                        1 tuple {tuple} · 2 entity {text key} · 3 list {text resource, relation, subject, u32 limit, blob after} · 4 block {u64 height} · 5 retention {}
 *                        · 6 proof {list of question (client-question.ts)} · 7 checkpoint {u8 signatures} · 8 ics23 {question: tuple, entity or model} · 9 model {text id} · 10 models {u32 limit, text after} · 11 changes {text type, u64 height, u32 position, u32 limit} · 32 to 35 of the chain (chain-fields.ts)
 *                        · 40 to 43 of authorization (authz-fields.ts)
 *   6 lookupVault        text organization, text name, text id, consistency
 *   7 listVaults         text organization, text after, u32 limit, consistency
 *   8 listOrganizations  consistency
 *   9 status
 *   10 listMembers       consistency
 *   11 transfer          u32 group, optional id from, optional id to
 *   12 deleteVault       u32 group, command, ulid organization, ulid vault
 * consistency: u8: 0 linearizable · 1 eventual · 2 bounded {u32 milliseconds}. point: u8: 0 newest · 1 height {u64} · 2 time {u64 microseconds}.
 * Fields: client-fields.ts.
 */
import { unreachable } from '../assert.ts';
import { writeId } from '../bytes/hex-id.ts';
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import type { ClientRequest, Consistency, DirectoryCommand, ReadPoint, VaultQuery } from '../client/protocol.ts';
import type { Height, Micros } from '../ids.ts';
import { CLIENT_REQUEST_BYTES_MAX, MESSAGE_BYTES_MAX } from '../limits.ts';
import { MemberCommandKind, readMemberCommand, writeMemberCommand } from '../state/member-command.ts';
import {
  CREATE_ORGANIZATION,
  CREATE_PLACED_ORGANIZATION,
  readCreateOrganization,
  writeCreateOrganization,
} from '../state/organization-command.ts';
import type { Transaction } from '../state/transaction.ts';
import { decodeLedgerTransaction, writeTransactBlob } from '../state/transaction-codec.ts';
import { readUlid, writeUlid } from '../state/ulid-field.ts';
import { readAuthzQuery, writeAuthzQuery } from './authz-fields.ts';
import { readChainQuery, writeChainQuery } from './chain-fields.ts';
import {
  codeTable,
  readCode,
  readCommandRef,
  readGroup,
  readList,
  readNodeId,
  readOptional,
  readText,
  readTuple,
  writeCommandRef,
  writeList,
  writeOptional,
  writeTuple,
} from './client-fields.ts';
import { QUESTION_BYTES_MIN, readPointQuestion, readQuestion, writeQuestion } from './client-question.ts';
import { readChangePlace, writeChangePlace } from './model-fields.ts';

const KIND = codeTable<ClientRequest['kind']>({
  openSession: 1,
  directory: 2,
  createVault: 3,
  transact: 4,
  query: 5,
  lookupVault: 6,
  listVaults: 7,
  listOrganizations: 8,
  status: 9,
  listMembers: 10,
  transfer: 11,
  deleteVault: 12,
});
const CONSISTENCY = codeTable<'linearizable' | 'eventual' | 'bounded'>({ linearizable: 0, eventual: 1, bounded: 2 });
const POINT = codeTable<ReadPoint['kind']>({ newest: 0, height: 1, time: 2 });
const DIRECTORY = codeTable<Exclude<DirectoryCommand['kind'], 'createOrganization'>>({
  reserveVault: 2,
  releaseVault: 10,
  ...MemberCommandKind,
});
const QUERY = codeTable<VaultQuery['kind']>({
  tuple: 1,
  entity: 2,
  list: 3,
  block: 4,
  retention: 5,
  proof: 6,
  checkpoint: 7,
  ics23: 8,
  model: 9,
  models: 10,
  changes: 11,
  logInclusion: 32,
  logConsistency: 33,
  transactionProof: 34,
  blocks: 35,
  check: 40,
  listObjects: 41,
  listUsers: 42,
  expand: 43,
});
const Option = { proof: 1, newestModel: 2, namedModel: 4 } as const;
const EMPTY: Transaction = { actor: '', reason: '', operations: [] };

function writeFlag(writer: Writer, value: boolean): void {
  writer.u8(value ? 1 : 0);
}

/** Appends kind and body. The request passed admission (core/state/admission.ts). */
export function writeRequest(writer: Writer, request: ClientRequest): void {
  writer.u8(KIND.numbers[request.kind]);
  switch (request.kind) {
    case 'openSession':
      return writer.u32(request.group);
    case 'directory':
      writeCommandRef(writer, request.command);
      return writeDirectoryCommand(writer, request.body);
    case 'createVault':
    case 'deleteVault':
      writer.u32(request.group);
      writeCommandRef(writer, request.command);
      writeUlid(writer, request.organization);
      return writeUlid(writer, request.vault);
    case 'transact':
      writer.u32(request.group);
      writeCommandRef(writer, request.command);
      writeUlid(writer, request.organization);
      writeUlid(writer, request.vault);
      writeOptions(writer, request);
      return writeTransactBlob(writer, request.transaction);
    case 'query':
      writer.u32(request.group);
      writeUlid(writer, request.organization);
      writeUlid(writer, request.vault);
      writeConsistency(writer, request.consistency);
      writePoint(writer, request.at);
      writeFlag(writer, request.proof);
      return writeQuery(writer, request.query);
    case 'lookupVault':
      writer.text(request.organization);
      writer.text(request.name);
      writer.text(request.id);
      return writeConsistency(writer, request.consistency);
    case 'listVaults':
      writer.text(request.organization);
      writer.text(request.after);
      writer.u32(request.limit);
      return writeConsistency(writer, request.consistency);
    case 'listOrganizations':
    case 'listMembers':
      return writeConsistency(writer, request.consistency);
    case 'transfer':
      writer.u32(request.group);
      writeOptional(writer, request.from, writeId);
      return writeOptional(writer, request.to, writeId);
    case 'status':
      return;
    default:
      return unreachable(request);
  }
}

function writeOptions(writer: Writer, { proof, model }: Extract<ClientRequest, { kind: 'transact' }>): void {
  const fit = model === '' ? Option.newestModel : Option.namedModel;
  writer.u8((proof ? Option.proof : 0) | (model === undefined ? 0 : fit));
  if (model !== undefined && model !== '') writeUlid(writer, model);
}

function writeConsistency(writer: Writer, consistency: Consistency): void {
  if (typeof consistency === 'string') return writer.u8(CONSISTENCY.numbers[consistency]);
  writer.u8(CONSISTENCY.numbers.bounded);
  writer.u32(consistency.boundedMs);
}

function writePoint(writer: Writer, point: ReadPoint): void {
  writer.u8(POINT.numbers[point.kind]);
  switch (point.kind) {
    case 'newest':
      return;
    case 'height':
      return writer.u64(point.height);
    case 'time':
      return writer.u64(point.time);
    default:
      return unreachable(point);
  }
}

function writeDirectoryCommand(writer: Writer, body: DirectoryCommand): void {
  if (body.kind === 'createOrganization') return writeCreateOrganization(writer, body);
  writer.u8(DIRECTORY.numbers[body.kind]);
  if (body.kind !== 'reserveVault' && body.kind !== 'releaseVault') return writeMemberCommand(writer, body);
  writer.text(body.organization);
  if (body.kind === 'releaseVault') return writeUlid(writer, body.vault);
  writer.text(body.name);
  writeFlag(writer, body.allowExisting);
}

function writeQuery(writer: Writer, query: VaultQuery): void {
  writer.u8(QUERY.numbers[query.kind]);
  switch (query.kind) {
    case 'tuple':
      return writeTuple(writer, query.tuple);
    case 'entity':
      return writer.text(query.key);
    case 'list':
      writeTuple(writer, query);
      writer.u32(query.limit);
      return writer.blob(query.after);
    case 'model':
      return writer.text(query.id);
    case 'models':
      writer.u32(query.limit);
      return writer.text(query.after);
    case 'changes':
      writer.text(query.type);
      writeChangePlace(writer, query.after);
      return writer.u32(query.limit);
    case 'block':
      return writer.u64(query.height);
    case 'retention':
      return;
    case 'logInclusion':
    case 'logConsistency':
    case 'transactionProof':
    case 'blocks':
      return writeChainQuery(writer, query);
    case 'check':
    case 'listObjects':
    case 'listUsers':
    case 'expand':
      return writeAuthzQuery(writer, query);
    case 'proof':
      return writeList(writer, query.questions, writeQuestion);
    case 'checkpoint':
      return writer.u8(query.signatures);
    case 'ics23':
      return writeQuestion(writer, query.question);
    default:
      return unreachable(query);
  }
}

/** Reads kind and body; where the reader has failed the value means nothing. Nothing in it refers to the reader's bytes. */
export function readRequest(reader: Reader): ClientRequest {
  const kind = readCode(reader, KIND, 'status');
  switch (kind) {
    case 'openSession':
      return { kind, group: readGroup(reader) };
    case 'directory':
      return { kind, command: readCommandRef(reader), body: readDirectoryCommand(reader) };
    case 'createVault':
    case 'deleteVault': {
      const group = readGroup(reader);
      const command = readCommandRef(reader);
      const organization = readUlid<'OrganizationId'>(reader);
      return { kind, group, command, organization, vault: readUlid<'VaultId'>(reader) };
    }
    case 'transact': {
      const group = readGroup(reader);
      const command = readCommandRef(reader);
      const organization = readUlid<'OrganizationId'>(reader);
      const vault = readUlid<'VaultId'>(reader);
      const { proof, model } = readOptions(reader);
      return { kind, group, command, organization, vault, transaction: readTransaction(reader), model, proof };
    }
    case 'query': {
      const group = readGroup(reader);
      const organization = readUlid<'OrganizationId'>(reader);
      const vault = readUlid<'VaultId'>(reader);
      const consistency = readConsistency(reader);
      const at = readPoint(reader);
      const proof = reader.flag();
      return { kind, group, organization, vault, query: readQuery(reader), consistency, at, proof };
    }
    case 'lookupVault': {
      const organization = readText(reader);
      const name = readText(reader);
      const id = readText(reader);
      return { kind, organization, name, id, consistency: readConsistency(reader) };
    }
    case 'listVaults': {
      const organization = readText(reader);
      const after = readText(reader);
      const limit = reader.u32();
      return { kind, organization, after, limit, consistency: readConsistency(reader) };
    }
    case 'transfer': {
      const group = readGroup(reader);
      const from = readOptional(reader, readNodeId);
      return { kind, group, from, to: readOptional(reader, readNodeId) };
    }
    case 'listOrganizations':
    case 'listMembers':
      return { kind, consistency: readConsistency(reader) };
    case 'status':
      return { kind };
    default:
      return unreachable(kind);
  }
}

function readOptions(reader: Reader): Pick<Extract<ClientRequest, { kind: 'transact' }>, 'proof' | 'model'> {
  const options = reader.u8();
  const fit = options & ~Option.proof;
  if (fit !== 0 && fit !== Option.newestModel && fit !== Option.namedModel) reader.fail('bad_tag');
  const proof = (options & Option.proof) !== 0;
  if (fit === Option.namedModel) return { proof, model: readUlid(reader) };
  return { proof, model: fit === 0 ? undefined : '' };
}

function readConsistency(reader: Reader): Consistency {
  const code = readCode(reader, CONSISTENCY, 'linearizable');
  return code === 'bounded' ? { boundedMs: reader.u32() } : code;
}

function readPoint(reader: Reader): ReadPoint {
  const kind = readCode(reader, POINT, 'newest');
  switch (kind) {
    case 'newest':
      return { kind };
    case 'height':
      return { kind, height: reader.u64() as Height };
    case 'time':
      return { kind, time: reader.u64() as Micros };
    default:
      return unreachable(kind);
  }
}

function readDirectoryCommand(reader: Reader): DirectoryCommand {
  const number = reader.u8();
  if (number === CREATE_ORGANIZATION || number === CREATE_PLACED_ORGANIZATION) {
    return readCreateOrganization(reader, number, MESSAGE_BYTES_MAX);
  }
  const kind = DIRECTORY.names[number] ?? 'reserveVault';
  if (DIRECTORY.names[number] === undefined) reader.fail('bad_tag');
  if (kind !== 'reserveVault' && kind !== 'releaseVault') return readMemberCommand(reader, kind);
  const organization = readText(reader);
  if (kind === 'releaseVault') return { kind, organization, vault: readUlid<'VaultId'>(reader) };
  const name = readText(reader);
  return { kind, organization, name, allowExisting: reader.flag() };
}

function readQuery(reader: Reader): VaultQuery {
  const kind = readCode(reader, QUERY, 'block');
  switch (kind) {
    case 'tuple':
      return { kind, tuple: readTuple(reader) };
    case 'entity':
      return { kind, key: readText(reader) };
    case 'list': {
      const filter = readTuple(reader);
      const limit = reader.u32();
      return { kind, ...filter, limit, after: reader.blob(MESSAGE_BYTES_MAX).slice() };
    }
    case 'model':
      return { kind, id: readText(reader) };
    case 'models': {
      const limit = reader.u32();
      return { kind, limit, after: readText(reader) };
    }
    case 'changes': {
      const type = readText(reader);
      const after = readChangePlace(reader);
      return { kind, type, after, limit: reader.u32() };
    }
    case 'block':
      return { kind, height: reader.u64() as Height };
    case 'retention':
      return { kind };
    case 'logInclusion':
    case 'logConsistency':
    case 'transactionProof':
    case 'blocks':
      return readChainQuery(reader, kind);
    case 'check':
    case 'listObjects':
    case 'listUsers':
    case 'expand':
      return readAuthzQuery(reader, kind);
    case 'proof':
      return { kind, questions: readList(reader, QUESTION_BYTES_MIN, readQuestion) };
    case 'checkpoint':
      return { kind, signatures: reader.u8() };
    case 'ics23':
      return { kind, question: readPointQuestion(reader) };
    default:
      return unreachable(kind);
  }
}

function readTransaction(reader: Reader): Transaction {
  const bytes = reader.blob(CLIENT_REQUEST_BYTES_MAX);
  if (reader.failed !== undefined) return EMPTY;
  const decoded = decodeLedgerTransaction(bytes);
  if (decoded.ok && decoded.value.kind === 'transact') return decoded.value.transaction;
  reader.fail(decoded.ok ? 'bad_tag' : decoded.reason);
  return EMPTY;
}
