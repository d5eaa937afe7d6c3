/** Checkpoints of a state that goes on: what is opened is the state as it was, whatever was written meanwhile and wherever the power went. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { portableHasher } from '../../core/hasher.ts';
import { GroupState } from '../../core/state/group-state.ts';
import { SimDisk } from '../../sim/disk.ts';
import { begun, expectEqual, GROUP, OPTIONS } from '../snapshot/equal.ts';
import { commandOf, globalStep, ordered, type Step } from '../state/arbitraries.ts';
import { type Bench, GROUP as VAULTS_GROUP } from '../state/support.ts';
import { propertyOptions, propertyRuns } from '../support/property.ts';
import { CheckpointHost, type HostOptions } from './host.ts';

/** Every vault counts as a large one, and comes back leaf by leaf. */
const WARM_UP = { coldVaultLeaves: 0, sliceLeaves: 1 };
const STATE = { warmUp: WARM_UP, group: GROUP, hasher: portableHasher, dataGroups: [VAULTS_GROUP], ...OPTIONS };

/** A state that never stopped, up to an entry. */
function replayed(bench: Bench, index: number): GroupState {
  const state = new GroupState(STATE);
  for (const entry of bench.entries.slice(0, index)) state.apply(entry);
  return state;
}

/** Applies steps one at a time. */
class Feed {
  private readonly bench: Bench;
  private readonly steps: readonly Step[];
  private wall: number = 2;
  private next: number = 0;

  constructor(bench: Bench, steps: readonly Step[]) {
    this.bench = bench;
    this.steps = steps;
  }

  apply(count: number): void {
    for (const { commands, wallStep, term } of this.steps.slice(this.next, this.next + count)) {
      this.wall = Math.max(0, this.wall + wallStep);
      this.bench.apply(ordered(commands.map((item) => commandOf(item, GROUP))), this.wall, term);
    }
    this.next += count;
  }
}

const sizes: fc.Arbitrary<HostOptions> = fc.record({
  pageBytes: fc.constantFrom(512, 512, 1024, 8192),
  cacheBytes: fc.constantFrom(0, 4096, 1 << 30),
});

describe('a checkpoint', () => {
  let prepared = 0;

  propertyRuns(
    120,
    'opens as the state that it was begun in, and goes on like the one that never stopped',
    fc.array(globalStep, { minLength: 1, maxLength: 40 }),
    fc.array(fc.nat(12), { minLength: 1, maxLength: 4 }),
    sizes,
    (steps, parts, options) => {
      const host = new CheckpointHost(options);
      const bench = begun({ pages: host.begin() });
      const feed = new Feed(bench, steps);
      for (const part of parts) {
        feed.apply(part);
        const index = bench.state.lastApplied;
        let slices = 0;
        const checkpoint = host.checkpoint(bench.state);
        const durable = host.finish(checkpoint, () => {
          slices += 1;
          if (slices % 5 === 0) feed.apply(1);
        });
        expect(durable).toBe(true);
        const opened = host.open(STATE);
        if (opened === undefined) throw new Error('a durable checkpoint opens');
        expect(opened.meta.index).toBe(index);
        expectEqual(opened.state, replayed(bench, index));
        const again = host.open(STATE) ?? opened; // the comparison has asked for everything
        for (const entry of bench.entries.slice(index)) {
          while (!again.state.prepare(entry));
          again.state.apply(entry);
        }
        expectEqual(again.state, bench.state);
      }
    },
  );

  propertyRuns(
    60,
    'has everything in memory after enough steps, whatever is applied between them',
    fc.array(globalStep, { minLength: 8, maxLength: 30 }),
    sizes,
    (steps, options) => {
      const host = new CheckpointHost(options);
      const bench = begun({ pages: host.begin() });
      const feed = new Feed(bench, steps);
      feed.apply(Math.floor(steps.length / 2));
      const index = bench.state.lastApplied;
      expect(host.finish(host.checkpoint(bench.state))).toBe(true);
      feed.apply(steps.length);
      const opened = host.open(STATE);
      if (opened === undefined) throw new Error('a durable checkpoint opens');
      const { state } = opened;
      const entries = bench.entries.slice(index);
      for (let step = 0; state.isCold || entries.length > 0; step += 1) {
        expect(step).toBeLessThan(10_000);
        if (step % 3 === 0) state.warm();
        const [next] = entries;
        if (next === undefined) continue;
        if (state.prepare(next)) state.apply(entries.shift() ?? next);
        else prepared += 1;
      }
      for (const id of state.vaultIds()) expect(state.vault(id)?.leaves.tree.stubCount).toBe(0);
      expectEqual(state, bench.state);
    },
  );

  test('brings buckets back in steps before the entries that need them', () => expect(prepared).toBeGreaterThan(10));

  test('leaves a state that opens, wherever the power goes: every boundary of its operations', { timeout: 300_000 }, () => {
    fc.assert(
      fc.property(
        fc.array(globalStep, { minLength: 40, maxLength: 80, size: 'max' }),
        fc.array(fc.nat(0xffff), { minLength: 64, maxLength: 64 }),
        (steps, draws) => {
          const options = { pageBytes: 512, cacheBytes: 0 };
          const host = new CheckpointHost(options);
          const bench = begun({ pages: host.begin() });
          const feed = new Feed(bench, steps);
          /** Log index of each checkpoint, and from which operation on it is durable. */
          const checkpoints: { readonly index: number; readonly from: number }[] = [];
          for (let part = 0; part < 3; part += 1) {
            feed.apply(6);
            const index = bench.state.lastApplied;
            let slices = 0;
            const between = (): void => {
              slices += 1;
              if (slices % 12 === 0) feed.apply(1);
            };
            expect(host.finish(host.checkpoint(bench.state), between)).toBe(true);
            checkpoints.push({ index, from: host.done.length });
          }
          let drawn = 0;
          const draw = (bound: number): number => (draws[drawn++ % draws.length] as number) % bound;
          for (let crash = 0; crash <= host.done.length; crash += 1) {
            const disk = new SimDisk({ below: draw });
            for (const op of host.done.slice(0, crash)) disk.execute(op);
            disk.powerLoss();
            const opened = disk.list().length === 0 ? undefined : new CheckpointHost(options, disk).open(STATE);
            const durable = checkpoints.filter(({ from }) => from <= crash).at(-1);
            expect([0, ...checkpoints.map(({ index }) => index)]).toContain(opened?.meta.index ?? 0);
            expect(opened?.meta.index ?? 0).toBeGreaterThanOrEqual(durable?.index ?? 0);
            if (opened !== undefined) expectEqual(opened.state, replayed(bench, opened.meta.index));
          }
        },
      ),
      propertyOptions(3),
    );
  });
});
