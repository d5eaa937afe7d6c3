/**
 * What a page file asks of whoever seals its pages at rest; implemented by core/seal/pages.ts. A sealed page stands in a slot:
 *
 *   owner 16, as in the page ‖ u32 length of the sealed text, 0 = its key was destroyed before ‖ sealed text ‖ zeros
 */
import type { PageId } from './store.ts';

/** A page in clear; or why there is none: its key was destroyed, or it is not what was sealed there. */
export type OpenedPage = Uint8Array | 'destroyed' | undefined;

export interface PageSealer {
  /** Bytes that a slot has more than a page. */
  readonly overheadBytes: number;
  /** The slot of a page. */
  seal(id: PageId, page: Uint8Array): Uint8Array;
  open(id: PageId, slot: Uint8Array, pageBytes: number): OpenedPage;
  /** Whether the owner's key was destroyed: nothing of it is read any more. */
  isDestroyed(owner: Uint8Array): boolean;
}
