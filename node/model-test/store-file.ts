/**
 * Files of tests in the form that OpenFGA's command line reads (`*.fga.yaml`): a model, tuples, and questions with the answers that are
 * expected. Paths in them are relative to the file. Source: openfga/cli, "Run tests on an Authorization Model".
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse } from 'yaml';
import type { ReadTuple } from '../../core/authz/reading.ts';
import { canonicalJson } from '../../core/bytes/canonical-json.ts';
import { type ModelSource, modelFromFile, modelFromText } from './model-source.ts';
import { TestFileError } from './test-file-error.ts';
import { tuplesFromFile, tuplesFromItems } from './tuple-file.ts';

/** expected: by relation. context: a JSON object in canonical form. */
export interface CheckTest {
  readonly user: string;
  readonly object: string;
  readonly context: string;
  readonly expected: ReadonlyMap<string, boolean>;
}

export interface ListObjectsTest {
  readonly user: string;
  readonly type: string;
  readonly context: string;
  readonly expected: ReadonlyMap<string, readonly string[]>;
}

export interface ListUsersTest {
  readonly object: string;
  readonly filters: readonly { readonly type: string; readonly relation: string }[];
  readonly context: string;
  readonly expected: ReadonlyMap<string, readonly string[]>;
}

export interface ModelTest {
  readonly name: string;
  /** Its own; those of the file hold for it, too. */
  readonly tuples: readonly ReadTuple[];
  readonly checks: readonly CheckTest[];
  readonly listObjects: readonly ListObjectsTest[];
  readonly listUsers: readonly ListUsersTest[];
}

export interface StoreFile {
  readonly name: string;
  readonly model: ModelSource;
  readonly tuples: readonly ReadTuple[];
  readonly tests: readonly ModelTest[];
}

type Record_ = Readonly<Record<string, unknown>>;

/** @throws TestFileError */
export function readStoreFile(path: string): StoreFile {
  const root = record(parseYaml(path), path);
  const folder = dirname(path);
  const { model, model_file: modelFile, tests } = root;
  if ((model === undefined) === (modelFile === undefined))
    throw new TestFileError(`${path}: name exactly one of model and model_file.`);
  return {
    name: typeof root.name === 'string' ? root.name : basename(path),
    model:
      modelFile === undefined
        ? modelFromText(text(model, `${path}: model`), path)
        : modelFromFile(join(folder, text(modelFile, `${path}: model_file`))),
    tuples: tuplesOf(root, folder, path),
    tests: readTests(list(tests, `${path}: tests`), { path, folder }),
  };
}

function parseYaml(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new TestFileError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

function record(value: unknown, where: string): Record_ {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record_;
  throw new TestFileError(`${where} is not an object.`);
}

function text(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  throw new TestFileError(`${where} is not a text.`);
}

/** A list that may be missing. */
function list(value: unknown, where: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new TestFileError(`${where} is not a list.`);
}

function tuplesOf(from: Record_, folder: string, where: string): readonly ReadTuple[] {
  const files = [...list(from.tuple_files, `${where}: tuple_files`), ...(from.tuple_file === undefined ? [] : [from.tuple_file])];
  return [
    ...files.flatMap((file) => tuplesFromFile(join(folder, text(file, `${where}: tuple_file`)))),
    ...tuplesFromItems(list(from.tuples, `${where}: tuples`), where),
  ];
}

interface Place {
  readonly path: string;
  readonly folder: string;
}

/** A file without tests would pass, whatever its model is. */
function readTests(items: readonly unknown[], place: Place): readonly ModelTest[] {
  if (items.length === 0) throw new TestFileError(`${place.path}: tests are missing.`);
  return items.map((item, index) => readTest(item, index, place));
}

function readTest(value: unknown, index: number, { path, folder }: Place): ModelTest {
  const fields = record(value, `${path}: tests[${index}]`);
  const name = typeof fields.name === 'string' ? fields.name : `test ${index + 1}`;
  const where = `${path}: the test '${name}'`;
  const each = <T>(field: string, read: (item: Record_, at: string) => readonly T[]): readonly T[] =>
    list(fields[field], `${where}: ${field}`).flatMap((item, at) => {
      const place = `${where}: ${field}[${at}]`;
      return read(record(item, place), place);
    });
  return {
    name,
    tuples: tuplesOf(fields, folder, where),
    checks: each('check', readCheck),
    listObjects: each('list_objects', readListObjects),
    listUsers: each('list_users', readListUsers),
  };
}

/** One value, or each of a list under the name in the plural. */
function oneOrMany(item: Record_, field: string, where: string): readonly string[] {
  const many = list(item[`${field}s`], `${where}: ${field}s`);
  const all = item[field] === undefined ? many : [item[field], ...many];
  if (all.length === 0) throw new TestFileError(`${where}: name ${field} or ${field}s.`);
  return all.map((value) => text(value, `${where}: ${field}`));
}

function contextOf(item: Record_, where: string): string {
  const canonical = canonicalJson(record(item.context ?? {}, `${where}: context`));
  if (!canonical.ok) throw new TestFileError(`${where}: context is no JSON (${canonical.reason}).`);
  return canonical.text;
}

/** What is expected of each relation. A question of which nothing is expected is a mistake. */
function expectedOf<T>(item: Record_, where: string, read: (value: unknown, at: string) => T): ReadonlyMap<string, T> {
  const entries = Object.entries(record(item.assertions ?? {}, `${where}: assertions`));
  if (entries.length === 0)
    throw new TestFileError(`${where}: assertions are missing: name a relation and what is expected of it.`);
  return new Map(entries.map(([relation, value]) => [relation, read(value, `${where}: assertions.${relation}`)]));
}

function readCheck(item: Record_, where: string): readonly CheckTest[] {
  const expected = expectedOf(item, where, (value, at) => {
    if (typeof value === 'boolean') return value;
    throw new TestFileError(`${at} is not true or false.`);
  });
  const context = contextOf(item, where);
  const objects = oneOrMany(item, 'object', where);
  return oneOrMany(item, 'user', where).flatMap((user) => objects.map((object) => ({ user, object, context, expected })));
}

function texts(value: unknown, where: string): readonly string[] {
  return list(value, where).map((item) => text(item, where));
}

function readListObjects(item: Record_, where: string): readonly ListObjectsTest[] {
  const expected = expectedOf(item, where, texts);
  return [
    {
      user: text(item.user, `${where}: user`),
      type: text(item.type, `${where}: type`),
      context: contextOf(item, where),
      expected,
    },
  ];
}

function readListUsers(item: Record_, where: string): readonly ListUsersTest[] {
  const expected = expectedOf(item, where, (value, at) => texts(record(value, at).users, `${at}.users`));
  const filters = list(item.user_filter, `${where}: user_filter`).map((filter, index) => {
    const { type, relation } = record(filter, `${where}: user_filter[${index}]`);
    return {
      type: text(type, `${where}: user_filter[${index}].type`),
      relation: text(relation ?? '', `${where}: user_filter[${index}].relation`),
    };
  });
  if (filters.length === 0) throw new TestFileError(`${where}: user_filter is missing.`);
  return [{ object: text(item.object, `${where}: object`), filters, context: contextOf(item, where), expected }];
}
