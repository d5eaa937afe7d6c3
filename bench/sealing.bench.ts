/**
 * What encryption at rest costs a write: planning the log's bytes in clear and sealed, for entries as group commit makes
 * them. The device is not measured: its sync is the same. Usage: npm run bench:sealing.
 */
import type { Entropy } from '../core/capability.ts';
import { ulidFrom } from '../core/chain/ulid.ts';
import type { FileOp } from '../core/effect.ts';
import type { GroupId, LogIndex, Micros, OrganizationId, Term, VaultId } from '../core/ids.ts';
import { type Entry, EntryKind } from '../core/raft/message.ts';
import { SealedEntries } from '../core/seal/entries.ts';
import { KEY_FILE } from '../core/seal/key-file.ts';
import { VaultKeys } from '../core/seal/vault-keys.ts';
import type { Command } from '../core/state/command.ts';
import { encodeEntryData } from '../core/state/entry-data.ts';
import { recoverWal } from '../core/wal/recover.ts';
import type { Wal } from '../core/wal/wal.ts';
import { systemEntropy } from '../node/entropy.ts';
import { nativeHasher } from '../node/hasher.ts';
import { nativeCipher } from '../node/keys/native-cipher.ts';
import { type Candidate, compare, machineClass, report } from './harness.ts';

const GROUP = 1 as GroupId;
const ORGANIZATION = ulidFrom(1_700_000_000_000, new Uint8Array(10).fill(1)) as OrganizationId;
const entropy: Entropy = systemEntropy;

function vault(number: number): VaultId {
  return ulidFrom(1_700_000_000_000, new Uint8Array(10).fill(number + 2)) as VaultId;
}

/** An entry of so many transactions of one tuple each, over so many vaults. */
function entryOf(commands: number, vaults: number): Entry {
  const list = Array.from({ length: commands }, (_, i): Command => {
    const tuple = { resource: `document:${i}`, relation: 'viewer', subject: `user:${i}` };
    const operation = { op: 'writeTuple', tuple, condition: undefined, expiresAt: 0, onDuplicate: 'ignore' } as const;
    const ref = { session: { group: GROUP, index: 1 as LogIndex }, sequence: i + 1, lowestUnanswered: 1 };
    const transaction = { actor: 'user:anne', reason: '', operations: [operation] };
    return { kind: 'transact', ref, organization: ORGANIZATION, vault: vault(i % vaults), transaction };
  });
  const { data } = encodeEntryData({ wall: 1_700_000_000_000_000 as Micros, commands: list, entropy });
  return { term: 1 as Term, index: 1 as LogIndex, kind: EntryKind.normal, data };
}

const nothing = { list: () => [], size: () => undefined, read: () => new Uint8Array(0) };

function sealer(): SealedEntries {
  const cipher = nativeCipher(new Uint8Array(32).fill(7));
  const file = VaultKeys.create(cipher);
  const reader = { list: () => [KEY_FILE], size: () => file.length, read: () => file };
  const keys = VaultKeys.open(reader, cipher, entropy);
  if (keys === undefined) throw new Error('the key file is there');
  return new SealedEntries(keys, nativeHasher);
}

function planning(name: string, wal: Wal, entry: Entry, commands: number): Candidate {
  let index = 0;
  let ops: readonly FileOp[] = [];
  return {
    name,
    operations: commands,
    run: () => {
      index += 1;
      ops = wal.plan([{ kind: 'entries', group: GROUP, entries: [{ ...entry, index: index as LogIndex }] }]);
      if (ops.length === 0) throw new Error('a plan writes');
    },
  };
}

console.log(machineClass());
for (const [commands, vaults] of [
  [1, 1],
  [16, 1],
  [100, 1],
  [100, 10],
] as const) {
  const entry = entryOf(commands, vaults);
  const seals = sealer();
  const { wal: clear } = recoverWal(nothing);
  const { wal: sealed } = recoverWal(nothing, { sealer: seals });
  const draft = seals.draft([entry]);
  report(
    `an entry of ${commands} transactions on ${vaults} vaults: ${entry.data.length} bytes, sealed ${draft.bytes}`,
    compare([planning('log in clear', clear, entry, commands), planning('log sealed', sealed, entry, commands)]),
  );
}
