/**
 * `vouch sim check` against plain enumeration, through the file format and over all models. `npm run campaign:check` does it
 * 100,000 times.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../core/random.ts';
import { checkHistory } from '../../../sim/check/history-file.ts';
import { propertyOptions } from '../../support/property.ts';
import { type Event, isLinearizableByEnumeration, type Model } from './enumerate.ts';
import { randomHistory } from './histories.ts';

const OPERATIONS_MAX = 8;
const RUNS = 3000;
const TIMEOUT_MS = 3_600_000;
const MODELS: readonly Model[] = ['register', 'kv', 'ledger'];

interface Drawn {
  readonly model: Model;
  readonly events: readonly Event[];
}

/** Few properties gain from shrinking a random execution; a seed is enough to find it again. */
const drawn: fc.Arbitrary<Drawn> = fc.tuple(fc.constantFrom(...MODELS), fc.integer()).map(([model, seed]) => {
  const random = Random.stream([seed, 0, 0, 0], 'history');
  return { model, events: randomHistory((bound) => random.below(bound), model, OPERATIONS_MAX) };
});

function verdictOf({ model, events }: Drawn): string {
  const text = events.map((event) => JSON.stringify(event)).join('\n');
  const checked = checkHistory(text, model === 'register' ? 'cas-register' : model);
  if (!checked.ok) throw new Error(`line ${checked.line}: ${checked.reason}`);
  return checked.result.verdict;
}

describe('vouch sim check', () => {
  test('agrees with enumeration on every small history, and both verdicts are common on every model', {
    timeout: TIMEOUT_MS,
  }, () => {
    const counts = new Map<string, number>();
    const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
    fc.assert(
      fc.property(drawn, (history) => {
        const verdict = verdictOf(history);
        expect(verdict).toBe(isLinearizableByEnumeration(history.model, history.events) ? 'linearizable' : 'violation');
        count(history.model);
        count(`${history.model} ${verdict}`);
        if (history.events.some(({ type }) => type === 'info')) count(`${history.model} info`);
      }),
      { ...propertyOptions(RUNS), interruptAfterTimeLimit: TIMEOUT_MS },
    );
    if (process.env.VOUCH_RUNS !== undefined) process.stdout.write(`${JSON.stringify(Object.fromEntries([...counts].sort()))}\n`);
    for (const model of MODELS) {
      const share = (what: string): number => (counts.get(`${model} ${what}`) ?? 0) / (counts.get(model) ?? 0);
      expect(share('linearizable')).toBeGreaterThan(0.2);
      expect(share('violation')).toBeGreaterThan(0.2);
      expect(share('info')).toBeGreaterThan(0.2);
    }
  });

  test('one read of a value that nobody wrote makes a true history a violation', { timeout: TIMEOUT_MS }, () => {
    let changed = 0;
    fc.assert(
      fc.property(drawn, fc.nat(), ({ model, events }, pick) => {
        if (model === 'ledger') return; // it has two values only, and both can be written
        if (verdictOf({ model, events }) !== 'linearizable') return;
        const reads = events.filter(({ f, type }) => (f === 'read' || f === 'get') && type === 'ok');
        if (reads.length === 0) return;
        const victim = reads[pick % reads.length];
        const forged = events.map((event) => (event === victim ? { ...event, value: 'never written' } : event));
        expect(verdictOf({ model, events: forged })).toBe('violation');
        changed += 1;
      }),
      { ...propertyOptions(RUNS), interruptAfterTimeLimit: TIMEOUT_MS },
    );
    expect(changed).toBeGreaterThan(RUNS / 10);
  });
});
