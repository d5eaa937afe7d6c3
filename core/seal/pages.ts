/**
 * Pages at rest, each under the key of the vault whose tree it is of, the group's own under the node's. What a page file holds of a
 * vault is gone with the vault's key. Position: u32 group ‖ u64 origin of the file ‖ u32 page.
 */
import { readWord, writeWord } from '../bytes/word.ts';
import { Writer } from '../bytes/writer.ts';
import type { PageFilePlace } from '../checkpoint/file.ts';
import type { VaultId } from '../ids.ts';
import { OWNER_BYTES, ownerOf } from '../page/header.ts';
import type { OpenedPage, PageSealer } from '../page/page-sealer.ts';
import type { PageId } from '../page/store.ts';
import { ulidText } from '../state/ulid-field.ts';
import { SEAL_OVERHEAD_BYTES, SealKind, type VaultKeys } from './vault-keys.ts';

const TEXT_AT = OWNER_BYTES + 4;
/** A multiple of 8, so that slots stay aligned. */
const OVERHEAD_BYTES = Math.ceil((TEXT_AT + SEAL_OVERHEAD_BYTES) / 8) * 8;

export class SealedPages implements PageSealer {
  readonly overheadBytes: number = OVERHEAD_BYTES;
  private readonly keys: VaultKeys;
  private readonly place: PageFilePlace;

  constructor(keys: VaultKeys, place: PageFilePlace) {
    this.keys = keys;
    this.place = place;
  }

  seal(id: PageId, page: Uint8Array): Uint8Array {
    const slot = new Uint8Array(page.length + OVERHEAD_BYTES);
    const owner = ownerOf(page);
    slot.set(owner);
    const text = this.keys.seal(vaultOf(owner), SealKind.page, this.positionOf(id), page);
    if (text === undefined) return slot;
    writeWord(text.length, slot, OWNER_BYTES);
    slot.set(text, TEXT_AT);
    return slot;
  }

  open(id: PageId, slot: Uint8Array, pageBytes: number): OpenedPage {
    const owner = slot.subarray(0, OWNER_BYTES);
    const length = readWord(slot, OWNER_BYTES);
    if (length === 0 || this.isDestroyed(owner)) return 'destroyed';
    if (length !== pageBytes + SEAL_OVERHEAD_BYTES) return undefined;
    const text = slot.subarray(TEXT_AT, TEXT_AT + length);
    return this.keys.openSealed(vaultOf(owner), SealKind.page, this.positionOf(id), text);
  }

  isDestroyed(owner: Uint8Array): boolean {
    return this.keys.isDestroyed(vaultOf(owner));
  }

  private positionOf(id: PageId): Uint8Array {
    const writer = new Writer(16);
    writer.u32(this.place.group);
    writer.u64(this.place.origin);
    writer.u32(id);
    return writer.take();
  }
}

/** Zeros are the node's own key, as they are the group's own pages. */
function vaultOf(owner: Uint8Array): VaultId {
  return ulidText<'VaultId'>(owner) as VaultId;
}
