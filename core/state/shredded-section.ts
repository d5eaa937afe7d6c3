/**
 * What is left of a vault's section once the vault is deleted and its key is gone. The payload is not there any more; its length and
 * hash are, and of each command which session it came under. Why that much: a replica that applies the shredded section must
 * arrive at the same session table, and know the same vault ids as taken, as one that applied the section itself (decision 0058).
 * The payload began with 16 entropy bytes, so its hash tells nothing of it.
 *
 *   OFFSET  SIZE  FIELD
 *   0       4     length of the payload that was
 *   4       32    its SHA-256
 *   36      4     command count (at least 1); then each command:
 *                 u8 kind ‖ session reference 28 (kinds 3 and 4) ‖ organization 16 (kind 3)         kinds: command.ts
 */
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import type { Hasher } from '../capability.ts';
import { ULID_BYTES } from '../chain/ulid.ts';
import type { CommandRef } from '../client/protocol.ts';
import { hashOf } from '../hasher.ts';
import type { OrganizationId } from '../ids.ts';
import { ENTRY_BYTES_MAX } from '../limits.ts';
import { CommandKind, REF_BYTES, readRef } from './command.ts';
import { readUlid } from './ulid-field.ts';

export type ShreddedCommand =
  | { readonly kind: 'createVault'; readonly ref: CommandRef; readonly organization: OrganizationId }
  | { readonly kind: 'transact'; readonly ref: CommandRef }
  | { readonly kind: 'expire' };

export interface ShreddedSection {
  readonly payloadBytes: number;
  readonly hash: Uint8Array;
  readonly commands: readonly ShreddedCommand[];
}

const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** Skips the rest of a command. @returns bytes of it that stay, behind the kind */
function passOver(reader: Reader, kind: number): number {
  switch (kind) {
    case CommandKind.createVault:
      reader.raw(REF_BYTES + ULID_BYTES);
      return REF_BYTES + ULID_BYTES;
    case CommandKind.transact:
      reader.raw(REF_BYTES + ULID_BYTES);
      reader.blob(ENTRY_BYTES_MAX);
      return REF_BYTES;
    case CommandKind.expire:
      return 0;
    default:
      reader.fail('bad_tag');
      return 0;
  }
}

/** What is left of a clear payload of a vault's section; undefined where it is none. Looks at no transaction. */
export function shred(hasher: Hasher, payload: Uint8Array): Uint8Array | undefined {
  const reader = new Reader(payload);
  reader.raw(SALT_BYTES);
  const count = reader.u32();
  const writer = new Writer(4 + HASH_BYTES + 4 + Math.min(count, payload.length) * (1 + REF_BYTES));
  writer.u32(payload.length);
  writer.raw(hashOf(hasher, payload));
  writer.u32(count);
  for (let i = 0; i < count && reader.failed === undefined; i += 1) {
    const kind = reader.u8();
    const at = reader.at;
    const stays = passOver(reader, kind);
    writer.u8(kind);
    writer.raw(payload.subarray(at, at + stays));
  }
  return count > 0 && reader.finish(true).ok ? writer.take() : undefined;
}

function readCommand(reader: Reader): ShreddedCommand {
  const kind = reader.u8();
  switch (kind) {
    case CommandKind.createVault: {
      const ref = readRef(reader);
      return { kind: 'createVault', ref, organization: readUlid<'OrganizationId'>(reader) };
    }
    case CommandKind.transact:
      return { kind: 'transact', ref: readRef(reader) };
    default:
      if (kind !== CommandKind.expire) reader.fail('bad_tag');
      return { kind: 'expire' };
  }
}

/** A violation makes the reader fail; the value is then meaningless. */
export function readShredded(reader: Reader): ShreddedSection {
  const payloadBytes = reader.u32();
  const hash = reader.raw(HASH_BYTES);
  const count = reader.u32();
  if (count < 1) reader.fail('bad_length');
  const commands: ShreddedCommand[] = [];
  for (let i = 0; i < count && reader.failed === undefined; i += 1) commands.push(readCommand(reader));
  return { payloadBytes, hash, commands };
}
