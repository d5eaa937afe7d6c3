/** Vaults with a past, for tests of the chain: every operation there is, several transactions a block, expiry, retention. */

import { decodeUlid } from '../../core/chain/ulid.ts';
import type { ChainQuery, ChainResult, KeptBlock } from '../../core/client/chain-protocol.ts';
import type { ClientResult } from '../../core/client/protocol.ts';
import type { Height } from '../../core/ids.ts';
import type { Vault } from '../../core/state/vault.ts';
import { Bench, keep, ORGANIZATION, remove, set, VAULT, write, writeModel } from '../state/support.ts';

export const ORGANIZATION_BYTES: Uint8Array = decodeUlid(ORGANIZATION) as Uint8Array;
export const VAULT_BYTES: Uint8Array = decodeUlid(VAULT) as Uint8Array;

/** What proofs of VAULT are checked for. */
export const EXPECTED: { readonly organization: Uint8Array; readonly vault: Uint8Array } = {
  organization: ORGANIZATION_BYTES,
  vault: VAULT_BYTES,
};

/** A vault with blocks of 1 to 5 transactions. @param blocks besides the first */
export function chainOf(blocks: number, options: ConstructorParameters<typeof Bench>[0] = {}): Bench {
  const bench = new Bench(options);
  bench.createVault(1000);
  for (let block = 0; block < blocks; block += 1) {
    const commands = Array.from({ length: 1 + (block % 5) }, (_, at) =>
      bench.transact([
        write(`doc:${block}#viewer@user:${at}`),
        set(`k${at}`, `v${block}`),
        ...(block > 0 && at === 0 ? [remove(`doc:${block - 1}#viewer@user:0`)] : []),
      ]),
    );
    bench.apply(commands, 2000 + 1000 * block);
  }
  return bench;
}

/** One of everything that a log can hold: see the operations. */
export function everyOperation(): Bench {
  const bench = new Bench();
  bench.createVault(1000);
  bench.run([write('doc:1#viewer@user:a', { expiresAt: 5000 }), write('doc:1#viewer@user:*'), set('k', 'v')], 2000);
  bench.run([set('k', 'w', { expiresAt: 6000 }), write('doc:1#viewer@team:x#member', { condition: 'office' })], 3000);
  bench.apply([bench.transact([write('doc:2#viewer@user:b')]), bench.transact([remove('doc:2#viewer@user:b')])], 4000);
  bench.run([write('doc:1#viewer@user:a')], 5000); // written anew the moment it has expired
  bench.one({ kind: 'expire', vault: VAULT }, 6000);
  bench.run([keep({ kind: 'heights', heights: 100 })], 7000);
  bench.run(
    [
      { op: 'setEntity', key: 'k', value: Uint8Array.of(1), expiresAt: 0, condition: { kind: 'mustNotExist' } },
      {
        op: 'setEntity',
        key: 'k',
        value: Uint8Array.of(2),
        expiresAt: 0,
        condition: { kind: 'valueEquals', value: Uint8Array.of(1) },
      },
    ],
    8000,
  );
  bench.run([{ op: 'deleteEntity', key: 'k', condition: { kind: 'versionEquals', version: 8 as Height } }], 9000);
  bench.run(
    [remove('doc:9#viewer@user:z', { ignore: true }), write('doc:1#viewer@user:*', { ignore: true }), set('last', '')],
    10_000,
  );
  bench.apply([bench.transact([set('k', 'x')]), bench.transact([writeModel('doc'), set('l', 'y')])], 11_000);
  return bench;
}

export function vaultOf(bench: Bench): Vault {
  return bench.state.vault(VAULT) as Vault;
}

export function ask<K extends ChainQuery['kind']>(
  bench: Bench,
  query: Extract<ChainQuery, { readonly kind: K }>,
): Extract<ChainResult, { readonly kind: K }> {
  const result: ClientResult = bench.query(query);
  if (result.kind !== query.kind) throw new Error(`${query.kind}: ${JSON.stringify(result)}`);
  return result as Extract<ChainResult, { readonly kind: K }>;
}

/** Every block, page by page. */
export function blocksOf(bench: Bench): readonly KeptBlock[] {
  const blocks: KeptBlock[] = [];
  const { height } = vaultOf(bench);
  while (blocks.length < height) blocks.push(...ask(bench, { kind: 'blocks', from: (blocks.length + 1) as Height }).blocks);
  return blocks;
}
