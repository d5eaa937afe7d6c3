/** A known bug as an exact source replacement, applied to a copy when it is loaded; production code has no switches for it. */

export interface Mutant {
  /** Id of the shared list of known bugs (E1, L6, …); K1 to K6 are controls, which must survive. */
  readonly id: string;
  readonly title: string;
  /** The file, from the root of the repository. */
  readonly file: string;
  /** Must stand exactly once in the file, or the run fails. */
  readonly find: string;
  readonly replace: string;
  readonly isControl?: boolean;
}

export type Mutated = { readonly ok: true; readonly source: string } | { readonly ok: false; readonly reason: string };

/** Applies a mutant to the text of its file. */
export function mutate(mutant: Mutant, source: string): Mutated {
  const matches = source.split(mutant.find).length - 1;
  if (matches !== 1) return { ok: false, reason: `${mutant.id}: its text stands ${matches} times in ${mutant.file}, not once` };
  return { ok: true, source: source.replace(mutant.find, () => mutant.replace) };
}
