/** What times alone say of a permission that is granted once and revoked once. */
import { describe, expect, test } from 'vitest';
import { type Race, Races, raceProblem } from '../../../sim/authorization/races.ts';
import { seedWords } from '../../../sim/seed.ts';
import { Choices } from '../../../sim/tape.ts';

const draws = Choices.fromSeed(seedWords('races')).under('races');

function raceAt(times: Partial<Race>): Race {
  const race = new Races().begin(0, draws);
  if (race === undefined) throw new Error('there is room for one');
  return Object.assign(race, times);
}

describe('an answer', () => {
  const race = raceAt({ grantedAt: 10, revokeAskedAt: 20, revokedAt: 30 });

  test.each([
    ['allowed, asked after the acknowledgement', true, 31, 40, true],
    ['allowed, asked at the moment of it', true, 30, 40, false],
    ['allowed, asked before it and answered after it', true, 29, 40, false],
    ['denied, asked and answered between grant and revocation', false, 11, 19, true],
    ['denied, answered when the revocation was under way', false, 11, 20, false],
    ['denied, asked before the grant was acknowledged', false, 10, 15, false],
    ['denied, after the revocation', false, 31, 40, false],
    ['allowed, before it', true, 11, 19, false],
  ])('%s', (_, allowed, invokedAt, time, isWrong) => {
    expect(raceProblem(race, allowed, { invokedAt, time }) !== undefined).toBe(isWrong);
  });

  test('of a permission of which nobody knows whether it was revoked may be either', () => {
    const open = raceAt({ grantedAt: 10, revokeAskedAt: 20 });
    for (const allowed of [true, false]) expect(raceProblem(open, allowed, { invokedAt: 50, time: 60 })).toBeUndefined();
  });
});

test('a permission is revoked by one client at a time, and again where the outcome is unknown', () => {
  const races = new Races();
  const race = races.begin(0, draws);
  expect(races.revocable(draws)).toBeUndefined();
  Object.assign(race as Race, { grantedAt: 5 });
  expect(races.revocable(draws)).toBe(race);
  Object.assign(race as Race, { revokeAskedAt: 6, isRevoking: true });
  expect(races.revocable(draws)).toBeUndefined();
  Object.assign(race as Race, { isRevoking: false });
  expect(races.revocable(draws)).toBe(race);
  Object.assign(race as Race, { revokedAt: 9 });
  expect(races.revocable(draws)).toBeUndefined();
});

test('few are open in a vault at a time, and one of unknown outcome makes room', () => {
  const races = new Races();
  const open = [1, 2, 3, 4].map(() => races.begin(0, draws));
  expect(open).not.toContain(undefined);
  expect(races.begin(0, draws)).toBeUndefined();
  expect(races.begin(1, draws)).toBeDefined();
  races.drop(open[2] as Race);
  expect(races.begin(0, draws)).toBeDefined();
  expect(new Set(open.map((race) => race?.question.resource)).size).toBe(4);
});
