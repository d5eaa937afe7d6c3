/**
 * The states of single members by number, and what each input makes of each: the production Raft runs once for every pair of a state
 * and an input, and what it did is looked up from then on. A group of three has some thousands of member states and many millions of
 * combinations of them; so most of an exploration never runs Raft, and all of it does what Raft does.
 * A number stands for all states that abstraction.ts makes one; which of them is kept is the first that was found. The state itself
 * is kept for a while and else made again from the one before it: a member is a function of its inputs (C1).
 */
import { assert } from '../../core/assert.ts';
import { INDEX_ZERO, type NodeId, plus } from '../../core/ids.ts';
import type { Role } from '../../core/raft/ready.ts';
import { keyOf } from './abstraction.ts';
import type { Logs } from './logs.ts';
import { Member, type Outgoing } from './member.ts';
import type { Letter, Messages } from './messages.ts';
import { ABSENT, PairTable } from './pair-table.ts';
import type { Scope } from './scope.ts';
import { type Breach, judgeStep } from './step-rules.ts';

/** An input of a member as one number: these, and from LETTER on the number of the letter that is delivered. */
export const TIME_OUT = 0;
export const PROPOSE = 1;
/** + batches that the disk has finished, at least 1. */
export const PERSISTED = 2;
/** + batches that the disk had finished. */
export const RESTART = 40;
export const LETTER = 80;
/** Batches that may be on the way to one disk. */
const PENDING_MAX = 37;

/** What rules and moves want to know of a member's state. */
export interface Facts {
  readonly node: number;
  readonly role: Role;
  readonly term: number;
  readonly commit: number;
  /** The log in memory, and on the disk, by number. */
  readonly log: number;
  readonly diskLog: number;
  readonly diskTerm: number;
  /** Node by number; -1 = nobody. */
  readonly vote: number;
  readonly diskVote: number;
  /** A leader's match index of every node; empty on others. */
  readonly match: readonly number[];
  readonly pending: number;
}

export interface Step {
  /** The state that it ends in. */
  readonly target: number;
  /** Letters that leave, in this order. */
  readonly sent: readonly number[];
  readonly breach: Breach | undefined;
}

/** States kept as objects: a bound on memory. */
const KEPT_MAX = 30_000;

export class Locals {
  readonly messages: Messages;
  readonly logs: Logs;
  private readonly scope: Scope;
  private readonly ids: readonly NodeId[];
  private readonly numbers: Map<string, number> = new Map();
  private readonly facts: Facts[] = [];
  private readonly parents: number[] = [];
  private readonly inputs: number[] = [];
  private readonly kept: Map<number, Member> = new Map();
  private readonly steps: Step[] = [];
  private readonly stepNumbers: PairTable = new PairTable();

  constructor(options: {
    readonly scope: Scope;
    readonly ids: readonly NodeId[];
    readonly messages: Messages;
    readonly logs: Logs;
  }) {
    this.scope = options.scope;
    this.ids = options.ids;
    this.messages = options.messages;
    this.logs = options.logs;
  }

  get count(): number {
    return this.facts.length;
  }

  /** Pairs of a state and an input for which Raft has run. */
  get stepCount(): number {
    return this.steps.length;
  }

  /** The state of a node that has just been started for the first time. */
  initial(node: number): number {
    return this.numberOf(new Member(this.ids[node] as NodeId, this.scope), -1, node);
  }

  factsOf(state: number): Facts {
    return this.facts[state] as Facts;
  }

  /** The state that this one was first reached from, and by which input; -1 and the node where it is an initial one. */
  origin(state: number): { readonly parent: number; readonly input: number } {
    return { parent: this.parents[state] as number, input: this.inputs[state] as number };
  }

  /** Inputs that need no message, as far as the state allows them; what they cost is the caller's to count. */
  inputsOf(state: number): readonly number[] {
    const { role, term, pending } = this.factsOf(state);
    const inputs: number[] = [];
    if (this.isWaiting(state)) {
      // The disk comes first.
    } else if (role === 'leader') {
      inputs.push(PROPOSE);
      if (this.scope.nodes > 1) inputs.push(TIME_OUT);
    } else if (term < this.scope.terms) inputs.push(TIME_OUT);
    for (let batches = 1; batches <= pending; batches += 1) inputs.push(PERSISTED + batches);
    for (let batches = 0; batches <= pending; batches += 1) inputs.push(RESTART + batches);
    return inputs;
  }

  /** Whether a member takes nothing more until its disk has finished something. */
  isWaiting(state: number): boolean {
    return this.factsOf(state).pending >= this.scope.writes;
  }

  step(state: number, input: number): Step {
    const known = this.stepNumbers.get(state, input);
    if (known !== ABSENT) return this.steps[known] as Step;
    const step = this.take(state, input);
    this.stepNumbers.put(state, input, this.steps.push(step) - 1);
    return step;
  }

  /** The number of a member's state; undefined where the exploration has not met it. */
  find(member: Member): number | undefined {
    return this.numbers.get(keyOf(member));
  }

  /** A member in this state, for the caller to change. */
  revive(state: number): Member {
    const kept = this.kept.get(state);
    if (kept !== undefined) return kept.copy();
    const { parent, input } = this.origin(state);
    if (parent === -1) return new Member(this.ids[input] as NodeId, this.scope);
    const member = this.revive(parent);
    apply(member, input, this.letterOf(input), this.ids);
    return member;
  }

  letterOf(input: number): Letter | undefined {
    return input < LETTER ? undefined : this.messages.letter(input - LETTER);
  }

  private take(state: number, input: number): Step {
    const member = this.revive(state);
    const before = this.factsOf(state);
    const letter = this.letterOf(input);
    let outgoing: readonly Outgoing[];
    try {
      outgoing = apply(member, input, letter, this.ids);
    } catch (error) {
      const breach = { rule: 'core-invariant', message: `node ${before.node}: ${(error as Error).message}` };
      return { target: state, sent: [], breach };
    }
    const target = this.numberOf(member, state, input);
    const sent = lastOfEach(outgoing.map((one) => this.messages.numberOf(before.node, one)));
    const after = this.factsOf(target);
    const letters = sent.map((number) => this.messages.letter(number));
    const breach = judgeStep({ before, after, isRestart: isRestart(input), letter, sent: letters, logs: this.logs });
    return { target, sent, breach };
  }

  private numberOf(member: Member, parent: number, input: number): number {
    const key = keyOf(member);
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    const number = this.facts.length;
    this.numbers.set(key, number);
    this.facts.push(this.factsFor(member));
    this.parents.push(parent);
    this.inputs.push(input);
    if (this.kept.size < KEPT_MAX) this.kept.set(number, member.copy());
    return number;
  }

  private factsFor({ id, raft, disk, pending }: Member): Facts {
    const nodeOf = (one: NodeId | undefined): number => (one === undefined ? -1 : this.ids.indexOf(one));
    const { term, votedFor } = disk.hardState;
    const isLeader = raft.role === 'leader';
    assert(pending.length <= PENDING_MAX, 'the disk is not that far behind in a small scope');
    return {
      node: nodeOf(id),
      role: raft.role,
      term: raft.term,
      commit: raft.commitIndex,
      log: this.logs.numberOf(raft.entries(plus(INDEX_ZERO, 1), raft.lastIndex)),
      diskLog: this.logs.numberOf(disk.entries),
      diskTerm: term,
      vote: nodeOf(raft.votedFor),
      diskVote: nodeOf(votedFor),
      match: isLeader ? this.ids.map((other) => raft.peers.find((peer) => peer.id === other)?.matchIndex ?? 0) : [],
      pending: pending.length,
    };
  }
}

/** Without repetitions; the last of equal ones stands. */
function lastOfEach(letters: readonly number[]): readonly number[] {
  return letters.filter((letter, at) => letters.lastIndexOf(letter) === at);
}

export function isRestart(input: number): boolean {
  return input >= RESTART && input < LETTER;
}

/** Gives a member an input. @param letter what is delivered, where something is. */
export function apply(member: Member, input: number, letter: Letter | undefined, ids: readonly NodeId[]): readonly Outgoing[] {
  if (letter !== undefined) return member.deliver(ids[letter.from] as NodeId, letter.message);
  if (input === TIME_OUT) return member.timeOut();
  if (input === PROPOSE) return member.propose();
  return input >= RESTART ? member.restart(input - RESTART) : member.persisted(input - PERSISTED);
}
