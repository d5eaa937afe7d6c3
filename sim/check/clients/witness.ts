/**
 * The linear-time way to show that a history is linearizable: the chains say in which order transactions were executed, and
 * every answer names the block it was read at. If that order explains every answer and respects real time, it is a proof.
 * If not, nothing is shown, and the search (linearizable.ts) decides.
 */
import type { Invocation } from '../../workload/history.ts';
import type { VaultInput, VaultModel } from './vault-model.ts';

/** Where a transaction was executed; position counts within the block. */
export interface Place {
  readonly height: number;
  readonly position: number;
  /** Of the block. */
  readonly time: number;
}

/** Operations of one block: those that changed something in their order, and those that only looked. */
interface Step {
  readonly changes: { readonly position: number; readonly time: number; readonly invocation: Invocation }[];
  readonly looks: Invocation[];
}

/** @returns whether the order of the chain explains the operations. */
export function isExplainedByChain(
  model: VaultModel,
  operations: readonly Invocation[],
  placeOf: (mark: string) => Place | undefined,
): boolean {
  const steps = arrange(operations, placeOf);
  if (steps === undefined) return false;
  const walk = new Walk(model);
  return [...steps].sort(([a], [b]) => a - b).every(([, step]) => walk.through(step));
}

function arrange(operations: readonly Invocation[], placeOf: (mark: string) => Place | undefined): Map<number, Step> | undefined {
  const steps = new Map<number, Step>();
  const at = (height: number): Step => {
    let step = steps.get(height);
    if (step === undefined) {
      step = { changes: [], looks: [] };
      steps.set(height, step);
    }
    return step;
  };
  for (const invocation of operations) {
    const { asked, outcome } = invocation;
    const place = asked.kind === 'transact' ? placeOf(asked.mark) : undefined;
    if (place !== undefined) at(place.height).changes.push({ ...place, invocation });
    else if (outcome === 'ok' && invocation.seenAt !== undefined) at(invocation.seenAt).looks.push(invocation);
    else if (outcome === 'ok') return undefined;
  }
  for (const { changes, looks } of steps.values()) {
    changes.sort((a, b) => a.position - b.position);
    looks.sort((a, b) => a.invokedAt - b.invokedAt);
  }
  return steps;
}

class Walk {
  private readonly model: VaultModel;
  private state: string;
  /** Latest invocation among what was placed: nothing that returned before it may come now. */
  private newestInvocation: number = Number.NEGATIVE_INFINITY;

  constructor(model: VaultModel) {
    this.model = model;
    this.state = model.initial;
  }

  /**
   * Looks leave the state as it is, so that each change meets the one it was tried on (`statesOf`).
   * A transaction that changed nothing may stand before, between or behind the changes of its block: it takes the last
   * place where the model accepts it, because most of them came after the block. A read stands behind all changes.
   */
  through(step: Step): boolean {
    const states = this.statesOf(step);
    if (states === undefined) return false;
    const bySlot: Invocation[][] = states.map(() => []);
    for (const look of step.looks) {
      const slot =
        look.asked.kind === 'transact' ? states.findLastIndex((state) => this.accepts(state, look)) : states.length - 1;
      if (slot < 0) return false;
      (bySlot[slot] as Invocation[]).push(look);
    }
    return bySlot.every((looks, slot) => {
      const change = step.changes[slot];
      const allowed = looks.every((look) => this.place(look, this.apply(this.state, look, look.seenTime)));
      return allowed && (change === undefined || this.place(change.invocation, states[slot + 1]));
    });
  }

  /** The state before each change of the block, and behind the last one. */
  private statesOf(step: Step): readonly string[] | undefined {
    const states = [this.state];
    for (const { invocation, time } of step.changes) {
      const next = this.apply(states[states.length - 1] as string, invocation, time);
      if (next === undefined) return undefined;
      states.push(next);
    }
    return states;
  }

  /** What changed nothing stands only where it changes nothing. */
  private accepts(state: string, invocation: Invocation): boolean {
    return this.apply(state, invocation, invocation.seenTime) === state;
  }

  private apply(state: string, { asked, told, outcome }: Invocation, at: number | undefined): string | undefined {
    const input: VaultInput = { asked, told, at };
    return this.model.apply(state, input, outcome === 'ok' ? 'ok' : 'info');
  }

  /** @param next the state it leads to; undefined where it cannot stand here. */
  private place(invocation: Invocation, next: string | undefined): boolean {
    if (next === undefined || invocation.returnedAt < this.newestInvocation) return false;
    this.state = next;
    this.newestInvocation = Math.max(this.newestInvocation, invocation.invokedAt);
    return true;
  }
}
