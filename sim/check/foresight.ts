/**
 * What the rest of a history rules out already: a step after which some later answer cannot come about any more is not taken.
 * Sound, not complete: it only saves work, and the search decides.
 */
import type { Operation, Outcome } from './model.ts';

/** @returns whether an operation was placed, or has returned, in the configuration that is looked at. */
export type IsPlaced = (operation: number) => boolean;

export interface Foresight {
  /** Whether nothing can come of a step from one state to another; isPlaced knows of the step. */
  isHopeless(before: string, after: string, isPlaced: IsPlaced): boolean;
}

/** Statements about one state, and what may lead to it. */
interface StateUse {
  readonly demanders: number[];
  readonly yielders: number[];
}

/** For models whose operations demand one state and lead to one state, whatever was before. */
export class ExactForesight<I> implements Foresight {
  private readonly uses: Map<string, StateUse> = new Map();

  /**
   * @param demands the one state that an operation says it met, if it does.
   * @param yields the one state that it may lead to, if any.
   */
  constructor(
    history: readonly Operation<I>[],
    demands: (input: I, outcome: Outcome) => string | undefined,
    yields: (input: I, outcome: Outcome) => string | undefined,
  ) {
    for (const [operation, { input, outcome }] of history.entries()) {
      const demanded = demands(input, outcome);
      if (demanded !== undefined && outcome !== 'info') this.useOf(demanded).demanders.push(operation);
      const yielded = yields(input, outcome);
      if (yielded !== undefined) this.useOf(yielded).yielders.push(operation);
    }
  }

  /** A state is not left for good while somebody still has to meet it. */
  isHopeless(before: string, after: string, isPlaced: IsPlaced): boolean {
    const use = this.uses.get(before);
    if (use === undefined || before === after) return false;
    return !everyPlaced(use.demanders, isPlaced) && everyPlaced(use.yielders, isPlaced);
  }

  private useOf(state: string): StateUse {
    const known = this.uses.get(state);
    if (known !== undefined) return known;
    const made = { demanders: [], yielders: [] };
    this.uses.set(state, made);
    return made;
  }
}

/** Answers looked at per step; more would cost more than they save. */
const ANSWERS_MAX = 16;

/** For texts that grow until something replaces them. */
export class GrowingForesight<I> implements Foresight {
  private readonly replacers: readonly number[];
  /** Definite answers in the order of their returns. */
  private readonly answers: readonly { readonly operation: number; readonly text: string }[];

  /** @param answer the whole text that an operation says it met, if it does. @param replaces whether it may replace the text. */
  constructor(
    history: readonly Operation<I>[],
    answer: (input: I, outcome: Outcome) => string | undefined,
    replaces: (input: I, outcome: Outcome) => boolean,
  ) {
    const operations = [...history.keys()];
    const at = (operation: number): Operation<I> => history[operation] as Operation<I>;
    this.replacers = operations.filter((operation) => replaces(at(operation).input, at(operation).outcome));
    this.answers = operations
      .filter((operation) => at(operation).outcome === 'ok')
      .sort((a, b) => at(a).returnedAt - at(b).returnedAt)
      .map((operation) => ({ operation, text: answer(at(operation).input, 'ok') }))
      .filter((entry): entry is { readonly operation: number; readonly text: string } => entry.text !== undefined);
  }

  /** While nothing can replace it, every answer to come begins with what is there now. */
  isHopeless(_before: string, after: string, isPlaced: IsPlaced): boolean {
    if (!everyPlaced(this.replacers, isPlaced)) return false;
    const { answers } = this;
    for (let at = this.firstOpen(isPlaced), seen = 0; at < answers.length && seen < ANSWERS_MAX; at += 1, seen += 1) {
      const { operation, text } = answers[at] as { readonly operation: number; readonly text: string };
      if (!isPlaced(operation) && !text.startsWith(after)) return true;
    }
    return false;
  }

  /** By bisection: answers that have returned are placed, and they stand in the order of their returns. */
  private firstOpen(isPlaced: IsPlaced): number {
    let low = 0;
    let high = this.answers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isPlaced((this.answers[middle] as { readonly operation: number }).operation)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Looks at the last first: what has yet to come is mostly there. */
function everyPlaced(operations: readonly number[], isPlaced: IsPlaced): boolean {
  for (let at = operations.length - 1; at >= 0; at -= 1) if (!isPlaced(operations[at] as number)) return false;
  return true;
}
