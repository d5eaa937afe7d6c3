/** Scenarios by name: the shipped ones, the examples of other protocols, and those of files that were loaded. */
import { statSync } from 'node:fs';
import { SCENARIOS } from '../../scenarios/registry.ts';
import { EXAMPLES } from '../../sim/examples/registry.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { nearest } from './did-you-mean.ts';
import { usageFailure } from './failure.ts';

/** A scenario of a user's own file: by the path as it was typed, and where its bundle lies for worker threads. */
export interface LoadedFile {
  readonly path: string;
  readonly bundle: string;
  readonly scenario: Scenario;
}

/** What the file of a scenario may end with. */
export const SUFFIXES = ['.ts', '.mts', '.js', '.mjs'] as const;

const loaded: LoadedFile[] = [];

export function rememberFile(file: LoadedFile): void {
  loaded.push(file);
}

/** The bundle behind a scenario that came from a file; '' for any other. */
export function bundleOf(name: string): string {
  return loaded.find(({ path }) => path === name)?.bundle ?? '';
}

/** How a user calls a scenario: by the path of its file, where it has one. */
export function titleOf(wanted: Scenario): string {
  return loaded.find(({ scenario }) => scenario === wanted)?.path ?? wanted.name;
}

/** By name, or by the path of its file. */
export function findScenario(name: string): Scenario | undefined {
  const own = loaded.find(({ path, scenario }) => path === name || scenario.name === name)?.scenario;
  return own ?? [...SCENARIOS, ...EXAMPLES].find((scenario) => scenario.name === name);
}

/** As findScenario; a name that does not exist is a wrong command line. */
export function requireScenario(name: string): Scenario {
  const found = findScenario(name);
  if (found !== undefined) return found;
  const file = SUFFIXES.map((suffix) => `${name}${suffix}`).find((path) => isFile(path));
  if (file !== undefined) throw usageFailure(`There is no scenario "${name}". Did you mean the file ${asPath(file)}?`);
  if (isFile(name) || /[\\/.]/.test(name))
    throw usageFailure(
      `"${name}" is no scenario: the file of a scenario ends with ${SUFFIXES.slice(0, -1).join(', ')} or ${SUFFIXES.at(-1)}.`,
    );
  const names = [...SCENARIOS, ...EXAMPLES].map((scenario) => scenario.name);
  throw usageFailure(`There is no scenario "${name}".${nearest(name, names)} Known: ${names.join(', ')}.`);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function asPath(file: string): string {
  return /^\.{0,2}[\\/]/.test(file) ? file : `./${file}`;
}
