/** `vouch sim …`: the laboratory's commands. Loaded only where they are asked for. */
import type { Command } from 'commander';
import { isScenarioFile, loadScenarioFile } from './scenario-file.ts';
import { addSimBisectCommand } from './sim-bisect.ts';
import { addSimCheckCommand } from './sim-check.ts';
import { addSimExplainCommand } from './sim-explain.ts';
import { addSimExploreCommand } from './sim-explore.ts';
import { addSimListCommand } from './sim-list.ts';
import { addSimMergeCommand } from './sim-merge.ts';
import { addSimMutantsCommand } from './sim-mutants.ts';
import { addSimReplayCommand } from './sim-replay.ts';
import { addSimRunCommand } from './sim-run.ts';
import { addSimShrinkCommand } from './sim-shrink.ts';
import { addSimSwarmCommand } from './sim-swarm.ts';
import { addSimSweepCommand } from './sim-sweep.ts';

export function addSimCommands(program: Command): void {
  const sim = program
    .command('sim')
    .description('run whole clusters in a deterministic simulator: same seed, same build, same trace')
    .addHelpText(
      'after',
      [
        '',
        'Exit status: 0 pass · 1 safety violation · 2 usage · 3 liveness · 4 nondeterminism · 5 unknown or vacuous · 130 interrupted',
        '',
        'Examples:',
        '  vouch sim run split-brain --seed 7',
        '  vouch sim swarm --seeds 300 --json',
        '  vouch sim mutants --only E1',
      ].join('\n'),
    );
  // Whatever command takes a scenario's name takes the path of a file as well.
  sim.hook('preAction', async (_, command) => {
    const file = command.args.find(isScenarioFile);
    if (file !== undefined) await loadScenarioFile(file);
  });
  addSimListCommand(sim);
  addSimRunCommand(sim);
  addSimReplayCommand(sim);
  addSimShrinkCommand(sim);
  addSimBisectCommand(sim);
  addSimExplainCommand(sim);
  addSimSwarmCommand(sim);
  addSimSweepCommand(sim);
  addSimMergeCommand(sim);
  addSimMutantsCommand(sim);
  addSimExploreCommand(sim);
  addSimCheckCommand(sim);
}
