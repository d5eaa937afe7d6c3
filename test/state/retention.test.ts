/** Retention by example: the edges of windows, who is refused what, and rows that cannot be. */
import { describe, expect, test } from 'vitest';
import type { ClientRequest, ReadPoint } from '../../core/client/protocol.ts';
import type { Height, LogIndex, Micros } from '../../core/ids.ts';
import { PRUNE_ROWS_MIN } from '../../core/limits.ts';
import { Section } from '../../core/snapshot/manifest.ts';
import { checkRequest } from '../../core/state/admission.ts';
import { auditVault } from '../../core/state/audit.ts';
import { RETENTION_KEY } from '../../core/state/retention.ts';
import type { Retention } from '../../core/state/transaction.ts';
import type { Vault } from '../../core/state/vault.ts';
import { restore, snapshotOf } from '../snapshot/support.ts';
import { Bench, GROUP, keep, ORGANIZATION, set, tupleOf, VAULT, write } from './support.ts';

const KEY = { kind: 'entity', key: 'k' } as const;

function at(height: number): ReadPoint {
  return { kind: 'height', height: height as Height };
}

function vaultOf(bench: Bench): Vault {
  return bench.state.vault(VAULT) as Vault;
}

function oldestOf(bench: Bench): number {
  const result = bench.query({ kind: 'retention' });
  return result.kind === 'retention' ? result.oldest : -1;
}

/** A vault made at 1000, told what to keep in block 2 at 2000, and written in blocks 3, 4, … at 3000, 4000, … */
function kept(retention: Retention, blocks: number): Bench {
  const bench = new Bench();
  bench.createVault(1000);
  bench.run([keep(retention)], 2000);
  for (let i = 3; i <= blocks; i += 1) bench.run([set('k', `v${i}`)], 1000 * i);
  return bench;
}

describe('the floor', () => {
  test('of one height is the newest block, which can always be read', () => {
    const bench = kept({ kind: 'heights', heights: 1 }, 6);
    expect(oldestOf(bench)).toBe(6);
    expect(bench.query(KEY, false, at(6))).toMatchObject({ kind: 'entity' });
    expect(bench.query(KEY, false, at(5))).toMatchObject({ code: 'pruned_height', oldest: 6 });
  });

  test('of a duration is the block in force when it began, to the microsecond', () => {
    const bench = kept({ kind: 'duration', micros: 2000 }, 6);
    expect(oldestOf(bench)).toBe(4); // of time 4000 = 6000 - 2000
    const before = kept({ kind: 'duration', micros: 2001 }, 6);
    expect(oldestOf(before)).toBe(3); // at 3999 block 3 was in force
    const point: ReadPoint = { kind: 'time', time: 3999 as Micros };
    expect(before.query(KEY, false, point)).toMatchObject({ kind: 'entity', anchor: { height: 3 } });
    expect(bench.query(KEY, false, point)).toMatchObject({ code: 'pruned_height', oldest: 4 });
  });

  test('moves with blocks of the vault only: entries of others leave it alone', () => {
    const bench = kept({ kind: 'duration', micros: 2000 }, 4);
    const before = oldestOf(bench);
    bench.apply([], 900_000);
    expect(oldestOf(bench)).toBe(before);
  });

  test('is not moved by a transaction that asks for what is kept anyway, and such a one makes no block', () => {
    const bench = kept({ kind: 'heights', heights: 2 }, 4);
    expect(bench.run([keep({ kind: 'heights', heights: 2 })])).toMatchObject({
      outcome: { ok: true, changed: false, height: 4 },
    });
    expect(vaultOf(bench).height).toBe(4);
  });

  test('a transaction that is refused changes no retention', () => {
    const bench = kept({ kind: 'heights', heights: 2 }, 4);
    bench.run([write('doc:1#viewer@user:a')]);
    const refused = bench.run([keep({ kind: 'all' }), write('doc:1#viewer@user:a')]);
    expect(refused).toMatchObject({ outcome: { ok: false, code: 'tuple_exists', operation: 1 } });
    expect(bench.query({ kind: 'retention' })).toMatchObject({ retention: { kind: 'heights', heights: 2 } });
  });
});

test('the work behind one entry is bounded, and goes on until all is done', () => {
  const bench = new Bench();
  bench.createVault();
  for (let i = 0; i < 300; i += 1) bench.run([set('k', `v${i}`)]);
  const count = (): number => vaultOf(bench).leaves.rows.count;
  const before = count();
  bench.run([keep({ kind: 'heights', heights: 1 })]);
  const steps: number[] = [before - count()];
  for (let last = count(); (steps.at(-1) as number) > 0; last = count()) {
    bench.apply([]);
    steps.push(last - count());
  }
  expect(Math.max(...steps)).toBeLessThanOrEqual(2 * PRUNE_ROWS_MIN + 20);
  expect(steps.length).toBeGreaterThan(20);
  // 300 bodies, 299 values of k, and the hashes of its bucket but for the newest: 299.
  expect(steps.reduce((sum, step) => sum + step)).toBeGreaterThan(890);
});

test('admission refuses numbers that no retention has, and questions of the past of it', () => {
  const command = { session: { group: GROUP, index: 1 as LogIndex }, sequence: 1, lowestUnanswered: 1 };
  const where = { group: GROUP, organization: ORGANIZATION, vault: VAULT } as const;
  const refusal = (retention: Retention): string | undefined => {
    const transaction = { actor: '', reason: '', operations: [keep(retention)] };
    return checkRequest({ kind: 'transact', ...where, command, transaction, model: undefined, proof: false })?.message;
  };
  expect(refusal({ kind: 'all' })).toBeUndefined();
  expect(refusal({ kind: 'heights', heights: 1 })).toBeUndefined();
  for (const heights of [0, -1, 1.5, Number.NaN, 2 ** 53]) {
    expect(refusal({ kind: 'heights', heights })).toMatch(/^operation 0: a vault keeps all of its past/);
  }
  expect(refusal({ kind: 'duration', micros: 2 ** 52 })).toBeUndefined();
  for (const micros of [0, -1, 2 ** 52 + 1]) expect(refusal({ kind: 'duration', micros })).toMatch(/microseconds/);
  const query: ClientRequest = {
    kind: 'query',
    ...where,
    query: { kind: 'retention' },
    consistency: 'linearizable',
    at: at(3),
    proof: false,
  };
  expect(checkRequest(query)?.message).toMatch(/is asked of now/);
});

describe('a row that cannot be', () => {
  const bad: readonly (readonly [string, (row: Uint8Array) => void])[] = [
    ['a floor above the newest block', (row) => void row.fill(99, 16)],
    ['a floor of 0', (row) => void row.fill(0, 9)],
    ['an unknown kind', (row) => void row.fill(3, 0, 1)],
    ['no heights', (row) => void row.fill(0, 1, 9)],
  ];

  test.each(bad)('%s is refused in a snapshot', (_, change) => {
    const snapshot = snapshotOf(kept({ kind: 'heights', heights: 2 }, 6).state, { chunkBytes: 1 << 16 });
    const chunk = (section: Section, number: number): Uint8Array | undefined => {
      const bytes = snapshot.chunk(section, number)?.slice();
      if (section === Section.history && bytes !== undefined) change(bytes.subarray(-17)); // the last row there is
      return bytes;
    };
    expect(restore({ manifest: snapshot.manifest, chunk, isShredded: () => false })).toBe('what a vault keeps does not decode');
  });

  test.each(bad.slice(0, 1))('%s is found by an audit', (_, change) => {
    const bench = kept({ kind: 'heights', heights: 2 }, 6);
    const { rows } = vaultOf(bench).leaves;
    const row = rows.get(RETENTION_KEY) as Uint8Array;
    change(row);
    rows.set(RETENTION_KEY, row);
    expect(auditVault(vaultOf(bench))).toMatch(/above the newest block/);
  });
});

test('tuples that were written long before the floor are there, with their time', () => {
  const bench = new Bench();
  bench.createVault(1000);
  bench.run([write('doc:1#viewer@user:a')], 2000);
  bench.run([keep({ kind: 'heights', heights: 1 })], 3000);
  for (let i = 0; i < 5; i += 1) bench.run([set('k', `v${i}`)]);
  const tuple = { kind: 'tuple', tuple: tupleOf('doc:1#viewer@user:a') } as const;
  expect(bench.query(tuple)).toMatchObject({ present: true, row: { version: 2, writtenAt: 2000 } });
  expect(bench.query({ kind: 'tuple', tuple: tupleOf('doc:1#viewer@user:a') }, true)).toMatchObject({ present: true });
});
