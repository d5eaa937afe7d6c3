/** Models as people keep them: the language in a file, the JSON of the API, or modules that `fga.mod` lists. */
import { readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { transformer } from '@openfga/syntax-transformer';
import { canonicalJson } from '../../core/bytes/canonical-json.ts';
import type { Model } from '../../core/model/model.ts';
import { parseModel } from '../../core/model/parse.ts';
import { TestFileError } from './test-file-error.ts';

/** json: canonical (RFC 8785), with the members that a model has. */
export interface ModelSource {
  readonly model: Model;
  readonly json: string;
}

/** @param path ends in `.json` or `.mod`, or holds the language @throws TestFileError */
export function modelFromFile(path: string): ModelSource {
  if (path.endsWith('.mod')) return modelFromModules(path);
  return extname(path) === '.json' ? sourceOf(parseJson(contentsOf(path), path), path) : modelFromText(contentsOf(path), path);
}

/** @param text in the language, or as JSON @param where named where it is refused */
export function modelFromText(text: string, where: string): ModelSource {
  if (text.trimStart().startsWith('{')) return sourceOf(parseJson(text, where), where);
  return sourceOf(
    transformed(where, () => transformer.transformDSLToJSONObject(text)),
    where,
  );
}

function modelFromModules(path: string): ModelSource {
  const listed = transformed(path, () => transformer.transformModFileToJSON(contentsOf(path)));
  const files = listed.contents.value.map(({ value }) => ({ name: value, contents: contentsOf(join(dirname(path), value)) }));
  return sourceOf(
    transformed(path, () => transformer.transformModuleFilesToModel(files, listed.schema.value)),
    path,
  );
}

function contentsOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new TestFileError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TestFileError(`${where} is no JSON: ${(error as Error).message}`);
  }
}

/** The transformer throws what it finds wrong. */
function transformed<T>(where: string, transform: () => T): T {
  try {
    return transform();
  } catch (error) {
    throw new TestFileError(`${where}: the model cannot be read: ${(error as Error).message.trim()}`);
  }
}

function sourceOf(value: unknown, where: string): ModelSource {
  const parsed = parseModel(value);
  if (!parsed.ok) throw new TestFileError(`${where}: the model is malformed: ${parsed.reason}.`);
  const { schema_version, type_definitions, conditions } = value as Readonly<Record<string, unknown>>;
  const members = { schema_version, type_definitions, ...(conditions === undefined ? {} : { conditions }) };
  // Undefined members are none in JSON.
  const canonical = canonicalJson(JSON.parse(JSON.stringify(members)));
  if (!canonical.ok) throw new TestFileError(`${where}: the model is no JSON (${canonical.reason}).`);
  return { model: parsed.value, json: canonical.text };
}
