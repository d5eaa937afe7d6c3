/** `vouch sim check`: is a recorded history linearizable? Also for histories of other systems. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { checkHistory, MODEL_NAMES, type ModelName } from '../../sim/check/history-file.ts';
import { usageFailure } from './failure.ts';
import { print, printJson } from './output.ts';

interface CheckFlags {
  readonly model: string;
  readonly json?: boolean;
}

const EXIT_CODES = { linearizable: 0, violation: 1, unknown: 5 } as const;

export function addSimCheckCommand(sim: Command): void {
  sim
    .command('check')
    .description('check a history of JSON lines for linearizability')
    .argument('<history>', 'a file of {"process","type","f","key","value"} lines in real-time order')
    .requiredOption('--model <name>', MODEL_NAMES.join(', '))
    .option('--json', 'print JSON')
    .action(check);
}

function check(file: string, flags: CheckFlags): void {
  const model = MODEL_NAMES.find((name) => name === flags.model) as ModelName | undefined;
  if (model === undefined) throw usageFailure(`--model is one of ${MODEL_NAMES.join(', ')}, not "${flags.model}".`);
  const started = performance.now();
  const checked = checkHistory(readHistory(file), model);
  if (!checked.ok)
    throw usageFailure(checked.line > 0 ? `${file}, line ${checked.line}: ${checked.reason}.` : `${file}: ${checked.reason}.`);
  const { result } = checked;
  process.exitCode = EXIT_CODES[result.verdict];
  const wallMs = Math.round(performance.now() - started);
  if (flags.json === true) return printJson({ ...result, wallMs });
  print(`${result.verdict}: ${result.operations} operations in ${wallMs} ms`);
  if (result.verdict !== 'violation') return;
  print(
    `  key ${result.key}: no order explains the operation of process ${result.stuck.process} invoked on line ${result.stuck.line}`,
  );
}

function readHistory(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usageFailure(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}.`);
  }
}
