/** One exploration from beginning to end, as plain data. Also the entry of a mutant's bundle (node/cli/sim-explore.ts). */
import { type Counts, Explorer } from './explorer.ts';
import type { Scope } from './scope.ts';
import { tell } from './story.ts';
import { permutationsOf } from './symmetry.ts';

export interface ExploreOrder {
  readonly scope: Scope;
  /** The exploration gives up beyond so many states. */
  readonly statesMax: number;
  /** Whether the code is Raft as it should be, so that what is known of it may be relied upon (dead-letters.ts). */
  readonly isRaft: boolean;
}

export interface ExploreReport extends Counts {
  /** unknown: there are more states than were looked at. */
  readonly verdict: 'pass' | 'violation' | 'unknown';
  readonly violation: { readonly oracle: string; readonly message: string } | null;
  /** The counterexample, a sentence a step; empty where there is none. */
  readonly steps: readonly string[];
  /** Its length as `shrink` counts; null where there is none. */
  readonly storyEvents: number | null;
  /** About how probable it is that some state was taken for another, and so not looked at. */
  readonly collisionProbability: number;
}

/** @param onStates told every so often of how many states there are. */
export function explore(order: ExploreOrder, onStates: (states: number) => void): ExploreReport {
  const explorer = new Explorer(order.scope, order.isRaft);
  while (!explorer.isExhausted && explorer.found === undefined && explorer.counts.states < order.statesMax) {
    explorer.expandLevel(order.statesMax, () => onStates(explorer.counts.states));
  }
  const { counts, found } = explorer;
  const common = { ...counts, collisionProbability: collisionProbability(counts.states, order.scope.nodes) };
  if (found === undefined) {
    const verdict = explorer.isExhausted ? 'pass' : 'unknown';
    return { verdict, violation: null, steps: [], storyEvents: null, ...common };
  }
  const { steps, storyEvents } = tell(explorer.scope, explorer.locals, found.path);
  const violation = { oracle: found.breach.rule, message: found.breach.message };
  return { verdict: 'violation', violation, steps, storyEvents, ...common };
}

/** By the birthday bound, for fingerprints of 64 bits of which each state has one for every order of the nodes. */
function collisionProbability(states: number, nodes: number): number {
  return Math.min(1, ((states * states) / 2) * permutationsOf(nodes).length * 2 ** -64);
}
