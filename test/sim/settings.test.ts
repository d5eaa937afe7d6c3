/** `--set`: every name sets what it says, and what cannot be is refused with a sentence that helps. */
import { describe, expect, test } from 'vitest';
import { drawKnobs } from '../../sim/knobs.ts';
import { seedWords } from '../../sim/seed.ts';
import { applySettings, parseSettings, SETTING_NAMES, settingWants } from '../../sim/settings.ts';
import { Choices } from '../../sim/tape.ts';

const DRAWN = drawKnobs('swarm', Choices.fromSeed(seedWords('1')));

function set(text: string): ReturnType<typeof applySettings> {
  const parsed = parseSettings(text);
  return parsed.ok ? applySettings(DRAWN, parsed.settings) : parsed;
}

describe('settings', () => {
  test('set election timeouts as a range or as one number, and keep heartbeats below them', () => {
    expect(set('electionTimeoutMs=150..300')).toMatchObject({
      knobs: { timing: { electionTimeoutMinMicros: 150_000, electionTimeoutMaxMicros: 300_000 } },
    });
    expect(set('electionTimeoutMs=20')).toMatchObject({
      knobs: { timing: { electionTimeoutMaxMicros: 40_000, heartbeatMicros: 10_000 } },
    });
  });

  test('are applied from left to right, several at once', () => {
    expect(set('batchMax=1,linkDelayMs=0.5,hasher=sha256,batchMax=7')).toMatchObject({
      knobs: { batchMax: 7, hasher: 'sha256', link: { delayMeanMicros: 500 } },
    });
  });

  test.each([
    ['electionTimeoutMs=300..100', 'electionTimeoutMs is milliseconds as 150..300'],
    ['heartbeatMs=100000', 'less than the shortest election timeout'],
    ['readShare=2', 'readShare is a share from 0 to 1, not "2"'],
    ['batchMax=', '"batchMax=" is not NAME=VALUE'],
    ['batchmax=1', 'There is nothing called "batchmax" to set'],
    ['groups=257', 'groups is a whole number from 1 to 256'],
    ['keys=-1', 'keys is a whole number'],
  ])('refuse %s', (text, reason) => {
    expect(set(text)).toMatchObject({ ok: false, reason: expect.stringContaining(reason) as string });
  });

  test('let a hundred groups and more be asked for, of both kinds', () => {
    expect(set('groups=128,placedGroups=128,vaults=128')).toMatchObject({
      knobs: { dataGroups: 128, placedGroups: 128, vaults: 128 },
    });
  });

  test('say what each of them wants, and names are unique', () => {
    expect(new Set(SETTING_NAMES).size).toBe(SETTING_NAMES.length);
    for (const name of SETTING_NAMES) expect(settingWants(name)).toBeTypeOf('string');
  });
});
