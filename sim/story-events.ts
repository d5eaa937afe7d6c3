/**
 * The length of a run's story: how many things a person has to follow to understand how it ended. One story event is
 *   - one fault that happened: a process or machine that died or came back, a cut, a pause, a slow disk, a step of a clock, a
 *     frame that was lost, doubled or overtaken;
 *   - one operation that a client began, those that set the cluster up included;
 *   - one election that was won, the first of each group included.
 * Not counted: consequences (frames that a cut swallowed, sectors that a power loss took, a link that was full), a blackout besides
 * the machines that lost power in it, and the end of a fault that lasted.
 * Counted is everything up to the violation. For liveness that is the moment from which on nothing happened any more, and the
 * waiting is one event more.
 */
import { FAULT_KINDS, type FaultCounts, type FaultKind } from './faults/counts.ts';

export interface StoryEvents {
  readonly faults: number;
  readonly operations: number;
  readonly elections: number;
  /** All of them. */
  readonly total: number;
}

const CONSEQUENCES: readonly FaultKind[] = ['blackout', 'overflow', 'lostWrite', 'tornWrite'];
const COUNTED: readonly FaultKind[] = FAULT_KINDS.filter((kind) => !CONSEQUENCES.includes(kind));

export function storyEvents(
  counts: FaultCounts,
  told: { readonly operations: number; readonly elections: number; readonly waiting: number },
): StoryEvents {
  const { operations, elections, waiting } = told;
  const faults = COUNTED.reduce((sum, kind) => sum + counts.of(kind), 0);
  return { faults, operations, elections, total: faults + operations + elections + waiting };
}
