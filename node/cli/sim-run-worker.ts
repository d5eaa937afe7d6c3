/** The worker thread of `vouch sim run`: the main thread stays free to hear Ctrl-C, which a run never looks for. */
import { parentPort, workerData } from 'node:worker_threads';
import { CliFailure } from './failure.ts';
import { worseStatus } from './output-file.ts';
import { loadScenarioBundle } from './scenario-file.ts';
import { execute, type RunEnd, type RunOrder } from './sim-run.ts';

const { plan, seed, flags } = workerData as RunOrder;

async function run(): Promise<RunEnd> {
  try {
    if (plan.bundle !== '') await loadScenarioBundle(plan.scenario, plan.bundle);
    await execute(plan, seed, flags);
    return { status: Number(process.exitCode ?? 0), failure: '' };
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error;
    return { status: worseStatus(process.exitCode, error.exitCode), failure: error.message };
  }
}

const end = await run();
// Else the thread would end with it, as if it had failed.
process.exitCode = 0;
parentPort?.postMessage(end);
