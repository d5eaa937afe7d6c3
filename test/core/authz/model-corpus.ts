/** Authorization scenarios that this project did not write, as OpenFGA publishes them; read from a folder outside of it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformer } from '@openfga/syntax-transformer';
import { parse } from 'yaml';
import type { ReadTuple } from '../../../core/authz/reading.ts';
import { canonicalJson } from '../../../core/bytes/canonical-json.ts';
import type { Model } from '../../../core/model/model.ts';
import { parseModel } from '../../../core/model/parse.ts';

export interface TupleYaml {
  readonly object: string;
  readonly relation: string;
  readonly user: string;
  readonly condition?: { readonly name: string; readonly context?: unknown };
}

interface Question {
  readonly contextualTuples?: readonly TupleYaml[];
  readonly context?: Readonly<Record<string, unknown>>;
  readonly errorCode?: number;
}

export interface CheckYaml extends Question {
  readonly tuple: TupleYaml;
  readonly expectation?: boolean;
}

export interface ListObjectsYaml extends Question {
  readonly request: { readonly user: string; readonly type: string; readonly relation: string };
  readonly expectation?: readonly string[] | null;
}

export interface ListUsersYaml extends Question {
  readonly request: { readonly object: string; readonly relation: string; readonly filters: readonly string[] };
  readonly expectation?: readonly string[] | null;
}

export interface StageYaml {
  readonly model: string;
  readonly tuples?: readonly TupleYaml[];
  readonly checkAssertions?: readonly CheckYaml[];
  readonly listObjectsAssertions?: readonly ListObjectsYaml[];
  readonly listUsersAssertions?: readonly ListUsersYaml[];
}

export interface SuiteYaml {
  readonly name: string;
  readonly stages: readonly StageYaml[];
}

/** The folder; overridable, because it is not part of the project. */
export const CORPUS: string = process.env.VOUCH_OPENFGA_CORPUS ?? join('..', 'shared', 'corpora', 'openfga');

/** The suites of a file; undefined where the folder is not there. */
export function suitesOf(file: string): readonly SuiteYaml[] | undefined {
  const path = join(CORPUS, file);
  if (!existsSync(path)) return undefined;
  return (parse(readFileSync(path, 'utf8')) as { readonly tests: readonly SuiteYaml[] }).tests;
}

export function modelOf(dsl: string): Model {
  const parsed = parseModel(transformer.transformDSLToJSONObject(dsl));
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.value;
}

export function readTupleOf({ object, relation, user, condition }: TupleYaml): ReadTuple {
  const tuple = { resource: object, relation, subject: user };
  if (condition === undefined) return { tuple, condition: undefined };
  const context = canonicalJson(condition.context ?? {});
  if (!context.ok) throw new Error(context.reason);
  return { tuple, condition: { name: condition.name, context: context.text } };
}
