/** `vouch sim list`: scenarios and profiles that can be run. */
import type { Command } from 'commander';
import { SCENARIOS } from '../../scenarios/registry.ts';
import { EXAMPLES } from '../../sim/examples/registry.ts';
import { print, printJson } from './output.ts';

const PROFILES: readonly (readonly [string, string])[] = [
  ['swarm', 'everything on, sizes and faults drawn per seed (the default)'],
  ['lite', 'three nodes, 500 operations'],
  ['perf', 'six nodes, no faults: what speed is measured on'],
];

export function addSimListCommand(sim: Command): void {
  sim
    .command('list')
    .description('the scenarios, and the profiles of the generic run')
    .option('--json', 'print JSON')
    .action((options: { readonly json?: boolean }) => {
      if (options.json === true)
        return printJson({
          scenarios: SCENARIOS.map(({ name, summary }) => ({ name, summary })),
          examples: EXAMPLES.map(({ name, summary }) => ({ name, summary })),
          profiles: PROFILES.map(([name]) => name),
        });
      print('Scenarios (vouch sim run NAME):');
      for (const { name, summary } of SCENARIOS) print(`  ${name.padEnd(20)} ${summary}`);
      print('');
      print('Other protocols, as worked examples (vouch sim swarm NAME):');
      for (const { name, summary } of EXAMPLES) print(`  ${name.padEnd(20)} ${summary}`);
      print('');
      print('Profiles of the generic run (vouch sim run --profile NAME):');
      for (const [name, summary] of PROFILES) print(`  ${name.padEnd(20)} ${summary}`);
    });
}
