/**
 * What the log carries: client requests that change state, and the leader's own `expire`.
 * A command names its vault by the section it stands in (entry-data.ts), so a section can be sealed or shredded whole.
 *
 *   OFFSET  SIZE  FIELD
 *   0       1     kind: 1 openSession, 2 directory, 3 createVault, 4 transact, 5 expire, 6 deleteVault, 7 registerKey
 *   1       28    session reference (kinds 2 to 4, 6): u32 group, u64 index, u64 sequence, u64 lowest unanswered
 *   29      …     body
 *     directory    u8 1, 8 createOrganization: organization-command.ts
 *                  u8 2 reserveVault: text organization, text name, u8 allowExisting
 *                  u8 3 to 7: member-command.ts
 *                  u8 10 releaseVault: text organization, vault 16
 *     createVault  organization 16
 *     deleteVault  organization 16, vault 16; in the group's own section, because the vault's own will be shredded
 *     transact     organization 16, u32 length, transaction (transaction-codec.ts)
 * registerKey: node 16, public key 32 behind the kind; no session, for it is idempotent. openSession and expire are their kind byte alone. Text: u32 length, UTF-8.
 */
import { assert, unreachable } from '../assert.ts';
import { ID_BYTES, readId, writeId } from '../bytes/hex-id.ts';
import type { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { PUBLIC_KEY_BYTES } from '../capability.ts';
import { ULID_BYTES } from '../chain/ulid.ts';
import type { CommandRef, DirectoryCommand, MemberCommand } from '../client/protocol.ts';
import type { GroupId, LogIndex, NodeId, OrganizationId, VaultId } from '../ids.ts';
import { SLUG_BYTES_MAX, TRANSACTION_BYTES_MAX } from '../limits.ts';
import { isMemberCommand, MemberCommandKind, readMemberCommand, writeMemberCommand } from './member-command.ts';
import { isOrganizationName, isVaultName } from './names.ts';
import {
  CREATE_ORGANIZATION,
  CREATE_PLACED_ORGANIZATION,
  readCreateOrganization,
  writeCreateOrganization,
} from './organization-command.ts';
import { isPlacement } from './placed-group.ts';
import type { Transaction } from './transaction.ts';
import { decodeLedgerTransaction, transactBytes, writeTransactBlob } from './transaction-codec.ts';
import { readUlid, writeUlid } from './ulid-field.ts';

export type Command =
  | { readonly kind: 'openSession' }
  | { readonly kind: 'directory'; readonly ref: CommandRef; readonly body: DirectoryCommand }
  | {
      readonly kind: 'createVault';
      readonly ref: CommandRef;
      readonly organization: OrganizationId;
      readonly vault: VaultId;
    }
  | {
      readonly kind: 'transact';
      readonly ref: CommandRef;
      readonly organization: OrganizationId;
      readonly vault: VaultId;
      readonly transaction: Transaction;
    }
  | {
      readonly kind: 'deleteVault';
      readonly ref: CommandRef;
      readonly organization: OrganizationId;
      readonly vault: VaultId;
    }
  /** Removes what expired by the block's time; proposed by the leader, answers to nobody. */
  | { readonly kind: 'expire'; readonly vault: VaultId }
  /** A node signs checkpoints with this key from now on; proposed by GLOBAL's leader for a node that offered it. */
  | { readonly kind: 'registerKey'; readonly node: NodeId; readonly publicKey: Uint8Array };

/** A command as read from an entry, with the bytes that identify and record it. All byte fields are views of the entry. */
export interface DecodedCommand {
  readonly command: Command;
  /** Everything behind the session reference: with vault and kind, the payload that a retry must repeat. */
  readonly body: Uint8Array;
  /** The canonical transaction bytes, the future leaf of tx_root; empty for other kinds. */
  readonly transactionBytes: Uint8Array;
}

/** On disk and wire: do not renumber. */
export const CommandKind = {
  openSession: 1,
  directory: 2,
  createVault: 3,
  transact: 4,
  expire: 5,
  deleteVault: 6,
  registerKey: 7,
} as const;
const RESERVE_VAULT = 2;
const RELEASE_VAULT = 10;
const MEMBER_KINDS = Object.keys(MemberCommandKind) as readonly MemberCommand['kind'][];
/** A session reference's bytes. */
export const REF_BYTES: number = 28;
const NONE: Uint8Array = new Uint8Array(0);

/** The vault whose section a command stands in; undefined = the group's own section. */
export function vaultOf(command: Command): VaultId | undefined {
  switch (command.kind) {
    case 'openSession':
    case 'directory':
    case 'deleteVault':
    case 'registerKey':
      return undefined;
    case 'createVault':
    case 'transact':
    case 'expire':
      return command.vault;
    default:
      return unreachable(command);
  }
}

function writeRef(writer: Writer, ref: CommandRef): void {
  writer.u32(ref.session.group);
  writer.u64(ref.session.index);
  writer.u64(ref.sequence);
  writer.u64(ref.lowestUnanswered);
}

export function readRef(reader: Reader): CommandRef {
  const session = { group: reader.u32() as GroupId, index: reader.u64() as LogIndex };
  return { session, sequence: reader.u64(), lowestUnanswered: reader.u64() };
}

function writeDirectoryBody(writer: Writer, body: DirectoryCommand): void {
  switch (body.kind) {
    case 'createOrganization':
      return writeCreateOrganization(writer, body);
    case 'reserveVault':
      writer.u8(RESERVE_VAULT);
      writer.text(body.organization);
      writer.text(body.name);
      return writer.u8(body.allowExisting ? 1 : 0);
    case 'releaseVault':
      writer.u8(RELEASE_VAULT);
      writer.text(body.organization);
      return writeUlid(writer, body.vault);
    default:
      writer.u8(MemberCommandKind[body.kind]);
      return writeMemberCommand(writer, body);
  }
}

function readDirectoryBody(reader: Reader): DirectoryCommand {
  const kind = reader.u8();
  if (kind === CREATE_ORGANIZATION || kind === CREATE_PLACED_ORGANIZATION) {
    const body = readCreateOrganization(reader, kind, SLUG_BYTES_MAX);
    if (!isOrganizationName(body.name) || !isPlacement(body.placement)) reader.fail('bad_value');
    return body;
  }
  const member = MEMBER_KINDS.find((name) => MemberCommandKind[name] === kind);
  if (member !== undefined) {
    const body = readMemberCommand(reader, member);
    if (!isMemberCommand(body)) reader.fail('bad_value');
    return body;
  }
  if (kind !== RESERVE_VAULT && kind !== RELEASE_VAULT) reader.fail('bad_tag');
  const organization = reader.text(SLUG_BYTES_MAX);
  if (kind === RELEASE_VAULT) {
    if (!isOrganizationName(organization)) reader.fail('bad_value');
    return { kind: 'releaseVault', organization, vault: readUlid(reader) };
  }
  const name = reader.text(SLUG_BYTES_MAX);
  if (!isOrganizationName(organization) || !isVaultName(name)) reader.fail('bad_value');
  return { kind: 'reserveVault', organization, name, allowExisting: reader.flag() };
}

/** Appends a command. It passed admission (admission.ts): its texts are well-formed and within limits. */
export function writeCommand(writer: Writer, command: Command): void {
  writer.u8(CommandKind[command.kind]);
  switch (command.kind) {
    case 'openSession':
    case 'expire':
      return;
    case 'registerKey':
      writeId(writer, command.node);
      return writer.raw(command.publicKey);
    case 'directory':
      writeRef(writer, command.ref);
      return writeDirectoryBody(writer, command.body);
    case 'createVault':
      writeRef(writer, command.ref);
      return writeUlid(writer, command.organization);
    case 'deleteVault':
      writeRef(writer, command.ref);
      writeUlid(writer, command.organization);
      return writeUlid(writer, command.vault);
    case 'transact': {
      writeRef(writer, command.ref);
      writeUlid(writer, command.organization);
      const start = writer.length + 4;
      writeTransactBlob(writer, command.transaction);
      assert(writer.length - start <= TRANSACTION_BYTES_MAX, 'a transaction is within its limit');
      return;
    }
    default:
      return unreachable(command);
  }
}

/** Encoded size of a command, bytes: what it adds to an entry besides its section's framing. */
export function commandBytes(command: Command): number {
  switch (command.kind) {
    case 'openSession':
    case 'expire':
      return 1;
    case 'directory': {
      const writer = new Writer();
      writeCommand(writer, command);
      return writer.length;
    }
    case 'registerKey':
      return 1 + ID_BYTES + PUBLIC_KEY_BYTES;
    case 'createVault':
      return 1 + REF_BYTES + ULID_BYTES;
    case 'deleteVault':
      return 1 + REF_BYTES + 2 * ULID_BYTES;
    case 'transact':
      return 1 + REF_BYTES + ULID_BYTES + 4 + transactBytes(command.transaction);
    default:
      return unreachable(command);
  }
}

function readTransact(reader: Reader, vault: VaultId, ref: CommandRef): { command: Command; transactionBytes: Uint8Array } {
  const organization = readUlid<'OrganizationId'>(reader);
  const transactionBytes = reader.blob(TRANSACTION_BYTES_MAX);
  const decoded = decodeLedgerTransaction(transactionBytes);
  let transaction: Transaction = { actor: '', reason: '', operations: [] };
  if (!decoded.ok) reader.fail(decoded.reason);
  else if (decoded.value.kind === 'transact') transaction = decoded.value.transaction;
  else reader.fail('bad_tag');
  return { command: { kind: 'transact', ref, organization, vault, transaction }, transactionBytes };
}

function readVaultCommand(reader: Reader, kind: number, vault: VaultId, bytes: Uint8Array): DecodedCommand {
  if (kind === CommandKind.expire) return { command: { kind: 'expire', vault }, body: NONE, transactionBytes: NONE };
  const ref = readRef(reader);
  const start = reader.at;
  if (kind === CommandKind.createVault) {
    const organization = readUlid<'OrganizationId'>(reader);
    const command: Command = { kind: 'createVault', ref, organization, vault };
    return { command, body: bytes.subarray(start, reader.at), transactionBytes: NONE };
  }
  if (kind !== CommandKind.transact) reader.fail('bad_tag');
  const { command, transactionBytes } = readTransact(reader, vault, ref);
  return { command, body: bytes.subarray(start, reader.at), transactionBytes };
}

/**
 * Reads one command of a section. A violation makes the reader fail; the value is then meaningless.
 * @param bytes the array under the reader. @param vault the section's vault, undefined for the group's own section.
 */
export function readCommand(reader: Reader, bytes: Uint8Array, vault: VaultId | undefined): DecodedCommand {
  const kind = reader.u8();
  if (vault !== undefined) return readVaultCommand(reader, kind, vault, bytes);
  if (kind === CommandKind.openSession) return { command: { kind: 'openSession' }, body: NONE, transactionBytes: NONE };
  if (kind === CommandKind.registerKey) {
    const command: Command = { kind: 'registerKey', node: readId<'NodeId'>(reader), publicKey: reader.copy(PUBLIC_KEY_BYTES) };
    return { command, body: NONE, transactionBytes: NONE };
  }
  if (kind !== CommandKind.directory && kind !== CommandKind.deleteVault) reader.fail('bad_tag');
  const ref = readRef(reader);
  const start = reader.at;
  if (kind === CommandKind.deleteVault) {
    const organization = readUlid<'OrganizationId'>(reader);
    const command: Command = { kind: 'deleteVault', ref, organization, vault: readUlid(reader) };
    return { command, body: bytes.subarray(start, reader.at), transactionBytes: NONE };
  }
  const command: Command = { kind: 'directory', ref, body: readDirectoryBody(reader) };
  return { command, body: bytes.subarray(start, reader.at), transactionBytes: NONE };
}
