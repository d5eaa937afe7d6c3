/**
 * Entries in a sealed WAL record. What belongs to a vault is sealed under the vault's key, once per record however many entries and
 * sections of it there are; what belongs to the group (sessions, directory), under the node's own key. What stays in clear is what a
 * replica needs when a vault's key is gone: the entry as it is once shredded (core/state/shredded-section.ts).
 *
 *   OFFSET SIZE
 *        0    8  first index
 *        8    4  number of entries; then each:
 *                u64 term ‖ u8 kind ‖ u8 layout ‖ u32 length ‖ bytes
 *                  layout 0  the data in clear: configurations, and what is empty
 *                  layout 1  the data with its sections replaced: form 1 of the group's own: u32 payload length; form 3 of a vault:
 *                            the shredded section; form 2: a section that was shredded already
 *                  layout 2  u32 length of the data, which is no list of sections and is sealed whole under the node's key
 *        …    4  number of parts; then each, in order of first use:
 *                vault 16 (zeros: the node's key) ‖ u32 length of the sealed text, 0 = its key was destroyed before ‖ sealed text
 * A part's plaintext is the payloads of its vault, one behind the other in the order of the entries. Position: u64 segment ‖ u64 offset
 * of the record ‖ everything in front of the parts, so that the clear head is bound to them.
 */
import { assert, defined } from '../assert.ts';
import { concatBytes } from '../bytes/compare.ts';
import { IdTexts } from '../bytes/id-text.ts';
import { Reader } from '../bytes/reader.ts';
import { writeU64 } from '../bytes/u64.ts';
import { Writer } from '../bytes/writer.ts';
import type { Hasher } from '../capability.ts';
import { encodeUlid } from '../chain/ulid.ts';
import { type LogIndex, plus, type Term, type VaultId } from '../ids.ts';
import { ENTRY_BYTES_MAX, SEALED_RECORD_BYTES_MAX } from '../limits.ts';
import { type Entry, EntryKind } from '../raft/message.ts';
import { joinEntryData, type RawSection, SectionForm, splitEntryData } from '../state/entry-data.ts';
import { shred } from '../state/shredded-section.ts';
import type { EntrySealer, RecordPlace, SealedDraft } from '../wal/entry-sealer.ts';
import { NODE_KEY } from './key-file.ts';
import { SEAL_OVERHEAD_BYTES, SealKind, type VaultKeys } from './vault-keys.ts';

const Layout = { clear: 0, sections: 1, whole: 2 } as const;
const VAULT_BYTES = 16;
const OWN: Uint8Array = new Uint8Array(VAULT_BYTES);
const TEXTS: IdTexts = new IdTexts(encodeUlid);
const NOTHING: Uint8Array = new Uint8Array(0);

/** Payloads of one vault, in order. */
class Part {
  readonly vault: VaultId;
  readonly vaultBytes: Uint8Array;
  readonly payloads: Uint8Array[] = [];
  bytes: number = 0;

  constructor(vault: VaultId, vaultBytes: Uint8Array) {
    this.vault = vault;
    this.vaultBytes = vaultBytes;
  }

  add(payload: Uint8Array): void {
    this.payloads.push(payload);
    this.bytes += payload.length;
  }
}

class Parts {
  private readonly parts: Part[] = [];
  private readonly byVault: Map<VaultId, Part> = new Map();

  of(vaultBytes: Uint8Array): Part {
    const vault = TEXTS.textOf(vaultBytes, 0) as VaultId;
    let part = this.byVault.get(vault);
    if (part === undefined) {
      part = new Part(vault, vaultBytes);
      this.byVault.set(vault, part);
      this.parts.push(part);
    }
    return part;
  }

  get inOrder(): readonly Part[] {
    return this.parts;
  }
}

function isOwn(vault: Uint8Array): boolean {
  for (const byte of vault) if (byte !== 0) return false;
  return true;
}

function lengthOnly(bytes: number): Uint8Array {
  const writer = new Writer(4);
  writer.u32(bytes);
  return writer.take();
}

function positionOf({ segment, offset }: RecordPlace, head: Uint8Array): Uint8Array {
  const place = new Uint8Array(16);
  writeU64(segment, place, 0);
  writeU64(offset, place, 8);
  return concatBytes(place, head);
}

export class SealedEntries implements EntrySealer {
  private readonly keys: VaultKeys;
  private readonly hasher: Hasher;

  constructor(keys: VaultKeys, hasher: Hasher) {
    this.keys = keys;
    this.hasher = hasher;
  }

  draft(entries: readonly Entry[]): SealedDraft {
    const parts = new Parts();
    const writer = new Writer();
    writer.u64(defined(entries[0], 'a record holds entries').index);
    writer.u32(entries.length);
    for (const entry of entries) this.writeEntry(writer, entry, parts);
    const head = writer.take();
    let bytes = head.length + 4;
    // Asked now and not when it is written: nothing may be destroyed in between, so the size stays true.
    for (const part of parts.inOrder) bytes += VAULT_BYTES + 4 + (this.isGone(part) ? 0 : part.bytes + SEAL_OVERHEAD_BYTES);
    assert(bytes <= SEALED_RECORD_BYTES_MAX, 'a sealed record is within its limit');
    return { bytes, write: (out, at, place) => this.write({ out, at, bytes }, place, head, parts.inOrder) };
  }

  open(payload: Uint8Array, place: RecordPlace): readonly Entry[] | undefined {
    const reader = new Reader(payload);
    const first = reader.u64() as LogIndex;
    const count = reader.u32();
    const heads: EntryHead[] = [];
    for (let i = 0; i < count && reader.failed === undefined; i += 1) heads.push(readHead(reader, plus(first, i)));
    if (reader.failed !== undefined || count === 0 || first === 0) return undefined;
    const position = positionOf(place, payload.subarray(0, reader.at));
    const plain = this.openParts(reader, position);
    if (plain === undefined) return undefined;
    const entries: Entry[] = [];
    for (const head of heads) {
      const data = dataOf(head, plain);
      if (data === undefined || data.length > ENTRY_BYTES_MAX) return undefined;
      entries.push({ term: head.term, index: head.index, kind: head.kind, data });
    }
    return entries;
  }

  private isGone({ vault }: Part): boolean {
    return this.keys.isDestroyed(vault);
  }

  private writeEntry(writer: Writer, { term, kind, data }: Entry, parts: Parts): void {
    writer.u64(term);
    writer.u8(kind);
    const isClear = data.length === 0 || kind === EntryKind.configuration;
    const skeleton = isClear ? data : this.skeleton(data, parts);
    if (isClear) writer.u8(Layout.clear);
    else writer.u8(skeleton === undefined ? Layout.whole : Layout.sections);
    if (skeleton === undefined) parts.of(OWN).add(data);
    writer.blob(skeleton ?? lengthOnly(data.length));
  }

  /** The data with its payloads taken out; undefined where it is no list of sections. */
  private skeleton(data: Uint8Array, parts: Parts): Uint8Array | undefined {
    const split = splitEntryData(data);
    if (split === undefined) return undefined;
    const sections: RawSection[] = [];
    const taken: (readonly [Uint8Array, Uint8Array])[] = [];
    for (const { vault, form, payload } of split.sections) {
      if (form === SectionForm.shredded && !isOwn(vault)) {
        sections.push({ vault, form, payload });
        continue;
      }
      const left = isOwn(vault) ? lengthOnly(payload.length) : shred(this.hasher, payload);
      if (form !== SectionForm.clear || left === undefined) return undefined;
      sections.push({ vault, form: isOwn(vault) ? SectionForm.ownSealed : SectionForm.vaultSealed, payload: left });
      taken.push([vault, payload]);
    }
    for (const [vault, payload] of taken) parts.of(vault).add(payload);
    return joinEntryData(split.wall, sections);
  }

  private write(
    target: { readonly out: Uint8Array; readonly at: number; readonly bytes: number },
    place: RecordPlace,
    head: Uint8Array,
    parts: readonly Part[],
  ): void {
    const position = positionOf(place, head);
    const writer = new Writer(target.bytes);
    writer.raw(head);
    writer.u32(parts.length);
    for (const part of parts) {
      writer.raw(part.vaultBytes);
      writer.blob(this.keys.seal(part.vault, SealKind.wal, position, concatBytes(...part.payloads)) ?? NOTHING);
    }
    assert(writer.length === target.bytes, 'a sealed record has the size it was given');
    target.out.set(writer.peek(), target.at);
  }

  /** undefined where one does not open. */
  private openParts(reader: Reader, position: Uint8Array): Map<VaultId, Plaintext> | undefined {
    const count = reader.u32();
    const plain = new Map<VaultId, Plaintext>();
    for (let i = 0; i < count && reader.failed === undefined; i += 1) {
      const vault = reader.id(TEXTS) as VaultId;
      const sealed = reader.blob(SEALED_RECORD_BYTES_MAX);
      if (reader.failed !== undefined) return undefined;
      // Where nothing was sealed the key was gone already, and stays so.
      const opened = this.keys.openSealed(vault, SealKind.wal, position, sealed);
      if (opened === undefined || (opened === 'destroyed' && vault === NODE_KEY)) return undefined;
      plain.set(vault, { bytes: opened === 'destroyed' ? undefined : opened, used: 0 });
    }
    return reader.finish(true).ok ? plain : undefined;
  }
}

/** Terms and indexes of a sealed payload, without any key; the data is left out. undefined: it means nothing. */
export function sealedHeads(payload: Uint8Array): readonly Entry[] | undefined {
  const reader = new Reader(payload);
  const first = reader.u64() as LogIndex;
  const count = reader.u32();
  const entries: Entry[] = [];
  for (let i = 0; i < count && reader.failed === undefined; i += 1) {
    const { term, index, kind } = readHead(reader, plus(first, i));
    entries.push({ term, index, kind, data: NOTHING });
  }
  return reader.failed === undefined && count > 0 && first > 0 ? entries : undefined;
}

/** What a part holds; undefined bytes: its key was destroyed. */
interface Plaintext {
  readonly bytes: Uint8Array | undefined;
  used: number;
}

interface EntryHead {
  readonly term: Term;
  readonly index: LogIndex;
  readonly kind: EntryKind;
  readonly layout: number;
  readonly bytes: Uint8Array;
}

function readHead(reader: Reader, index: LogIndex): EntryHead {
  const term = reader.u64() as Term;
  const kind = reader.u8();
  if (kind < EntryKind.normal || kind > EntryKind.configuration) reader.fail('bad_tag');
  const layout = reader.u8();
  if (layout > Layout.whole) reader.fail('bad_tag');
  return { term, index, kind: kind as EntryKind, layout, bytes: reader.blob(SEALED_RECORD_BYTES_MAX) };
}

/** The next so many bytes of a vault's plaintext; undefined where there are not so many. */
function takeFrom(plain: Plaintext, bytes: number): Uint8Array | undefined {
  const from = plain.used;
  if (plain.bytes === undefined || from + bytes > plain.bytes.length) return undefined;
  plain.used += bytes;
  return plain.bytes.subarray(from, from + bytes);
}

/** The data of an entry as it was, or shredded in part; a copy. undefined where head and parts do not fit together. */
function dataOf({ layout, bytes }: EntryHead, plain: ReadonlyMap<VaultId, Plaintext>): Uint8Array | undefined {
  if (layout === Layout.clear) return bytes.slice();
  if (layout === Layout.whole) {
    const own = plain.get(NODE_KEY);
    const length = new Reader(bytes).u32();
    return own === undefined ? undefined : takeFrom(own, length)?.slice();
  }
  const split = splitEntryData(bytes);
  if (split === undefined) return undefined;
  const sections: RawSection[] = [];
  for (const section of split.sections) {
    const restored = restore(section, plain);
    if (restored === undefined) return undefined;
    sections.push(restored);
  }
  return joinEntryData(split.wall, sections);
}

function restore(section: RawSection, plain: ReadonlyMap<VaultId, Plaintext>): RawSection | undefined {
  const { vault, form } = section;
  if (form === SectionForm.shredded) return section;
  const part = plain.get(TEXTS.textOf(vault, 0) as VaultId);
  if (part === undefined || (form !== SectionForm.ownSealed && form !== SectionForm.vaultSealed)) return undefined;
  if (part.bytes === undefined) return { vault, form: SectionForm.shredded, payload: section.payload };
  const payload = takeFrom(part, new Reader(section.payload).u32());
  return payload === undefined ? undefined : { vault, form: SectionForm.clear, payload };
}
