/** `vouch tuple import | export`: what they take; the work is in files of its own. */
import type { Command } from 'commander';
import { withReadOptions, withVaultOptions } from './data-commands.ts';
import { interruptible } from './interruption.ts';
import { type ExportTuplesOptions, exportTuples } from './tuple-export.ts';
import { type ImportOptions, importTuples } from './tuple-import.ts';

/** @param tuple the command `vouch tuple` */
export function addTupleFileCommands(tuple: Command): void {
  withVaultOptions(
    tuple
      .command('import')
      .description('write the tuples of a file: NDJSON, or CSV as OpenFGA has it')
      .argument('<file>', 'or - for stdin'),
  )
    .option('--format <ndjson|csv>', 'default: by the name of the file, else ndjson')
    .option('--on-duplicate <error|ignore>', 'what a tuple means that is there already (default: error)')
    .option('--resume', 'go on behind the last line that an interrupted import wrote')
    .option('--cursor <file>', 'keep here how far it came (default: FILE.cursor)')
    .option('--actor <text>', 'who does it, for the audit trail')
    .option('--reason <text>', 'why, for the audit trail')
    .addHelpText(
      'after',
      '\nExample:\n  vouch tuple import --vault docs tuples.csv\n  vouch tuple import --vault docs tuples.csv --resume',
    )
    .action((file: string, options: ImportOptions) => interruptible((interruption) => importTuples(file, options, interruption)));
  withReadOptions(
    tuple
      .command('export')
      .description('write every tuple to a file, as the vault was at one height')
      .argument('<file>', 'or - for stdout'),
  )
    .option('--format <ndjson|csv>', 'default: by the name of the file, else ndjson')
    .option('--resume', 'go on where an interrupted export ended')
    .option('--force', 'replace the file if it exists')
    .addHelpText(
      'after',
      '\nExample:\n  vouch tuple export --vault docs tuples.ndjson\n  vouch tuple export --vault docs --at 7 -',
    )
    .action((file: string, options: ExportTuplesOptions) =>
      interruptible((interruption) => exportTuples(file, options, interruption)),
    );
}
