/**
 * Files of tuples, one a line: NDJSON, or CSV with the columns of OpenFGA's own command line and `expires_at` behind them.
 *
 *   {"user":"user:anne","relation":"viewer","object":"document:1","condition":{"name":"n","context":{}},"expires_at":"2030-01-31T12:00:00Z"}
 *   user_type,user_id,user_relation,relation,object_type,object_id,condition_name,condition_context,expires_at
 *
 * A CSV file may have the columns user and object instead of their parts, in any order, and need not have the last three.
 */
import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import { parse } from 'csv-parse';
import { stringify } from 'csv-stringify/sync';
import type { TupleJson } from '../http/answer.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { linesOf } from './lines.ts';

export type TupleFormat = 'ndjson' | 'csv';

/** A tuple as a line of a file has it: the fields of an operation of `/v1/stores/{id}/transactions`. */
export interface TupleFields {
  readonly user: string;
  readonly relation: string;
  readonly object: string;
  readonly condition?: { readonly name: string; readonly context?: unknown };
  readonly expires_at?: string;
}

export interface TupleLine {
  /** From 1. */
  readonly line: number;
  readonly tuple: TupleFields;
}

const COLUMNS = [
  'user_type',
  'user_id',
  'user_relation',
  'relation',
  'object_type',
  'object_id',
  'condition_name',
  'condition_context',
  'expires_at',
] as const;
const KNOWN_COLUMNS: readonly string[] = [...COLUMNS, 'user', 'object'];
const FIELDS: readonly string[] = ['user', 'relation', 'object', 'condition', 'expires_at'];

/** By what was said, else by the file's name. */
export function formatOf(file: string, given: string | undefined): TupleFormat {
  if (given === undefined) return extname(file) === '.csv' ? 'csv' : 'ndjson';
  if (given === 'ndjson' || given === 'csv') return given;
  throw usageFailure(`--format is ndjson or csv, not "${given}".`);
}

/** The tuples of a file in order. @param file a path, or - for stdin. @throws CliFailure that names the line */
export function readTuples(file: string, format: TupleFormat): AsyncGenerator<TupleLine, void> {
  return format === 'csv' ? readCsv(file) : readNdjson(file);
}

async function* readNdjson(file: string): AsyncGenerator<TupleLine, void> {
  let line = 0;
  for (const text of linesOf(file)) {
    line += 1;
    if (text.trim() !== '') yield { line, tuple: tupleOfJson(parseJson(text, line), line) };
  }
}

function parseJson(text: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badLine(line, `it is no JSON: ${(error as Error).message}`);
  }
}

function tupleOfJson(value: unknown, line: number): TupleFields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badLine(line, 'it is no JSON object');
  const fields = value as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(fields)) if (!FIELDS.includes(name)) throw badLine(line, `it has the unknown field "${name}"`);
  for (const name of ['user', 'relation', 'object']) {
    if (typeof fields[name] !== 'string') throw badLine(line, `its ${name} is no text`);
  }
  return fields as unknown as TupleFields;
}

type Row = Readonly<Record<string, string>>;

async function* readCsv(file: string): AsyncGenerator<TupleLine, void> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  const parser = parse({ columns: true, bom: true, info: true, skip_empty_lines: true, trim: true });
  input.once('error', (error: Error) => parser.destroy(error));
  input.pipe(parser);
  let before = 1;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: Row; info: { lines: number } }>) {
      const line = before + 1;
      if (before === 1) refuseColumns(Object.keys(record));
      // A quoted field may hold line breaks: a row begins behind the one before.
      before = Math.max(info.lines, line);
      yield { line, tuple: tupleOfRow(record, line) };
    }
  } catch (error) {
    throw csvFailure(file, error);
  }
}

function csvFailure(file: string, error: unknown): unknown {
  const { code, message, lines } = error as { readonly code?: string; readonly message: string; readonly lines?: number };
  if (code?.startsWith('CSV_') === true) return badLine(lines ?? 1, message);
  return code === undefined ? error : usageFailure(`${file} cannot be read: ${code}.`);
}

function refuseColumns(names: readonly string[]): void {
  const unknown = names.find((name) => !KNOWN_COLUMNS.includes(name));
  if (unknown !== undefined) throw badLine(1, `it has the unknown column "${unknown}"; columns are ${COLUMNS.join(', ')}`);
  const has = (...wanted: readonly string[]): boolean => wanted.every((name) => names.includes(name));
  if (has('relation') && (has('user') || has('user_type', 'user_id')) && (has('object') || has('object_type', 'object_id')))
    return;
  throw badLine(1, `it names too few columns; columns are ${COLUMNS.join(', ')}, or user and object instead of their parts`);
}

function tupleOfRow(row: Row, line: number): TupleFields {
  const {
    user_relation: userRelation = '',
    condition_name: name = '',
    condition_context: context = '',
    expires_at: at = '',
  } = row;
  const user = row.user ?? `${row.user_type}:${row.user_id}${userRelation === '' ? '' : `#${userRelation}`}`;
  const object = row.object ?? `${row.object_type}:${row.object_id}`;
  if (name === '' && context !== '') throw badLine(line, 'it has a condition_context without a condition_name');
  const condition = { name, ...(context === '' ? {} : { context: parseJson(context, line) }) };
  return {
    user,
    relation: row.relation ?? '',
    object,
    ...(name === '' ? {} : { condition }),
    ...(at === '' ? {} : { expires_at: at }),
  };
}

function badLine(line: number, why: string): CliFailure {
  return new CliFailure(`Line ${line}: ${why}.`);
}

/** What stands before the first tuple. */
export function headOf(format: TupleFormat): string {
  return format === 'csv' ? `${COLUMNS.join(',')}\n` : '';
}

/** A tuple of an answer as a line. */
export function lineOf(format: TupleFormat, { key, expires_at: expiresAt }: TupleJson): string {
  const { user, relation, object, condition } = key;
  if (format === 'ndjson') {
    const expiry = expiresAt === undefined ? {} : { expires_at: expiresAt };
    return `${JSON.stringify({ user, relation, object, ...(condition === undefined ? {} : { condition }), ...expiry })}\n`;
  }
  const [userType, userRest] = cut(user, ':');
  const [userId, userRelation] = cut(userRest, '#');
  const [objectType, objectId] = cut(object, ':');
  const context = condition === undefined ? '' : JSON.stringify(condition.context);
  const row = [userType, userId, userRelation, relation, objectType, objectId, condition?.name ?? '', context, expiresAt ?? ''];
  return stringify([row]);
}

function cut(text: string, at: string): readonly [string, string] {
  const index = text.indexOf(at);
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}
