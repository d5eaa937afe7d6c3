/** The audit that oracles rely on: every kind of disagreement is found and named. */
import { expect, test } from 'vitest';
import type { Height } from '../../core/ids.ts';
import { auditVault } from '../../core/state/audit.ts';
import type { Leaves } from '../../core/state/leaves.ts';
import { encodeRowHead } from '../../core/state/rows.ts';
import type { Vault } from '../../core/state/vault.ts';
import { Bench, remove, set, tupleOf, VAULT, write } from './support.ts';

const TUPLE = tupleOf('doc:1#viewer@user:a');
const head = (expiresAt: number, version: number): Uint8Array => encodeRowHead({ expiresAt, version: version as Height });

function sound(): Vault {
  const bench = new Bench();
  bench.createVault(1000);
  bench.run([
    write('doc:1#viewer@user:a', { expiresAt: 5000 }),
    write('doc:2#viewer@user:b'),
    set('k', 'v', { expiresAt: 6000 }),
  ]);
  bench.run([remove('doc:2#viewer@user:b'), write('doc:3#viewer@user:c')]);
  const vault = bench.state.vault(VAULT);
  if (vault === undefined) throw new Error('no vault');
  return vault;
}

const DAMAGE: readonly { readonly what: string; readonly spoil: (leaves: Leaves) => void; readonly said: RegExp }[] = [
  { what: 'a lost tuple row', spoil: ({ rows, keys }) => rows.delete(keys.tuple(TUPLE)), said: /reverse row has no tuple/ },
  { what: 'a lost reverse row', spoil: ({ rows, keys }) => rows.delete(keys.reverse(TUPLE)), said: /no reverse row/ },
  {
    what: 'a reverse row that stayed behind',
    spoil: ({ rows, keys }) => rows.set(keys.reverse(tupleOf('doc:2#viewer@user:b')), head(0, 2)),
    said: /reverse row has no tuple/,
  },
  {
    what: 'a reverse row of another version',
    spoil: ({ rows, keys }) => rows.set(keys.reverse(TUPLE), head(5000, 3)),
    said: /reverse row differs/,
  },
  {
    what: 'a changed tuple row',
    spoil: ({ rows, keys }) => rows.set(keys.tuple(TUPLE), head(5000, 1)),
    said: /reverse row differs/,
  },
  {
    what: 'a leaf that stayed behind in the tree',
    spoil: ({ tree, keys }) => tree.set(keys.paths.tuple(tupleOf('doc:2#viewer@user:b')), new Uint8Array(32)),
    said: /not as many leaves/,
  },
  {
    what: 'a changed leaf',
    spoil: ({ tree, keys }) => tree.set(keys.paths.tuple(TUPLE), new Uint8Array(32)),
    said: /bucket \d+ differs/,
  },
  {
    what: 'a lost expiry row',
    spoil: ({ rows, keys }) => rows.delete(keys.expiry(5000, keys.tuple(TUPLE))),
    said: /tuple that expires has no expiry row/,
  },
  {
    what: 'a lost expiry row of an entity',
    spoil: ({ rows, keys }) => rows.delete(keys.expiry(6000, keys.entity('k'))),
    said: /entity that expires has no expiry row/,
  },
  {
    what: 'an expiry row that stayed behind',
    spoil: ({ rows, keys }) => rows.set(keys.expiry(4000, keys.tuple(TUPLE)), new Uint8Array(0)),
    said: /expiry row has no leaf/,
  },
  { what: 'a lost entity row', spoil: ({ rows, keys }) => rows.delete(keys.entity('k')), said: /expiry row has no leaf/ },
  {
    what: 'a changed transaction',
    spoil: ({ rows, keys }) => rows.set(keys.transaction(2 as Height, 0), Uint8Array.of(1)),
    said: /transactions of block 2/,
  },
  {
    what: 'a changed header',
    spoil: ({ rows, keys }) => {
      const header = rows.get(keys.header(2 as Height)) as Uint8Array;
      header[120] = (header[120] as number) ^ 1;
      rows.set(keys.header(2 as Height), header);
    },
    said: /leaf 1 of the log is not block 2/,
  },
];

test('a sound vault passes', () => {
  expect(auditVault(sound())).toBeUndefined();
});

for (const { what, spoil, said } of DAMAGE) {
  test(`${what} is found`, () => {
    const vault = sound();
    spoil(vault.leaves);
    expect(auditVault(vault)).toMatch(said);
  });
}
