/**
 * Is there one order of the operations that respects real time and in which each does what the sequential model says?
 * Source: Wing & Gong 1993, Lowe 2017 (just-in-time linearization with a memo of configurations).
 * Histories of independent objects are split before (Horn & Kroening 2015); each part is checked here.
 * An `info` operation may be placed anywhere after its invocation, or nowhere. `unknown` = the budget ran out, never green.
 */
import { assert } from '../../core/assert.ts';
import type { Model, Operation } from './model.ts';

export type Verdict<I> =
  | { readonly verdict: 'linearizable'; readonly steps: number }
  /** stuck: the operation that no order could place, in the longest attempt. */
  | { readonly verdict: 'violation'; readonly steps: number; readonly stuck: Operation<I>; readonly placed: number }
  | { readonly verdict: 'unknown'; readonly steps: number };

/** Configurations looked at by default before giving up. */
export const CHECK_STEPS_MAX: number = 5_000_000;

/** A call or return in the doubly linked list of what is left to place. */
interface Mark {
  readonly operation: number;
  readonly isReturn: boolean;
  previous: Mark | undefined;
  next: Mark | undefined;
  /** The matching return of a call; undefined for info. */
  readonly partner: Mark | undefined;
}

export function checkLinearizable<I>(
  model: Model<I>,
  history: readonly Operation<I>[],
  stepsMax: number = CHECK_STEPS_MAX,
): Verdict<I> {
  return new Search(model, history, stepsMax).run();
}

class Search<I> {
  private readonly model: Model<I>;
  private readonly history: readonly Operation<I>[];
  private readonly stepsMax: number;
  private readonly head: Mark;
  private readonly placed: Uint32Array;
  private readonly memo: ConfigurationMemo;
  private readonly states: Map<string, number> = new Map();
  private remaining: number;

  constructor(model: Model<I>, history: readonly Operation<I>[], stepsMax: number) {
    this.model = model;
    this.history = history;
    this.stepsMax = stepsMax;
    this.head = link(history);
    this.placed = new Uint32Array((history.length + 31) >>> 5);
    this.memo = new ConfigurationMemo(history.length);
    this.remaining = history.filter((operation) => operation.outcome !== 'info').length;
  }

  run(): Verdict<I> {
    const path: { readonly call: Mark; readonly state: string }[] = [];
    let state = this.model.initial;
    let mark = this.head.next;
    let steps = 0;
    let deepest = -1;
    let stuck = 0;
    while (this.remaining > 0) {
      steps += 1;
      if (steps > this.stepsMax) return { verdict: 'unknown', steps };
      assert(mark !== undefined, 'what remains has a return in the list');
      if (!mark.isReturn) {
        const next = this.attempt(mark, state);
        if (next === undefined) {
          mark = mark.next;
          continue;
        }
        path.push({ call: mark, state });
        state = next;
        this.lift(mark);
        mark = this.head.next;
        continue;
      }
      if (path.length > deepest) {
        deepest = path.length;
        stuck = mark.operation;
      }
      const back = path.pop();
      if (back === undefined) {
        return { verdict: 'violation', steps, stuck: this.history[stuck] as Operation<I>, placed: Math.max(deepest, 0) };
      }
      state = back.state;
      this.unlift(back.call);
      mark = back.call.next;
    }
    return { verdict: 'linearizable', steps };
  }

  /** The state after placing the call next, unless the model forbids it or the configuration was seen. */
  private attempt(call: Mark, state: string): string | undefined {
    const { input, outcome } = this.history[call.operation] as Operation<I>;
    const next = this.model.apply(state, input, outcome);
    if (next === undefined) return undefined;
    this.placed[call.operation >>> 5] = (this.placed[call.operation >>> 5] as number) | (1 << (call.operation & 31));
    const isNew = this.memo.add(this.placed, this.stateNumber(next));
    if (!isNew) this.forget(call.operation);
    return isNew ? next : undefined;
  }

  private stateNumber(state: string): number {
    const known = this.states.get(state);
    if (known !== undefined) return known;
    this.states.set(state, this.states.size);
    return this.states.size - 1;
  }

  private forget(operation: number): void {
    this.placed[operation >>> 5] = (this.placed[operation >>> 5] as number) & ~(1 << (operation & 31));
  }

  private lift(call: Mark): void {
    unlink(call);
    if (call.partner === undefined) return;
    unlink(call.partner);
    this.remaining -= 1;
  }

  private unlift(call: Mark): void {
    this.forget(call.operation);
    if (call.partner !== undefined) {
      relink(call.partner);
      this.remaining += 1;
    }
    relink(call);
  }
}

/** Calls and returns in real-time order; at one instant calls come first, so that touching intervals are concurrent. */
function link<I>(history: readonly Operation<I>[]): Mark {
  const marks: { readonly at: number; readonly mark: Mark }[] = [];
  history.forEach((operation, index) => {
    let partner: Mark | undefined;
    if (operation.outcome !== 'info') {
      partner = { operation: index, isReturn: true, previous: undefined, next: undefined, partner: undefined };
      marks.push({ at: operation.returnedAt, mark: partner });
    }
    const call: Mark = { operation: index, isReturn: false, previous: undefined, next: undefined, partner };
    marks.push({ at: operation.invokedAt, mark: call });
  });
  marks.sort((a, b) => a.at - b.at || Number(a.mark.isReturn) - Number(b.mark.isReturn));
  const head: Mark = { operation: -1, isReturn: false, previous: undefined, next: undefined, partner: undefined };
  let last = head;
  for (const { mark } of marks) {
    last.next = mark;
    mark.previous = last;
    last = mark;
  }
  return head;
}

function unlink(mark: Mark): void {
  if (mark.previous !== undefined) mark.previous.next = mark.next;
  if (mark.next !== undefined) mark.next.previous = mark.previous;
}

function relink(mark: Mark): void {
  if (mark.previous !== undefined) mark.previous.next = mark;
  if (mark.next !== undefined) mark.next.previous = mark;
}

/** Which (set of placed operations, state) were reached before. Exact: hashes only find the bucket. */
class ConfigurationMemo {
  private readonly words: number;
  private readonly buckets: Map<number, { readonly placed: Uint32Array; readonly state: number }[]> = new Map();

  constructor(operations: number) {
    this.words = (operations + 31) >>> 5;
  }

  /** @returns whether the configuration is new. */
  add(placed: Uint32Array, state: number): boolean {
    let hash = Math.imul(state + 1, 0x9e3779b1);
    for (let word = 0; word < this.words; word += 1) {
      hash = Math.imul(hash ^ (placed[word] as number), 0x85ebca6b);
      hash ^= hash >>> 13;
    }
    const bucket = this.buckets.get(hash);
    if (bucket === undefined) {
      this.buckets.set(hash, [{ placed: placed.slice(), state }]);
      return true;
    }
    for (const seen of bucket) if (seen.state === state && this.equal(seen.placed, placed)) return false;
    bucket.push({ placed: placed.slice(), state });
    return true;
  }

  private equal(a: Uint32Array, b: Uint32Array): boolean {
    for (let word = 0; word < this.words; word += 1) if (a[word] !== b[word]) return false;
    return true;
  }
}
