/**
 * A user's own scenario file (`vouch sim run ./mine.ts`): bundled by esbuild, so that TypeScript and imports just work, and
 * imported. `vouch/sim` in it is this very installation: a Violation thrown there is a Violation here.
 */
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildFailure, build, type Plugin } from 'esbuild';
import { FAULT_KINDS } from '../../sim/faults/counts.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { nearest } from './did-you-mean.ts';
import { usageFailure } from './failure.ts';
import { placeOf } from './scenario-failure.ts';
import { rememberFile, SUFFIXES } from './scenario-lookup.ts';

const EXPORTED = 'scenario';
/** What a scenario must have, and of which type. */
const FIELDS = { name: 'string', summary: 'string', world: 'function', tell: 'function' } as const;

/** Whether an argument names a file rather than a scenario. */
export function isScenarioFile(name: string): boolean {
  return SUFFIXES.some((suffix) => name.endsWith(suffix));
}

/** Bundles and loads a file, so that its path is the name of a scenario from now on. */
export async function loadScenarioFile(path: string): Promise<void> {
  if (!existsSync(path)) throw usageFailure(`There is no file ${path}.`);
  if (statSync(path).isDirectory()) throw usageFailure(`${path} is a folder: name the file of the scenario.`);
  const directory = mkdtempSync(join(tmpdir(), 'vouch-scenario-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const bundle = join(directory, 'scenario.mjs');
  await bundleFile(path, bundle);
  await loadScenarioBundle(path, bundle);
}

/** Loads a bundle that was made before; what a worker thread does. */
export async function loadScenarioBundle(path: string, bundle: string): Promise<void> {
  rememberFile({ path, bundle, scenario: scenarioIn(path, await importBundle(path, bundle)) });
}

/** The package's own sub-paths, and where they are, without extensions. */
export const OWN_FILES: Readonly<Record<string, string>> = {
  'vouch/verify': 'core/verify/public',
  'vouch/verify/answers': 'core/verify/answers',
  'vouch/verify/certificates': 'core/verify/certificates',
  'vouch/verify/chain': 'core/verify/chain',
  'vouch/verify/check': 'core/verify/check',
  'vouch/verify/forks': 'core/verify/forks',
  'vouch/verify/notes': 'core/verify/notes',
  'vouch/verify/tree': 'core/verify/tree',
  'vouch/sim': 'sim/public',
  'vouch/client': 'net/client/public',
};

/** The package's own sub-paths, as this process has loaded them. */
const ownPackage: Plugin = {
  name: 'vouch',
  setup(bundle) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    bundle.onResolve({ filter: /^vouch\// }, ({ path }) => {
      const file = OWN_FILES[path];
      if (file === undefined) return undefined;
      return { path: new URL(`../../${file}.${extension}`, import.meta.url).href, external: true };
    });
  },
};

async function bundleFile(path: string, outfile: string): Promise<void> {
  try {
    await build({
      entryPoints: [resolve(path)],
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      sourcemap: 'inline',
      outfile,
      logLevel: 'silent',
      plugins: [ownPackage],
    });
  } catch (error) {
    throw usageFailure(`${path} cannot be read as a scenario: ${firstComplaint(error as Partial<BuildFailure>)}.`);
  }
}

function firstComplaint(failure: Partial<BuildFailure>): string {
  const first = failure.errors?.[0];
  if (first === undefined) return failure.message ?? 'unknown reason';
  const at = first.location === null ? '' : ` (${first.location.file}:${first.location.line}:${first.location.column + 1})`;
  return `${first.text.replace(/\.$/, '')}${at}`;
}

async function importBundle(path: string, bundle: string): Promise<Readonly<Record<string, unknown>>> {
  // From here on for good: what a story throws later names a line of the user's file as well.
  process.setSourceMapsEnabled(true);
  try {
    return (await import(pathToFileURL(bundle).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw usageFailure(`${path} fails when it is loaded: ${sentenceOf(error)}.`);
  }
}

/** What went wrong, and the line of the user's file where the stack names one. */
function sentenceOf(error: unknown): string {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const missing = /module '[^']*' does not provide an export named '([^']*)'/.exec(message)?.[1];
  if (missing !== undefined) return `vouch exports no "${missing}" there`;
  return `${name}: ${message}${placeOf(error)}`;
}

function scenarioIn(path: string, module: Readonly<Record<string, unknown>>): Scenario {
  const standard = module.default;
  const found = module[EXPORTED] ?? (looksLikeScenario(standard) ? standard : inside(standard));
  if (found === undefined) {
    const names = Object.keys(module);
    const others = names.length === 0 ? 'nothing' : names.join(', ');
    throw usageFailure(`${path} exports no "${EXPORTED}"; it exports ${others}.`);
  }
  if (typeof found !== 'object' || found === null)
    throw usageFailure(`${path}: "${EXPORTED}" is an object with ${Object.keys(FIELDS).join(', ')}.`);
  const fields = found as Readonly<Record<string, unknown>>;
  for (const [field, type] of Object.entries(FIELDS)) {
    if (typeof fields[field] !== type) throw wrongField(path, field, `a ${type}`, fields[field]);
  }
  const { nodesMin } = fields;
  if (nodesMin !== undefined && !(Number.isInteger(nodesMin) && (nodesMin as number) > 0))
    throw wrongField(path, 'nodesMin', 'a whole number from 1', nodesMin);
  if (!Array.isArray(fields.faults)) throw wrongField(path, 'faults', 'a list', fields.faults);
  for (const kind of fields.faults as readonly unknown[]) {
    if (!FAULT_KINDS.some((known) => known === kind))
      throw usageFailure(`${path}: ${EXPORTED}.faults knows no ${JSON.stringify(kind)}.${nearest(String(kind), FAULT_KINDS)}`);
  }
  return found as Scenario;
}

function looksLikeScenario(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(FIELDS).some((field) => field in value);
}

/** `module.exports = { scenario }` of a file in the old format arrives as a default export. */
function inside(standard: unknown): unknown {
  return typeof standard === 'object' && standard !== null
    ? (standard as Readonly<Record<string, unknown>>)[EXPORTED]
    : undefined;
}

function wrongField(path: string, field: string, wanted: string, value: unknown): Error {
  const found = value === undefined ? 'it is missing' : `it is ${value === null ? 'null' : `a ${typeof value}`}`;
  return usageFailure(`${path}: ${EXPORTED}.${field} must be ${wanted}; ${found}.`);
}
