/** `vouch model test`: tests of authorization models, run on a node within the command. */
import type { Command } from 'commander';
import { isPassed, summaryLine, testLines } from '../model-test/report.ts';
import type { FileResult } from '../model-test/run-files.ts';
import { print, printJson } from './output.ts';

/** @param model the parent, `vouch model` */
export function addModelTestCommand(model: Command): void {
  model
    .command('test')
    .description('run the tests of *.fga.yaml files on a node within this command')
    .argument('<file...>')
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nExample:\n  vouch model test store.fga.yaml\n  vouch model test tests/*.fga.yaml --json')
    .action(async (files: readonly string[], { json = false }: { readonly json?: boolean }) => {
      // The node and the parser of models are loaded only where they are asked for: no other command pays for them.
      const { runFiles } = await import('../model-test/run-files.ts');
      const results = await runFiles(files, json ? undefined : (result) => lines(result).forEach(print));
      const tests = results.flatMap((result) => result.tests);
      const broken = results.filter(({ error }) => error !== undefined).length;
      const passed = broken === 0 && tests.every(isPassed);
      if (json) printJson({ passed, files: results });
      else print(summaryLine(tests, broken));
      if (!passed) process.exitCode = 1;
    });
}

function lines({ file, name, tests, error }: FileResult): readonly string[] {
  const title = file.endsWith(name) ? file : `${file} (${name})`;
  if (error !== undefined) return [title, `  FAILED  ${error}`];
  return [title, ...tests.flatMap(testLines)];
}
