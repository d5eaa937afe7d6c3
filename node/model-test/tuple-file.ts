/** Tuples in the files that OpenFGA's command line reads: YAML, JSON, JSON lines, or CSV with a column for each part. */
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { parse as parseCsv } from 'csv-parse/sync';
import { parse as parseYaml } from 'yaml';
import type { ReadTuple } from '../../core/authz/reading.ts';
import { canonicalJson } from '../../core/bytes/canonical-json.ts';
import { TestFileError } from './test-file-error.ts';

/** @throws TestFileError */
export function tuplesFromFile(path: string): readonly ReadTuple[] {
  try {
    const text = readFileSync(path, 'utf8');
    return tuplesFromItems(itemsOf(text, extname(path), path), path);
  } catch (error) {
    if (error instanceof TestFileError) throw error;
    throw new TestFileError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

function itemsOf(text: string, extension: string, path: string): readonly unknown[] {
  switch (extension) {
    case '.csv':
      return (parseCsv(text, { columns: true, skip_empty_lines: true, trim: true }) as readonly Row[]).map(itemOfRow);
    case '.jsonl':
      return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [JSON.parse(line)]));
    case '.json':
    case '.yaml':
    case '.yml': {
      const value: unknown = parseYaml(text) ?? [];
      if (Array.isArray(value)) return value;
      throw new TestFileError(`${path} holds no list of tuples.`);
    }
    default:
      throw new TestFileError(`${path}: tuples are read from .yaml, .json, .jsonl and .csv.`);
  }
}

type Row = Readonly<Record<string, string | undefined>>;

function itemOfRow(row: Row): unknown {
  const {
    user_type,
    user_id,
    user_relation = '',
    relation,
    object_type,
    object_id,
    condition_name = '',
    condition_context = '',
  } = row;
  const user = `${user_type}:${user_id}${user_relation === '' ? '' : `#${user_relation}`}`;
  const context: unknown = condition_context === '' ? {} : JSON.parse(condition_context);
  const condition = condition_name === '' ? {} : { condition: { name: condition_name, context } };
  return { user, relation, object: `${object_type}:${object_id}`, ...condition };
}

/** @param where named where one is refused */
export function tuplesFromItems(items: readonly unknown[], where: string): readonly ReadTuple[] {
  return items.map((item, index) => readTuple(item, `${where}: the tuple ${index + 1}`));
}

function readTuple(item: unknown, where: string): ReadTuple {
  const { user, relation, object, condition } = (item ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof user !== 'string' || typeof relation !== 'string' || typeof object !== 'string') {
    throw new TestFileError(`${where} lacks one of user, relation and object.`);
  }
  const tuple = { resource: object, relation, subject: user };
  if (condition === undefined || condition === null) return { tuple, condition: undefined };
  const { name, context } = condition as Readonly<Record<string, unknown>>;
  const canonical = canonicalJson(context ?? {});
  if (typeof name !== 'string' || !canonical.ok)
    throw new TestFileError(`${where} has a condition without a name, or a context that is no JSON.`);
  return { tuple, condition: { name, context: canonical.text } };
}
