/** `vouch sim explain`: a seed or a tape told as one page of text. */
import type { Command } from 'commander';
import { exitCodeOf, type RunResult } from '../../sim/result.ts';
import { explain } from '../../sim/viewer/explain.ts';
import { usageFailure } from './failure.ts';
import { type RecordedFlags, recordedTapes } from './recorded-tape.ts';
import { findScenario } from './scenario-lookup.ts';
import { addRunOptions, demandVouch, planFlags, planOf, runPlan, type SharedFlags } from './sim-options.ts';
import { explainRecorded } from './sim-replay-recorded.ts';
import { demandNoFlags, replayTape } from './tape-source.ts';

export function addSimExplainCommand(sim: Command): void {
  addRunOptions(
    sim
      .command('explain')
      .description('tell a seed or a tape as one page of text: faults, leaders, clients, and what broke')
      .argument('<seed-or-tape>', 'a seed, a file written by run --tape, or the tape of a real node')
      .argument('[name]', 'a scenario of `vouch sim list`, or a file ./mine.ts; without it, the generic workload'),
  )
    .option('--key-file <file>', 'master key of the node that wrote a sealed tape (or VOUCH_MASTER_KEY)')
    .option('--other-build', "explain a real node's tape of another build all the same")
    .addHelpText('after', '\nExample:\n  vouch sim explain 7 split-brain')
    .action(tell);
}

/** The scenario may stand first as well, as it does in the line that a failed run ends with. */
async function tell(first: string, second: string | undefined, flags: SharedFlags & RecordedFlags): Promise<void> {
  const recorded = recordedTapes(first);
  if (recorded !== undefined) {
    demandNoFlags(first, flags);
    return explainRecorded(recorded, flags);
  }
  const isSwapped = second !== undefined && findScenario(first) !== undefined && findScenario(second) === undefined;
  const [what, name] = isSwapped ? [second, first] : [first, second];
  demandVouch(name, 'explain');
  const { result, command } = runOf(what, name, flags);
  if (result.story === undefined) throw usageFailure(`${what} is a run of another protocol; only runs of Vouch are explained.`);
  process.exitCode = exitCodeOf(result.report.verdict);
  process.stdout.write(explain(result.story, command));
}

function runOf(
  what: string,
  name: string | undefined,
  flags: SharedFlags,
): { readonly result: RunResult; readonly command: string } {
  if (!/^[\w-]+$/.test(what)) {
    demandNoFlags(what, flags);
    return { result: replayTape(what, name, true), command: `vouch sim replay${name === undefined ? '' : ` ${name}`} ${what}` };
  }
  const plan = planOf(name, flags);
  return { result: runPlan(plan, what, { story: true }), command: `vouch sim replay${planFlags(plan)} ${what}` };
}
