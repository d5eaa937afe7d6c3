/**
 * The syntax of patterns, read into a tree: alternatives, groups, classes, repetitions, anchors. Without captures (matches needs none), Unicode
 * classes and flags within a pattern. Source: RE2's syntax.
 */

/** end is the text's end alone, as in RE2 without flags. */
export type Assertion = 'start' | 'end' | 'boundary' | 'noBoundary';

export type PatternNode =
  | { readonly kind: 'set'; readonly has: (code: number) => boolean }
  | { readonly kind: 'assert'; readonly assertion: Assertion }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'either'; readonly options: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly part: PatternNode; readonly least: number; readonly most: number };

/** Thrown and caught here only. */
class Malformed {}

const LENGTH_MAX = 1000;
const DEPTH_MAX = 50;
/** RE2's bound on `{n,m}`. */
const REPEAT_MAX = 1000;

type Test = (code: number) => boolean;

const digit: Test = (code) => code >= 48 && code <= 57;
const word: Test = (code) => digit(code) || (code >= 65 && code <= 90) || code === 95 || (code >= 97 && code <= 122);
const space: Test = (code) => code === 9 || code === 10 || code === 12 || code === 13 || code === 32;
const not =
  (test: Test): Test =>
  (code) =>
    !test(code);

const CLASSES: ReadonlyMap<string, Test> = new Map([
  ['d', digit],
  ['D', not(digit)],
  ['w', word],
  ['W', not(word)],
  ['s', space],
  ['S', not(space)],
]);
const POSIX: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['alnum', (code) => word(code) && code !== 95],
  ['alpha', (code) => word(code) && code !== 95 && !digit(code)],
  ['digit', digit],
  ['lower', (code) => code >= 97 && code <= 122],
  ['space', (code) => space(code) || code === 11],
  ['upper', (code) => code >= 65 && code <= 90],
  ['word', word],
  ['xdigit', (code) => digit(code) || (code >= 65 && code <= 70) || (code >= 97 && code <= 102)],
]);
const CONTROLS: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['v', 11],
]);
const ASSERTIONS: ReadonlyMap<string, Assertion> = new Map([
  ['A', 'start'],
  ['z', 'end'],
  ['b', 'boundary'],
  ['B', 'noBoundary'],
]);

/** @returns undefined for what is malformed or not supported */
export function parsePattern(text: string): PatternNode | undefined {
  if (text.length > LENGTH_MAX) return undefined;
  try {
    const reader = new Reader([...text]);
    const node = reader.either(DEPTH_MAX);
    return reader.isAtEnd ? node : undefined;
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

class Reader {
  private readonly characters: readonly string[];
  private at: number = 0;

  constructor(characters: readonly string[]) {
    this.characters = characters;
  }

  get isAtEnd(): boolean {
    return this.at === this.characters.length;
  }

  either(depth: number): PatternNode {
    if (depth === 0) throw new Malformed();
    const options: PatternNode[] = [this.sequence(depth)];
    while (this.take('|')) options.push(this.sequence(depth));
    return options.length === 1 ? (options[0] as PatternNode) : { kind: 'either', options };
  }

  private sequence(depth: number): PatternNode {
    const parts: PatternNode[] = [];
    while (!this.isAtEnd && this.peek() !== '|' && this.peek() !== ')') parts.push(this.repeated(this.atom(depth)));
    return { kind: 'sequence', parts };
  }

  private repeated(part: PatternNode): PatternNode {
    const range = this.range();
    if (range === undefined) return part;
    // Lazy or greedy: what matches is the same.
    this.take('?');
    if (this.range() !== undefined) throw new Malformed();
    return { kind: 'repeat', part, ...range };
  }

  private range(): { readonly least: number; readonly most: number } | undefined {
    if (this.take('*')) return { least: 0, most: Number.POSITIVE_INFINITY };
    if (this.take('+')) return { least: 1, most: Number.POSITIVE_INFINITY };
    if (this.take('?')) return { least: 0, most: 1 };
    if (this.peek() !== '{') return undefined;
    const match = /^\{(\d{1,4})(?:(,)(\d{1,4})?)?\}/.exec(this.characters.slice(this.at, this.at + 12).join(''));
    // As in RE2, braces that are no repetition are themselves.
    if (match === null) return undefined;
    this.at += match[0].length;
    const least = Number(match[1]);
    const most = match[2] === undefined ? least : match[3] === undefined ? Number.POSITIVE_INFINITY : Number(match[3]);
    if (least > REPEAT_MAX || most < least || (most > REPEAT_MAX && most !== Number.POSITIVE_INFINITY)) throw new Malformed();
    return { least, most };
  }

  private atom(depth: number): PatternNode {
    const character = this.next();
    switch (character) {
      case '(':
        return this.group(depth);
      case '[':
        return { kind: 'set', has: this.bracket() };
      case '.':
        return { kind: 'set', has: (code) => code !== 10 };
      case '^':
        return { kind: 'assert', assertion: 'start' };
      case '$':
        return { kind: 'assert', assertion: 'end' };
      case '*':
      case '+':
      case '?':
        throw new Malformed();
      case '\\':
        return this.escaped();
      default:
        return literal(codeOf(character));
    }
  }

  private group(depth: number): PatternNode {
    if (this.take('?')) {
      if (this.take('P')) this.groupName();
      else if (this.peek() === '<') this.groupName();
      else if (!this.take(':')) throw new Malformed();
    }
    const node = this.either(depth - 1);
    if (!this.take(')')) throw new Malformed();
    return node;
  }

  private groupName(): void {
    const match = /^<[A-Za-z_]\w*>/.exec(this.characters.slice(this.at).join(''));
    if (match === null) throw new Malformed();
    this.at += match[0].length;
  }

  private escaped(): PatternNode {
    const character = this.next();
    const assertion = ASSERTIONS.get(character);
    if (assertion !== undefined) return { kind: 'assert', assertion };
    const known = CLASSES.get(character);
    return known === undefined ? literal(this.escapedCode(character)) : { kind: 'set', has: known };
  }

  /** The character that is meant by one behind a backslash. */
  private escapedCode(character: string): number {
    const control = CONTROLS.get(character);
    if (control !== undefined) return control;
    if (character === 'x') {
      const match = /^(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/.exec(this.characters.slice(this.at, this.at + 8).join(''));
      if (match === null) throw new Malformed();
      this.at += match[0].length;
      return Number.parseInt(match[1] ?? match[2] ?? '', 16);
    }
    if (/^[A-Za-z0-9]$/.test(character)) throw new Malformed();
    return codeOf(character);
  }

  private bracket(): Test {
    const isNegated = this.take('^');
    const tests: Test[] = [];
    for (let isFirst = true; isFirst || this.peek() !== ']'; isFirst = false) tests.push(this.bracketPart());
    this.at += 1;
    const has: Test = (code) => tests.some((test) => test(code));
    return isNegated ? not(has) : has;
  }

  private bracketPart(): Test {
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(this.characters.slice(this.at, this.at + 12).join(''));
    if (posix !== null) {
      const test = POSIX.get(posix[2] as string);
      if (test === undefined) throw new Malformed();
      this.at += posix[0].length;
      return posix[1] === '' ? test : not(test);
    }
    const character = this.next();
    if (character === '\\') {
      const known = CLASSES.get(this.peek());
      if (known !== undefined) {
        this.at += 1;
        return known;
      }
    }
    const from = character === '\\' ? this.escapedCode(this.next()) : codeOf(character);
    if (this.peek() !== '-' || this.characters[this.at + 1] === ']') return (code) => code === from;
    this.at += 1;
    const last = this.next();
    const to = last === '\\' ? this.escapedCode(this.next()) : codeOf(last);
    if (to < from) throw new Malformed();
    return (code) => code >= from && code <= to;
  }

  private peek(): string {
    return this.characters[this.at] ?? '';
  }

  private next(): string {
    const character = this.characters[this.at];
    if (character === undefined) throw new Malformed();
    this.at += 1;
    return character;
  }

  private take(character: string): boolean {
    if (this.peek() !== character) return false;
    this.at += 1;
    return true;
  }
}

function codeOf(character: string): number {
  return character.codePointAt(0) as number;
}

function literal(wanted: number): PatternNode {
  return { kind: 'set', has: (code) => code === wanted };
}
