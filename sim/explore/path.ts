/** The way from the beginning to a state: whose turn it was, and what happened to it. */

/** One move of a counterexample. */
export interface PathStep {
  readonly node: number;
  /** Number of the member's input (locals.ts). */
  readonly input: number;
  /** It leaves the node as it is: the exploration takes every such step at once, and not all of them matter. */
  readonly isAnswer: boolean;
}

/** The steps that the last one rests on: all that change a node, and answers that bring a letter which is delivered later. */
export function essential(
  path: readonly PathStep[],
  letterOf: (step: PathStep) => number,
  sentBy: (at: number) => readonly number[],
): readonly PathStep[] {
  const senders = new Map<number, number>();
  for (const at of path.keys()) {
    for (const letter of sentBy(at)) if (!senders.has(letter)) senders.set(letter, at);
  }
  const needed = new Set<number>();
  const need = (at: number): void => {
    if (needed.has(at)) return;
    needed.add(at);
    const sender = senders.get(letterOf(path[at] as PathStep));
    if (sender !== undefined) need(sender);
  };
  for (const [at, step] of path.entries()) if (!step.isAnswer) need(at);
  return path.filter((_, at) => needed.has(at));
}
