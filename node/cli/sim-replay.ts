/**
 * `vouch sim replay`: a seed or a tape again. A tape must end as it did before: under the same build with the same trace hash,
 * else status 4 and the first event that differs. A seed is run twice and compared with itself.
 */
import type { Command } from 'commander';
import { describeEvent, type PrefixLog, type TracedEvent } from '../../sim/prefix-log.ts';
import { exitCodeOf, type RunResult } from '../../sim/result.ts';
import { claimOf, isSameClaim } from '../../sim/shrink/claim.ts';
import type { TapeFile } from '../../sim/tape-file.ts';
import { buildId } from './build-id.ts';
import { usageFailure } from './failure.ts';
import { print, say } from './output.ts';
import { Afterwards, demandWritable } from './output-file.ts';
import { type RecordedFlags, recordedTapes } from './recorded-tape.ts';
import { addRunOptions, demandVouch, durationMs, type SharedFlags } from './sim-options.ts';
import { replayAll } from './sim-replay-recorded.ts';
import { HTML_HELP, tell, writeStory } from './sim-run.ts';
import { demandNoFlags, runLogged, type Source, sourceOf } from './tape-source.ts';

interface ReplayFlags extends SharedFlags, RecordedFlags {
  readonly html?: string;
  readonly until?: string;
}

export function addSimReplayCommand(sim: Command): void {
  addRunOptions(
    sim
      .command('replay')
      .description('run a seed or a tape again; it must be the very same run')
      .argument(
        '<seed-or-tape>',
        'a seed, a file written by run --tape or shrink, or the tapes of a real node (a file or directory)',
      )
      .argument('[name]', 'a scenario of `vouch sim list`, or a file ./mine.ts; without it, the generic workload'),
  )
    .option(
      '--until <duration>',
      "stop at that virtual time and show what every node knows: 1200ms, 3s; on a real node's tape also behind that many inputs",
    )
    .option('--html <file>', HTML_HELP)
    .option('--key-file <file>', 'master key of the node that wrote a sealed tape (or VOUCH_MASTER_KEY)')
    .option('--other-build', "replay a real node's tape of another build all the same")
    .option('--json', 'print one JSON object on the last line')
    .addHelpText('after', '\nExamples:\n  vouch sim replay 7 split-brain --until 3s\n  vouch sim replay ./tapes')
    .action(replay);
}

async function replay(first: string, second: string | undefined, flags: ReplayFlags): Promise<void> {
  const recorded = recordedTapes(first);
  if (recorded !== undefined) {
    demandNoFlags(first, flags);
    if (flags.html !== undefined) throw usageFailure("--html tells simulated runs; for a real node's tape: vouch sim explain.");
    return replayAll(recorded, flags);
  }
  const source = sourceOf(first, second, flags);
  const { scenario } = source.options;
  if (flags.html !== undefined) demandVouch(scenario?.name, '--html');
  if (flags.until !== undefined) demandVouch(scenario?.name, '--until');
  demandWritable(flags.html);
  const cutMicros = flags.until === undefined ? undefined : durationMs(flags.until, '--until') * 1000;
  const options = { ...source.options, story: flags.html !== undefined, ...(cutMicros === undefined ? {} : { cutMicros }) };
  const { result, log } = runLogged(options);
  const afterwards = new Afterwards();
  await writeStory(flags.html, result, `vouch sim replay${source.argument}`).catch((error) => afterwards.add(error));
  tell(result.report, source.argument, flags.json === true);
  if (cutMicros !== undefined && flags.json !== true) for (const state of result.states) print(`  ${state}`);
  if (cutMicros === undefined) judge(source, result, log);
  afterwards.tell();
}

function judge(source: Source, result: RunResult, log: PrefixLog): void {
  if (result.report.verdict === 'nondeterminism') return;
  const { file } = source;
  if (file !== undefined) return judgeTape(file, result, log);
  const difference = log.firstDifference(runLogged(source.options).log);
  if (difference !== undefined) differs(difference.left ?? difference.right);
}

function judgeTape(file: TapeFile, result: RunResult, log: PrefixLog): void {
  const { end } = file;
  const { missing, ignored } = result.drift;
  const isOwn = file.build === buildId();
  const isEqual = result.report.traceHash === end.traceHash;
  const departure = isEqual ? undefined : log.firstDifferenceFrom(end.samples);
  if (isOwn && isEqual && missing + ignored === 0) return;
  if (!isOwn) say(`  the tape was written by another build (${file.writtenBy})`);
  say(`  choices that the tape lacks: ${missing} (harmless then); choices that nobody asked for: ${ignored} (ignored)`);
  if (isOwn && !isEqual) return differs(departure);
  const isSame = isSameClaim(claimOf(result.report), claimOf(end));
  const ending = isSame ? 'it ends in the same way' : 'it ended otherwise before';
  const place = departure === undefined ? 'at its end' : `from ${describeEvent(departure)}`;
  const run = isEqual ? 'the run is the very same one' : `the run is another one ${place}`;
  say(`  ${run}; ${ending}: ${end.violation?.oracle ?? end.verdict}`);
}

function differs(event: TracedEvent | undefined): void {
  process.exitCode = exitCodeOf('nondeterminism');
  say(`  NOT DETERMINISTIC: the same choices gave another run${event === undefined ? '' : `, from ${describeEvent(event)}`}`);
}
