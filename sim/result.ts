/** What one run says of itself: the object of `vouch sim run --json`, field by field. */
import type { Knobs } from './knobs.ts';
import type { Samples } from './measure/measures.ts';
import type { Recording } from './record/recording.ts';
import type { StoryEvents } from './story-events.ts';
import type { Drift, Tape } from './tape.ts';

export type RunVerdict = 'pass' | 'violation' | 'liveness' | 'nondeterminism' | 'vacuous' | 'unknown';

export interface RunViolation {
  readonly oracle: string;
  readonly message: string;
}

/** What a story is about, and whether it came to that. */
export interface Reach {
  /** Continues "in n of m seeds". */
  readonly words: string;
  readonly reached: boolean;
}

export interface RunReport {
  readonly scenario: string;
  readonly seed: string;
  readonly verdict: RunVerdict;
  readonly violation: RunViolation | null;
  readonly events: number;
  readonly ops: { readonly ok: number; readonly fail: number; readonly info: number };
  readonly elections: number;
  readonly virtualMs: number;
  readonly wallMs: number;
  readonly eventsPerSecond: number;
  readonly faults: Readonly<Record<string, number>>;
  /** Present where the scenario says what it is to reach. */
  readonly reach?: Reach;
  readonly hasher: string;
  readonly traceHash: string;
}

export interface RunResult {
  readonly report: RunReport;
  readonly knobs: Knobs;
  /** What the run has covered (marks.ts), sorted. */
  readonly marks: readonly string[];
  /** Present where the run was measured. */
  readonly samples: Samples | undefined;
  /** Present where the run was recorded or replayed: what was drawn, and no more. */
  readonly tape: Tape | undefined;
  readonly drift: Drift;
  /** Present where a story was asked for. */
  readonly story: Recording | undefined;
  readonly storyEvents: StoryEvents;
  /** True time at which it ended, microseconds. */
  readonly endMicros: number;
  /** What every node knew of its groups at the end, for a person. */
  readonly states: readonly string[];
}

/** Exit codes of 60-simulator. */
export function exitCodeOf(verdict: RunVerdict): number {
  switch (verdict) {
    case 'pass':
      return 0;
    case 'violation':
      return 1;
    case 'liveness':
      return 3;
    case 'nondeterminism':
      return 4;
    case 'vacuous':
    case 'unknown':
      return 5;
  }
}
