/** What an exploration takes for one is one: for equal inputs, states of a member that are one by abstraction.ts do the same, and so do renamed ones. */
import { describe, expect, test } from 'vitest';
import { keyOf } from '../../../sim/explore/abstraction.ts';
import { deepCopy } from '../../../sim/explore/copy.ts';
import { Explorer } from '../../../sim/explore/explorer.ts';
import { apply, LETTER, type Locals } from '../../../sim/explore/locals.ts';
import { type Member, nodeIds, type Outgoing } from '../../../sim/explore/member.ts';
import { parseScope, type Scope } from '../../../sim/explore/scope.ts';
import { Symmetry } from '../../../sim/explore/symmetry.ts';

function explored(text: string): Explorer {
  const parsed = parseScope(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  const explorer = new Explorer(parsed.scope, true);
  while (!explorer.isExhausted) explorer.expandLevel(100_000);
  return explorer;
}

/** Every input that the member takes in this state, letters of its exploration included. */
function inputsOf(locals: Locals, state: number): readonly number[] {
  const { node } = locals.factsOf(state);
  const letters = Array.from({ length: locals.messages.count }, (_, letter) => letter);
  const own = letters.filter((letter) => locals.messages.letter(letter).to === node).map((letter) => LETTER + letter);
  return [...locals.inputsOf(state), ...(locals.isWaiting(state) ? [] : own)];
}

/** What a copy of the member does with an input. */
function outcome(member: Member, input: number, locals: Locals, scope: Scope): string {
  const copy = member.copy();
  let sent: readonly Outgoing[] = [];
  let failure = '';
  try {
    sent = apply(copy, input, locals.letterOf(input), nodeIds(scope.nodes));
  } catch (error) {
    failure = (error as Error).message;
  }
  const node = locals.factsOf(locals.find(member) as number).node;
  const letters = new Set(sent.map((one) => locals.messages.numberOf(node, one)));
  return `${keyOf(copy)}\n${[...letters].sort((a, b) => a - b)}\n${failure}`;
}

describe('states of a member that are one', () => {
  test.each([
    ['nodes=3,terms=1,entries=1,crashes=1,links=0', 37],
    ['nodes=3,terms=2,entries=0,crashes=1,links=0', 499],
    ['nodes=3,terms=1,entries=0,crashes=1,heartbeats=1,prevote=1,links=0', 53],
  ])('%s: whichever way they were reached, they do the same with every input (every %d. of them)', (text, every) => {
    const { locals, scope } = explored(text);
    let [seen, compared] = [0, 0];
    const count = locals.count;
    for (let state = 0; state < count; state += 1) {
      for (const input of inputsOf(locals, state)) {
        const { target, breach } = locals.step(state, input);
        const { parent, input: first } = locals.origin(target);
        seen += 1;
        if (breach !== undefined || target >= count || seen % every > 0 || (parent === state && first === input)) continue;
        const other = locals.revive(state);
        apply(other, input, locals.letterOf(input), nodeIds(scope.nodes));
        for (const next of inputsOf(locals, target)) {
          compared += 1;
          const [left, right] = [outcome(other, next, locals, scope), outcome(locals.revive(target), next, locals, scope)];
          if (left !== right) expect(left).toBe(right); // asked a hundred thousand times: an expectation costs more than a step
        }
      }
    }
    expect(compared).toBeGreaterThan(1000);
  });

  test('a state under other names does what the state does, under other names', () => {
    const { locals, scope } = explored('nodes=3,terms=1,entries=1,crashes=1,links=0');
    const symmetry = new Symmetry(scope.nodes, locals);
    const count = locals.count;
    for (let state = 0; state < count; state += 1) {
      for (const input of inputsOf(locals, state)) {
        const { target, sent } = locals.step(state, input);
        for (const permutation of symmetry.permutations.keys()) {
          const renamed = locals.step(symmetry.state(permutation, state), symmetry.input(permutation, input));
          const letters = sent.map((letter) => symmetry.letter(permutation, letter));
          const isSame =
            renamed.target === symmetry.state(permutation, target) && `${[...renamed.sent].sort()}` === `${letters.sort()}`;
          if (!isSame) expect({ state, input, permutation }).toBe('renamed alike');
        }
      }
    }
  });
});

describe('a copy', () => {
  test('shares nothing that changes with what it is a copy of, and keeps what is shared within', () => {
    const shared = { count: 1 };
    const original = { list: [shared, { name: 'x' }], shared, fixed: Object.freeze({ deep: { n: 1 } }), bytes: Uint8Array.of(1) };
    const copy = deepCopy(original);
    expect(copy).toEqual(original);
    expect(copy.list[0]).toBe(copy.shared);
    expect(copy.shared).not.toBe(shared);
    expect(copy.fixed).toBe(original.fixed);
    expect(copy.bytes).toBe(original.bytes);
  });

  test('keeps classes, and cycles', () => {
    class Thing {
      self: Thing | undefined = undefined;
    }
    const thing = new Thing();
    thing.self = thing;
    const copy = deepCopy(thing);
    expect(copy).toBeInstanceOf(Thing);
    expect(copy.self).toBe(copy);
    expect(copy).not.toBe(thing);
  });
});
