/** The auditor's executor against the state machine: every chain that a group makes is verified, and comes to the same roots. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { decodeUlid } from '../../core/chain/ulid.ts';
import type { VaultId } from '../../core/ids.ts';
import { decodeLedgerTransaction } from '../../core/state/transaction-codec.ts';
import { blocksOf, everyOperation } from '../chain/history.ts';
import { commandOf, operations, ordered, step } from '../state/arbitraries.ts';
import { Bench, GROUP, ORGANIZATION, OTHER_VAULT, set, VAULT as VAULT_ID, write } from '../state/support.ts';
import { propertyRuns } from '../support/property.ts';
import { audit, Collector, fileOf, verdictOf } from './support.ts';

let executed = 0;

/** Verifies both vaults of a bench, where they are there. */
function verifyAll(bench: Bench, collector: Collector): void {
  for (const id of [VAULT_ID, OTHER_VAULT]) {
    const vault = bench.state.vault(id as VaultId);
    if (vault === undefined || vault.organization !== ORGANIZATION) continue;
    const result = audit(fileOf(collector.of(id), { vault: decodeUlid(id) as Uint8Array }));
    expect(verdictOf(result)).toBe('verified');
    if (!result.ok) return;
    const { chain } = result.report;
    expect(chain.blocks).toBe(vault.height);
    expect(toHex(chain.blockHash)).toBe(toHex(vault.anchor.blockHash));
    expect(toHex(chain.logRoot)).toBe(toHex(vault.log.root()));
    expect(chain.leaves).toBe(vault.leaves.count);
    executed += chain.transactions;
  }
}

const busyStep = fc.record({
  wallStep: fc.integer({ min: -30, max: 60 }),
  transactions: fc.array(operations, { maxLength: 4 }),
  expires: fc.boolean(),
});

propertyRuns(
  300,
  'every transaction that changed something changes the same again: roots, leaves, hashes',
  fc.array(busyStep, { minLength: 5, maxLength: 40, size: 'max' }),
  (steps) => {
    const collector = new Collector();
    const bench = new Bench({ observer: collector });
    bench.createVault(2);
    let wall = 2;
    for (const { transactions, wallStep, expires } of steps) {
      wall = Math.max(0, wall + wallStep);
      const commands = transactions.map((operations) => bench.transact(operations));
      bench.apply(expires ? [...commands, { kind: 'expire', vault: VAULT_ID }] : commands, wall);
    }
    verifyAll(bench, collector);
  },
);

propertyRuns(
  100,
  'whatever a group applies, the chain of each vault re-executes to its own roots',
  fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }),
  (steps) => {
    const collector = new Collector();
    const bench = new Bench({ observer: collector });
    bench.apply([{ kind: 'openSession' }], 1);
    bench.createVault(2);
    let wall = 2;
    let newestTerm = 1;
    for (const { commands, wallStep, term } of steps) {
      wall = Math.max(0, wall + wallStep);
      newestTerm = Math.max(newestTerm, term); // the log's terms never go down
      bench.apply(ordered(commands.map((item) => commandOf(item, GROUP))), wall, newestTerm);
    }
    verifyAll(bench, collector);
  },
);

test('the chains of the properties have thousands of transactions', () => expect(executed).toBeGreaterThan(3000));

test('one of everything that a log can hold re-executes', () => {
  const kept = blocksOf(everyOperation());
  const seen = new Set<string>();
  for (const bytes of kept.flatMap(({ transactions }) => transactions ?? [])) {
    const decoded = decodeLedgerTransaction(bytes);
    if (!decoded.ok) throw new Error(decoded.reason);
    const ledger = decoded.value;
    seen.add(ledger.kind);
    if (ledger.kind !== 'transact') continue;
    for (const operation of ledger.transaction.operations) seen.add(operation.op);
  }
  const all = [
    'createVault',
    'transact',
    'expire',
    'writeTuple',
    'deleteTuple',
    'setEntity',
    'deleteEntity',
    'setRetention',
    'writeModel',
  ];
  expect([...seen].sort()).toEqual([...all].sort());
  expect(verdictOf(audit(fileOf(kept)))).toBe('verified');
});

test('more leaves than one expire removes go in order of time and key, over several blocks', () => {
  const collector = new Collector();
  const bench = new Bench({ observer: collector });
  bench.createVault(1000);
  for (let part = 0; part < 3; part += 1) {
    const names = Array.from({ length: 900 }, (_, at) => `doc:${(at * 7919) % 900}#viewer@user:${part}`);
    bench.run(
      names.map((name, at) => write(name, { expiresAt: 50_000 + (at % 2) })),
      2000 + part,
    );
  }
  bench.run(
    Array.from({ length: 300 }, (_, at) => set(`key ${at}`, 'v', { expiresAt: 50_000 })),
    3000,
  );
  // Written again with a later expiry: what it had before is not in force.
  bench.run(
    Array.from({ length: 300 }, (_, at) => set(`key ${at}`, 'w', { expiresAt: at % 3 === 0 ? 0 : 60_000 })),
    4000,
  );
  while ((bench.state.nextExpiry()?.at ?? Number.POSITIVE_INFINITY) < 100_000)
    bench.one({ kind: 'expire', vault: VAULT_ID }, 70_000);
  expect(bench.state.vault(VAULT_ID)?.leaves.count).toBe(100);
  verifyAll(bench, collector);
});
