/** `vouch checkpoint`: a vault's newest block with the signatures of the nodes, and the keys that a client pins. */
import type { Command } from 'commander';
import type { KeyJson } from '../http/checkpoint-routes.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { print, printJson } from './output.ts';
import { demandWritable, writeText } from './output-file.ts';
import { Remote, type RemoteOptions, withRemoteOptions } from './remote.ts';

interface NoteOptions extends RemoteOptions {
  readonly vault?: string;
  readonly output?: string;
  readonly minSignatures?: string;
}

interface KeysOptions extends RemoteOptions {
  readonly output?: string;
  readonly quorum?: string;
}

export interface KeysJson {
  readonly cluster: string;
  readonly keys: readonly KeyJson[];
}

/** Digits of a node's id in a policy. */
const SHORT = 8;

export function addCheckpointCommand(program: Command): void {
  const checkpoint = withRemoteOptions(
    program.command('checkpoint').description('the newest block of a vault, signed by the nodes of its group'),
  )
    .option('--vault <vault>', 'name or id')
    .option('-o, --output <file>', 'write the note there')
    .option('--min-signatures <k>', 'of at least so many nodes; else of a majority')
    .addHelpText('after', '\nExample:\n  vouch checkpoint --vault docs -o docs.note --min-signatures 3')
    .action(note);
  withRemoteOptions(checkpoint.command('keys').description('the keys of the nodes, as the policy file that a client pins'))
    .option('-o, --output <file>', 'write the policy there')
    .option('--quorum <k>', 'how many of the nodes a checkpoint needs; else a majority')
    .addHelpText('after', '\nExample:\n  vouch checkpoint keys -o cluster.policy --quorum 3')
    .action((_: unknown, command: Command) => keys(command.optsWithGlobals<KeysOptions>()));
}

async function note({ vault, output, minSignatures, ...remoteOptions }: NoteOptions): Promise<void> {
  if (vault === undefined) throw usageFailure('Name the vault: --vault NAME.');
  demandWritable(output);
  const remote = new Remote(remoteOptions);
  const path = `/v1/stores/${await remote.vaultId(vault)}/checkpoint`;
  const text = await remote.text(
    minSignatures === undefined ? path : `${path}?signatures=${countOf('--min-signatures', minSignatures)}`,
  );
  if (remoteOptions.json) return printJson({ note: text });
  if (output === undefined) print(text.slice(0, -1));
  else {
    writeText(output, text);
    print(`${output}: verify it with vouch verify ${output} --keys POLICY.`);
  }
}

async function keys({ output, quorum, ...remoteOptions }: KeysOptions): Promise<void> {
  demandWritable(output);
  const found = await new Remote(remoteOptions).get<KeysJson>('/v1/keys');
  if (remoteOptions.json) return printJson(found);
  const text = policyOf(found, quorum === undefined ? undefined : countOf('--quorum', quorum));
  if (output === undefined) print(text.slice(0, -1));
  else {
    writeText(output, text);
    print(`${output}: compare it with what other nodes print before you pin it.`);
  }
}

/** The policy file (core/note/policy.ts) of a cluster: one key for each node, and k of them for a checkpoint. */
export function policyOf({ cluster, keys: all }: KeysJson, wanted: number | undefined): string {
  const current = all.filter(({ retired }) => retired === undefined);
  const k = wanted ?? Math.floor(current.length / 2) + 1;
  if (k > current.length) throw new CliFailure(`The cluster has ${current.length} nodes with a key: --quorum is at most that.`);
  const names = current.map(({ node }) => `node-${node.slice(0, SHORT)}`);
  return [
    `# Nodes of cluster ${cluster}. ${k} of ${current.length} stand f nodes that lie while ${k} > (${current.length} + f) / 2.`,
    `origin vouch/${cluster}/*`,
    ...current.map(({ vkey }, i) => `witness ${names[i]} ${vkey}`),
    `group nodes ${k} ${names.join(' ')}`,
    'quorum nodes',
    ...all.flatMap(({ vkey, from, retired }) =>
      retired === undefined ? [] : [`# retired, signed from ${from} to ${retired}: ${vkey}`],
    ),
    '',
  ].join('\n');
}

/** A number of nodes. */
export function countOf(flag: string, text: string): number {
  if (/^[1-9][0-9]?$/.test(text)) return Number(text);
  throw usageFailure(`${flag} is a number of nodes from 1 to 99, not "${text}".`);
}
