/** Reads the log as somebody without a key does: for oracles and faults that ask what stands on a disk, and not what it says. */
import { unreachable } from '../core/assert.ts';
import { sealedHeads } from '../core/seal/entries.ts';
import type { EntrySealer } from '../core/wal/entry-sealer.ts';

export const KEYLESS: EntrySealer = {
  draft: () => unreachable('who has no key writes nothing' as never),
  open: (payload) => sealedHeads(payload),
};
