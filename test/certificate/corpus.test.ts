/** Every question of the public suites that is not to be refused, with its certificate: proven out of a real tree, and verified from it alone. */
import { transformer } from '@openfga/syntax-transformer';
import { describe, expect, test } from 'vitest';
import { celConditions } from '../../core/authz/cel.ts';
import type { Context } from '../../core/authz/condition.ts';
import type { ReadTuple } from '../../core/authz/reading.ts';
import type { Asked, AskedUnder } from '../../core/certificate/asked.ts';
import { readTupleOf, type StageYaml, suitesOf, type TupleYaml } from '../core/authz/model-corpus.ts';
import { bytesOf, certify, certifyAll, MODEL_ID, type Vault, vaultOf, verify } from './support.ts';

interface Expected {
  readonly asked: Asked;
  readonly result: boolean | readonly string[];
}

function under(item: { readonly context?: Context; readonly contextualTuples?: readonly TupleYaml[] }): AskedUnder {
  return { model: MODEL_ID, context: item.context ?? {}, contextual: (item.contextualTuples ?? []).map(readTupleOf) };
}

function questionsOf(stage: StageYaml): readonly Expected[] {
  const checks = (stage.checkAssertions ?? []).map((item) => {
    const { object: resource, relation, user: subject } = item.tuple;
    const asked: Asked = { ...under(item), kind: 'check', tuple: { resource, relation, subject } };
    return { item, asked, result: item.expectation === true };
  });
  const objects = (stage.listObjectsAssertions ?? []).map((item) => {
    const { type, relation, user: subject } = item.request;
    const asked: Asked = { ...under(item), kind: 'listObjects', question: { type, relation, subject } };
    return { item, asked, result: [...(item.expectation ?? [])].sort() };
  });
  const users = (stage.listUsersAssertions ?? []).map((item) => {
    const { object: resource, relation } = item.request;
    const filters = item.request.filters.map((filter) => {
      const [type = '', of = ''] = filter.split('#');
      return { type, relation: of };
    });
    const asked: Asked = { ...under(item), kind: 'listUsers', question: { resource, relation, filters } };
    return { item, asked, result: [...(item.expectation ?? [])].sort() };
  });
  return [...checks, ...objects, ...users]
    .filter(({ item }) => item.errorCode === undefined)
    .map(({ asked, result }) => ({ asked, result }));
}

function resultOf(vault: Vault, asked: Asked): { readonly result: unknown; readonly bytes: number } {
  const answer = certify(vault, asked);
  const verdict = verify(answer, { conditions: vault.conditions, asked: [asked], model: MODEL_ID, block: answer.block_hash });
  if (!verdict.ok) throw new Error(`${verdict.stage}: ${verdict.reason}`);
  expect(verdict.anchored).toBe('block');
  const found = verdict.results[0]?.found;
  return { result: found?.kind === 'check' ? found.allowed : found?.members, bytes: bytesOf(answer).length };
}

function quantile(sizes: readonly number[], q: number): number {
  return [...sizes].sort((a, b) => a - b)[Math.floor(q * (sizes.length - 1))] ?? 0;
}

const suites = [...(suitesOf('consolidated_1_1_tests.yaml') ?? []), ...(suitesOf('abac_tests.yaml') ?? [])];

/** The vault of each stage, with the questions to it. */
function* stagesOf(): Generator<{ readonly name: string; readonly vault: Vault; readonly questions: readonly Expected[] }> {
  for (const { name, stages } of suites) {
    const stored: ReadTuple[] = [];
    for (const stage of stages) {
      stored.push(...(stage.tuples ?? []).map(readTupleOf));
      const model = transformer.transformDSLToJSONObject(stage.model);
      yield { name, vault: vaultOf({ model, tuples: stored, conditions: celConditions }), questions: questionsOf(stage) };
    }
  }
}

describe.skipIf(suites.length === 0)('certificates of the public suites', () => {
  test('each is proven and verified, and says what the suite expects', () => {
    const sizes: number[] = [];
    for (const { name, vault, questions } of stagesOf()) {
      for (const { asked, result } of questions) {
        const proven = resultOf(vault, asked);
        expect(proven.result, `${name}: ${JSON.stringify(asked)}`).toEqual(result);
        sizes.push(proven.bytes);
      }
    }
    expect(sizes.length).toBeGreaterThan(900);
    const [half, most] = [quantile(sizes, 0.5), quantile(sizes, 1)];
    console.log(`${sizes.length} proofs, bytes: p50 ${half}, p99 ${quantile(sizes, 0.99)}, most ${most}`);
  });

  test('the questions of a stage have one proof together', () => {
    let asked = 0;
    for (const { name, vault, questions } of stagesOf()) {
      if (questions.length === 0) continue;
      const answer = certifyAll(
        vault,
        questions.map((question) => question.asked),
      );
      const verdict = verify(answer, { conditions: vault.conditions });
      const found = verdict.ok
        ? verdict.results.map((one) => (one.found.kind === 'check' ? one.found.allowed : one.found.members))
        : verdict;
      expect(found, name).toEqual(questions.map(({ result }) => result));
      asked += questions.length;
    }
    expect(asked).toBeGreaterThan(900);
  });
});
