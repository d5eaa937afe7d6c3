/** Keys against a list of what was sealed, through crashes, copies put back and destroyed keys. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { SealKind, type VaultKeys } from '../../core/seal/vault-keys.ts';
import { propertyRuns } from '../support/property.ts';
import { openKeys, saveKeys, sealedDirectory, seededEntropy, simulated, vaultId, watched } from './support.ts';

const VAULTS = 3;
const vault = fc.nat({ max: VAULTS - 1 });
const kind = fc.constantFrom(...Object.values(SealKind));
const action = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('seal' as const),
      vault,
      kind,
      place: fc.nat({ max: 3 }),
      text: fc.uint8Array({ maxLength: 40 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('destroy' as const), vault }) },
  // The process is gone; what was sealed is on the disk, because its keys were written ahead of it.
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('copy' as const) }) },
  // The directory is put back as it was copied, and goes on from there.
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restore' as const) }) },
);

interface Sealed {
  readonly vault: number;
  readonly kind: SealKind;
  readonly position: Uint8Array;
  readonly text: Uint8Array;
  readonly bytes: Uint8Array;
}

propertyRuns(
  300,
  'no nonce comes twice under one key, and a text opens where it was sealed, nowhere else, and never once its key is destroyed',
  fc.array(action, { maxLength: 60 }),
  (actions) => {
    const { cipher, used } = watched(simulated());
    let directory = sealedDirectory(cipher);
    let opening = 0;
    const open = (): VaultKeys => {
      opening += 1;
      return openKeys(directory, cipher, seededEntropy(opening));
    };
    let keys = open();
    let texts: Sealed[] = [];
    let destroyed = new Set<number>();
    let copied = { directory: directory.copy(), texts, destroyed };
    for (const step of actions) {
      if (step.do === 'seal') {
        const position = Uint8Array.of(step.place);
        const bytes = keys.seal(vaultId(step.vault), step.kind, position, step.text);
        expect(bytes === undefined).toBe(destroyed.has(step.vault));
        saveKeys(directory, keys);
        if (bytes !== undefined) texts = [...texts, { ...step, position, bytes }];
      } else if (step.do === 'destroy') {
        keys.destroy(vaultId(step.vault));
        saveKeys(directory, keys);
        destroyed = new Set([...destroyed, step.vault]);
      } else if (step.do === 'crash') keys = open();
      else if (step.do === 'copy') copied = { directory: directory.copy(), texts, destroyed };
      else {
        directory = copied.directory.copy();
        ({ texts, destroyed } = copied);
        keys = open();
      }
    }
    for (const reader of [keys, open()]) {
      for (const { vault: owner, kind: of, position, text, bytes } of texts) {
        const opened = reader.openSealed(vaultId(owner), of, position, bytes);
        expect(opened).toEqual(destroyed.has(owner) ? 'destroyed' : text);
        if (destroyed.has(owner)) continue;
        const elsewhere = (owner + 1) % VAULTS;
        if (!destroyed.has(elsewhere)) expect(reader.openSealed(vaultId(elsewhere), of, position, bytes)).toBeUndefined();
        expect(reader.openSealed(vaultId(owner), of === 1 ? 2 : 1, position, bytes)).toBeUndefined();
        expect(reader.openSealed(vaultId(owner), of, Uint8Array.of(9), bytes)).toBeUndefined();
        const spoilt = bytes.slice();
        spoilt[spoilt.length - 1] = (spoilt.at(-1) as number) ^ 1;
        expect(reader.openSealed(vaultId(owner), of, position, spoilt)).toBeUndefined();
      }
    }
    expect(new Set(used).size).toBe(used.length);
  },
);
