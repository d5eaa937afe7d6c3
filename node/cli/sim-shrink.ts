/** `vouch sim shrink`: the shortest story that ends in the same violation, as a tape. Ctrl-C keeps the best one so far. */
import type { Command } from 'commander';
import { type ShrinkStep, type Shrunk, shrink } from '../../sim/shrink/shrinker.ts';
import { tellShrunk } from '../../sim/shrink/tell.ts';
import type { StoryEvents } from '../../sim/story-events.ts';
import type { Tape } from '../../sim/tape.ts';
import { runGuarded } from './guarded-run.ts';
import { print, printJson, say } from './output.ts';
import { Afterwards, demandWritable } from './output-file.ts';
import { addRunOptions, durationMs, type SharedFlags } from './sim-options.ts';
import { runLogged, type Source, sourceOf, writeTapeFile } from './tape-source.ts';

interface ShrinkFlags extends SharedFlags {
  readonly output?: string;
  readonly budget: string;
  readonly redraw: boolean;
}

const PROGRESS_MS = 300;

export function addSimShrinkCommand(sim: Command): void {
  addRunOptions(
    sim
      .command('shrink')
      .description('find a short story that ends in the same violation, and write it to a tape')
      .argument('<seed-or-tape>', 'a seed that fails, or a tape that does')
      .argument('[name]', 'a scenario of `vouch sim list`, or a file ./mine.ts; without it, the generic workload'),
  )
    .option('-o, --output <file>', 'where to write the tape (default: ./shrunk-SEED.json)')
    .option('--budget <duration>', 'how long to try, in real time', '60s')
    .option('--no-redraw', 'only take away from the run, draw nothing anew: the result is a part of it')
    .option('--json', 'print one JSON object on the last line')
    .addHelpText('after', '\nExample:\n  vouch sim shrink 7 -o short.json')
    .action(run);
}

async function run(first: string, second: string | undefined, flags: ShrinkFlags): Promise<void> {
  const budgetMs = durationMs(flags.budget, '--budget');
  const source = sourceOf(first, second, flags);
  const output = flags.output ?? `shrunk-${source.options.seed.replaceAll(/[^\w-]/g, '_')}.json`;
  demandWritable(output);
  const original = runGuarded({ ...source.options, record: true });
  const { verdict } = original.report;
  if (verdict !== 'violation' && verdict !== 'liveness') return nothingToShrink(source, verdict, flags);
  const { stopwatch, primitives } = source.options;
  const started = stopwatch();
  const steps = shrink({
    ...{ tape: original.tape as Tape, scenario: source.scenario, stopwatch, budgetMs, redraws: flags.redraw },
    ...(primitives === undefined ? {} : { primitives }),
  });
  const last = await drive(steps, new ShrinkProgress(original.storyEvents, stopwatch));
  const { result, log } = runLogged({ ...source.options, tape: last.best.tape });
  const afterwards = new Afterwards();
  const isWritten = afterwards.try(() => writeTapeFile(output, result, log));
  const { best, runs } = last;
  const wallMs = Math.round(stopwatch() - started);
  if (flags.json === true) {
    const { violation, traceHash } = result.report;
    printJson({
      tape: isWritten ? output : null,
      storyEvents: best.story.total,
      before: original.storyEvents.total,
      runs,
      wallMs,
      violation,
      traceHash,
    });
    return afterwards.tell();
  }
  for (const line of tellShrunk(original.storyEvents, best)) print(line);
  print(`  ${runs} runs in ${(wallMs / 1000).toFixed(1)} s${isWritten ? `; tape: ${output}` : ''}`);
  if (isWritten) print(`vouch sim replay${source.scenarioFile} ${output}`);
  afterwards.tell();
}

function nothingToShrink({ title }: Source, verdict: string, { json }: ShrinkFlags): void {
  if (json === true) printJson({ tape: null, storyEvents: null });
  else
    print(
      verdict === 'pass'
        ? `${title} passes: there is nothing to shrink.`
        : `${title} is ${verdict}: there is no violation to shrink.`,
    );
}

/** Runs the steps to their end, or to Ctrl-C. */
async function drive(steps: Generator<ShrinkStep, Shrunk | undefined>, progress: ShrinkProgress): Promise<ShrinkStep> {
  let isInterrupted = false;
  const interrupt = (): void => {
    if (isInterrupted) process.exit(130);
    isInterrupted = true;
    say('stopping: the best story so far is kept; Ctrl-C again to leave at once');
  };
  process.on('SIGINT', interrupt);
  let last: ShrinkStep | undefined;
  for (let step = steps.next(); step.done !== true && !isInterrupted; step = steps.next()) {
    last = step.value;
    progress.show(last);
    await new Promise<void>((resolve) => setImmediate(resolve)); // lets Ctrl-C in
  }
  process.off('SIGINT', interrupt);
  progress.end();
  return last as ShrinkStep;
}

/** One line that is written over again; nothing at all where stderr is not a terminal. */
class ShrinkProgress {
  private readonly before: StoryEvents;
  private readonly stopwatch: () => number;
  private readonly started: number;
  private shownAt: number = Number.NEGATIVE_INFINITY;

  constructor(before: StoryEvents, stopwatch: () => number) {
    this.before = before;
    this.stopwatch = stopwatch;
    this.started = stopwatch();
  }

  show({ best, runs, pass }: ShrinkStep): void {
    const now = this.stopwatch();
    if (!process.stderr.isTTY || now - this.shownAt < PROGRESS_MS) return;
    this.shownAt = now;
    const seconds = Math.round((now - this.started) / 1000);
    process.stderr.write(
      `\r\u001b[K${this.before.total} -> ${best.story.total} story events, ${runs} runs, ${seconds} s, ${pass}`,
    );
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  }
}
