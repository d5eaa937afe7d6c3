/** Certificates of drawn models and tuples, cycles and exclusions among them: what a server decides its certificate proves, and no other result. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Conditions } from '../../core/authz/condition.ts';
import type { ReadTuple } from '../../core/authz/reading.ts';
import type { Asked, AskedUnder } from '../../core/certificate/asked.ts';
import type { Model } from '../../core/model/model.ts';
import { MET, OBJECTS, RELATIONS, randomModel, TYPES, tuplesOver, USERS, USERSETS } from '../core/authz/random-model.ts';
import { propertyRuns } from '../support/property.ts';
import { modelJson } from './model-json.ts';
import { certify, decides, MODEL_ID, stageOf, vaultOf } from './support.ts';

interface Drawn {
  readonly model: Model;
  readonly stored: readonly ReadTuple[];
  readonly brought: readonly ReadTuple[];
}

const drawn: fc.Arbitrary<Drawn> = randomModel.chain((model) =>
  fc.record({
    model: fc.constant(model),
    stored: tuplesOver(model),
    brought: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: tuplesOver(model) }),
  }),
);

/** The two conditions of the drawn models, by their names. */
const CONDITIONS: Conditions = {
  problem: () => undefined,
  contextProblem: () => undefined,
  evaluate: ({ name }) => ({ kind: name === MET ? 'met' : 'unmet' }),
};

function questionsTo(brought: readonly ReadTuple[]): readonly Asked[] {
  const under: AskedUnder = { model: MODEL_ID, context: {}, contextual: brought };
  const asked: Asked[] = [];
  for (const subject of [...USERS.slice(0, 2), 'user:*', ...USERSETS.slice(1, 4)]) {
    for (const relation of RELATIONS.slice(1)) {
      for (const resource of OBJECTS) asked.push({ ...under, kind: 'check', tuple: { resource, relation, subject } });
      for (const type of TYPES) asked.push({ ...under, kind: 'listObjects', question: { type, relation, subject } });
    }
  }
  for (const resource of OBJECTS) {
    for (const relation of RELATIONS.slice(2)) {
      for (const filter of [
        { type: 'user', relation: '' },
        { type: 'group', relation: 'r' },
      ])
        asked.push({ ...under, kind: 'listUsers', question: { resource, relation, filters: [filter] } });
    }
  }
  return asked;
}

propertyRuns(40, 'what is decided is proven, and the contrary is refused', drawn, ({ model, stored, brought }) => {
  const vault = vaultOf({ model: modelJson(model), tuples: stored, conditions: CONDITIONS });
  const expected = { conditions: CONDITIONS };
  for (const asked of questionsTo(brought)) {
    if (!decides(vault, asked)) continue;
    const answer = certify(vault, asked);
    const name = JSON.stringify(asked);
    expect(stageOf(answer, { ...expected, asked: [asked] }), name).toBe('ok');
    if (asked.kind !== 'check') continue;
    const verdict = answer.allowed ? 'deny' : 'allow';
    const contrary = { ...answer, allowed: !answer.allowed, statement: { ...answer.statement, verdict } };
    expect(stageOf(contrary, expected), name).toBe('verdict');
  }
});
