/**
 * OpenFGA's own test suites as a list of assertions: what is asked, in which way, and what is expected. Read from a folder outside of the
 * project. Stages of a suite follow one another in one store: their tuples add up, their models replace each other.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type {
  CheckYaml,
  ListObjectsYaml,
  ListUsersYaml,
  StageYaml,
  SuiteYaml,
  TupleYaml,
} from '../../core/authz/model-corpus.ts';

export type Asked =
  | ({ readonly kind: 'check' } & CheckYaml)
  | ({ readonly kind: 'listObjects' } & ListObjectsYaml)
  | ({ readonly kind: 'listUsers' } & ListUsersYaml);

/** plain: its own route. batch: batch-check. streamed: streamed-list-objects. contextual: the stage's tuples come with the question. */
export type Way = 'plain' | 'batch' | 'streamed' | 'contextual';

/** A truth value, a sorted list, or an error code by OpenFGA's number. */
export type Expectation =
  | { readonly kind: 'allowed'; readonly allowed: boolean }
  | { readonly kind: 'members'; readonly members: readonly string[] }
  | { readonly kind: 'error'; readonly code: number };

export interface Assertion {
  /** Suite, stage, and what is asked, for people. */
  readonly name: string;
  readonly asked: Asked;
  readonly way: Way;
  readonly expected: Expectation;
  /** Why it is not run. */
  readonly skipped: string | undefined;
}

export interface Stage {
  /** The model as the modelling language has it. */
  readonly model: string;
  readonly tuples: readonly TupleYaml[];
  /** Asked before the tuples are written; then the others. */
  readonly before: readonly Assertion[];
  readonly after: readonly Assertion[];
}

export interface Suite {
  readonly name: string;
  readonly stages: readonly Stage[];
}

/** Source: OpenFGA's limit of contextual tuples in one request. */
const CONTEXTUAL_MAX = 100;

/** Every suite of every file of the folder, files by name. */
export function suitesBelow(folder: string): readonly Suite[] {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort();
  return files.flatMap((name) => {
    const { tests } = parse(readFileSync(join(folder, name), 'utf8')) as { readonly tests: readonly SuiteYaml[] };
    return tests.map(suiteOf);
  });
}

function suiteOf({ name, stages }: SuiteYaml): Suite {
  const isSingle = stages.length === 1;
  return {
    name,
    stages: stages.map((stage, index) => stageOf(isSingle ? name : `${name}, stage ${index + 1}`, stage, isSingle)),
  };
}

function stageOf(name: string, stage: StageYaml, isSingle: boolean): Stage {
  const asked: readonly Asked[] = [
    ...(stage.checkAssertions ?? []).map((one): Asked => ({ kind: 'check', ...one })),
    ...(stage.listObjectsAssertions ?? []).map((one): Asked => ({ kind: 'listObjects', ...one })),
    ...(stage.listUsersAssertions ?? []).map((one): Asked => ({ kind: 'listUsers', ...one })),
  ];
  const tuples = stage.tuples ?? [];
  const before = isSingle && tuples.length > 0 ? asked.map((one) => contextual(name, one, tuples)) : [];
  const after = asked.flatMap((one) => waysOf(one).map((way) => assertion(name, one, way)));
  return { model: stage.model, tuples, before, after };
}

function waysOf({ kind }: Asked): readonly Way[] {
  if (kind === 'check') return ['plain', 'batch'];
  return kind === 'listObjects' ? ['plain', 'streamed'] : ['plain'];
}

function contextual(name: string, asked: Asked, tuples: readonly TupleYaml[]): Assertion {
  const own = asked.contextualTuples ?? [];
  const made = assertion(name, { ...asked, contextualTuples: [...own, ...tuples] }, 'contextual');
  const count = own.length + tuples.length;
  if (count <= CONTEXTUAL_MAX) return made;
  return { ...made, skipped: `${count} tuples, more than the ${CONTEXTUAL_MAX} that may come with a question` };
}

function assertion(name: string, asked: Asked, way: Way): Assertion {
  return {
    name: `${name}: ${way === 'plain' ? '' : `${way} `}${textOf(asked)}`,
    asked,
    way,
    expected: expectationOf(asked),
    skipped: undefined,
  };
}

function expectationOf(asked: Asked): Expectation {
  if (asked.errorCode !== undefined) return { kind: 'error', code: asked.errorCode };
  if (asked.kind === 'check') return { kind: 'allowed', allowed: asked.expectation === true };
  return { kind: 'members', members: [...(asked.expectation ?? [])].sort() };
}

function textOf(asked: Asked): string {
  const context = asked.context === undefined ? '' : ` under ${JSON.stringify(asked.context)}`;
  switch (asked.kind) {
    case 'check':
      return `check ${asked.tuple.object}#${asked.tuple.relation}@${asked.tuple.user}${context}`;
    case 'listObjects':
      return `objects of ${asked.request.type}#${asked.request.relation}@${asked.request.user}${context}`;
    case 'listUsers':
      return `users of ${asked.request.object}#${asked.request.relation} (${asked.request.filters.join(', ')})${context}`;
  }
}

/** An error that no suite knows. */
const UNKNOWN_CODE = 1;

/** The same with another expectation, which no right answer meets. */
export function flipped(one: Assertion): Assertion {
  const { expected } = one;
  switch (expected.kind) {
    case 'allowed':
      return { ...one, expected: { kind: 'allowed', allowed: !expected.allowed } };
    case 'members':
      return { ...one, expected: { kind: 'members', members: [...expected.members, 'flipped:1'].sort() } };
    case 'error':
      return { ...one, expected: { kind: 'error', code: UNKNOWN_CODE } };
  }
}
