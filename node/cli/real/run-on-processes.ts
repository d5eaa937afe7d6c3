/** `vouch sim run --real`: the command around a real run (real-run.ts): where its files go, what is told, and what stays behind. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Failure } from '../../../sim/failure.ts';
import type { Knobs } from '../../../sim/knobs.ts';
import { GENERIC } from '../../../sim/run.ts';
import { resolveKnobs } from '../../../sim/run-tape.ts';
import type { Scenario } from '../../../sim/scenario.ts';
import { ScenarioError } from '../../../sim/scenario-error.ts';
import { seedWords } from '../../../sim/seed.ts';
import { Choices } from '../../../sim/tape.ts';
import { packageFile } from '../../package-file.ts';
import { EXIT_INTERRUPTED, usageFailure } from '../failure.ts';
import { print, printJson, say } from '../output.ts';
import { placeOf } from '../scenario-failure.ts';
import { demandOracles, planFlags, planOptions, type RunPlan } from '../sim-options.ts';
import type { RunFlags } from '../sim-run.ts';
import { historyLines } from './history-lines.ts';
import { bundlePlantedNode, requireMutant } from './planted-node.ts';
import { REAL_ORACLES } from './real-oracles.ts';
import { type RealReport, tellReal } from './real-report.ts';
import { busierClients, Interrupted, RealRun, realKnobs } from './real-run.ts';
import { demandTellable } from './real-story.ts';

/** Of the work under faults: with all the rest, a run takes less than a minute on an idle machine. */
const WORK_MS = 20_000;
const COMMANDS = fileURLToPath(packageFile('dist/node/cli/main.js'));

export async function runOnProcesses(plan: RunPlan, flags: RunFlags): Promise<void> {
  demandFitting(plan, flags);
  const { seed, without, scenario, adjust } = planOptions(plan, flags.seed);
  const flagged = (knobs: Knobs): Knobs => adjust?.(busierClients(knobs)) ?? busierClients(knobs);
  const wanted = (): Knobs => inOwnWords(() => resolveKnobs({ seed, profile: plan.profile, scenario, adjust: flagged }));
  demandTellable(scenario, plan.scenario, wanted);
  demandOracles(without ?? [], REAL_ORACLES);
  const mutant = flags.mutant === undefined ? undefined : requireMutant(flags.mutant);
  const knobs = realKnobs(wanted());
  const directory = directoryFor(flags.dir);
  const binary = mutant === undefined ? COMMANDS : join(directory, `node-with-${mutant.id}.mjs`);
  if (mutant !== undefined) await bundlePlantedNode(mutant, binary);
  const workMs = plan.workMs > 0 ? plan.workMs : WORK_MS;
  const startedAt = performance.now();
  const run = new RealRun({
    ...{ scenario, knobs, workMs, directory, binary, commands: COMMANDS },
    choices: Choices.fromSeed(seedWords(seed)),
    without: [...(without ?? []), ...(scenario?.without ?? [])],
    onPhase: (phase) => {
      if (process.stderr.isTTY) say(`${((performance.now() - startedAt) / 1000).toFixed(1)} s: ${phase}`);
    },
  });
  const interrupt = (): void => run.interrupt();
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  let failure: Failure | undefined;
  try {
    failure = await run.execute();
  } catch (error) {
    if (error instanceof Interrupted) return tellInterrupted(plan, flags, directory);
    throw error instanceof ScenarioError ? scenarioFailure(error) : error;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
  writeFileSync(join(directory, 'history.jsonl'), historyLines(run.history, run.vaults));
  const isKept = failure !== undefined || flags.dir !== undefined;
  if (!isKept) rmSync(directory, { recursive: true, force: true });
  const report: RealReport = {
    mode: 'real',
    scenario: nameOf(scenario),
    seed,
    mutant: mutant?.id ?? null,
    verdict: failure?.verdict ?? 'pass',
    violation: failure?.violation ?? null,
    ops: { ok: run.history.ok, fail: run.history.fail, info: run.history.info },
    elections: run.elections,
    proofs: run.oracles.proven,
    blocks: run.blocks,
    nodes: knobs.nodes,
    pace: run.pace,
    workMs: run.workedMs,
    wallMs: Math.round(performance.now() - startedAt),
    faults: run.faults(),
    notPlayed: run.notPlayed.report(),
    directory: isKept ? directory : null,
  };
  tellReal(report, again(plan, flags), flags.json === true);
}

/** What belongs to a world in which everything is known. */
function demandFitting(plan: RunPlan, flags: RunFlags): void {
  const stranger = (['tape', 'html', 'csv'] as const).find((flag) => flags[flag] !== undefined);
  if (stranger !== undefined)
    throw usageFailure(`--${stranger} does not go with --real: only a simulated run knows every choice and every step.`);
  if (plan.measure.length > 0) throw usageFailure('--measure does not go with --real: it measures virtual time.');
}

/** A new directory, or an empty one: the data of another run would be taken for this one's. */
function directoryFor(wanted: string | undefined): string {
  if (wanted === undefined) return mkdtempSync(join(tmpdir(), 'vouch-real-'));
  const directory = resolve(wanted);
  try {
    mkdirSync(directory, { recursive: true });
    if (readdirSync(directory).length === 0) return directory;
  } catch (error) {
    throw usageFailure(`--dir ${wanted} cannot be used: ${(error as Error).message}.`);
  }
  throw usageFailure(`--dir ${wanted} is not empty: name a directory that is, or one that does not exist.`);
}

function inOwnWords<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof ScenarioError ? scenarioFailure(error) : error;
  }
}

function scenarioFailure(error: ScenarioError): Error {
  return usageFailure(`scenario error: ${error.message}${placeOf(error)}.`);
}

function nameOf(scenario: Scenario | undefined): string {
  return scenario?.name ?? GENERIC;
}

function again(plan: RunPlan, flags: RunFlags): string {
  const planted = flags.mutant === undefined ? '' : ` --mutant ${flags.mutant}`;
  return `vouch sim run${planFlags(plan)} --seed ${flags.seed} --real${planted}`;
}

function tellInterrupted(plan: RunPlan, flags: RunFlags, directory: string): void {
  process.exitCode = EXIT_INTERRUPTED;
  if (flags.dir === undefined) rmSync(directory, { recursive: true, force: true });
  const scenario = plan.scenario === '' ? GENERIC : plan.scenario;
  if (flags.json === true)
    return printJson({ mode: 'real', scenario, seed: flags.seed, verdict: 'interrupted', violation: null });
  print(`${scenario} seed ${flags.seed} on real processes: INTERRUPTED; nothing was found until then`);
  print(again(plan, flags));
}
