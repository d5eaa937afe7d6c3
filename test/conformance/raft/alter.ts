/** Changes one number of a fact that is compared, so that the runner can be asked whether it notices. */
import type { Random } from '../../../core/random.ts';
import { type Directive, parseFile } from './datadriven.ts';
import type { Fact } from './facts.ts';
import { comparedFacts, isTable } from './run-file.ts';

/** The numbers of a line that its fact says something about: terms, indexes, commits, leaders, members. */
const NUMBERS: Record<Fact['kind'], RegExp> = {
  soft: /(?<=Lead:)\d+/g,
  hard: /(?<=(?:Term|Vote|Commit):)\d+/g,
  stored: /\d+(?=\/\d+ Entry)|(?<=^\s*\d+\/)\d+/g,
  applied: /\d+(?=\/\d+ Entry)|(?<=^\s*\d+\/)\d+/g,
  entry: /\d+(?=\/\d+ Entry)|(?<=^\s*\d+\/)\d+/g,
  snapshot: /(?<=Index:|Term:|Voters:\[)\d+/g,
  became: /(?<=at term )\d+/g,
  configuration: /(?<=[( ])\d+(?=[ )])(?<!(?:INFO|DEBUG) \d+)/g,
  fresh: /(?<= (?:term|commit|lastindex): )\d+/g,
  forgot: /(?<=leader |term )\d+/g,
  state: /(?<=(?:Term|Lead):)\d+/g,
  progress: /(?<=(?:match|next|pendingSnap)=)\d+/g,
  empty: /(?<=index=)\d+/g,
};

/** One line, and the numbers in it that may be changed. */
interface Place {
  readonly line: number;
  readonly numbers: readonly RegExpExecArray[];
}

function placesOf(name: string, text: string): readonly Place[] {
  const lines = text.split('\n');
  const directives = parseFile(text);
  const found = isTable(directives)
    ? directives.flatMap(linesOf)
    : comparedFacts(name, directives)
        .flat()
        .map(({ line, kind }) => ({ line, pattern: NUMBERS[kind] }));
  return found
    .map(({ line, pattern }) => ({ line, numbers: [...(lines[line - 1] as string).matchAll(pattern)] }))
    .filter(({ numbers }) => numbers.length > 0);
}

/** Every line of a table's output is compared as it is. */
function linesOf(directive: Directive): readonly { readonly line: number; readonly pattern: RegExp }[] {
  return directive.expected.map((_, i) => ({ line: directive.expectedLine + i, pattern: /\d+/g }));
}

/** @returns the text with one number changed, and where; undefined where it holds none. */
export function alter(
  name: string,
  text: string,
  random: Random,
): { readonly text: string; readonly change: string } | undefined {
  const places = placesOf(name, text);
  const place = places[random.below(Math.max(1, places.length))];
  if (place === undefined) return undefined;
  const number = place.numbers[random.below(place.numbers.length)] as RegExpExecArray;
  const value = Number(number[0]);
  const other = value > 0 && random.below(2) === 0 ? value - 1 : value + 1;
  const lines = text.split('\n');
  const line = lines[place.line - 1] as string;
  lines[place.line - 1] = `${line.slice(0, number.index)}${other}${line.slice(number.index + number[0].length)}`;
  return { text: lines.join('\n'), change: `${name} line ${place.line}: ${value} -> ${other} in "${line.trim()}"` };
}
