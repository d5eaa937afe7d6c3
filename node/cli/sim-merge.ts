/** `vouch sim merge`: the JSON results of a swarm's shards, added up to the result of the swarm. */
import type { Command } from 'commander';
import { mergeShards, type ShardFile } from '../../sim/merge.ts';
import { exitCodeOf } from '../../sim/result.ts';
import type { SwarmReport } from '../../sim/swarm.ts';
import { usageFailure } from './failure.ts';
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
    .addHelpText('after', '\nExample:\n  vouch sim merge shard-1.json shard-2.json shard-3.json')
    .action(merge);
}

function merge(files: readonly string[], flags: MergeFlags): void {
  const merged = mergeShards(files.map(readShard));
  if (!merged.ok) throw usageFailure(`${merged.reason}.`);
  const { report, missing } = merged;
  process.exitCode = report.failed.length === 0 ? 0 : worstOf(report);
  if (missing.length > 0) say(`missing shards: ${missing.join(', ')}`);
  if (flags.json === true) return printJson({ ...report, ...(missing.length > 0 ? { missing } : {}) });
  tell(report);
  const first = report.failed[0];
  if (first !== undefined) print(first.replay);
}

function worstOf({ failed }: SwarmReport): number {
  const verdicts = ['violation', 'liveness', 'unknown', 'vacuous'] as const;
  const worst = verdicts.find((verdict) => failed.some((failure) => failure.verdict === verdict));
  return worst === undefined ? 1 : exitCodeOf(worst);
}

function readShard(file: string): ShardFile {
  let last = '';
  for (const line of linesOf(file)) if (line.trim() !== '') last = line;
  let report: Partial<SwarmReport> | null;
  try {
    report = JSON.parse(last) as Partial<SwarmReport> | null;
  } catch {
    throw usageFailure(`${file}: its last line is not JSON; was the shard run with --json, and to its end?`);
  }
  if (typeof report?.plan?.shards !== 'number' || !Array.isArray(report.failed))
    throw usageFailure(`${file} is not the result of \`vouch sim swarm --json\`.`);
  return { file, report: report as SwarmReport };
}
