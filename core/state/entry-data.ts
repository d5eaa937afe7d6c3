/**
 * The data of a normal or no-op Raft entry: the leader's wall clock and a list of sections, one per vault, so that each
 * vault's part can later be sealed, shredded and hashed on its own. Source: 20-consensus ("an entry is a list of sections").
 *
 *   OFFSET  SIZE  FIELD
 *   0       8     wall: microseconds since 1970 that the leader proposes, at most WALL_MICROS_MAX
 *   8       4     section count; then each section:
 *   0       16    vault (128 bits of its ULID); zeros = the group's own section (sessions, directory)
 *   16      1     form: 0 clear; 2 shredded, of vaults only; 1 and 3 stand on disks alone (core/seal/entries.ts) and are refused
 *   17      4     payload length
 *   21      …     clear: 16 entropy bytes, u32 command count (at least 1), commands (command.ts)
 *                 shredded: what is left of them once the vault's key is gone (shredded-section.ts)
 * Why entropy in a clear section: once shredded, only {vault, length, hash} is replicated, and the hash must tell nothing.
 * A vault has at most one section. Commands of one section keep their order; sections stand in order of first use.
 */
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import type { Entropy } from '../capability.ts';
import type { Decoded } from '../errors.ts';
import type { Micros, VaultId } from '../ids.ts';
import { ENTRY_BYTES_MAX, WALL_MICROS_MAX } from '../limits.ts';
import { type Command, commandBytes, type DecodedCommand, readCommand, vaultOf, writeCommand } from './command.ts';
import { readShredded, type ShreddedCommand } from './shredded-section.ts';
import { readUlid, writeUlid } from './ulid-field.ts';

export interface Section {
  /** undefined: the group's own section. */
  readonly vault: VaultId | undefined;
  readonly commands: readonly DecodedCommand[];
  /** What is left of the commands of a deleted vault whose key is gone; then there are no others. */
  readonly shredded: readonly ShreddedCommand[] | undefined;
}

export interface EntryData {
  readonly wall: Micros;
  readonly sections: readonly Section[];
}

const SALT_BYTES = 16;
/** On disk and wire: do not renumber. */
export const SectionForm = { clear: 0, ownSealed: 1, shredded: 2, vaultSealed: 3 } as const;
/** Framing of a section, bytes: what a vault's first command adds to an entry besides itself. */
export const SECTION_OVERHEAD_BYTES: number = 16 + 1 + 4 + SALT_BYTES + 4;
/** Framing of an entry, bytes. */
export const ENTRY_OVERHEAD_BYTES: number = 8 + 4;
const GROUP_SECTION: Uint8Array = new Uint8Array(16);
const UNREAD: Uint8Array = new Uint8Array(0);

interface Draft {
  readonly vault: VaultId | undefined;
  /** Indexes into the caller's commands. */
  readonly members: number[];
}

/** Groups commands by vault, sections in order of first use, commands in the order given. */
function group(commands: readonly Command[]): readonly Draft[] {
  const drafts: Draft[] = [];
  const byVault = new Map<VaultId | undefined, Draft>();
  commands.forEach((command, index) => {
    const vault = vaultOf(command);
    let draft = byVault.get(vault);
    if (draft === undefined) {
      draft = { vault, members: [] };
      byVault.set(vault, draft);
      drafts.push(draft);
    }
    draft.members.push(index);
  });
  return drafts;
}

function writeSection(writer: Writer, draft: Draft, commands: readonly Command[], entropy: Entropy): void {
  if (draft.vault === undefined) writer.raw(GROUP_SECTION);
  else writeUlid(writer, draft.vault);
  writer.u8(SectionForm.clear);
  const lengthAt = writer.length;
  writer.u32(0);
  const salt = new Uint8Array(SALT_BYTES);
  entropy.fill(salt, 0, SALT_BYTES);
  writer.raw(salt);
  writer.u32(draft.members.length);
  for (const index of draft.members) writeCommand(writer, commands[index] as Command);
  writer.patchU32(lengthAt, writer.length - lengthAt - 4);
}

/**
 * The data of an entry.
 * @param options.wall the leader's wall clock, microseconds. @param options.commands admitted commands; none for a no-op.
 * @returns data, and order: order[k] is the index in `commands` of the k-th command of the entry, hence of the k-th result
 *   of GroupState.apply.
 */
export function encodeEntryData(options: {
  readonly wall: Micros;
  readonly commands: readonly Command[];
  readonly entropy: Entropy;
}): { readonly data: Uint8Array; readonly order: readonly number[] } {
  const drafts = group(options.commands);
  let bytes = ENTRY_OVERHEAD_BYTES + SECTION_OVERHEAD_BYTES * drafts.length;
  for (const command of options.commands) bytes += commandBytes(command);
  const writer = new Writer(bytes);
  writer.u64(Math.min(options.wall, WALL_MICROS_MAX));
  writer.u32(drafts.length);
  for (const draft of drafts) writeSection(writer, draft, options.commands, options.entropy);
  return { data: writer.take(), order: drafts.flatMap((draft) => draft.members) };
}

function isZeros(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false;
  return true;
}

function readSection(reader: Reader, bytes: Uint8Array): Section {
  const idAt = reader.at;
  const id = reader.raw(16);
  const vault = isZeros(id) ? undefined : readUlid<'VaultId'>(new Reader(bytes, idAt, idAt + id.length));
  const form = reader.u8();
  const payloadBytes = reader.u32();
  const end = reader.at + payloadBytes;
  if (form === SectionForm.shredded && vault !== undefined) {
    const { commands: shredded } = readShredded(reader);
    if (reader.at !== end) reader.fail('bad_length');
    return { vault, commands: [], shredded };
  }
  if (form !== SectionForm.clear) reader.fail('bad_tag');
  reader.raw(SALT_BYTES);
  const count = reader.u32();
  if (count < 1) reader.fail('bad_length');
  const commands: DecodedCommand[] = [];
  for (let i = 0; i < count && reader.failed === undefined; i += 1) commands.push(readCommand(reader, bytes, vault));
  if (reader.at !== end) reader.fail('bad_length');
  return { vault, commands, shredded: undefined };
}

/** A section as it stands in the bytes; nothing of its payload was looked at. Views of the entry. */
export interface RawSection {
  /** 16 bytes; zeros = the group's own. */
  readonly vault: Uint8Array;
  readonly form: number;
  readonly payload: Uint8Array;
}

/** Bytes in front of a section's payload. */
export const SECTION_HEAD_BYTES: number = 16 + 1 + 4;

/** Splits an entry's data without reading its commands; undefined where it is none. */
export function splitEntryData(
  bytes: Uint8Array,
): { readonly wall: number; readonly sections: readonly RawSection[] } | undefined {
  const reader = new Reader(bytes);
  const wall = reader.u64();
  const count = reader.u32();
  const sections: RawSection[] = [];
  for (let i = 0; i < count && reader.failed === undefined; i += 1) {
    const vault = reader.raw(16);
    const form = reader.u8();
    sections.push({ vault, form, payload: reader.blob(ENTRY_BYTES_MAX) });
  }
  return reader.finish(true).ok ? { wall, sections } : undefined;
}

/** The reverse of `splitEntryData`. */
export function joinEntryData(wall: number, sections: readonly RawSection[]): Uint8Array {
  let bytes = ENTRY_OVERHEAD_BYTES;
  for (const { payload } of sections) bytes += SECTION_HEAD_BYTES + payload.length;
  const writer = new Writer(bytes);
  writer.u64(wall);
  writer.u32(sections.length);
  for (const { vault, form, payload } of sections) {
    writer.raw(vault);
    writer.u8(form);
    writer.blob(payload);
  }
  return writer.take();
}

/** Strict. The commands' byte fields are views of `bytes`. */
export function decodeEntryData(bytes: Uint8Array): Decoded<EntryData> {
  const reader = new Reader(bytes.length > ENTRY_BYTES_MAX ? UNREAD : bytes);
  if (bytes.length > ENTRY_BYTES_MAX) reader.fail('too_large');
  const wall = reader.u64() as Micros;
  if (wall > WALL_MICROS_MAX) reader.fail('bad_value');
  const count = reader.u32();
  const sections: Section[] = [];
  const seen = new Set<VaultId | undefined>();
  for (let i = 0; i < count && reader.failed === undefined; i += 1) {
    const section = readSection(reader, bytes);
    if (seen.has(section.vault)) reader.fail('bad_value');
    seen.add(section.vault);
    sections.push(section);
  }
  return reader.finish({ wall, sections });
}
