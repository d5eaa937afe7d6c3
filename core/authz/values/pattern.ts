/**
 * Patterns of `matches`, in time that is linear in the text: every state of the automaton moves on with each character. The engine's own
 * patterns backtrack, and a condition must not be able to stop a node.
 * Source: Thompson 1968; Cox 2007, "Regular Expression Matching Can Be Simple And Fast". Syntax: the common part of RE2
 * (pattern-syntax.ts reads it).
 */
import { unreachable } from '../../assert.ts';
import { type Assertion, type PatternNode, parsePattern } from './pattern-syntax.ts';

/** Instructions of one automaton. Why 2,000: `{n,m}` repeats what it stands behind, and each instruction costs a step a character. */
const PROGRAM_MAX = 2000;

type Instruction =
  | { readonly op: 'set'; readonly has: (code: number) => boolean }
  | { readonly op: 'split'; readonly to: number; readonly or: number }
  | { readonly op: 'assert'; readonly assertion: Assertion }
  | { readonly op: 'match' };

export interface Pattern {
  readonly program: readonly Instruction[];
}

/** @returns undefined for what is malformed, not supported or too large */
export function compilePattern(text: string): Pattern | undefined {
  const root = parsePattern(text);
  if (root === undefined) return undefined;
  const program: Instruction[] = [];
  if (!emit(program, root)) return undefined;
  program.push({ op: 'match' });
  return { program };
}

/** Appends what matches a node and goes on behind it. @returns false if that is too much */
function emit(program: Instruction[], node: PatternNode): boolean {
  if (program.length > PROGRAM_MAX) return false;
  switch (node.kind) {
    case 'set':
      program.push({ op: 'set', has: node.has });
      return true;
    case 'assert':
      program.push({ op: 'assert', assertion: node.assertion });
      return true;
    case 'sequence':
      return node.parts.every((part) => emit(program, part));
    case 'either':
      return emitEither(program, node.options);
    case 'repeat':
      return emitRepeat(program, node);
    default:
      return unreachable(node);
  }
}

function emitEither(program: Instruction[], options: readonly PatternNode[]): boolean {
  const ends: number[] = [];
  for (const [index, option] of options.entries()) {
    const split = program.length;
    const isLast = index === options.length - 1;
    if (!isLast) program.push({ op: 'split', to: split + 1, or: 0 });
    if (!emit(program, option)) return false;
    if (isLast) continue;
    ends.push(program.length);
    program.push({ op: 'split', to: 0, or: 0 });
    program[split] = { op: 'split', to: split + 1, or: program.length };
  }
  for (const end of ends) program[end] = { op: 'split', to: program.length, or: program.length };
  return true;
}

function emitRepeat(program: Instruction[], { part, least, most }: Extract<PatternNode, { readonly kind: 'repeat' }>): boolean {
  for (let i = 0; i < least; i += 1) if (!emit(program, part)) return false;
  if (most === Number.POSITIVE_INFINITY) {
    const split = program.length;
    program.push({ op: 'split', to: 0, or: 0 });
    if (!emit(program, part)) return false;
    program.push({ op: 'split', to: split, or: split });
    program[split] = { op: 'split', to: split + 1, or: program.length };
    return true;
  }
  const splits: number[] = [];
  for (let i = least; i < most; i += 1) {
    splits.push(program.length);
    program.push({ op: 'split', to: 0, or: 0 });
    if (!emit(program, part)) return false;
  }
  for (const split of splits) program[split] = { op: 'split', to: split + 1, or: program.length };
  return true;
}

function isWord(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code === 95 || (code >= 97 && code <= 122);
}

function holds(assertion: Assertion, codes: readonly number[], at: number): boolean {
  const [before, after] = [codes[at - 1], codes[at]];
  switch (assertion) {
    case 'start':
      return before === undefined;
    case 'end':
      return after === undefined;
    default: {
      const isBoundary = (before !== undefined && isWord(before)) !== (after !== undefined && isWord(after));
      return isBoundary === (assertion === 'boundary');
    }
  }
}

/** What a search costs at most, in steps of the automaton. */
export function costOf({ program }: Pattern, text: string): number {
  return program.length * (text.length + 1);
}

/** Whether the pattern matches anywhere in the text. */
export function isMatch({ program }: Pattern, text: string): boolean {
  const codes = [...text].map((character) => character.codePointAt(0) as number);
  let states: number[] = [];
  for (let at = 0; at <= codes.length; at += 1) {
    // A match may begin at every character.
    const reached = closure(program, [...states, 0], { codes, at });
    if (reached === undefined) return true;
    const code = codes[at];
    states = [];
    if (code === undefined) break;
    for (const state of reached) {
      const instruction = program[state] as Instruction;
      if (instruction.op === 'set' && instruction.has(code)) states.push(state + 1);
    }
  }
  return false;
}

/** States reached without another character; undefined once a match is among them. */
function closure(
  program: readonly Instruction[],
  from: readonly number[],
  { codes, at }: { readonly codes: readonly number[]; readonly at: number },
): readonly number[] | undefined {
  const reached = new Set<number>(from);
  for (const state of reached) {
    const instruction = program[state] as Instruction;
    switch (instruction.op) {
      case 'match':
        return undefined;
      case 'split':
        reached.add(instruction.to).add(instruction.or);
        break;
      case 'assert':
        if (holds(instruction.assertion, codes, at)) reached.add(state + 1);
        break;
      case 'set':
        break;
      default:
        return unreachable(instruction);
    }
  }
  return [...reached];
}
