/** Shrinking: a short story by the same oracle, and nothing else. */
import { describe, expect, test } from 'vitest';
import { claimOf, isSameClaim } from '../../../sim/shrink/claim.ts';
import { faultsOf, leaveOut, operationsOf } from '../../../sim/shrink/edit.ts';
import { shrink } from '../../../sim/shrink/shrinker.ts';
import { tellShrunk } from '../../../sim/shrink/tell.ts';
import { record, repeat, shrinkBy } from './failing.ts';

const STEPS_MAX = 250;

describe('shrink', () => {
  test('finds a story of a few events, in the smallest world, that the same oracle objects to', () => {
    const original = record('3');
    expect(original.report.violation?.oracle).toBe('dies-once');
    const { end } = shrinkBy(original.tape, true, STEPS_MAX);
    expect(end?.report.violation?.oracle).toBe('dies-once');
    expect(end?.story.total).toBeLessThanOrEqual(12);
    expect(end?.story.total).toBeLessThan(original.storyEvents.total / 2);
    expect(end?.tape.knobs).toMatchObject({ dataGroups: 1, vaults: 1, clients: 1, lanes: 1 });
    expect(tellShrunk(original.storyEvents, end as NonNullable<typeof end>)[0]).toContain(`${original.storyEvents.total} -> `);
  });

  test('without redraws only takes away: what is left was there, in the same place', () => {
    const { tape, storyEvents } = record('3');
    const { end } = shrinkBy(tape, false, STEPS_MAX);
    expect(end?.tape.seed).toBe(tape.seed);
    expect(end?.story.total).toBeLessThan(storyEvents.total);
    const before = new Set(faultsOf(tape).map(({ place }) => place));
    expect(faultsOf(end?.tape as typeof tape).filter(({ place }) => !before.has(place))).toEqual([]);
  });

  test('leaves a run alone that does not fail', () => {
    const { tape } = record('3');
    const calm = leaveOut(tape, faultsOf(tape));
    expect(repeat(calm).report.violation?.oracle).not.toBe('dies-once');
    const steps = shrink({
      tape: { ...calm, cutMicros: 1000 },
      scenario: undefined,
      stopwatch: () => 0,
      budgetMs: 1,
      redraws: true,
    });
    expect(steps.next()).toEqual({ done: true, value: undefined });
  });

  test('ends when its time is up, with what it has', () => {
    const { tape } = record('3');
    let now = 0;
    const steps = shrink({ tape, scenario: undefined, stopwatch: () => now++, budgetMs: 0, redraws: true });
    expect(steps.next().done).toBe(true);
  });
});

describe('an edit', () => {
  test('that leaves an operation out leaves the choices of all others where they were', () => {
    const { tape } = record('3');
    const [first] = operationsOf(tape);
    const shorter = leaveOut(tape, first === undefined ? [] : [first]);
    expect(operationsOf(shorter)).toEqual(operationsOf(tape).slice(1));
    const others = (draws: typeof tape.draws): unknown => draws.filter(({ label }) => label !== first?.label);
    expect(others(shorter.draws)).toEqual(others(tape.draws));
  });
});

describe('a claim', () => {
  const stuck = (message: string): ReturnType<typeof claimOf> =>
    claimOf({ verdict: 'liveness', violation: { oracle: 'liveness', message } });

  test('of a stuck cluster is the phase it is stuck in, not who is stuck', () => {
    expect(isSameClaim(stuck('never elected: node 1 down'), stuck('never elected: node 2 down'))).toBe(true);
    expect(isSameClaim(stuck('never elected: node 1 down'), stuck('did not converge: node 1 down'))).toBe(false);
  });

  test('of one property is its oracle, whatever the numbers', () => {
    const told = (oracle: string, message: string): ReturnType<typeof claimOf> =>
      claimOf({ verdict: 'violation', violation: { oracle, message } });
    expect(isSameClaim(told('log-matching', 'a'), told('log-matching', 'b'))).toBe(true);
    expect(isSameClaim(told('log-matching', 'a'), told('one-vote-per-term', 'a'))).toBe(false);
    expect(isSameClaim(told('crash', 'index 7'), told('crash', 'index 12'))).toBe(true);
    expect(isSameClaim(told('crash', 'no such file'), told('crash', 'index 12'))).toBe(false);
  });

  test('of a passing run is none', () => {
    expect(claimOf({ verdict: 'pass', violation: null })).toBeUndefined();
  });
});
