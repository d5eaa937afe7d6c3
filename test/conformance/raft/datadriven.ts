/**
 * The text format of data-driven tests: directives with arguments, an input, and the output that is expected of them.
 *
 *   command arg key=value key=(one,two)
 *   further input, if any
 *   ----
 *   expected output, up to an empty line; between two more `----` it may hold empty lines itself
 */

export interface Argument {
  readonly key: string;
  /** None for a bare word. */
  readonly values: readonly string[];
}

export interface Command {
  readonly name: string;
  readonly args: readonly Argument[];
}

export interface Directive extends Command {
  /** Of the command, from 1. */
  readonly line: number;
  readonly input: readonly string[];
  readonly expected: readonly string[];
  /** Line of the first expected one. */
  readonly expectedLine: number;
}

const SEPARATOR = '----';

/** All directives of a file. A command without a separator has no output and is none: that is an error of the file. */
export function parseFile(text: string): readonly Directive[] {
  const lines = text.split('\n');
  const directives: Directive[] = [];
  let at = 0;
  while (at < lines.length) {
    const command = lines[at] as string;
    if (command.trim() === '' || command.startsWith('#')) at += 1;
    else {
      const read = parseDirective(lines, at);
      directives.push(read.directive);
      at = read.next;
    }
  }
  return directives;
}

function parseDirective(lines: readonly string[], start: number): { readonly directive: Directive; readonly next: number } {
  let separator = start;
  while (separator < lines.length && lines[separator] !== SEPARATOR) separator += 1;
  if (separator === lines.length) throw new Error(`line ${start + 1}: a directive without ${SEPARATOR}`);
  const isFenced = lines[separator + 1] === SEPARATOR;
  const first = separator + (isFenced ? 2 : 1);
  let end = first;
  while (end < lines.length && !(isFenced ? lines[end] === SEPARATOR && lines[end + 1] === SEPARATOR : lines[end] === ''))
    end += 1;
  let head = start;
  let text = lines[head] as string;
  while (text.endsWith('\\')) {
    head += 1;
    text = `${text.slice(0, -1)} ${lines[head]}`;
  }
  const directive: Directive = {
    ...parseCommand(text),
    line: start + 1,
    input: lines.slice(head + 1, separator),
    expected: lines.slice(first, end),
    expectedLine: first + 1,
  };
  return { directive, next: end + (isFenced ? 2 : 1) };
}

/** One command line. */
export function parseCommand(text: string): Command {
  const [name = '', ...words] = text.trim().match(/[^\s=]+=\([^)]*\)|\S+/g) ?? [];
  return { name, args: words.map(parseArgument) };
}

function parseArgument(word: string): Argument {
  const equals = word.indexOf('=');
  if (equals < 0) return { key: word, values: [] };
  const value = word.slice(equals + 1);
  const inner = value.startsWith('(') ? value.slice(1, -1) : value;
  return { key: word.slice(0, equals), values: inner.split(/[\s,]+/).filter((one) => one !== '') };
}

/** The values of a named argument; none where it is absent. */
export function valuesOf(command: Command, key: string): readonly string[] {
  return command.args.filter((arg) => arg.key === key).flatMap((arg) => arg.values);
}

/** The bare words that are numbers. */
export function numbersOf(command: Command): readonly number[] {
  return command.args.filter(({ key, values }) => values.length === 0 && /^\d+$/.test(key)).map(({ key }) => Number(key));
}
