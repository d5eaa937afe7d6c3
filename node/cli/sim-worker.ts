/** A worker thread of `vouch sim swarm`: a seed comes in, its report goes out, until undefined comes in. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadScenarioBundle } from './scenario-file.ts';
import type { RunPlan } from './sim-options.ts';
import { doneBy } from './sim-pool.ts';

const plan = workerData as RunPlan;
if (plan.bundle !== '') await loadScenarioBundle(plan.scenario, plan.bundle);

parentPort?.on('message', (seed: string | undefined) => {
  if (seed === undefined) parentPort?.close();
  else parentPort?.postMessage(doneBy(plan, seed));
});
