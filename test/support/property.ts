/**
 * Property tests with one way to replay them. `npm test` uses a fixed seed (a red run is a red change, not bad luck);
 * `npm run properties` draws fresh seeds, and a failure there or here ends with the one command that replays it.
 * Environment: VOUCH_SEED (a 32-bit integer), VOUCH_PATH (fast-check's counterexample path), VOUCH_RUNS (runs of every
 * property, instead of its own number). Files that use this are named `*.prop.test.ts`; test/project/tidy.test.ts says so.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

/** The seed of an ordinary `npm test`. */
const DEFAULT_SEED = 20_190_826;
/** Runs of a property that does not say otherwise. */
const DEFAULT_RUNS = 100;
/** Shrinking stops here: a long counterexample now is worth more than a short one after the coffee. */
const SHRINK_MS = 60_000;
/** Longest one property may take. Why so long: nightly runs raise VOUCH_RUNS on busy machines. */
const TIMEOUT_MS = 300_000;

type Arbitraries<T extends [unknown, ...unknown[]]> = { [K in keyof T]: fc.Arbitrary<T[K]> };
type Arguments<T extends [unknown, ...unknown[]]> = [
  ...arbitraries: Arbitraries<T>,
  // biome-ignore lint/suspicious/noConfusingVoidType: fast-check's own signature; a predicate may return nothing
  predicate: (...values: T) => boolean | void,
];

function integerFromEnv(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`${name} is an integer, not ${JSON.stringify(text)}`);
  return value;
}

/** The command that runs exactly the failing case of the named test again. */
export function replayCommand(testName: string, seed: number, path: string | null): string {
  const quoted = `'${testName.replaceAll("'", "'\\''")}'`;
  const at = path === null ? '' : ` --path ${path}`;
  return `npm run properties -- --seed ${seed}${at} --only ${quoted}`;
}

/**
 * fast-check parameters from the environment, for tests that call `fc.assert` themselves.
 * @param runs how often the property runs when VOUCH_RUNS does not say.
 */
export function propertyOptions<T = unknown>(runs: number = DEFAULT_RUNS): fc.Parameters<T> {
  const testName = expect.getState().currentTestName ?? '';
  const path = process.env.VOUCH_PATH;
  return {
    seed: integerFromEnv('VOUCH_SEED') ?? DEFAULT_SEED,
    numRuns: integerFromEnv('VOUCH_RUNS') ?? runs,
    interruptAfterTimeLimit: SHRINK_MS,
    ...(path === undefined || path === '' ? {} : { path, endOnFailure: true }),
    reporter: (details) => {
      if (!details.failed) return;
      const report = fc.defaultReportMessage(details) ?? 'property failed';
      const replay = replayCommand(testName, details.seed, details.counterexamplePath);
      throw new Error(`${report}\n\nReplay: ${replay}\n`, { cause: details.errorInstance });
    },
  };
}

/**
 * A vitest test that claims `name` for every draw: `property('claim', fc.nat(), fc.string(), (n, text) => { ... })`.
 * The predicate throws or returns false where the claim fails.
 */
export function property<T extends [unknown, ...unknown[]]>(name: string, ...args: Arguments<T>): void {
  propertyRuns(DEFAULT_RUNS, name, ...args);
}

/** As `property`, with another number of runs: fewer for costly draws, more for cheap ones. */
export function propertyRuns<T extends [unknown, ...unknown[]]>(runs: number, name: string, ...args: Arguments<T>): void {
  test(name, { timeout: TIMEOUT_MS }, () => {
    fc.assert(fc.property<T>(...args), propertyOptions<T>(runs));
  });
}
