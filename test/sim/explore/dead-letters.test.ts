/** What dead-letters.ts says of Raft is asked of Raft: for every state of a member, every letter to it, and every step from there. */
import { expect, test } from 'vitest';
import { isDead } from '../../../sim/explore/dead-letters.ts';
import { Explorer } from '../../../sim/explore/explorer.ts';
import { LETTER, type Locals } from '../../../sim/explore/locals.ts';
import { parseScope, type Scope } from '../../../sim/explore/scope.ts';

class Questions {
  readonly wrong: string[] = [];
  dead: number = 0;
  private readonly locals: Locals;
  private readonly scope: Scope;
  private readonly letters: readonly number[];

  constructor(locals: Locals, scope: Scope) {
    this.locals = locals;
    this.scope = scope;
    this.letters = Array.from({ length: locals.messages.count }, (_, letter) => letter);
  }

  about(state: number): void {
    const { locals } = this;
    const own = this.letters.filter((letter) => locals.messages.letter(letter).to === locals.factsOf(state).node);
    const dead = own.filter((letter) => this.isDead(state, letter));
    this.dead += dead.length;
    for (const letter of dead) this.demand(this.changesNothing(state, letter), state, letter, 'changes something');
    const deliveries = locals.isWaiting(state) ? [] : own.map((letter) => LETTER + letter);
    for (const input of [...locals.inputsOf(state), ...deliveries]) {
      const { target } = locals.step(state, input);
      for (const letter of dead) {
        if (this.isRequest(letter) && locals.factsOf(target).pending > 0) continue; // it waits for the disk
        this.demand(this.isDead(target, letter), state, letter, 'comes to life');
        this.demand(this.answer(target, letter) === this.answer(state, letter), state, letter, 'has another answer');
      }
    }
  }

  private changesNothing(state: number, letter: number): boolean {
    if (this.locals.isWaiting(state)) return true;
    const { target, sent } = this.locals.step(state, LETTER + letter);
    return target === state && (sent.length === 0 || this.isRequest(letter));
  }

  /** What it is answered; nothing where the node does not listen. */
  private answer(state: number, letter: number): string {
    return !this.isRequest(letter) || this.locals.isWaiting(state) ? '' : this.locals.step(state, LETTER + letter).sent.join();
  }

  private isDead(state: number, letter: number): boolean {
    return isDead(this.locals.factsOf(state), this.locals.messages.letter(letter), this.scope);
  }

  private isRequest(letter: number): boolean {
    return !this.locals.messages.letter(letter).message.kind.endsWith('Response');
  }

  private demand(holds: boolean, state: number, letter: number, what: string): void {
    const words = (): string => JSON.stringify([this.locals.factsOf(state), this.locals.messages.letter(letter)]);
    if (!holds && this.wrong.length < 5) this.wrong.push(`${what}: ${words()}`);
  }
}

test.each([
  'nodes=3,terms=1,entries=1,crashes=1,links=0',
  'nodes=3,terms=2,entries=0,crashes=1,links=0',
  'nodes=3,terms=1,entries=0,crashes=1,writes=2,links=0',
  'nodes=3,terms=1,entries=1,crashes=0,heartbeats=1,prevote=1,links=1',
])('%s: a dead letter changes nothing, has one answer, and stays dead', (text) => {
  const parsed = parseScope(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  const explorer = new Explorer(parsed.scope, true);
  while (!explorer.isExhausted) explorer.expandLevel(200_000);
  const asked = new Questions(explorer.locals, parsed.scope);
  for (let state = explorer.locals.count - 1; state >= 0; state -= 1) asked.about(state);
  expect(asked.wrong).toEqual([]);
  expect(asked.dead).toBeGreaterThan(100);
});
