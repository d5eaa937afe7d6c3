/** Two runs compared event by event: equal ones are equal, and of others the first event that differs is named. */
import { describe, expect, test } from 'vitest';
import type { Hasher } from '../../core/capability.ts';
import { portableHasher } from '../../core/hasher.ts';
import { describeEvent, PrefixLog } from '../../sim/prefix-log.ts';
import { PORTABLE_PRIMITIVES } from '../../sim/primitives.ts';
import { type RunOptions, runSeed } from '../../sim/run.ts';

function logOf(options: Partial<RunOptions> = {}): PrefixLog {
  const log = new PrefixLog();
  const adjust: RunOptions['adjust'] = (knobs) => ({
    ...knobs,
    hasher: 'sha256',
    sealing: false,
    operations: 40,
    calmOperations: 5,
  });
  const { report } = runSeed({
    seed: '5',
    profile: 'lite',
    scenario: undefined,
    stopwatch: () => 0,
    adjust,
    onEvent: log.listener,
    ...options,
  });
  log.close(Number.parseInt(report.traceHash.slice(0, 8), 16));
  return log;
}

/** A call whose wrong answer the run survives for a while; most lead to damage that ends it at once. */
const FICKLE_CALL = 550;

/** A hasher that is not a function of its input from some call on. */
function fickleHasher(calls: number): Hasher {
  let left = calls;
  return {
    name: 'fickle',
    digest: (input, start, end, out, outOffset): void => {
      portableHasher.digest(input, start, end, out, outOffset);
      left -= 1;
      if (left === 0) out[outOffset] = (out[outOffset] as number) ^ 1;
    },
  };
}

describe('a log of prefixes', () => {
  const honest = logOf();

  test('of the same run is the same, also after it was a file', () => {
    expect(honest.length).toBeGreaterThan(500);
    expect(honest.firstDifference(logOf())).toBeUndefined();
    expect(PrefixLog.fromText(honest.toText())?.firstDifference(honest)).toBeUndefined();
    expect(PrefixLog.fromText('something else')).toBeUndefined();
  });

  test('names the first event that differs, and not a later one', () => {
    const fickle = logOf({ primitives: { ...PORTABLE_PRIMITIVES, sha256: fickleHasher(FICKLE_CALL) } });
    const difference = honest.firstDifference(fickle);
    const position = difference?.position as number;
    expect(position).toBeGreaterThan(0);
    expect(difference?.right, 'if undefined, another FICKLE_CALL is needed').toBeDefined();
    const lines = (log: PrefixLog): readonly string[] => log.toText().split('\n').slice(2);
    expect(lines(fickle).slice(0, position)).toEqual(lines(honest).slice(0, position));
    // The event itself may be another one; what stands beside it is the digest of all before.
    const digestAt = (log: PrefixLog): string | undefined => lines(log)[position]?.split(' ').at(-1);
    expect(digestAt(fickle)).toBe(digestAt(honest));
    expect(describeEvent(difference?.left as NonNullable<typeof difference>['left'] & object)).toMatch(
      /^event \d+ at \d+ µs, node \d+, [a-zA-Z]+$/,
    );
  });

  test('says that one run has ended before the other', () => {
    const shorter = logOf({ cutMicros: 500_000 });
    expect(honest.firstDifference(shorter)).toMatchObject({ position: shorter.length, right: undefined });
    expect(shorter.firstDifference(honest)).toMatchObject({ position: shorter.length, left: undefined });
  });

  test('is sampled for tapes, and the samples find the place again', () => {
    const samples = honest.samples();
    expect(samples.hashes.length / 8).toBeLessThanOrEqual(2048);
    expect(honest.firstDifferenceFrom(samples)).toBeUndefined();
    const fickle = logOf({ primitives: { ...PORTABLE_PRIMITIVES, sha256: fickleHasher(FICKLE_CALL) } });
    const exact = honest.firstDifference(fickle)?.position as number;
    const found = fickle.firstDifferenceFrom(samples)?.position as number;
    expect(found).toBeLessThanOrEqual(exact);
    expect(found).toBeGreaterThan(exact - 2 * samples.stride);
  });
});
