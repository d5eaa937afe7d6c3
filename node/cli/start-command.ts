/** `vouch start`: one node in the foreground, until SIGTERM or SIGINT. */
import type { Command } from 'commander';
import { coreId } from './build-id.ts';
import { CliFailure } from './failure.ts';
import { loadStart, type StartFlags, withStartOptions } from './start-options.ts';

const EXIT_MS = 3_000;

export function addStartCommand(program: Command): void {
  withStartOptions(program.command('start').description('run one node; after the first start only --data is needed'))
    .addHelpText(
      'after',
      '\nExample:\n  vouch start --listen 127.0.0.1:7400 --data ./data/a\n  vouch init --host 127.0.0.1:7400\n  vouch start --listen 127.0.0.1:7401 --data ./data/b --join 127.0.0.1:7400',
    )
    .action(async (flags: StartFlags) => {
      // Loaded here: the libraries of the gateway take longer to load than any other command takes to run.
      const { runNode } = await import('../run-node.ts');
      const { settings, masterKey } = loadStart(flags);
      const end = await runNode(settings, masterKey, settings.record === undefined ? '' : coreId());
      // Everything is closed by now; a handle that a library forgot must not keep the process.
      setTimeout(() => process.exit(), EXIT_MS).unref();
      if (end.kind === 'refused') throw new CliFailure(end.message, end.usage ? 2 : 1);
      if (end.kind === 'failed') throw new CliFailure(end.message);
    });
}
