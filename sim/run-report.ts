/** Sums of a run that has ended: the object that `vouch sim run --json` prints. */
import type { Replica } from '../core/replica/replica.ts';
import type { Failure } from './failure.ts';
import type { FaultKind } from './faults/counts.ts';
import { type Knobs, possibleFaults } from './knobs.ts';
import type { RunReport } from './result.ts';
import type { Scenario } from './scenario.ts';
import type { VouchShape } from './vouch.ts';
import type { History } from './workload/history.ts';
import type { World } from './world.ts';

/** What of a run is told. */
export interface Ran {
  readonly world: World<VouchShape, Replica>;
  readonly history: History;
  readonly knobs: Knobs;
  readonly scenario: Scenario | undefined;
  readonly elections: number;
  /** What the run has covered. */
  readonly marks: readonly string[];
}

/** @param wallMs real time of the run, not 0 */
export function reportOf(
  name: { readonly scenario: string; readonly seed: string },
  { world, history, knobs, scenario, elections, marks }: Ran,
  { failure, wallMs }: { readonly failure: Failure | undefined; readonly wallMs: number },
): RunReport {
  const kinds = [...possibleFaults(knobs), ...((scenario?.faults ?? []) as readonly FaultKind[])];
  const aim = scenario?.reach;
  return {
    scenario: name.scenario,
    seed: name.seed,
    verdict: failure?.verdict ?? 'pass',
    violation: failure?.violation ?? null,
    events: world.events,
    ops: { ok: history.ok, fail: history.fail, info: history.info },
    elections,
    virtualMs: Math.floor(world.now / 1000),
    wallMs: Math.round(wallMs),
    eventsPerSecond: Math.round((world.events * 1000) / wallMs),
    faults: world.counts.report(kinds),
    ...(aim === undefined ? {} : { reach: { words: aim.words, reached: marks.includes(aim.mark) } }),
    hasher: knobs.hasher,
    traceHash: world.trace.digest(),
  };
}
