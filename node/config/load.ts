/**
 * The effective configuration: flags, then VOUCH_* environment variables, then a file, then defaults; and for every value
 * where it came from, so that a message can name the culprit.
 */
import { readFileSync } from 'node:fs';
import { Value } from 'typebox/value';
import { SETTINGS, type SettingInfo, type SettingName, type Settings, SettingsSchema } from './schema.ts';

export type Loaded =
  | { readonly ok: true; readonly settings: Settings; readonly sources: ReadonlyMap<SettingName, string> }
  | { readonly ok: false; readonly message: string };

export interface ConfigSources {
  /** As commander gives them: text, booleans; undefined where the flag is absent. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Path of a JSON file. */
  readonly file: string | undefined;
}

/** Merges and validates. A failure is one sentence that names the source and what would be right. */
export function loadSettings(sources: ConfigSources): Loaded {
  const file = readFile(sources.file);
  if (!file.ok) return file;
  const merged: Record<string, unknown> = {};
  const from = new Map<SettingName, string>();
  for (const info of SETTINGS) {
    const candidates: readonly (readonly [string, unknown])[] = [
      [`the flag ${flagOf(info.name)}`, sources.flags[info.name]],
      [`the environment variable ${info.env}`, sources.env[info.env]],
      [`${sources.file}`, file.values[info.name]],
    ];
    const found = candidates.find(([, value]) => value !== undefined && value !== '');
    if (found === undefined) continue;
    const [source, raw] = found;
    const value = typeof raw === 'string' ? fromText(info, raw) : raw;
    if (!Value.Check(SettingsSchema, { [info.name]: value })) {
      return { ok: false, message: `${source} is ${JSON.stringify(raw)}; ${info.name} is ${info.expects}.` };
    }
    merged[info.name] = value;
    from.set(info.name, source);
  }
  return { ok: true, settings: merged as Settings, sources: from };
}

/** `--batch-delay-ms` of `batchDelayMs`. */
function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function fromText(info: SettingInfo, text: string): unknown {
  switch (info.kind) {
    case 'text':
      return text;
    case 'list':
      return text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
    case 'flag':
      return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : text;
    case 'number':
      return /^[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : text;
  }
}

type FileValues =
  | { readonly ok: true; readonly values: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly message: string };

function readFile(path: string | undefined): FileValues {
  if (path === undefined) return { ok: true, values: {} };
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const why = error instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    return { ok: false, message: `The configuration file ${path} ${why}: ${(error as Error).message}` };
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return { ok: false, message: `The configuration file ${path} holds no JSON object.` };
  }
  const known = new Set<string>(SETTINGS.map((info) => info.name));
  const unknown = Object.keys(parsed).find((key) => !known.has(key));
  if (unknown !== undefined) {
    return {
      ok: false,
      message: `The configuration file ${path} has an unknown key "${unknown}"; known are ${[...known].join(', ')}.`,
    };
  }
  return { ok: true, values: parsed as Record<string, unknown> };
}
