/** Every scenario passes, its faults happen, and it comes to what it is about: most of them in half of the time that a run takes. */
import { describe, expect, test } from 'vitest';
import { SCENARIOS } from '../../scenarios/registry.ts';
import type { Knobs } from '../../sim/knobs.ts';
import { runSeed } from '../../sim/run.ts';
import { TOPICS } from '../../sim/topics.ts';

const OPERATIONS_MAX = 250;
/** Which one is run, where it is not 7. */
const SEEDS: Readonly<Record<string, string>> = { 'read-modes': '8' };
/** What these are about comes late, or seldom. */
const WHOLE: readonly string[] = [
  'planned-transfer',
  'diverged-vault',
  'hundred-groups',
  'read-modes',
  'changing-members',
  'stragglers',
];
const brief = (knobs: Knobs): Knobs => ({ ...knobs, operations: Math.min(knobs.operations, OPERATIONS_MAX) });

/** What a run has more of than, where it is not 3. */
const FAULTS_MIN: Readonly<Record<string, number>> = { failover: 0, 'diverged-vault': 1 };

describe('scenarios', () => {
  test.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
    '%s passes, and its faults happen',
    (_, scenario) => {
      const adjust = WHOLE.includes(scenario.name) ? (knobs: Knobs): Knobs => knobs : brief;
      const seed = SEEDS[scenario.name] ?? '7';
      const { report, marks } = runSeed({ seed, profile: 'swarm', scenario, adjust, stopwatch: () => 0 });
      expect(report.violation).toBeNull();
      const wanted = (scenario.shows ?? []).flatMap((topic) => TOPICS[topic] ?? []);
      expect(wanted.filter((mark) => !marks.includes(mark))).toEqual([]);
      const [first] = scenario.faults;
      // One of them tells of no fault, but of leaders that hand over, one of a single fault, and one of a state that is tampered with
      // again only once it was rebuilt; the others of one after the other.
      if (first === undefined) expect(report.elections).toBeGreaterThan(6);
      else expect(report.faults[first]).toBeGreaterThan(FAULTS_MIN[scenario.name] ?? 3);
    },
  );
});
