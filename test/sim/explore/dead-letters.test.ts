/** What dead-letters.ts says of Raft is asked of Raft: for every state of a member, every letter to it, and every step from there. */
import { expect, test } from 'vitest';
import { isDead } from '../../../sim/explore/dead-letters.ts';
import { Explorer } from '../../../sim/explore/explorer.ts';
import { LETTER } from '../../../sim/explore/locals.ts';
import { parseScope } from '../../../sim/explore/scope.ts';

test.each([
  'nodes=3,terms=1,entries=1,crashes=1,links=0',
  'nodes=3,terms=2,entries=0,crashes=1,links=0',
  'nodes=3,terms=1,entries=0,crashes=1,writes=2,links=0',
  'nodes=3,terms=1,entries=1,crashes=0,heartbeats=1,prevote=1,links=1',
])('%s: a dead letter changes nothing, has one answer, and stays dead', (text) => {
  const parsed = parseScope(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  const { scope } = parsed;
  const explorer = new Explorer(scope, true);
  while (!explorer.isExhausted) explorer.expandLevel(200_000);
  const { locals } = explorer;
  const { messages } = locals;
  const letters = Array.from({ length: messages.count }, (_, letter) => letter);
  const count = locals.count;
  let dead = 0;
  for (let state = 0; state < count; state += 1) {
    const facts = locals.factsOf(state);
    const own = letters.filter((letter) => messages.letter(letter).to === facts.node);
    const gone = own.filter((letter) => isDead(facts, messages.letter(letter), scope));
    dead += gone.length;
    const inputs = [...locals.inputsOf(state), ...(locals.isWaiting(state) ? [] : own.map((letter) => LETTER + letter))];
    const answers = gone.map((letter) => (locals.isWaiting(state) ? undefined : locals.step(state, LETTER + letter)));
    for (const [i, answer] of answers.entries()) {
      if (answer === undefined) continue;
      expect(answer.target).toBe(state);
      const isRequest = !messages.letter(gone[i] as number).message.kind.endsWith('Response');
      if (!isRequest) expect(answer.sent).toEqual([]);
    }
    for (const input of inputs) {
      const { target } = locals.step(state, input);
      const after = locals.factsOf(target);
      for (const [i, letter] of gone.entries()) {
        if (after.pending > 0 && !messages.letter(letter).message.kind.endsWith('Response')) continue; // it waits for its disk
        expect(isDead(after, messages.letter(letter), scope)).toBe(true);
        const answer = answers[i];
        if (answer !== undefined && !locals.isWaiting(target))
          expect(locals.step(target, LETTER + letter).sent).toEqual(answer.sent);
      }
    }
  }
  expect(dead).toBeGreaterThan(100);
});
