/** What the parts of a state have in common, by number: what is used up of the scope, and what is known to be committed. */
import { EMPTY } from './logs.ts';
import { Cost } from './parts.ts';
import type { Scope } from './scope.ts';

export interface Shared {
  readonly entries: number;
  readonly crashes: number;
  readonly heartbeats: number;
  /** Number of the committed log (logs.ts). */
  readonly commitments: number;
}

const COSTS = 4;

export class SharedStates {
  private readonly scope: Scope;
  private readonly all: Shared[] = [];
  private readonly numbers: Map<string, number> = new Map();
  /** By number * COSTS + cost; -1 = there is none of it left. */
  private readonly paid: number[] = [];

  constructor(scope: Scope) {
    this.scope = scope;
  }

  initial(): number {
    return this.numberOf({ entries: 0, crashes: 0, heartbeats: 0, commitments: EMPTY });
  }

  of(number: number): Shared {
    return this.all[number] as Shared;
  }

  /** What is shared after a move of that cost; -1 where the scope does not allow it any more. */
  pay(number: number, cost: Cost): number {
    if (cost === Cost.nothing) return number;
    const at = number * COSTS + cost;
    const known = this.paid[at];
    if (known !== undefined) return known;
    const paid = this.find(number, cost);
    this.paid[at] = paid;
    return paid;
  }

  withCommitments(number: number, commitments: number): number {
    const shared = this.of(number);
    return shared.commitments === commitments ? number : this.numberOf({ ...shared, commitments });
  }

  private find(number: number, cost: Cost): number {
    const shared = this.of(number);
    const entries = shared.entries + (cost === Cost.entry ? 1 : 0);
    const crashes = shared.crashes + (cost === Cost.crash ? 1 : 0);
    const heartbeats = shared.heartbeats + (cost === Cost.heartbeat ? 1 : 0);
    const { scope } = this;
    if (entries > scope.entries || crashes > scope.crashes || heartbeats > scope.heartbeats) return -1;
    return this.numberOf({ ...shared, entries, crashes, heartbeats });
  }

  private numberOf(shared: Shared): number {
    const key = `${shared.entries} ${shared.crashes} ${shared.heartbeats} ${shared.commitments}`;
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    this.numbers.set(key, this.all.length);
    return this.all.push(shared) - 1;
  }
}
