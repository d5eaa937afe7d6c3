/** The world itself, on a toy protocol: it keeps the ordering contract, it repeats itself exactly, and its oracles can fail. */
import { describe, expect, test } from 'vitest';
import { Violation } from '../../sim/observer.ts';
import { runToy } from './toy/toy-run.ts';

const SEEDS = Array.from({ length: 30 }, (_, i) => String(i + 1));

describe('the world', () => {
  test('a correct protocol loses nothing that it acknowledged, whatever loses power when', () => {
    for (const seed of SEEDS) {
      const { acknowledged, losses } = runToy(seed);
      expect(acknowledged).toBeGreaterThan(10);
      expect(losses).toBe(0);
    }
  });

  test('the faults really happen: writes are lost and torn, messages lost, doubled and overtaken', () => {
    const total = new Map<string, number>();
    const kinds = ['powerLoss', 'restart', 'lostWrite', 'loss', 'duplicate', 'reorder'] as const;
    for (const seed of SEEDS)
      for (const kind of kinds) total.set(kind, (total.get(kind) ?? 0) + runToy(seed).world.counts.of(kind));
    for (const kind of kinds) expect(total.get(kind), kind).toBeGreaterThan(10);
  });

  test('a reply that does not wait for its write is found: an acknowledged write is lost', () => {
    const lost = SEEDS.filter((seed) => runToy(seed, { isForgetful: true }).losses > 0);
    expect(lost.length).toBeGreaterThan(0);
  });

  test('a frame that leaves before its write is durable is a violation', () => {
    expect(() => runToy('1', { isHasty: true })).toThrow(Violation);
    expect(() => runToy('1', { isHasty: true })).toThrow('before what it waits for was durable');
  });

  test('equal seeds give equal traces, after whatever ran before, and other seeds other traces', () => {
    const first = runToy('7').traceHash;
    runToy('8');
    expect(runToy('7').traceHash).toBe(first);
    expect(new Set(SEEDS.map((seed) => runToy(seed).traceHash)).size).toBe(SEEDS.length);
  });
});

describe('the trace hash', () => {
  const honest = runToy('5').traceHash;

  test('differs when one byte of one delivered frame is altered', () => {
    let frames = 0;
    const altered = runToy('5', {}, (world) => {
      const send = world.network.send.bind(world.network);
      world.network.send = (from, to, bytes) => {
        frames += 1;
        // Trailing space: the receiver decodes the same message, so only the bytes can tell.
        send(from, to, frames === 40 ? Uint8Array.of(...bytes, 32) : bytes);
      };
    }).traceHash;
    expect(altered).not.toBe(honest);
  });

  test('differs when one delay is a microsecond longer', () => {
    let delays = 0;
    const altered = runToy('5', {}, (world) => {
      const draws = world.choices.under('net/0>1/delay');
      const exponential = draws.exponential.bind(draws);
      draws.exponential = (mean) => {
        delays += 1;
        return exponential(mean) + (delays === 9 ? 1 : 0);
      };
    }).traceHash;
    expect(delays).toBeGreaterThan(9);
    expect(altered).not.toBe(honest);
  });

  test('differs when one completion of the disk comes later', () => {
    let completions = 0;
    const altered = runToy('5', {}, (world) => {
      const draws = world.choices.under('disk/1/latency');
      const exponential = draws.exponential.bind(draws);
      draws.exponential = (mean) => {
        completions += 1;
        return exponential(mean) + (completions === 5 ? 1 : 0);
      };
    }).traceHash;
    expect(completions).toBeGreaterThan(5);
    expect(altered).not.toBe(honest);
  });
});
