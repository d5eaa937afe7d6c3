/** What can be found in a data directory: as its bytes stand there, and with every key that its key file still holds. */
import { concatBytes } from '../../core/bytes/compare.ts';
import { toHex } from '../../core/bytes/text.ts';
import type { Cipher } from '../../core/capability.ts';
import { type PageFilePlace, parsePageFileName } from '../../core/checkpoint/file.ts';
import type { DirectoryReader } from '../../core/effect.ts';
import { portableHasher } from '../../core/hasher.ts';
import type { VaultId } from '../../core/ids.ts';
import type { PageId } from '../../core/page/store.ts';
import { Sealing } from '../../core/replica/sealing.ts';
import { heldOf } from '../../core/replica/snapshot-store.ts';
import { decodeKeyFile, KEY_FILE, NODE_KEY } from '../../core/seal/key-file.ts';
import { SealKind } from '../../core/seal/vault-keys.ts';
import { parseSnapshotName, scanSnapshot } from '../../core/snapshot/file.ts';
import { ulidBytes } from '../../core/state/ulid-field.ts';
import { recoverWal } from '../../core/wal/recover.ts';
import { scanSegment } from '../../core/wal/scan.ts';
import { segmentId } from '../../core/wal/segment.ts';
import { seededEntropy } from './support.ts';

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function contentsOf(reader: DirectoryReader, name: string): Uint8Array {
  return reader.read(name, 0, reader.size(name) ?? 0);
}

/** Names of the files that hold one of the markers in clear. */
export function filesWith(reader: DirectoryReader, markers: readonly string[]): readonly string[] {
  return reader.list().filter((name) => {
    const text = textOf(contentsOf(reader, name));
    return markers.some((marker) => text.includes(marker));
  });
}

/** Everything in log and snapshots that this master key opens, as text. */
export function openedText(reader: DirectoryReader, cipher: Cipher): string {
  const sealing = new Sealing(reader, { cipher, hasher: portableHasher, entropy: seededEntropy(77) });
  const { groups, damage } = recoverWal(reader, { sealer: sealing.entries });
  if (damage.length > 0) throw new Error(`the log is damaged: ${JSON.stringify(damage)}`);
  let text = '';
  for (const log of groups.values()) for (const { data } of log.entriesBehind(0 as never)) text += textOf(data);
  for (const name of reader.list()) {
    for (const { id, slot, pageBytes, place } of slotsOf(reader, name)) {
      const page = sealing.pagesOf(place)?.open(id, slot, pageBytes);
      if (page instanceof Uint8Array) text += textOf(page);
    }
    const place = parseSnapshotName(name);
    if (place === undefined) continue;
    const steps = scanSnapshot(portableHasher, reader, name, place, sealing.chunks);
    let step = steps.next();
    while (step.done !== true) step = steps.next();
    const held = step.value === undefined ? undefined : heldOf(step.value);
    if (held === undefined) continue;
    const source = held.index.source(reader);
    for (const [section, { chunks }] of held.manifest.sections.entries()) {
      for (let number = 0; number < chunks; number += 1)
        text += textOf(source.chunk(section as never, number) ?? new Uint8Array(0));
    }
  }
  return text;
}

/** Vaults whose keys this key file holds. */
export function vaultsWithKeys(reader: DirectoryReader): readonly VaultId[] {
  const decoded = decodeKeyFile(contentsOf(reader, KEY_FILE));
  if (!decoded.ok) throw new Error(decoded.reason);
  return [...decoded.value.keys].flatMap(([vault, key]) => (key === undefined || vault === NODE_KEY ? [] : [vault]));
}

interface SealedText {
  readonly position: Uint8Array;
  readonly sealed: Uint8Array;
}

/** Every sealed text that stands in log and snapshots under the vault's name, found by the formats alone and without a key. */
export function sealedTextsOf(reader: DirectoryReader, vault: VaultId): readonly SealedText[] {
  const id = toHex(ulidBytes(vault));
  const found: SealedText[] = [];
  for (const name of reader.list()) {
    const texts = segmentId(name) === undefined ? textsOfSnapshot(reader, name) : textsOfSegment(reader, name);
    for (const text of [...texts, ...textsOfPages(reader, name)])
      if (text.vault === id && text.sealed.length > 0) found.push(text);
  }
  return found;
}

function* textsOfSegment(reader: DirectoryReader, name: string): Generator<SealedText & { readonly vault: string }> {
  const segment = segmentId(name) as number;
  const bytes = contentsOf(reader, name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const { offset, header } of scanSegment(segment, bytes).found) {
    if (header.form !== 1) continue;
    const start = offset + 56;
    let at = start + 12;
    for (let entry = view.getUint32(start + 8); entry > 0; entry -= 1) at += 14 + view.getUint32(at + 10);
    const place = new Uint8Array(16);
    new DataView(place.buffer).setBigUint64(0, BigInt(segment));
    new DataView(place.buffer).setBigUint64(8, BigInt(offset));
    const position = concatBytes(place, bytes.subarray(start, at));
    const parts = view.getUint32(at);
    at += 4;
    for (let part = 0; part < parts; part += 1) {
      const length = view.getUint32(at + 16);
      yield { vault: toHex(bytes, at, at + 16), position, sealed: bytes.slice(at + 20, at + 20 + length) };
      at += 20 + length;
    }
  }
}

function* textsOfSnapshot(reader: DirectoryReader, name: string): Generator<SealedText & { readonly vault: string }> {
  const place = parseSnapshotName(name);
  if (place === undefined) return;
  const bytes = contentsOf(reader, name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let record = 32; record + 16 <= bytes.length; record += 16 + view.getUint32(record + 12)) {
    if (bytes[record + 4] !== 3) continue;
    const end = record + 16 + view.getUint32(record + 12);
    let at = record + 48;
    for (let piece = 0; at < end; piece += 1) {
      const position = new Uint8Array(29);
      const out = new DataView(position.buffer);
      out.setUint32(0, place.group);
      out.setBigUint64(4, BigInt(place.index));
      out.setBigUint64(12, BigInt(record));
      out.setUint8(20, bytes[record + 5] as number);
      out.setUint32(21, view.getUint32(record + 8));
      out.setUint32(25, piece);
      const length = view.getUint32(at + 16);
      yield { vault: toHex(bytes, at, at + 16), position, sealed: bytes.slice(at + 20, at + 20 + length) };
      at += 20 + length;
    }
  }
}

interface PageSlot {
  readonly place: PageFilePlace;
  readonly id: PageId;
  readonly slot: Uint8Array;
  readonly pageBytes: number;
}

/** Every slot of a page file, whether its checkpoint needs the page or not. */
function* slotsOf(reader: DirectoryReader, name: string): Generator<PageSlot> {
  const place = parsePageFileName(name);
  if (place === undefined) return;
  const bytes = contentsOf(reader, name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = [0, 8192].find((slot) => toHex(bytes, slot, slot + 8) === '564f554348504753') ?? 0;
  const pageBytes = view.getUint32(at + 12);
  const slotBytes = pageBytes + view.getUint16(at + 10);
  for (let id = 1; pageBytes > 0 && 16_384 + id * slotBytes <= bytes.length; id += 1) {
    const start = 16_384 + (id - 1) * slotBytes;
    yield { place, id: id as PageId, slot: bytes.slice(start, start + slotBytes), pageBytes };
  }
}

function* textsOfPages(reader: DirectoryReader, name: string): Generator<SealedText & { readonly vault: string }> {
  for (const { place, id, slot } of slotsOf(reader, name)) {
    const length = new DataView(slot.buffer).getUint32(16);
    if (20 + length > slot.length) continue; // a page in clear
    const position = new Uint8Array(16);
    const out = new DataView(position.buffer);
    out.setUint32(0, place.group);
    out.setBigUint64(4, BigInt(place.origin));
    out.setUint32(12, id);
    yield { vault: toHex(slot, 0, 16), position, sealed: slot.slice(20, 20 + length) };
  }
}

/** How many of the texts somebody opens who has the master key and tries every key that is left, under every name and kind. */
export function opensWithAnyKey(reader: DirectoryReader, cipher: Cipher, vault: VaultId, texts: readonly SealedText[]): number {
  const decoded = decodeKeyFile(contentsOf(reader, KEY_FILE));
  if (!decoded.ok) throw new Error(decoded.reason);
  const owners = [...decoded.value.keys].filter(([, wrapped]) => wrapped !== undefined);
  const isOpened = ({ position, sealed }: SealedText): boolean =>
    owners.some(([owner, wrapped]) => {
      const key = cipher.unwrap(wrapped as Uint8Array);
      if (key === undefined) throw new Error('the master key opens its keys');
      return [owner, vault].some((name) =>
        Object.values(SealKind).some((kind) => {
          const info = concatBytes(ulidBytes(name), Uint8Array.of(kind));
          const nonce = concatBytes(new Uint8Array(4), sealed.subarray(16, 24));
          const derived = cipher.derive(key, sealed.subarray(0, 16), info);
          return cipher.open(derived, nonce, concatBytes(info, position), sealed.subarray(24)) !== undefined;
        }),
      );
    });
  return texts.filter(isOpened).length;
}
