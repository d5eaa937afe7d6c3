/** Sealed entries against the entries themselves: what comes back, what is left without a key, and what is refused. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { hashOf, portableHasher } from '../../core/hasher.ts';
import type { LogIndex, OrganizationId, Term, VaultId } from '../../core/ids.ts';
import { type Entry, EntryKind } from '../../core/raft/message.ts';
import { SealedEntries, sealedHeads } from '../../core/seal/entries.ts';
import { NODE_KEY } from '../../core/seal/key-file.ts';
import { SealKind } from '../../core/seal/vault-keys.ts';
import type { Command } from '../../core/state/command.ts';
import { decodeEntryData, encodeEntryData, splitEntryData } from '../../core/state/entry-data.ts';
import { propertyRuns } from '../support/property.ts';
import { openKeys, sealedDirectory, seededEntropy, simulated, vaultId } from './support.ts';

const ORGANIZATION = vaultId(200) as string as OrganizationId;
const ref = { session: { group: 1 as never, index: 5 as LogIndex }, sequence: 3, lowestUnanswered: 2 };

function commandOf(kind: 'session' | 'create' | 'set' | 'expire' | 'delete', vault: VaultId, text: string): Command {
  switch (kind) {
    case 'session':
      return { kind: 'openSession' };
    case 'create':
      return { kind: 'createVault', ref, organization: ORGANIZATION, vault };
    case 'expire':
      return { kind: 'expire', vault };
    case 'delete':
      return { kind: 'deleteVault', ref, organization: ORGANIZATION, vault };
    case 'set': {
      const value = Uint8Array.from(text, (character) => character.charCodeAt(0));
      const operations = [{ op: 'setEntity' as const, key: 'k', value, expiresAt: 0, condition: undefined }];
      return { kind: 'transact', ref, organization: ORGANIZATION, vault, transaction: { actor: '', reason: '', operations } };
    }
  }
}

const command = fc
  .record({
    kind: fc.constantFrom('session' as const, 'create' as const, 'set' as const, 'expire' as const, 'delete' as const),
    vault: fc.nat({ max: 2 }).map(vaultId),
    text: fc.constantFrom('marker-aaaaaaaa', 'marker-bbbbbbbb', ''),
  })
  .map(({ kind, vault, text }) => commandOf(kind, vault, text));
const data = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .array(command, { maxLength: 8 })
      .map((commands) => encodeEntryData({ wall: 7 as never, commands, entropy: seededEntropy(3) }).data),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 30 }) },
);
const entries = fc
  .array(fc.record({ kind: fc.constantFrom(EntryKind.normal, EntryKind.normal, EntryKind.configuration), data }), {
    minLength: 1,
    maxLength: 5,
  })
  .map((list) => list.map((entry, i): Entry => ({ ...entry, term: 4 as Term, index: (9 + i) as LogIndex })));

const PLACE = { segment: 3, offset: 512 };

function sealing(): { readonly sealer: SealedEntries; readonly keys: ReturnType<typeof openKeys> } {
  const cipher = simulated();
  const keys = openKeys(sealedDirectory(cipher), cipher, seededEntropy(2));
  return { sealer: new SealedEntries(keys, portableHasher), keys };
}

/** Whether anything of the entries is sealed: no-ops and configurations are not. */
function hasParts(list: readonly Entry[]): boolean {
  return list.some(({ kind, data: bytes }) => {
    if (kind === EntryKind.configuration || bytes.length === 0) return false;
    return splitEntryData(bytes)?.sections.length !== 0;
  });
}

function payloadOf(sealer: SealedEntries, list: readonly Entry[]): Uint8Array {
  const draft = sealer.draft(list);
  const out = new Uint8Array(draft.bytes);
  draft.write(out, 0, PLACE);
  return out;
}

propertyRuns(200, 'sealed entries come back as they were, hide every marker, and open in no other place', entries, (list) => {
  const { sealer } = sealing();
  const payload = payloadOf(sealer, list);
  expect(sealer.open(payload, PLACE)).toEqual(list);
  const isHidden = list.every(({ kind }) => kind !== EntryKind.configuration);
  if (isHidden) expect(toHex(payload)).not.toContain(toHex(Uint8Array.from('marker-', (c) => c.charCodeAt(0))));
  if (hasParts(list)) expect(sealer.open(payload, { ...PLACE, offset: 520 })).toBeUndefined();
  expect(sealedHeads(payload)?.map(({ index }) => index)).toEqual(list.map(({ index }) => index));
});

propertyRuns(
  200,
  'once a key is destroyed the sections of its vault come back shredded: length, hash and whose sessions they used',
  entries,
  fc.boolean(),
  (list, isDestroyedBefore) => {
    const { sealer, keys } = sealing();
    const gone = vaultId(1);
    if (isDestroyedBefore) keys.destroy(gone);
    const payload = payloadOf(sealer, list);
    keys.destroy(gone);
    const opened = sealer.open(payload, PLACE) as readonly Entry[];
    expect(opened.map(({ term, index, kind }) => ({ term, index, kind }))).toEqual(
      list.map(({ term, index, kind }) => ({ term, index, kind })),
    );
    for (const [i, { kind, data: bytes }] of list.entries()) {
      const before = decodeEntryData(bytes);
      const left = opened[i]?.data as Uint8Array;
      if (kind === EntryKind.configuration || !before.ok) {
        expect(left).toEqual(bytes);
        continue;
      }
      const after = decodeEntryData(left);
      if (!after.ok) throw new Error(after.reason);
      const raw = splitEntryData(bytes)?.sections ?? [];
      for (const [at, section] of before.value.sections.entries()) {
        const other = after.value.sections[at];
        expect(other?.vault).toBe(section.vault);
        if (section.vault !== gone) {
          expect(other?.commands).toHaveLength(section.commands.length);
          continue;
        }
        expect(other?.shredded?.map(({ kind: of }) => of)).toEqual(section.commands.map(({ command: { kind: of } }) => of));
        const shredded = splitEntryData(left)?.sections[at]?.payload as Uint8Array;
        expect(shredded.slice(4, 36)).toEqual(hashOf(portableHasher, raw[at]?.payload as Uint8Array));
        for (const part of other?.shredded ?? []) if (part.kind !== 'expire') expect(part.ref).toEqual(ref);
      }
    }
    // What is shredded stays so: it is written again and read again as it is.
    const again = payloadOf(sealer, opened);
    expect(sealer.open(again, PLACE)).toEqual(opened);
  },
);

propertyRuns(
  200,
  'a sealed payload with any byte changed means nothing, unless nothing of it was sealed',
  entries,
  fc.nat(),
  (list, where) => {
    if (!hasParts(list)) return;
    const { sealer } = sealing();
    const payload = payloadOf(sealer, list);
    const changed = payload.slice();
    const at = where % changed.length;
    changed[at] = (changed[at] as number) ^ 4;
    expect(sealer.open(changed, PLACE)).toBeUndefined();
  },
);

test('a vault has one sealed text in a record, however many of its entries and sections stand there', () => {
  const { keys } = sealing();
  const entry = (index: number): Entry => {
    const commands = [commandOf('set', vaultId(0), 'a'), commandOf('set', vaultId(1), 'b'), commandOf('session', vaultId(0), '')];
    const { data: bytes } = encodeEntryData({ wall: 1 as never, commands, entropy: seededEntropy(index) });
    return { term: 1 as Term, index: index as LogIndex, kind: EntryKind.normal, data: bytes };
  };
  let seals = 0;
  const counted = new Proxy(keys, {
    get: (target, name) => {
      const value = Reflect.get(target, name) as unknown;
      if (name === 'seal') seals += 1;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  payloadOf(new SealedEntries(counted, portableHasher), [entry(1), entry(2), entry(3)]);
  expect(seals).toBe(3); // two vaults and the node's own
  expect(keys.vaults).toEqual([vaultId(0), vaultId(1)]);
  expect(keys.seal(NODE_KEY, SealKind.wal, Uint8Array.of(), Uint8Array.of())).toBeDefined();
});
