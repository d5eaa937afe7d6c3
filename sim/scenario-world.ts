/** Checks what `world` of a scenario returns: a misspelt knob, or one of another type, would otherwise be a world nobody asked for. */
import { FAULT_KINDS } from './faults/counts.ts';
import { type Knobs, SETTABLE_FAULTS } from './knobs.ts';
import { ScenarioError } from './scenario-error.ts';

/** Knobs that count something of which there must be one. */
const AT_LEAST_ONE: readonly string[] = ['nodes', 'clients', 'lanes', 'dataGroups', 'vaults', 'keys', 'batchMax'];
/** Knobs that count. */
const WHOLE: readonly string[] = [
  ...AT_LEAST_ONE,
  'spares',
  'placedGroups',
  'downMax',
  'operations',
  'calmOperations',
  'authorizationClients',
];
/** Knobs that most worlds leave out. */
const OPTIONAL: readonly string[] = ['link.delayMaxMicros'];
/** More make no better world, and take for ever. */
const NODES_MAX = 64;

type Fields = Readonly<Record<string, unknown>>;

/** @param drawn what `world` was given. @returns what it returned. @throws ScenarioError where that is no world. */
export function demandWorld(drawn: Knobs, returned: unknown): Knobs {
  const given = fieldsOf(returned);
  if (given === undefined)
    throw wrong(`returned ${nameOf(returned)}; it returns the knobs it was given, changed: ({ ...drawn, nodes: 3 })`);
  demandFields(drawn as unknown as Fields, given, '');
  demandFaults(given.faults as Fields);
  for (const name of WHOLE) {
    const value = given[name] as number;
    const min = AT_LEAST_ONE.includes(name) ? 1 : 0;
    if (!Number.isInteger(value) || value < min) throw wrong(`returned ${name}: ${value}; it is a whole number from ${min}`);
  }
  if ((given.nodes as number) > NODES_MAX) throw wrong(`returned nodes: ${String(given.nodes)}; ${NODES_MAX} are the most`);
  return returned as Knobs;
}

function demandFields(known: Fields, given: Fields, path: string): void {
  const stranger = Object.keys(given).find((name) => !(name in known) && !OPTIONAL.includes(`${path}${name}`));
  if (stranger !== undefined)
    throw wrong(`returned a knob "${path}${stranger}", which does not exist; there are ${Object.keys(known).join(', ')}`);
  for (const [name, value] of Object.entries(known)) {
    const found = given[name];
    if (found === undefined) throw wrong(`returned no ${path}${name}; begin with what it was given: ({ ...drawn, nodes: 3 })`);
    if (typeof found !== typeof value || found === null)
      throw wrong(`returned ${path}${name}: ${nameOf(found)}; it is a ${typeof value}`);
    if (typeof found === 'number' && !(Number.isFinite(found) && found >= 0))
      throw wrong(`returned ${path}${name}: ${found}; it is a number from 0`);
    // Its members are bounds that may be left out, or kinds of faults.
    if (name === 'limits' || name === 'faults') continue;
    const inner = fieldsOf(value);
    if (inner !== undefined) demandFields(inner, found as Fields, `${path}${name}.`);
  }
}

function demandFaults(faults: Fields): void {
  for (const [kind, rate] of Object.entries(faults)) {
    if (!FAULT_KINDS.some((known) => known === kind))
      throw wrong(`returned a rate of the fault "${kind}", which does not exist; there are ${SETTABLE_FAULTS.join(', ')}`);
    if (typeof rate !== 'number' || !Number.isFinite(rate) || rate < 0)
      throw wrong(`returned faults.${kind}: ${nameOf(rate)}; it is a rate per second, or 0`);
  }
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

function nameOf(value: unknown): string {
  if (typeof value === 'string') return `"${value}"`;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}

function wrong(what: string): ScenarioError {
  return new ScenarioError(`world ${what}`);
}
