/** `vouch sim check`: is a recorded history linearizable? Also for histories of other systems. */
import type { Command } from 'commander';
import { MODEL_NAMES, type ModelName } from '../../sim/check/dialects.ts';
import { HistoryReader, type HistoryVerdict } from '../../sim/check/history-file.ts';
import { nearest } from './did-you-mean.ts';
import { usageFailure } from './failure.ts';
import { linesOf } from './lines.ts';
import { print, printJson } from './output.ts';
import { wholeNumber } from './sim-options.ts';

interface CheckFlags {
  readonly model: string;
  readonly steps?: string;
  readonly json?: boolean;
}

const EXIT_CODES = { linearizable: 0, violation: 1, unknown: 5, vacuous: 5 } as const;
const STEPS_MAX = 999_999_999;

export function addSimCheckCommand(sim: Command): void {
  sim
    .command('check')
    .description('check a history of JSON lines for linearizability')
    .argument('<history>', 'a file of {"process","type","f","key","value"} lines in real-time order; - reads stdin')
    .requiredOption('--model <name>', MODEL_NAMES.join(', '))
    .option('--steps <n>', 'budget per key before the verdict is unknown (default: 5,000,000 and 100 per operation)')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      [
        '',
        'Exit status: 0 linearizable · 1 violation · 2 usage, or a malformed line · 5 unknown: the budget ran out, or there is no operation',
        '',
        'Example:',
        '  vouch sim check history.jsonl --model register',
      ].join('\n'),
    )
    .action(check);
}

function check(file: string, flags: CheckFlags): void {
  const model = MODEL_NAMES.find((name) => name === flags.model) as ModelName | undefined;
  if (model === undefined)
    throw usageFailure(`--model is one of ${MODEL_NAMES.join(', ')}, not "${flags.model}".${nearest(flags.model, MODEL_NAMES)}`);
  const stepsMax = flags.steps === undefined ? undefined : wholeNumber(flags.steps, '--steps', STEPS_MAX);
  const started = performance.now();
  const reader = new HistoryReader(model);
  for (const line of linesOf(file)) {
    const reason = reader.take(line);
    if (reason !== undefined) throw usageFailure(`${file}, line ${reader.lines}: ${reason}.`);
  }
  const judged = reader.judge(stepsMax);
  // The history of nothing is linearizable, and says nothing.
  const result = judged.operations === 0 ? ({ ...judged, verdict: 'vacuous' } as const) : judged;
  const wallMs = Math.round(performance.now() - started);
  process.exitCode = EXIT_CODES[result.verdict];
  if (flags.json === true) return printJson({ ...result, wallMs });
  tell(result, wallMs);
}

type Judged = HistoryVerdict | (Pick<HistoryVerdict, 'operations' | 'keys' | 'steps'> & { readonly verdict: 'vacuous' });

function tell(result: Judged, wallMs: number): void {
  const { verdict, operations, keys, steps } = result;
  print(`${verdict}: ${operations} operations on ${keys} ${keys === 1 ? 'key' : 'keys'}, ${steps} steps in ${wallMs} ms`);
  if (result.verdict === 'vacuous') print('  a history without operations proves nothing');
  if (result.verdict === 'unknown')
    print(`  key "${result.key}": the budget of ${result.stepsMax} steps ran out; --steps raises it`);
  if (result.verdict !== 'violation') return;
  const { process, line, returnLine, operation } = result.stuck;
  print(
    `  key "${result.key}": no order of what came before explains ${JSON.stringify(operation)} of process ${process}, lines ${line} to ${returnLine}`,
  );
}
