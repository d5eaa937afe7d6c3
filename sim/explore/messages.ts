/**
 * The messages of an exploration by number, and the sets of them that have been sent to a node. A set only grows: what was sent may
 * arrive at any later time, any number of times, or never. So the network loses, delays, reorders and duplicates without limit,
 * and no state has to say which messages are still under way.
 */
import type { NodeId } from '../../core/ids.ts';
import type { Message } from '../../core/raft/message.ts';
import type { Outgoing } from './member.ts';
import { ABSENT, PairTable } from './pair-table.ts';
import { plainText } from './plain-text.ts';

export interface Letter {
  /** Nodes by number. */
  readonly from: number;
  readonly to: number;
  readonly message: Message;
}

/** The set of nothing. */
export const NO_LETTERS = 0;

export class Messages {
  private readonly links: number;
  private readonly nodeOf: ReadonlyMap<NodeId, number>;
  private readonly letters: Letter[] = [];
  private readonly numbers: Map<string, number> = new Map();
  private readonly sets: (readonly number[])[] = [[]];
  private readonly setNumbers: Map<string, number> = new Map([['', NO_LETTERS]]);
  private readonly additions: PairTable = new PairTable();

  /** @param links how many letters of each link are kept, 0 = all (scope.ts). */
  constructor(ids: readonly NodeId[], links: number) {
    this.links = links;
    this.nodeOf = new Map(ids.map((id, node) => [id, node]));
  }

  get count(): number {
    return this.letters.length;
  }

  letter(number: number): Letter {
    return this.letters[number] as Letter;
  }

  numberOf(from: number, { to, message }: Outgoing): number {
    return this.numberOfLetter({ from, to: this.nodeOf.get(to) as number, message });
  }

  /** The same message between other nodes. @param permutation node -> node. */
  permuted(number: number, permutation: readonly number[]): number {
    const { from, to, message } = this.letter(number);
    return this.numberOfLetter({ from: permutation[from] as number, to: permutation[to] as number, message });
  }

  /** Numbers of the letters in a set: ascending, or where links forget, in the order of senders and sending. */
  inSet(set: number): readonly number[] {
    return this.sets[set] as readonly number[];
  }

  /** The set with one letter more. */
  with(set: number, letter: number): number {
    const known = this.additions.get(set, letter);
    if (known !== ABSENT) return known;
    const members = this.inSet(set);
    const larger = members.includes(letter) ? members : [...members, letter].sort((a, b) => a - b);
    return this.additions.put(set, letter, this.setOf(this.links === 0 ? larger : this.newest(members, letter)));
  }

  /** Where links forget: link after link, of each the newest letters, the last one behind the others. */
  private newest(members: readonly number[], letter: number): readonly number[] {
    const { from } = this.letter(letter);
    const sender = (one: number): number => this.letter(one).from;
    const same = [...members.filter((one) => one !== letter && sender(one) === from), letter].slice(-this.links);
    const before = members.filter((one) => sender(one) < from);
    return [...before, ...same, ...members.filter((one) => sender(one) > from)];
  }

  /** @param members in the order of inSet. */
  setOf(members: readonly number[]): number {
    const key = members.join();
    const known = this.setNumbers.get(key);
    if (known !== undefined) return known;
    this.setNumbers.set(key, this.sets.length);
    return this.sets.push(members) - 1;
  }

  private numberOfLetter(letter: Letter): number {
    const key = `${letter.from}>${letter.to} ${plainText(letter.message)}`;
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    this.numbers.set(key, this.letters.length);
    freeze(letter.message);
    return this.letters.push(letter) - 1;
  }
}

/** Members hold what they were sent: whoever copies one need not copy its entries. */
function freeze(message: Message): void {
  if (message.kind === 'appendEntries') for (const entry of message.entries) Object.freeze(entry);
  Object.freeze(message);
}
