/** `vouch sim merge`: the JSON results of a swarm's shards, added up to the result of the swarm. */
import type { Command } from 'commander';
import { mergeShards, type ShardFile } from '../../sim/merge.ts';
import { exitCodeOf } from '../../sim/result.ts';
import { readShard } from '../../sim/shard-report.ts';
import type { SwarmReport } from '../../sim/swarm.ts';
import { EXIT_INTERRUPTED, usageFailure } from './failure.ts';
import { linesOf } from './lines.ts';
import { print, printJson, say } from './output.ts';
import { tell } from './sim-swarm.ts';

interface MergeFlags {
  readonly json?: boolean;
}

export function addSimMergeCommand(sim: Command): void {
  sim
    .command('merge')
    .description('add up the results of `vouch sim swarm --shard i/n --json`')
    .argument('<file...>', 'one file per shard; its last line is the JSON')
    .option('--json', 'print one JSON object, like that of swarm')
    .addHelpText(
      'after',
      [
        '',
        'Exit status: that of the swarm · 2 usage, or a file that is no such result · 5 shards are missing · 130 a shard was interrupted',
        '',
        'Example:',
        '  vouch sim merge shard-1.json shard-2.json shard-3.json',
      ].join('\n'),
    )
    .action(merge);
}

function merge(files: readonly string[], flags: MergeFlags): void {
  const merged = mergeShards(files.map(readFile));
  if (!merged.ok) throw usageFailure(`${merged.reason}.`);
  const { report, missing } = merged;
  process.exitCode = statusOf(report, missing);
  if (missing.length > 0) say(`missing shards: ${missing.join(', ')}; without them this proves nothing of the swarm`);
  if (flags.json === true) return printJson({ ...report, missing });
  tell(report);
  const first = report.failed[0];
  if (first !== undefined) print(first.replay);
}

/** What was found counts more than what is missing, and that more than an interruption, which at least says so itself. */
function statusOf({ failed, interrupted }: SwarmReport, missing: readonly string[]): number {
  const verdicts = ['violation', 'nondeterminism', 'liveness', 'unknown', 'vacuous'] as const;
  const worst = verdicts.find((verdict) => failed.some((failure) => failure.verdict === verdict));
  if (worst !== undefined) return exitCodeOf(worst);
  if (missing.length > 0) return exitCodeOf('unknown');
  return interrupted === true ? EXIT_INTERRUPTED : 0;
}

function readFile(file: string): ShardFile {
  let last = '';
  for (const line of linesOf(file)) if (line.trim() !== '') last = line;
  let value: unknown;
  try {
    value = JSON.parse(last);
  } catch {
    throw usageFailure(`${file}: its last line is not JSON; was the shard run with --json, and to its end?`);
  }
  const read = readShard(value);
  if (!read.ok) throw usageFailure(`${file} is not the result of \`vouch sim swarm --json\`: ${read.reason}.`);
  return { file, report: read.report };
}
