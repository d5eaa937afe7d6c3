/**
 * Body of an answer: u8 kind, then
 *   1 session        u32 group, u64 index
 *   2 organization   ulid id, text name, optional u32 group, flag created
 *   3 vault          vault, flag created
 *   4 vaults         list of vault, flag more
 *   5 organizations  list of {ulid id, text name, optional u32 group}
 *   6 vaultCreated   anchor
 *   7 transacted     outcome (outcome-fields.ts), anchor
 *   8 tuple          flag present, optional row, anchor, blob proof
 *   9 entity         optional blob value, u64 version, u64 expires at, anchor, blob proof
 *   10 list          list of row, blob next, anchor
 *   11 block         anchor, list of blob transaction, u64 newest, flag pruned
 *   12 status        id node, optional id cluster, list of member {id, text address}, flag removed, list of group, u64 dropped frames,
 *                    optional signing {32 public key, flag registered, u8 loss: 0 none, 1 missing, 2 unreadable, 3 damaged, 4 foreign, 5 contradicted, flag replaced}
 *      group         u32 group, u8 role, u64 term, optional id leader, u64 commit, u64 applied, u64 last index, flag quarantined, flag asleep,
 *                    list of id voter, list of id learner
 *   13 error         u8 code, text message, optional id leader, u32 retry after, ms; for pruned_height also u64 oldest height
 *   14 member        member entry (state/member-entry.ts), flag changed
 *   15 members       list of member entry, list of key {id node, 32 public key, u64 from, u64 retired; 0 = in force}
 *   16 transferred   u32 group, id leader
 *   17 retention     u8 kind, u64 number (state/retention-code.ts), u64 oldest height, u64 its time, anchor
 *   18 vaultDeleted  ulid vault
 *   22 model         text id, optional text model, u64 version, anchor, blob proof
 *   23 models        list of {text id, u64 version, u64 written at}, text next, anchor
 *   24 changes       list of change (model-fields.ts), u64 height, u32 position, flag more, anchor
 *   20 checkpoint    text note, u64 size, u8 signatures
 *   21 ics23         anchor, proof (ics23-fields.ts)
 *   32 to 35         of the chain (chain-fields.ts)
 *   40 to 43         of authorization (authz-fields.ts)
 *   36 transacted    as 7, then a transaction inclusion (chain-fields.ts): where one was asked for. Never in a session's results
 *   19 proof         anchor, blob proof
 * Fields: client-fields.ts.
 */
import { defined, unreachable } from '../assert.ts';
import { ID_BYTES, readId, writeId } from '../bytes/hex-id.ts';
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import { PUBLIC_KEY_BYTES } from '../capability.ts';
import type {
  ClientResult,
  GroupStatus,
  KeyLoss,
  NodeKeyEntry,
  NodeStatus,
  OrganizationEntry,
  SigningStatus,
} from '../client/protocol.ts';
import { type Height, INDEX_ZERO, type LogIndex, type Micros, type Term } from '../ids.ts';
import { ENTITY_VALUE_BYTES_MAX, ENTRY_BYTES_MAX, MESSAGE_BYTES_MAX, NOTE_BYTES_MAX } from '../limits.ts';
import { PROOF_BYTES_MAX } from '../proof/format.ts';
import { MEMBER_ENTRY_BYTES_MIN, readMemberEntry, writeMemberEntry } from '../state/member-entry.ts';
import { KEEP_ALL, retentionCode, retentionOfCode } from '../state/retention-code.ts';
import type { Retention } from '../state/transaction.ts';
import { readUlid, writeUlid } from '../state/ulid-field.ts';
import { readAuthzResult, writeAuthzResult } from './authz-fields.ts';
import { readChainResult, readTransactionInclusion, writeChainResult, writeTransactionInclusion } from './chain-fields.ts';
import {
  codeTable,
  readAnchor,
  readCode,
  readGroup,
  readList,
  readNodeId,
  readOptional,
  readRow,
  readText,
  readVaultEntry,
  writeAnchor,
  writeList,
  writeOptional,
  writeRow,
  writeVaultEntry,
} from './client-fields.ts';
import { ERROR } from './error-codes.ts';
import { readIcs23, writeIcs23 } from './ics23-fields.ts';
import { readModelResult, writeModelResult } from './model-fields.ts';
import { readOutcome, writeOutcome } from './outcome-fields.ts';

const KIND = codeTable<ClientResult['kind'] | 'provenTransacted'>({
  session: 1,
  organization: 2,
  vault: 3,
  vaults: 4,
  organizations: 5,
  vaultCreated: 6,
  transacted: 7,
  tuple: 8,
  entity: 9,
  list: 10,
  block: 11,
  status: 12,
  error: 13,
  member: 14,
  members: 15,
  transferred: 16,
  retention: 17,
  vaultDeleted: 18,
  logInclusion: 32,
  logConsistency: 33,
  transactionProof: 34,
  blocks: 35,
  check: 40,
  listObjects: 41,
  listUsers: 42,
  expand: 43,
  provenTransacted: 36,
  proof: 19,
  checkpoint: 20,
  ics23: 21,
  model: 22,
  models: 23,
  changes: 24,
});
const ROLE = codeTable<GroupStatus['role']>({ follower: 0, preCandidate: 1, candidate: 2, leader: 3 });
const LOSS = codeTable<KeyLoss | 'none'>({ none: 0, missing: 1, unreadable: 2, damaged: 3, foreign: 4, contradicted: 5 });
/** Smallest items of the lists, bytes. */
const VAULT_BYTES_MIN = 52;
const ORGANIZATION_BYTES_MIN = 21;
const ROW_BYTES_MIN = 44;
const MEMBER_BYTES_MIN = ID_BYTES + 4;
const GROUP_BYTES_MIN = 47;
const NODE_KEY_BYTES = ID_BYTES + PUBLIC_KEY_BYTES + 16;

function writeSigning(writer: Writer, { publicKey, registered, loss, replaced }: SigningStatus): void {
  writer.raw(publicKey);
  writeFlag(writer, registered);
  writer.u8(LOSS.numbers[loss ?? 'none']);
  writeFlag(writer, replaced);
}

function readSigning(reader: Reader): SigningStatus {
  const publicKey = reader.copy(PUBLIC_KEY_BYTES);
  const registered = reader.flag();
  const loss = readCode(reader, LOSS, 'none');
  return { publicKey, registered, loss: loss === 'none' ? undefined : loss, replaced: reader.flag() };
}

function writeNodeKey(writer: Writer, { node, publicKey, from, retired }: NodeKeyEntry): void {
  writeId(writer, node);
  writer.raw(publicKey);
  writer.u64(from);
  writer.u64(retired ?? INDEX_ZERO);
}

function readNodeKey(reader: Reader): NodeKeyEntry {
  const node = readNodeId(reader);
  const publicKey = reader.copy(PUBLIC_KEY_BYTES);
  const from = reader.u64() as LogIndex;
  const retired = reader.u64() as LogIndex;
  return { node, publicKey, from, retired: retired === INDEX_ZERO ? undefined : retired };
}

function writeFlag(writer: Writer, value: boolean): void {
  writer.u8(value ? 1 : 0);
}
function writeBlob(writer: Writer, bytes: Uint8Array): void {
  writer.blob(bytes);
}

/** Appends kind and body. */
export function writeResult(writer: Writer, result: ClientResult): void {
  const isProven = result.kind === 'transacted' && result.inclusion !== undefined;
  writer.u8(KIND.numbers[isProven ? 'provenTransacted' : result.kind]);
  switch (result.kind) {
    case 'session':
      writer.u32(result.session.group);
      return writer.u64(result.session.index);
    case 'organization':
      writeOrganization(writer, result);
      return writeFlag(writer, result.created);
    case 'vault':
      writeVaultEntry(writer, result.vault);
      return writeFlag(writer, result.created);
    case 'vaults':
      writeList(writer, result.vaults, writeVaultEntry);
      return writeFlag(writer, result.more);
    case 'organizations':
      return writeList(writer, result.organizations, writeOrganization);
    case 'member':
      writeMemberEntry(writer, result.member);
      return writeFlag(writer, result.changed);
    case 'members':
      writeList(writer, result.members, writeMemberEntry);
      return writeList(writer, result.keys, writeNodeKey);
    case 'transferred':
      writer.u32(result.group);
      return writeId(writer, result.leader);
    case 'vaultDeleted':
      return writeUlid(writer, result.vault);
    case 'vaultCreated':
      return writeAnchor(writer, result.anchor);
    case 'transacted':
      writeOutcome(writer, result.outcome);
      writeAnchor(writer, result.anchor);
      if (result.inclusion !== undefined) writeTransactionInclusion(writer, result.inclusion);
      return;
    case 'tuple':
      writeFlag(writer, result.present);
      writeOptional(writer, result.row, writeRow);
      writeAnchor(writer, result.anchor);
      return writer.blob(result.proof);
    case 'entity':
      writeOptional(writer, result.value, writeBlob);
      writer.u64(result.version);
      writer.u64(result.expiresAt);
      writeAnchor(writer, result.anchor);
      return writer.blob(result.proof);
    case 'model':
    case 'models':
    case 'changes':
      return writeModelResult(writer, result);
    case 'proof':
      writeAnchor(writer, result.anchor);
      return writer.blob(result.proof);
    case 'ics23':
      writeAnchor(writer, result.anchor);
      return writeIcs23(writer, result.proof);
    case 'list':
      writeList(writer, result.rows, writeRow);
      writer.blob(result.next);
      return writeAnchor(writer, result.anchor);
    case 'block':
      writeAnchor(writer, result.anchor);
      writeList(writer, result.transactions, writeBlob);
      writer.u64(result.newest);
      return writeFlag(writer, result.pruned);
    case 'retention': {
      const { kind, amount } = retentionCode(result.retention);
      writer.u8(kind);
      writer.u64(amount);
      writer.u64(result.oldest);
      writer.u64(result.oldestTime);
      return writeAnchor(writer, result.anchor);
    }
    case 'logInclusion':
    case 'logConsistency':
    case 'transactionProof':
    case 'blocks':
      return writeChainResult(writer, result);
    case 'check':
    case 'listObjects':
    case 'listUsers':
    case 'expand':
      return writeAuthzResult(writer, result);
    case 'checkpoint':
      writer.text(result.note);
      writer.u64(result.size);
      return writer.u8(result.signatures);
    case 'status':
      return writeStatus(writer, result.status);
    case 'error':
      writer.u8(ERROR.numbers[result.code]);
      writer.text(result.message);
      writeOptional(writer, result.leader, writeId);
      writer.u32(result.retryAfterMs);
      if (result.code === 'pruned_height') writer.u64(defined(result.oldest, 'what is pruned names what there is'));
      return;
    default:
      return unreachable(result);
  }
}

function writeStatus(writer: Writer, status: NodeStatus): void {
  writeId(writer, status.node);
  writeOptional(writer, status.cluster, writeId);
  writeList(writer, status.members, (out, member) => {
    writeId(out, member.id);
    out.text(member.address);
  });
  writeFlag(writer, status.removed);
  writeList(writer, status.groups, (out, group) => {
    out.u32(group.group);
    out.u8(ROLE.numbers[group.role]);
    out.u64(group.term);
    writeOptional(out, group.leader, writeId);
    out.u64(group.commitIndex);
    out.u64(group.lastApplied);
    out.u64(group.lastIndex);
    writeFlag(out, group.quarantined);
    writeFlag(out, group.asleep);
    writeList(out, group.voters, writeId);
    writeList(out, group.learners, writeId);
  });
  writer.u64(status.droppedFrames);
  writeOptional(writer, status.signing, writeSigning);
}

/** Reads kind and body; where the reader has failed the value means nothing. Nothing in it refers to the reader's bytes. */
export function readResult(reader: Reader): ClientResult {
  const kind = readCode(reader, KIND, 'error');
  switch (kind) {
    case 'session': {
      const group = readGroup(reader);
      return { kind, session: { group, index: reader.u64() as LogIndex } };
    }
    case 'organization': {
      const entry = readOrganization(reader);
      return { kind, ...entry, created: reader.flag() };
    }
    case 'vault': {
      const vault = readVaultEntry(reader);
      return { kind, vault, created: reader.flag() };
    }
    case 'vaults': {
      const vaults = readList(reader, VAULT_BYTES_MIN, readVaultEntry);
      return { kind, vaults, more: reader.flag() };
    }
    case 'organizations':
      return { kind, organizations: readList(reader, ORGANIZATION_BYTES_MIN, readOrganization) };
    case 'member': {
      const member = readMemberEntry(reader);
      return { kind, member, changed: reader.flag() };
    }
    case 'members':
      return {
        kind,
        members: readList(reader, MEMBER_ENTRY_BYTES_MIN, readMemberEntry),
        keys: readList(reader, NODE_KEY_BYTES, readNodeKey),
      };
    case 'transferred': {
      const group = readGroup(reader);
      return { kind, group, leader: readNodeId(reader) };
    }
    case 'vaultDeleted':
      return { kind, vault: readUlid<'VaultId'>(reader) };
    case 'vaultCreated':
      return { kind, anchor: readAnchor(reader) };
    case 'transacted': {
      const outcome = readOutcome(reader);
      return { kind, outcome, anchor: readAnchor(reader) };
    }
    case 'provenTransacted': {
      const outcome = readOutcome(reader);
      const anchor = readAnchor(reader);
      return { kind: 'transacted', outcome, anchor, inclusion: readTransactionInclusion(reader) };
    }
    case 'tuple': {
      const present = reader.flag();
      const row = readOptional(reader, readRow);
      const anchor = readAnchor(reader);
      return { kind, present, row, anchor, proof: reader.blobCopy(PROOF_BYTES_MAX) };
    }
    case 'entity': {
      const value = readOptional(reader, readValue);
      const version = reader.u64() as Height;
      const expiresAt = reader.u64();
      const anchor = readAnchor(reader);
      return { kind, value, version, expiresAt, anchor, proof: reader.blobCopy(PROOF_BYTES_MAX) };
    }
    case 'model':
    case 'models':
    case 'changes':
      return readModelResult(reader, kind);
    case 'proof': {
      const anchor = readAnchor(reader);
      return { kind, anchor, proof: reader.blobCopy(PROOF_BYTES_MAX) };
    }
    case 'ics23': {
      const anchor = readAnchor(reader);
      return { kind, anchor, proof: readIcs23(reader) };
    }
    case 'list': {
      const rows = readList(reader, ROW_BYTES_MIN, readRow);
      const next = reader.blobCopy(MESSAGE_BYTES_MAX);
      return { kind, rows, next, anchor: readAnchor(reader) };
    }
    case 'block': {
      const anchor = readAnchor(reader);
      const transactions = readList(reader, 4, readTransactionBytes);
      const newest = reader.u64() as Height;
      return { kind, anchor, transactions, newest, pruned: reader.flag() };
    }
    case 'retention': {
      const retention = readRetention(reader);
      const oldest = reader.u64() as Height;
      const oldestTime = reader.u64() as Micros;
      return { kind, retention, oldest, oldestTime, anchor: readAnchor(reader) };
    }
    case 'logInclusion':
    case 'logConsistency':
    case 'transactionProof':
    case 'blocks':
      return readChainResult(reader, kind);
    case 'check':
    case 'listObjects':
    case 'listUsers':
    case 'expand':
      return readAuthzResult(reader, kind);
    case 'checkpoint':
      return { kind, note: reader.text(NOTE_BYTES_MAX), size: reader.u64() as Height, signatures: reader.u8() };
    case 'status':
      return { kind, status: readStatus(reader) };
    case 'error': {
      const code = readCode(reader, ERROR, 'unavailable');
      const message = readText(reader);
      const leader = readOptional(reader, readNodeId);
      const error = { kind, code, message, leader, retryAfterMs: reader.u32() };
      return code === 'pruned_height' ? { ...error, oldest: reader.u64() as Height } : error;
    }
    default:
      return unreachable(kind);
  }
}

function readRetention(reader: Reader): Retention {
  const retention = retentionOfCode(reader.u8(), reader.u64());
  if (retention === undefined) reader.fail('bad_value');
  return retention ?? KEEP_ALL;
}
function readValue(reader: Reader): Uint8Array {
  return reader.blobCopy(ENTITY_VALUE_BYTES_MAX);
}
function readTransactionBytes(reader: Reader): Uint8Array {
  return reader.blobCopy(ENTRY_BYTES_MAX);
}

function writeOrganization(writer: Writer, { id, name, group }: OrganizationEntry): void {
  writeUlid(writer, id);
  writer.text(name);
  writeOptional(writer, group, (out, value) => out.u32(value));
}

function readOrganization(reader: Reader): OrganizationEntry {
  const id = readUlid<'OrganizationId'>(reader);
  const name = readText(reader);
  return { id, name, group: readOptional(reader, readGroup) };
}

function readStatus(reader: Reader): NodeStatus {
  const node = readNodeId(reader);
  const cluster = readOptional(reader, (input) => readId<'ClusterId'>(input));
  const members = readList(reader, MEMBER_BYTES_MIN, (input) => ({ id: readNodeId(input), address: readText(input) }));
  const removed = reader.flag();
  const groups = readList(reader, GROUP_BYTES_MIN, readGroupStatus);
  const droppedFrames = reader.u64();
  return { node, cluster, members, removed, groups, droppedFrames, signing: readOptional(reader, readSigning) };
}

function readGroupStatus(reader: Reader): GroupStatus {
  const group = readGroup(reader);
  const role = readCode(reader, ROLE, 'follower');
  const term = reader.u64() as Term;
  const leader = readOptional(reader, readNodeId);
  const commitIndex = reader.u64() as LogIndex;
  const lastApplied = reader.u64() as LogIndex;
  const lastIndex = reader.u64() as LogIndex;
  const quarantined = reader.flag();
  const asleep = reader.flag();
  const voters = readList(reader, ID_BYTES, readNodeId);
  const learners = readList(reader, ID_BYTES, readNodeId);
  return { group, role, term, leader, commitIndex, lastApplied, lastIndex, quarantined, asleep, voters, learners };
}
