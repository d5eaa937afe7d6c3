/** The options of `vouch start`, which `vouch config` takes as well, and what they, the environment and a file come to. */
import type { Command } from 'commander';
import { type Loaded, loadSettings } from '../config/load.ts';
import type { KeyProvider } from '../keys/provider.ts';
import { usageFailure } from './failure.ts';
import { masterKeyFrom } from './master-key.ts';

export interface StartFlags {
  readonly config?: string;
  readonly [flag: string]: unknown;
}

export function withStartOptions(command: Command): Command {
  return command
    .option('--listen <host:port>', 'where peers and clients reach it (VOUCH_LISTEN; first start only)')
    .option('--data <dir>', 'its data directory (VOUCH_DATA)')
    .option('--join <host:port,...>', 'other nodes: to be found before init, or a cluster to join (VOUCH_JOIN; first start only)')
    .option('--advertise <host:port>', 'where others reach it, if not at --listen (VOUCH_ADVERTISE; first start only)')
    .option('--insecure', 'allow a listen address that other machines can reach, without authentication (VOUCH_INSECURE)')
    .option('--log-level <level>', 'error, warn, info or debug (VOUCH_LOG_LEVEL)')
    .option('--batch-max <n>', 'client commands in one log entry (VOUCH_BATCH_MAX; default 100)')
    .option(
      '--checkpoint-interval-ms <n>',
      'time between signed checkpoints of a vault that changes (VOUCH_CHECKPOINT_INTERVAL_MS; default 0: when somebody asks)',
    )
    .option('--leases <true|false>', 'answer reads on the leader under a lease (VOUCH_LEASES; default true)')
    .option(
      '--key-file <file>',
      'encrypt at rest under the master key in this file (VOUCH_KEY_FILE; or the key itself in VOUCH_MASTER_KEY)',
    )
    .option('--record <dir>', 'record everything this node is given, for `vouch sim replay` (VOUCH_RECORD)')
    .option('--record-limit <size>', 'what its tapes may take, oldest go first: 512MiB, 4GiB (VOUCH_RECORD_LIMIT; default 1GiB)')
    .option('--config <file>', 'JSON file with any of these (VOUCH_CONFIG)');
}

export type LoadedSettings = Extract<Loaded, { readonly ok: true }> & { readonly masterKey: KeyProvider | undefined };

/** Throws CliFailure with a sentence that names what is wrong and where it came from. */
export function loadStart(flags: StartFlags): LoadedSettings {
  const loaded = loadSettings({ flags, env: process.env, file: flags.config ?? process.env.VOUCH_CONFIG });
  if (!loaded.ok) throw usageFailure(loaded.message);
  const { keyFile, data } = loaded.settings;
  return { ...loaded, masterKey: masterKeyFrom({ keyFile, data }) };
}
