/** What the same seeds came to in several places, compared with the first of them. */

/** Seed -> trace hash. */
export type Rows = ReadonlyMap<string, string>;

export interface Place {
  /** As people call it: `Node v22.12.0`, `Chromium 140.0`. */
  readonly name: string;
  readonly rows: Rows;
}

export interface Difference {
  readonly seed: string;
  readonly place: string;
  /** Undefined where the seed did not run. */
  readonly hash: string | undefined;
  readonly expected: string | undefined;
}

export interface Comparison {
  readonly reference: Place;
  readonly others: readonly { readonly place: Place; readonly equal: number; readonly differences: readonly Difference[] }[];
}

/** @param wanted seeds that each place was to run. */
export function compare(
  reference: Place,
  others: readonly { readonly place: Place; readonly wanted: readonly string[] }[],
): Comparison {
  return {
    reference,
    others: others.map(({ place, wanted }) => {
      const differences = wanted.flatMap((seed): readonly Difference[] => {
        const hash = place.rows.get(seed);
        const expected = reference.rows.get(seed);
        return hash !== undefined && hash === expected ? [] : [{ seed, place: place.name, hash, expected }];
      });
      return { place, equal: wanted.length - differences.length, differences };
    }),
  };
}

export function mismatches({ others }: Comparison): readonly Difference[] {
  return others.flatMap(({ differences }) => differences);
}

/** The comparison as lines that stand under each other. */
export function tableOf({ reference, others }: Comparison): readonly string[] {
  const width = Math.max(...[reference, ...others.map(({ place }) => place)].map(({ name }) => name.length));
  const line = (name: string, cells: readonly string[]): string =>
    `${name.padEnd(width)}${cells.map((cell) => cell.padStart(9)).join('')}`;
  return [
    line('', ['seeds', 'equal', 'other']),
    line(reference.name, [String(reference.rows.size), '', '']),
    ...others.map(({ place, equal, differences }) =>
      line(place.name, [String(equal + differences.length), String(equal), String(differences.length)]),
    ),
  ];
}
