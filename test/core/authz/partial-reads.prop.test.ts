/** The evaluator over a part of a vault, as a proof shows it: whatever is hidden, it comes to the verdict of the whole vault, or to an error. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { Checker, type Outcome, type Scope } from '../../../core/authz/check.ts';
import type { Conditions } from '../../../core/authz/condition.ts';
import { Contextual } from '../../../core/authz/contextual.ts';
import type { ReadAnswer, Reading, ReadTuple } from '../../../core/authz/reading.ts';
import { questionKey } from '../../../core/certificate/questions.ts';
import type { Question } from '../../../core/proof/statement.ts';
import { propertyRuns } from '../../support/property.ts';
import { answerOf } from './naive-reads.ts';
import { MET, OBJECTS, RELATIONS, randomModel, tuplesOver, USERS, USERSETS } from './random-model.ts';

const CONDITIONS: Conditions = {
  problem: () => undefined,
  contextProblem: () => undefined,
  evaluate: ({ name }) => ({ kind: name === MET ? 'met' : 'unmet' }),
};

/** Whether something is shown: a coin for each name, the same each time it is asked for. */
function isShown(name: string, seed: number, percent: number): boolean {
  let hash = seed;
  for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return (hash ^ (hash >>> 15)) % 100 < percent;
}

function drive(reading: Reading<Outcome>, answer: (question: Question) => ReadAnswer): Outcome {
  let step = reading.next();
  while (step.done !== true) step = reading.next(answer(step.value));
  return step.value;
}

interface Hiding {
  readonly seed: number;
  readonly percent: number;
}

function partOf(stored: readonly ReadTuple[], { seed, percent }: Hiding): (question: Question) => ReadAnswer {
  return (question) => {
    const whole = answerOf(stored, question);
    if (isShown(questionKey(question), seed, percent)) return whole;
    const keyOf = ({ tuple }: ReadTuple): string => questionKey({ kind: 'tuple', tuple });
    return { tuples: whole.tuples.filter((item) => isShown(keyOf(item), seed + 1, percent)), complete: false };
  };
}

const drawn = randomModel.chain((model) =>
  fc.record({
    model: fc.constant(model),
    stored: tuplesOver(model),
    hidings: fc.array(fc.record({ seed: fc.nat(), percent: fc.constantFrom(30, 60, 80, 90) }), { minLength: 6, maxLength: 6 }),
  }),
);

propertyRuns(400, 'a part of the tuples never turns a verdict round', drawn, ({ model, stored, hidings }) => {
  const scope: Scope = { model, conditions: CONDITIONS, context: {}, contextual: new Contextual([]) };
  for (const subject of [...USERS.slice(0, 2), 'user:*', ...USERSETS.slice(1, 4)]) {
    for (const resource of OBJECTS) {
      for (const relation of RELATIONS.slice(1)) {
        const whole = drive(new Checker(scope, subject).check(resource, relation), (question) => answerOf(stored, question));
        for (const hiding of hidings) {
          const part = drive(new Checker(scope, subject).check(resource, relation), partOf(stored, hiding));
          if (part.verdict !== 'error') expect(part.verdict, `${resource}#${relation}@${subject}`).toBe(whole.verdict);
        }
      }
    }
  }
});
