/** What the log asks of whoever seals entries at rest; implemented by core/seal/entries.ts. The log knows only sizes and places. */
import type { Entry } from '../raft/message.ts';

/** Where a record stands: what is sealed for one place opens in no other. */
export interface RecordPlace {
  readonly segment: number;
  /** Of the record, in bytes. */
  readonly offset: number;
}

/** Entries on their way to the disk: their size is known, their place not yet. */
export interface SealedDraft {
  /** Exact size of the payload. */
  readonly bytes: number;
  /** Writes the payload at `at`. Once. */
  write(out: Uint8Array, at: number, place: RecordPlace): void;
}

export interface EntrySealer {
  /** @param entries of one record, contiguous, at least one. */
  draft(entries: readonly Entry[]): SealedDraft;
  /** The entries of a sealed payload; sections whose key was destroyed come back shredded. undefined: it means nothing. */
  open(payload: Uint8Array, place: RecordPlace): readonly Entry[] | undefined;
}
