#!/usr/bin/env node
/**
 * The `vouch` binary: the composition root. Commands throw CliFailure for everything a user can mend; it becomes one sentence
 * and an exit status here. Anything else is a defect: its sentence is printed too, the stack only with VOUCH_DEBUG set.
 */
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../version.ts';
import { addAuditCommands } from './audit-command.ts';
import { addBackupCommands } from './backup-command.ts';
import { addCheckCommand } from './check-command.ts';
import { addCheckpointCommand } from './checkpoint-command.ts';
import { addClusterCommands } from './cluster-commands.ts';
import { addConfigCommand } from './config-command.ts';
import { addDataCommands } from './data-commands.ts';
import { addEntityCommands } from './entity-command.ts';
import { CliFailure } from './failure.ts';
import { addFsckCommand } from './fsck-command.ts';
import { addKeysCommand } from './keys-command.ts';
import { addListCommands } from './list-commands.ts';
import { addMemberCommands } from './member-commands.ts';
import { addModelCommands } from './model-commands.ts';
import { addModelTestCommand } from './model-test-command.ts';
import { say } from './output.ts';
import { worseStatus } from './output-file.ts';
import { addProofCommand } from './proof-command.ts';
import { addReceiptCommand } from './receipt-command.ts';
import { addRestoreCommand } from './restore-command.ts';
import { addStartCommand } from './start-command.ts';
import { addUpCommand } from './up-command.ts';
import { addVerifyCommand } from './verify-command.ts';
import { addWatchCommand } from './watch-command.ts';
import { addWitnessCommand } from './witness-command.ts';

async function program(argv: readonly string[]): Promise<Command> {
  const vouch = new Command('vouch')
    .description('A verifiable authorization ledger and a consensus laboratory.')
    .version(packageVersion())
    .showSuggestionAfterError(true)
    .enablePositionalOptions() // `backup` and `backup verify` both have a --json
    .exitOverride()
    .configureOutput({ writeErr: (text) => process.stderr.write(text.replace(/^error: /, 'vouch: ')) })
    .addHelpText('after', '\nStart a local cluster:\n  vouch up');
  addUpCommand(vouch);
  addStartCommand(vouch);
  addConfigCommand(vouch);
  addClusterCommands(vouch);
  addMemberCommands(vouch);
  addDataCommands(vouch);
  addCheckCommand(vouch);
  addListCommands(vouch);
  addEntityCommands(vouch);
  addWatchCommand(vouch);
  addModelTestCommand(addModelCommands(vouch));
  addProofCommand(vouch);
  addReceiptCommand(vouch);
  addVerifyCommand(vouch);
  addAuditCommands(vouch);
  addCheckpointCommand(vouch);
  addBackupCommands(vouch);
  addRestoreCommand(vouch);
  addFsckCommand(vouch);
  addKeysCommand(vouch);
  addWitnessCommand(vouch);
  // The simulator is loaded only where it is asked for (or listed): a node never pays for it.
  if (argv[2] === 'sim' || argv[2] === undefined || argv[2] === 'help' || argv.includes('--help') || argv.includes('-h')) {
    const { addSimCommands } = await import('./sim.ts');
    addSimCommands(vouch);
  }
  return vouch;
}

/** Options of subcommands inherit nothing in commander: exit behaviour must be set on each. */
function overrideExits(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    overrideExits(child);
  }
}

async function main(): Promise<void> {
  try {
    const vouch = await program(process.argv);
    overrideExits(vouch);
    await vouch.parseAsync(process.argv);
  } catch (error) {
    process.exitCode = worseStatus(process.exitCode, statusOf(error));
  }
}

function statusOf(error: unknown): number {
  // Help and version end by this error too, with status 0; its message is printed already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof CliFailure) {
    say(`vouch: ${error.message}`);
    return error.exitCode;
  }
  const defect = error instanceof Error ? error : new Error(String(error));
  say(`vouch: unexpected failure: ${defect.message}`);
  if (process.env.VOUCH_DEBUG !== undefined && defect.stack !== undefined) say(defect.stack);
  return 1;
}

// A reader that closes the pipe early (| head) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
});
await main();
