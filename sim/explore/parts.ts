/**
 * A part is one node's share of a state of the group: its member's state and what has been sent to it. A state of the group is a part
 * for each node and what they have in common (shared.ts). Here are the parts by number, the moves that each allows, what becomes of
 * one when letters are sent to it, and the 64 bits that stand for it under every renaming of nodes.
 */

import { isDead } from './dead-letters.ts';
import { apart } from './fingerprint.ts';
import { type Facts, LETTER, type Locals, PROPOSE, RESTART, TIME_OUT } from './locals.ts';
import { type Messages, NO_LETTERS } from './messages.ts';
import { ABSENT, PairTable } from './pair-table.ts';
import type { PathStep } from './path.ts';
import type { Scope } from './scope.ts';
import { type Breach, beginsToLead } from './step-rules.ts';
import type { Symmetry } from './symmetry.ts';

/** What a move uses up of the scope; 0 = nothing. */
export const Cost = { nothing: 0, entry: 1, crash: 2, heartbeat: 3 } as const;
export type Cost = (typeof Cost)[keyof typeof Cost];

/** What a move changes that rules about the group look at. */
export const Touches = { leader: 1, log: 2, commit: 4, disk: 8 } as const;

export interface Move {
  /** Number of the member's input (locals.ts). */
  readonly input: number;
  readonly cost: Cost;
  /** The part that the node has afterwards. */
  readonly target: number;
  /** Bundles that leave, by receiver; 0 = nothing for it. */
  readonly bundles: readonly number[];
  /** Sum of Touches. */
  readonly touches: number;
  readonly breach: Breach | undefined;
}

/** No letters. */
const NO_BUNDLE = 0;

export class Parts {
  private readonly locals: Locals;
  private readonly messages: Messages;
  private readonly symmetry: Symmetry;
  private readonly scope: Scope;
  private readonly nodes: number;
  private readonly states: number[] = [];
  private readonly sets: number[] = [];
  private readonly moves: (readonly Move[] | undefined)[] = [];
  /** The part without dead letters; undefined = not known yet. */
  private readonly settled: (number | undefined)[] = [];
  private readonly answers: (readonly number[] | null | undefined)[] = [];
  private readonly numbers: PairTable = new PairTable();
  private readonly receipts: PairTable = new PairTable();
  private readonly bundles: (readonly number[])[] = [[]];
  private readonly bundleNumbers: Map<string, number> = new Map([['', NO_BUNDLE]]);
  /** Two words for each permutation, part after part. */
  words: Int32Array;
  readonly stride: number;

  constructor(scope: Scope, locals: Locals, symmetry: Symmetry) {
    this.scope = scope;
    this.nodes = scope.nodes;
    this.locals = locals;
    this.messages = locals.messages;
    this.symmetry = symmetry;
    this.stride = 2 * symmetry.permutations.length;
    this.words = new Int32Array(this.stride * 1024);
  }

  /** A node that has just been started and was sent nothing. */
  initial(node: number): number {
    return this.numberOf(this.locals.initial(node), NO_LETTERS);
  }

  stateOf(part: number): number {
    return this.states[part] as number;
  }

  setOf(part: number): number {
    return this.sets[part] as number;
  }

  factsOf(part: number): Facts {
    return this.locals.factsOf(this.states[part] as number);
  }

  /** Everything that changes the node and that it can do next. */
  movesOf(part: number): readonly Move[] {
    return this.moves[part] ?? this.findMoves(part);
  }

  /** What the node can answer without changing itself, as bundles by receiver; null where that is nothing. */
  answersOf(part: number): readonly number[] | null {
    const known = this.answers[part];
    return known === undefined ? this.findAnswers(part) : known;
  }

  private findAnswers(part: number): readonly number[] | null {
    const sent = new Set(this.answering(part).flatMap((letter) => this.locals.step(this.stateOf(part), LETTER + letter).sent));
    const all = [...sent].sort((a, b) => a - b);
    const answers = all.length === 0 ? null : Array.from({ length: this.nodes }, (_, node) => this.bundleFor(node, all));
    this.answers[part] = answers;
    return answers;
  }

  /** Letters whose delivery leaves the member as it is and has it send something. */
  answering(part: number): readonly number[] {
    const state = this.stateOf(part);
    if (this.locals.isWaiting(state) || this.scope.links > 0) return [];
    return this.messages.inSet(this.setOf(part)).filter((letter) => {
      const { target, sent, breach } = this.locals.step(state, LETTER + letter);
      return target === state && sent.length > 0 && breach === undefined;
    });
  }

  /** The part once a bundle was sent to it. */
  receive(part: number, bundle: number): number {
    const known = this.receipts.get(part, bundle);
    if (known !== ABSENT) return known;
    let set = this.setOf(part);
    for (const letter of this.bundles[bundle] as readonly number[]) set = this.messages.with(set, letter);
    return this.receipts.put(part, bundle, this.numberOf(this.stateOf(part), set));
  }

  /** The part without letters that make no difference any more. To be asked once everything is answered. */
  settle(part: number): number {
    const known = this.settled[part];
    if (known !== undefined) return known;
    const facts = this.factsOf(part);
    const { messages, scope } = this;
    const alive = messages.inSet(this.setOf(part)).filter((letter) => !isDead(facts, messages.letter(letter), scope));
    const settled = this.numberOf(this.stateOf(part), messages.setOf(alive));
    this.settled[part] = settled;
    return settled;
  }

  /** Adds bundles, by receiver, to a row of parts. */
  send(row: number[], bundles: readonly number[]): void {
    for (const [node, bundle] of bundles.entries()) {
      if (bundle !== NO_BUNDLE) row[node] = this.receive(row[node] as number, bundle);
    }
  }

  /** Gives every answer that a row of parts allows, one at a time. @returns the steps that did so. */
  answersIn(row: number[]): readonly PathStep[] {
    const steps: PathStep[] = [];
    const given = new Set<string>();
    for (let isNew = true; isNew; ) {
      isNew = false;
      for (let node = 0; node < this.nodes; node += 1) {
        const part = row[node] as number;
        for (const letter of this.answering(part)) {
          if (given.has(`${node} ${letter}`)) continue;
          given.add(`${node} ${letter}`);
          isNew = true;
          steps.push({ node, input: LETTER + letter, isAnswer: true });
          const { sent } = this.locals.step(this.stateOf(part), LETTER + letter);
          this.send(
            row,
            Array.from({ length: this.nodes }, (_, to) => this.bundleFor(to, sent)),
          );
        }
      }
    }
    return steps;
  }

  private findMoves(part: number): readonly Move[] {
    const state = this.stateOf(part);
    const letters = this.locals.isWaiting(state) ? [] : this.messages.inSet(this.setOf(part));
    const inputs = [...this.locals.inputsOf(state), ...letters.map((letter) => LETTER + letter)];
    const moves = inputs.map((input) => this.moveOf(part, input)).filter((move) => move !== undefined);
    this.moves[part] = moves;
    return moves;
  }

  private moveOf(part: number, input: number): Move | undefined {
    const state = this.stateOf(part);
    const { target, sent, breach } = this.locals.step(state, input);
    const isAnswer = input >= LETTER && this.scope.links === 0;
    if (target === state && breach === undefined && (sent.length === 0 || isAnswer)) return undefined;
    const before = this.locals.factsOf(state);
    const after = this.locals.factsOf(target);
    return {
      input,
      cost: costOf(input, before),
      target: this.numberOf(target, this.setOf(part)),
      bundles: Array.from({ length: this.nodes }, (_, node) => this.bundleFor(node, sent)),
      touches: touchesOf(before, after),
      breach,
    };
  }

  private bundleFor(node: number, sent: readonly number[]): number {
    const letters = sent.filter((letter) => this.messages.letter(letter).to === node);
    const key = letters.join();
    const known = this.bundleNumbers.get(key);
    if (known !== undefined) return known;
    this.bundleNumbers.set(key, this.bundles.length);
    return this.bundles.push(letters) - 1;
  }

  private numberOf(state: number, set: number): number {
    const known = this.numbers.get(state, set);
    if (known !== ABSENT) return known;
    const part = this.states.length;
    this.states.push(state);
    this.sets.push(set);
    this.moves.push(undefined);
    this.answers.push(undefined);
    this.settled.push(undefined);
    this.noteWords(part, state, set);
    return this.numbers.put(state, set, part);
  }

  private noteWords(part: number, state: number, set: number): void {
    const at = part * this.stride;
    if (at + this.stride > this.words.length) this.words = grownWords(this.words);
    for (let permutation = 0; permutation * 2 < this.stride; permutation += 1) {
      const [renamedState, renamedSet] = [this.symmetry.state(permutation, state), this.symmetry.set(permutation, set)];
      this.words[at + 2 * permutation] = apart(renamedState, renamedSet, 1);
      this.words[at + 2 * permutation + 1] = apart(renamedState, renamedSet, 2);
    }
  }
}

export function grownWords(words: Int32Array): Int32Array {
  const larger = new Int32Array(words.length * 2);
  larger.set(words);
  return larger;
}

function costOf(input: number, before: Facts): Cost {
  if (input === PROPOSE) return Cost.entry;
  if (input === TIME_OUT) return before.role === 'leader' ? Cost.heartbeat : Cost.nothing;
  return input >= RESTART && input < LETTER ? Cost.crash : Cost.nothing;
}

function touchesOf(before: Facts, after: Facts): number {
  return (
    (beginsToLead(before, after) ? Touches.leader : 0) |
    (before.log === after.log ? 0 : Touches.log) |
    (after.commit > before.commit ? Touches.commit : 0) |
    (before.diskLog === after.diskLog ? 0 : Touches.disk)
  );
}
