/**
 * Nodes may change their names: Raft treats them alike, so a state and the state with other names for the same nodes lead to the same.
 * A member's state under other names is what the production code makes of the renamed inputs that led to it; nothing is renamed
 * inside it. That this does not depend on how a state was reached is looked at in test/sim/explore/abstraction.test.ts.
 */
import { LETTER, type Locals } from './locals.ts';
import { type Messages, NO_LETTERS } from './messages.ts';

/** All orders of the nodes 0 to count - 1; the first one changes nothing. */
export function permutationsOf(count: number): readonly (readonly number[])[] {
  if (count === 0) return [[]];
  const shorter = permutationsOf(count - 1);
  // The last node at every place, the place that it has first.
  return shorter.flatMap((order) =>
    Array.from({ length: count }, (_, i) => {
      const at = count - 1 - i;
      return [...order.slice(0, at), count - 1, ...order.slice(at)];
    }),
  );
}

export class Symmetry {
  readonly permutations: readonly (readonly number[])[];
  private readonly locals: Locals;
  private readonly messages: Messages;
  /** By permutation, then by number; undefined = not known yet. */
  private readonly renamedLetters: number[][];
  private readonly renamedStates: number[][];
  private readonly renamedSets: number[][];

  constructor(nodes: number, locals: Locals) {
    this.permutations = permutationsOf(nodes);
    this.locals = locals;
    this.messages = locals.messages;
    this.renamedLetters = this.permutations.map(() => []);
    this.renamedStates = this.permutations.map(() => []);
    this.renamedSets = this.permutations.map(() => []);
  }

  letter(permutation: number, letter: number): number {
    const known = this.renamedLetters[permutation] as number[];
    const renamed = known[letter];
    if (renamed !== undefined) return renamed;
    const result = this.messages.permuted(letter, this.permutations[permutation] as readonly number[]);
    known[letter] = result;
    return result;
  }

  /** A member's state under other names. */
  state(permutation: number, state: number): number {
    if (permutation === 0) return state;
    const known = this.renamedStates[permutation] as number[];
    const renamed = known[state];
    if (renamed !== undefined) return renamed;
    const { parent, input } = this.locals.origin(state);
    const node = (this.permutations[permutation] as readonly number[])[input] as number;
    const result =
      parent === -1
        ? this.locals.initial(node)
        : this.locals.step(this.state(permutation, parent), this.input(permutation, input)).target;
    known[state] = result;
    return result;
  }

  /** A set of letters under other names. */
  set(permutation: number, set: number): number {
    if (permutation === 0) return set;
    const known = this.renamedSets[permutation] as number[];
    const renamed = known[set];
    if (renamed !== undefined) return renamed;
    let result = NO_LETTERS;
    for (const letter of this.messages.inSet(set)) result = this.messages.with(result, this.letter(permutation, letter));
    known[set] = result;
    return result;
  }

  input(permutation: number, input: number): number {
    return input < LETTER ? input : LETTER + this.letter(permutation, input - LETTER);
  }
}
