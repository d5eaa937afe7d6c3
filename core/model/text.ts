/** The one text of a model, as it is hashed and kept: RFC 8785 JSON of the three fields that make it up. */
import { canonicalJson } from '../bytes/canonical-json.ts';
import { type Parsed, refused } from '../bytes/parsed.ts';

/** A model as OpenFGA's API, SDKs and transformers have it; further fields, an id among them, are no part of it. */
export interface ModelJson {
  readonly schema_version: string;
  readonly type_definitions: readonly object[];
  readonly conditions?: object;
}

/** @returns its text; refused where it holds what JSON cannot say in one way. */
export function modelText({ schema_version, type_definitions, conditions }: ModelJson): Parsed<string> {
  const fields = { schema_version, type_definitions, ...(conditions === undefined ? {} : { conditions }) };
  const canonical = canonicalJson(fields);
  return canonical.ok ? { ok: true, value: canonical.text } : refused(`the model has no canonical form (${canonical.reason})`);
}
