/** Options that `run` and `swarm` share, from the command line to what a run is given; plain data, so it can go to a worker. */
import type { Command } from 'commander';
import { drawKnobs, type Knobs, SETTABLE_FAULTS, withFaults } from '../../sim/knobs.ts';
import type { Measure } from '../../sim/measure/measures.ts';
import type { RunResult } from '../../sim/result.ts';
import type { RunOptions } from '../../sim/run.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { seedWords } from '../../sim/seed.ts';
import { applySettings, parseSettings, type Setting } from '../../sim/settings.ts';
import { Choices, type Profile } from '../../sim/tape.ts';
import { nearest } from './did-you-mean.ts';
import { usageFailure } from './failure.ts';
import { runGuarded } from './guarded-run.ts';
import { measuresOf } from './measure-output.ts';
import { nativePrimitives } from './native-primitives.ts';
import { bundleOf, findScenario, requireScenario } from './scenario-lookup.ts';

/** As commander parses them. */
export interface SharedFlags {
  readonly nodes?: string;
  readonly for?: string;
  readonly profile?: string;
  readonly fault?: string;
  readonly set?: string;
  readonly without?: string;
  readonly measure?: string;
  readonly csv?: string;
  readonly json?: boolean;
}

/** What identifies a run besides its seed. */
export interface RunPlan {
  /** Name of a scenario, or path of its file; '' = the generic run. */
  readonly scenario: string;
  /** Where the bundle of a scenario file lies; '' = no file. */
  readonly bundle: string;
  readonly profile: Profile;
  readonly nodes: number;
  readonly workMs: number;
  readonly faults: readonly (readonly [string, number])[];
  readonly settings: readonly Setting[];
  readonly without: readonly string[];
  /** What is measured; it shapes no run. */
  readonly measure: readonly Measure[];
}

const NODES_MAX = 9;
/** Faults that have a probability per frame instead of a rate per second. */
const PER_FRAME: readonly string[] = ['loss', 'duplicate', 'reorder'];

export function addSharedOptions(command: Command): Command {
  const scenario = 'a scenario of `vouch sim list`, or a file ./mine.ts; without it, the generic workload';
  return addRunOptions(command.argument('[name]', scenario)).option('--json', 'print one JSON object on the last line');
}

/** Without the scenario's name and without --json, for commands that have their own. */
export function addRunOptions(command: Command): Command {
  return command
    .option('--nodes <n>', 'size of the cluster')
    .option('--for <duration>', 'how long clients work under faults, in virtual time: 500ms, 30s, 10m')
    .option('--profile <name>', 'lite, swarm or perf')
    .option('--fault <list>', 'faults per second of virtual time (loss, duplicate, reorder: per frame): crash=0.1,partition=off')
    .option('--set <list>', 'knobs by name: electionTimeoutMs=150..300,batchMax=1')
    .option('--without <oracles>', 'switch oracles off by name, comma-separated');
}

export function addMeasureOptions(command: Command): Command {
  return command
    .option('--measure <list>', 'what to measure in virtual time: failover, transfer, commit, messages')
    .option('--csv <file>', 'write the measures of every seed to a file');
}

export function planOf(name: string | undefined, flags: SharedFlags): RunPlan {
  const scenario = name === undefined ? undefined : requireScenario(name);
  const nodes = nodesOf(flags.nodes, scenario);
  if (flags.csv !== undefined && flags.measure === undefined) throw usageFailure('--csv wants --measure: what to write.');
  if (flags.measure !== undefined) demandVouch(name, '--measure');
  const profile = flags.profile ?? 'swarm';
  if (profile !== 'lite' && profile !== 'swarm' && profile !== 'perf')
    throw usageFailure(`--profile is lite, swarm or perf, not "${profile}".`);
  return {
    scenario: name ?? '',
    bundle: name === undefined ? '' : bundleOf(name),
    profile,
    nodes,
    workMs: flags.for === undefined ? 0 : durationMs(flags.for, '--for'),
    faults: faultRates(flags.fault),
    settings: settingsOf(flags.set, profile),
    without: oraclesOf(flags.without),
    measure: measuresOf(flags.measure),
  };
}

/** @returns 0 where nobody said. */
function nodesOf(text: string | undefined, scenario: Scenario | undefined): number {
  if (text === undefined) return 0;
  const nodes = wholeNumber(text, '--nodes', NODES_MAX);
  const min = scenario?.nodesMin ?? 1;
  if (scenario !== undefined && nodes < min)
    throw usageFailure(`${scenario.name} needs ${min} nodes or more: its story cannot be told with --nodes ${nodes}.`);
  return nodes;
}

/** The flags again, for the command that replays a seed. */
export function planFlags(plan: RunPlan): string {
  const flags = [plan.scenario === '' ? '' : ` ${plan.scenario}`];
  if (plan.profile !== 'swarm') flags.push(` --profile ${plan.profile}`);
  if (plan.nodes > 0) flags.push(` --nodes ${plan.nodes}`);
  if (plan.workMs > 0) flags.push(` --for ${plan.workMs}ms`);
  if (plan.faults.length > 0)
    flags.push(` --fault ${plan.faults.map(([kind, weight]) => `${kind}=${weight === 0 ? 'off' : weight}`).join(',')}`);
  if (plan.settings.length > 0) flags.push(` --set ${setOf(plan)}`);
  if (plan.without.length > 0) flags.push(` --without ${plan.without.join(',')}`);
  return flags.join('');
}

/** The settings again, as they were typed. */
export function setOf(plan: RunPlan): string {
  return plan.settings.map(({ name, text }) => `${name}=${text}`).join(',');
}

/** Runs one seed of a plan. */
export function runPlan(
  plan: RunPlan,
  seed: string,
  extra: Partial<Pick<RunOptions, 'onKnobs' | 'record' | 'story'>> = {},
): RunResult {
  return runGuarded({ ...planOptions(plan, seed), ...extra });
}

/** What a seed of a plan is run with. */
export function planOptions(plan: RunPlan, seed: string): RunOptions {
  return {
    seed,
    profile: plan.profile,
    scenario: plan.scenario === '' ? undefined : findScenario(plan.scenario),
    adjust: (knobs) => adjusted(plan, knobs),
    without: plan.without,
    onOracles: (known) => demandOracles(plan.without, known),
    measure: plan.measure.length > 0,
    primitives: nativePrimitives,
    stopwatch: performance.now.bind(performance),
  };
}

function adjusted(plan: RunPlan, knobs: Knobs): Knobs {
  const nodes = plan.nodes > 0 ? plan.nodes : knobs.nodes;
  const sized: Knobs = {
    ...knobs,
    nodes,
    downMax: Math.min(knobs.downMax, nodes),
    ...(plan.workMs > 0 ? { workMicrosMax: plan.workMs * 1000, operations: Number.MAX_SAFE_INTEGER } : {}),
  };
  const { loss, duplicate, reorder } = sized.link;
  const faults = { ...sized.faults, loss, duplicate, reorder, ...Object.fromEntries(plan.faults) };
  const set = applySettings(plan.faults.length > 0 ? withFaults(sized, faults) : sized, plan.settings);
  if (!set.ok) throw usageFailure(`--set: ${set.reason}`);
  return set.knobs;
}

/** Names of oracles to switch off; whether they exist is known once a run has its own. */
export function oraclesOf(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw usageFailure(`--without is a list of oracles, comma-separated, not "${text}".`);
  return names;
}

/** A misspelt name would switch nothing off, and the run would seem to say that the oracle is not needed. */
export function demandOracles(names: readonly string[], known: readonly string[]): void {
  const stranger = names.find((name) => !known.includes(name));
  if (stranger === undefined) return;
  const all = known.length === 0 ? 'This scenario has none to switch off.' : `Known: ${known.join(', ')}.`;
  throw usageFailure(`--without knows no oracle "${stranger}".${nearest(stranger, known)} ${all}`);
}

/** Refuses what only runs of Vouch have. @param what the option, or the command. */
export function demandVouch(name: string | undefined, what: string): void {
  if (name === undefined || name === '' || findScenario(name)?.onProtocol === undefined) return;
  throw usageFailure(`${what} is for runs of Vouch; ${name} is one of another protocol.`);
}

/** A whole number from 1 to max. */
export function wholeNumber(text: string, flag: string, max: number): number {
  const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > max) throw usageFailure(`${flag} is a whole number from 1 to ${max}, not "${text}".`);
  return value;
}

/** Milliseconds of a duration: 500ms, 30s, 10m, 2h. */
export function durationMs(text: string, flag: string): number {
  const match = /^([0-9]{1,6})(ms|s|m|h)$/.exec(text);
  if (match === null) throw usageFailure(`${flag} is a duration like 500ms, 30s or 10m, not "${text}".`);
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] as 'ms' | 's' | 'm' | 'h'];
  const milliseconds = Number(match[1]) * unit;
  if (milliseconds === 0) throw usageFailure(`${flag} is longer than nothing: 500ms, 30s or 10m, not "${text}".`);
  return milliseconds;
}

/** What is wrong with a setting is told before anything runs; knobs of seed 1 stand for any. */
function settingsOf(text: string | undefined, profile: Profile): readonly Setting[] {
  if (text === undefined) return [];
  const parsed = parseSettings(text);
  if (!parsed.ok) throw usageFailure(`--set: ${parsed.reason}`);
  const probe = applySettings(drawKnobs(profile, Choices.fromSeed(seedWords('1'))), parsed.settings);
  if (!probe.ok) throw usageFailure(`--set: ${probe.reason}`);
  return parsed.settings;
}

function faultRates(text: string | undefined): readonly (readonly [string, number])[] {
  if (text === undefined) return [];
  return text.split(',').map((part) => {
    const [kind, rate] = part.split('=');
    if (!SETTABLE_FAULTS.some((known) => known === kind))
      throw usageFailure(`--fault knows no "${kind}". Known: ${SETTABLE_FAULTS.join(', ')}.`);
    if (rate === 'off') return [kind as string, 0] as const;
    if (rate === undefined || !/^[0-9]{1,4}(\.[0-9]{1,3})?$/.test(rate))
      throw usageFailure(`--fault ${kind}= wants off or a rate like 0.5, not "${rate ?? ''}".`);
    if (PER_FRAME.includes(kind as string) && Number(rate) > 1)
      throw usageFailure(`--fault ${kind}= is a probability per frame, from 0 to 1, not "${rate}".`);
    return [kind as string, Number(rate)] as const;
  });
}
