/**
 * What a vault keeps of its past, against a model that keeps everything: a list of what was told at each height, and the floor
 * worked out anew from all blocks. Above it the answers are those of old, below it `pruned_height`, on every replica, however far
 * the removal of rows is and wherever its state came from.
 */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import type { ClientResult, ReadPoint, VaultQuery } from '../../core/client/protocol.ts';
import { NEWEST } from '../../core/client/protocol.ts';
import { portableHasher } from '../../core/hasher.ts';
import type { Height, Micros } from '../../core/ids.ts';
import { encodeSnapshotManifest } from '../../core/snapshot/manifest.ts';
import { auditVault } from '../../core/state/audit.ts';
import { GroupState } from '../../core/state/group-state.ts';
import type { PruningPace } from '../../core/state/pruning.ts';
import type { Operation, Retention } from '../../core/state/transaction.ts';
import type { Vault } from '../../core/state/vault.ts';
import { restore, snapshotOf } from '../snapshot/support.ts';
import { propertyRuns } from '../support/property.ts';
import { Bench, GROUP, keep, ORGANIZATION, oneModel, remove, set, tupleOf, VAULT, write, writeModel } from './support.ts';

const TUPLES = ['doc:1#viewer@user:a', 'doc:1#viewer@user:b', 'doc:2#viewer@user:a'] as const;
/** Among the times of the blocks: entries are 1 to 3000 microseconds apart. */
const EXPIRES_AT = 9000;

const QUERIES: readonly VaultQuery[] = [
  ...TUPLES.map((text): VaultQuery => ({ kind: 'tuple', tuple: tupleOf(text) })),
  { kind: 'entity', key: 'k' },
  { kind: 'model', id: '' },
  { kind: 'models', limit: 100, after: '' },
  ...[
    ['', '', ''],
    ['doc:1', '', ''],
    ['', '', 'user:a'],
  ].map(([resource, relation, subject]): VaultQuery => {
    const filter = { resource: resource as string, relation: relation as string, subject: subject as string };
    return { kind: 'list', ...filter, limit: 1, after: new Uint8Array(0) };
  }),
];

const retention: fc.Arbitrary<Retention> = fc.oneof(
  fc.constant<Retention>({ kind: 'all' }),
  fc.integer({ min: 1, max: 6 }).map((heights): Retention => ({ kind: 'heights', heights })),
  fc.integer({ min: 1, max: 9000 }).map((micros): Retention => ({ kind: 'duration', micros })),
);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...TUPLES).map((text) => write(text, { ignore: true })) },
  { weight: 3, arbitrary: fc.constantFrom(...TUPLES).map((text) => remove(text, { ignore: true })) },
  { weight: 1, arbitrary: fc.constantFrom(...TUPLES).map((text) => write(text, { ignore: true, expiresAt: EXPIRES_AT })) },
  { weight: 2, arbitrary: fc.constantFrom('v', 'w').map((value) => set('k', value)) },
  { weight: 1, arbitrary: fc.constant<Operation>({ op: 'deleteEntity', key: 'k', condition: undefined }) },
  { weight: 2, arbitrary: retention.map(keep) },
  { weight: 1, arbitrary: fc.constantFrom('user', 'doc').map(writeModel) },
);
const step = fc.record({
  later: fc.integer({ min: 1, max: 3000 }),
  transactions: fc.array(fc.array(operation, { minLength: 1, maxLength: 3 }).map(oneModel), { minLength: 1, maxLength: 3 }),
});
const steps = fc.array(step, { maxLength: 30 });
const fewSteps = fc.array(step, { maxLength: 14 });
type Step = { readonly later: number; readonly transactions: readonly (readonly Operation[])[] };

/** No rows at all, one a block, and what there is. */
const PACES: readonly (PruningPace | undefined)[] = [
  { rowsMin: 0, rowsPerWrite: 0 },
  { rowsMin: 1, rowsPerWrite: 0 },
  { rowsMin: 2, rowsPerWrite: 1 },
  undefined,
];

function ask(state: GroupState, query: VaultQuery, at: ReadPoint): ClientResult {
  const where = { group: GROUP, organization: ORGANIZATION, vault: VAULT } as const;
  return state.query({ kind: 'query', ...where, query, consistency: 'linearizable', at, proof: false });
}

/** Every page of a list, where each ends included; any other answer as it is. */
function answersOf(state: GroupState, query: VaultQuery, at: ReadPoint): readonly ClientResult[] {
  const result = ask(state, query, at);
  if (result.kind !== 'list' || query.kind !== 'list' || result.next.length === 0) return [result];
  return [result, ...answersOf(state, { ...query, after: result.next }, at)];
}

/** Rows of all pages; where pages end depends on rows that came later. */
function toldBy(answers: readonly ClientResult[]): unknown {
  return answers[0]?.kind !== 'list'
    ? answers
    : { rows: answers.flatMap((page) => (page.kind === 'list' ? page.rows : [])), anchor: answers[0].anchor };
}

function toldAt(state: GroupState, at: ReadPoint): readonly unknown[] {
  return QUERIES.map((query) => toldBy(answersOf(state, query, at)));
}

/** One block as the model has it. */
interface Remembered {
  readonly time: number;
  readonly told: readonly unknown[];
  readonly bodies: readonly string[];
}

class Model {
  readonly blocks: Remembered[] = [];
  retention: Retention = { kind: 'all' };
  floor: number = 1;

  /** A block was sealed; changes: the retentions that its transactions asked for, in order. */
  sealed(block: Remembered, changes: readonly Retention[]): void {
    this.blocks.push(block);
    this.retention = changes.at(-1) ?? this.retention;
    const { retention } = this;
    const newest = this.blocks.length;
    if (retention.kind === 'heights') this.floor = Math.max(this.floor, newest - retention.heights + 1);
    if (retention.kind === 'duration') {
      this.blocks.forEach(({ time }, at) => {
        if (time <= block.time - retention.micros) this.floor = Math.max(this.floor, at + 1);
      });
    }
  }
}

function bodiesOf(state: GroupState, height: number): readonly string[] {
  const block = ask(state, { kind: 'block', height: height as Height }, NEWEST);
  return block.kind === 'block' ? block.transactions.map((bytes) => toHex(bytes)) : [];
}

function vaultOf(state: GroupState): Vault {
  return state.vault(VAULT) as Vault;
}

/** A tuple that is there with another expiry refuses the whole transaction. */
function isApplied(result: ClientResult): boolean {
  return result.kind === 'transacted' && result.outcome.ok;
}

/** Applies the steps and keeps a model beside them. @param after called behind each entry */
function play(bench: Bench, history: readonly Step[], after: (at: number) => void = () => undefined): Model {
  const model = new Model();
  const note = (changes: readonly Retention[]): void => {
    const { height, time } = vaultOf(bench.state);
    if (height === model.blocks.length) return;
    model.sealed({ time, told: toldAt(bench.state, NEWEST), bodies: bodiesOf(bench.state, height) }, changes);
  };
  bench.createVault();
  note([]);
  history.forEach(({ later, transactions }, at) => {
    const commands = transactions.map((operations) => bench.transact(operations));
    const results = bench.apply(commands, bench.state.lastTime + later);
    const applied = transactions.filter((_, i) => isApplied(results[i] as ClientResult));
    note(applied.flat().flatMap((item) => (item.op === 'setRetention' ? [item.retention] : [])));
    after(at);
  });
  return model;
}

function expectModel(state: GroupState, model: Model): void {
  const { blocks, floor, retention } = model;
  const oldestTime = blocks[floor - 1]?.time as Micros;
  expect(ask(state, { kind: 'retention' }, NEWEST)).toMatchObject({ kind: 'retention', retention, oldest: floor, oldestTime });
  const pruned = { kind: 'error', code: 'pruned_height', oldest: floor };
  blocks.forEach(({ time, told, bodies }, at) => {
    const height = (at + 1) as Height;
    const next = (blocks[at + 1]?.time ?? time + 2) as Micros;
    const points: readonly ReadPoint[] = [
      { kind: 'height', height },
      { kind: 'time', time: time as Micros },
      { kind: 'time', time: (next - 1) as Micros },
    ];
    for (const point of points) {
      if (height >= floor) expect(toldAt(state, point)).toEqual(told);
      else for (const query of QUERIES) expect(ask(state, query, point)).toMatchObject(pruned);
      const asOf = ask(state, { kind: 'block', height: 0 as Height }, point);
      expect(asOf).toMatchObject({ kind: 'block', anchor: { height }, pruned: height < floor });
    }
    const block = ask(state, { kind: 'block', height }, NEWEST);
    expect(block).toMatchObject({ kind: 'block', anchor: vaultOf(state).anchorAt(height), pruned: height < floor });
    expect(bodiesOf(state, height)).toEqual(height < floor ? [] : bodies);
  });
  const early: ReadPoint = { kind: 'time', time: ((blocks[0]?.time ?? 1) - 1) as Micros };
  expect(ask(state, QUERIES[0] as VaultQuery, early)).toMatchObject({ code: 'vault_missing' });
}

function bytesOf(state: GroupState): string {
  const { manifest, chunks } = snapshotOf(state);
  const texts = chunks.map(({ section, number, bytes }) => `${section}/${number}:${toHex(bytes)}`);
  return [toHex(encodeSnapshotManifest(manifest)), ...texts].join('\n');
}

function inverted(key: Uint8Array): number {
  return Number((1n << 64n) - 1n - BigInt(`0x${toHex(key.slice(-8))}`));
}

/** Keys of rows that nothing from the floor on needs, found without the code under test. */
function uselessRows(vault: Vault, floor: number): readonly string[] {
  const useless: string[] = [];
  const buckets = new Set<number>();
  for (const { key } of vault.leaves.rows.scan({ from: Uint8Array.of(5), to: Uint8Array.of(9) })) {
    if (key[0] === 5 && Number(`0x${toHex(key.slice(1, 9))}`) < floor) useless.push(toHex(key));
    if (key[0] === 7 && inverted(key) <= floor) useless.push(toHex(key));
    if (key[0] !== 8 || inverted(key) > floor) continue;
    if (buckets.has(key[1] as number)) useless.push(toHex(key));
    buckets.add(key[1] as number);
  }
  return useless;
}

propertyRuns(120, 'reads from the floor on say what they always said, below it they say what there is', steps, (history) => {
  const bench = new Bench();
  expectModel(bench.state, play(bench, history));
  expect(auditVault(vaultOf(bench.state))).toBeUndefined();
});

propertyRuns(
  60,
  'replicas answer alike and have the same snapshot, however far the removal is and wherever their state came from',
  fewSteps,
  fc.nat({ max: 14 }),
  fc.nat({ max: 14 }),
  fc.constantFrom(...PACES),
  (history, at, again, pace) => {
    const bench = new Bench({ pruningPace: { rowsMin: 0, rowsPerWrite: 0 } });
    const others = PACES.map((own) => {
      const extra = own === undefined ? {} : { pruningPace: own };
      return new GroupState({ group: GROUP, hasher: portableHasher, dataGroups: [GROUP], ...extra });
    });
    const installed: GroupState[] = [];
    const options = pace === undefined ? {} : { pruningPace: pace };
    const follow = (): void => {
      const followers = [...others, ...installed];
      for (const state of followers) {
        for (const entry of bench.entries.slice(state.lastApplied)) state.apply(entry);
      }
    };
    const model = play(bench, history, (now) => {
      follow();
      if (now !== at % Math.max(1, history.length) && now !== again % Math.max(1, history.length)) return;
      const outcome = restore(snapshotOf(others[now % others.length] as GroupState), options);
      if (typeof outcome === 'string') throw new Error(outcome);
      installed.push(outcome);
    });
    follow();
    expectModel(bench.state, model);
    for (const state of [...others, ...installed]) {
      expect(auditVault(vaultOf(state))).toBeUndefined();
      for (let height = 1; height <= model.blocks.length; height += 1) {
        const point: ReadPoint = { kind: 'height', height: height as Height };
        // Cursors included: where a page ends does not tell how far the removal is.
        for (const query of QUERIES) expect(answersOf(state, query, point)).toEqual(answersOf(bench.state, query, point));
      }
      expect(bytesOf(state)).toBe(bytesOf(bench.state));
    }
  },
);

propertyRuns(
  80,
  'what nobody may read any more is gone after a while, and nothing else',
  steps,
  fc.constantFrom(...PACES.slice(1)),
  (history, pace) => {
    const bench = new Bench(pace === undefined ? {} : { pruningPace: pace });
    const model = play(bench, history);
    const vault = vaultOf(bench.state);
    const before = vault.leaves.rows.count;
    const useless = uselessRows(vault, model.floor).length;
    // Entries of other vaults, or none, go on with it.
    for (let i = 0; i < 2 * before + 2; i += 1) bench.apply([]);
    expect(uselessRows(vault, model.floor)).toEqual([]);
    expect(vault.leaves.rows.count).toBe(before - useless);
    expectModel(bench.state, model);
    expect(() => vault.leaves.rows.check()).not.toThrow();
  },
);
