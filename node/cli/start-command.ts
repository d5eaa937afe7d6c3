/** `vouch start`: one node in the foreground, until SIGTERM or SIGINT. */
import type { Command } from 'commander';
import { CliFailure, usageFailure } from './failure.ts';

const EXIT_MS = 3_000;

interface StartFlags {
  readonly config?: string;
  readonly [flag: string]: unknown;
}

export function addStartCommand(program: Command): void {
  program
    .command('start')
    .description('run one node; after the first start only --data is needed')
    .option('--listen <host:port>', 'where peers and clients reach it (VOUCH_LISTEN; first start only)')
    .option('--data <dir>', 'its data directory (VOUCH_DATA)')
    .option('--join <host:port,...>', 'other nodes: to be found before init, or a cluster to join (VOUCH_JOIN; first start only)')
    .option('--advertise <host:port>', 'where others reach it, if not at --listen (VOUCH_ADVERTISE; first start only)')
    .option('--insecure', 'allow a listen address that other machines can reach, without authentication (VOUCH_INSECURE)')
    .option('--log-level <level>', 'error, warn, info or debug (VOUCH_LOG_LEVEL)')
    .option('--batch-max <n>', 'client commands in one log entry (VOUCH_BATCH_MAX; default 100)')
    .option(
      '--checkpoint-log-bytes <n>',
      'log behind which a group writes a checkpoint (VOUCH_CHECKPOINT_LOG_BYTES; default 128 MiB)',
    )
    .option('--leases <true|false>', 'answer reads on the leader under a lease (VOUCH_LEASES; default true)')
    .option('--config <file>', 'JSON file with any of these (VOUCH_CONFIG)')
    .addHelpText(
      'after',
      '\nExample:\n  vouch start --listen 127.0.0.1:7400 --data ./data/a\n  vouch init --host 127.0.0.1:7400\n  vouch start --listen 127.0.0.1:7401 --data ./data/b --join 127.0.0.1:7400',
    )
    .action(async (flags: StartFlags) => {
      // Loaded here: the libraries of the gateway take longer to load than any other command takes to run.
      const [{ loadSettings }, { runNode }] = await Promise.all([import('../config/load.ts'), import('../run-node.ts')]);
      const loaded = loadSettings({ flags, env: process.env, file: flags.config ?? process.env.VOUCH_CONFIG });
      if (!loaded.ok) throw usageFailure(loaded.message);
      const end = await runNode(loaded.settings);
      // Everything is closed by now; a handle that a library forgot must not keep the process.
      setTimeout(() => process.exit(), EXIT_MS).unref();
      if (end.kind === 'refused') throw new CliFailure(end.message, end.usage ? 2 : 1);
      if (end.kind === 'failed') throw new CliFailure(end.message);
    });
}
