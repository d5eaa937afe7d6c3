/** What shrinking may never do, wherever it is stopped. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { claimOf, isSameClaim } from '../../../sim/shrink/claim.ts';
import { faultsOf, leaveOut, operationsOf } from '../../../sim/shrink/edit.ts';
import type { Tape } from '../../../sim/tape.ts';
import { formatTape, readTape } from '../../../sim/tape-file.ts';
import { propertyRuns } from '../../support/property.ts';
import { record, repeat, shrinkBy } from './failing.ts';

const seeds = fc.integer({ min: 1, max: 500 }).map(String);

/** Through the file format and back. */
function throughFile(tape: Tape): Tape {
  const end = {
    verdict: 'pass',
    violation: null,
    traceHash: '',
    storyEvents: 0,
    samples: { events: 0, stride: 1, hashes: '' },
  } as const;
  const read = readTape(formatTape({ writtenBy: 'test', build: 'test', tape, end }));
  if (!read.ok) throw new Error(read.reason);
  return read.file.tape;
}

propertyRuns(
  4,
  'wherever it stops, the best tape fails by the same oracle with the very run that it reports, and no step makes it longer',
  seeds,
  fc.boolean(),
  fc.integer({ min: 1, max: 60 }),
  (seed, redraws, stepsMax) => {
    const original = record(seed);
    fc.pre(original.report.violation?.oracle === 'dies-once');
    const { steps, end } = shrinkBy(original.tape, redraws, stepsMax);
    const again = repeat(throughFile((end as NonNullable<typeof end>).tape)).report;
    expect(isSameClaim(claimOf(again), claimOf(original.report))).toBe(true);
    expect(again.traceHash).toBe(end?.report.traceHash);
    let shortest = original.storyEvents.total;
    for (const { best } of steps) {
      expect(best.story.total).toBeLessThanOrEqual(shortest);
      shortest = best.story.total;
    }
  },
);

propertyRuns(
  4,
  'the tape of any run, edited or not, repeats that run to the last event',
  seeds,
  fc.infiniteStream(fc.boolean()),
  (seed, coins) => {
    const original = record(seed);
    expect(repeat(throughFile(original.tape)).report.traceHash).toBe(original.report.traceHash);
    const deeds = [...faultsOf(original.tape), ...operationsOf(original.tape)].filter(() => coins.next().value);
    const edited = repeat(leaveOut(original.tape, deeds));
    const again = repeat(throughFile(edited.tape as Tape));
    expect(again.report.traceHash).toBe(edited.report.traceHash);
    expect(again.drift).toEqual({ missing: 0, ignored: 0 });
  },
);
