/** `vouch witness`: signs checkpoints of logs that it is told of, and only such as extend what it signed before. */
import type { Command } from 'commander';
import { decodeVkey, type NoteKey } from '../../core/note/key.ts';
import { isKeyName } from '../../core/note/names.ts';
import { parseAddress } from '../config/address.ts';
import { nativeHasher } from '../hasher.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { print } from './output.ts';

interface WitnessOptions {
  readonly data: string;
  readonly listen: string;
  readonly name?: string;
  readonly log: readonly string[];
  readonly quorum: string;
}

export function addWitnessCommand(program: Command): void {
  program
    .command('witness')
    .description('a witness of logs (C2SP tlog-witness): POST /add-checkpoint, in the foreground')
    .requiredOption('--data <dir>', 'its key and what it has signed; never copy it, never restore it')
    .requiredOption('--listen <host:port>', 'where it takes checkpoints, as plain HTTP')
    .requiredOption(
      '--log <vkey...>',
      "keys that it believes: a node's for every vault of its cluster, any other for the log of its name",
    )
    .option('--name <name>', 'of a new witness: the name of its key, such as witness.example/w1')
    .option('--quorum <k>', "nodes that must have signed a vault's checkpoint", '1')
    .addHelpText(
      'after',
      '\nExample:\n  vouch witness --data ./witness --name witness.example/w1 --listen 127.0.0.1:7500 --log VKEY1 VKEY2 VKEY3 --quorum 2',
    )
    .action(witness);
}

function keyOf(text: string): NoteKey {
  const key = decodeVkey(nativeHasher, text);
  if (!key.ok) throw usageFailure(`--log ${text}: ${key.reason}.`);
  return key.value;
}

async function witness(options: WitnessOptions): Promise<void> {
  const listen = parseAddress(options.listen);
  if (listen === undefined) throw usageFailure(`--listen "${options.listen}" is not HOST:PORT.`);
  const { name } = options;
  if (name !== undefined && !isKeyName(name)) throw usageFailure(`--name "${name}" cannot name a key: no spaces, no plus signs.`);
  const keys = options.log.map(keyOf);
  const quorum = Number(options.quorum);
  if (!Number.isSafeInteger(quorum) || quorum < 1 || quorum > keys.length) {
    throw usageFailure(`--quorum is a number from 1 to the ${keys.length} keys given, not "${options.quorum}".`);
  }
  // Loaded here: no other command needs a server.
  const { runWitness } = await import('../witness/run-witness.ts');
  const message = await runWitness({ data: options.data, listen, name, rules: { keys, quorum }, say: print });
  if (message !== undefined) throw new CliFailure(message);
}
