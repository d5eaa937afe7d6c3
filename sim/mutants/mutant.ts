/** A known bug as exact source replacements, applied to a copy when it is loaded; production code has no switches for it. */

/** One place in a file. */
export interface Replacement {
  /** The file, from the root of the repository. */
  readonly file: string;
  /** Must stand exactly once in the file, or the run fails. */
  readonly find: string;
  readonly replace: string;
}

export interface Mutant extends Replacement {
  /** Id of the shared list of known bugs (E1, L6, …), or one beside it; K1 to K6 are controls, which must survive. */
  readonly id: string;
  readonly title: string;
  /** A second place, where one check of two would hide the other. */
  readonly and?: Replacement;
  /** The scenario whose seeds it is hunted in, where what it needs never happens in generic ones. At most 15% of the list. */
  readonly scenario?: string;
  readonly isControl?: boolean;
}

export type Mutated = { readonly ok: true; readonly source: string } | { readonly ok: false; readonly reason: string };

/** All places of a mutant. No two are in one file. */
export function replacementsOf(mutant: Mutant): readonly Replacement[] {
  return mutant.and === undefined ? [mutant] : [mutant, mutant.and];
}

/** Applies one of a mutant's replacements to the text of its file. @param id of the mutant, for messages */
export function mutate(id: string, { file, find, replace }: Replacement, source: string): Mutated {
  const matches = source.split(find).length - 1;
  if (matches !== 1) return { ok: false, reason: `${id}: its text stands ${matches} times in ${file}, not once` };
  return { ok: true, source: source.replace(find, () => replace) };
}
