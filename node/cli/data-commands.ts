/** `vouch org | vault | tuple | block`: everything that reads or writes a running cluster. */
import type { Command } from 'commander';
import type { AnchorJson, TupleJson } from '../http/answer.ts';
import { consistencyOf, readPointOf } from '../http/read-options.ts';
import { retentionFrom } from '../http/retention-text.ts';
import { usageFailure } from './failure.ts';
import { print, printJson } from './output.ts';
import { writeText } from './output-file.ts';
import { Remote, type RemoteOptions, withRemoteOptions } from './remote.ts';
import { addRetentionCommand, checked } from './retention-command.ts';
import { addTupleFileCommands } from './tuple-file-commands.ts';
import { formatTuple, parseTuple } from './tuple-notation.ts';
import { addVaultHealthCommands } from './vault-health-commands.ts';

interface VaultOptions extends RemoteOptions {
  readonly vault?: string;
}

/** Tuples in one request; the gateway's own limit. */
const WRITE_TUPLES_MAX = 100;

/** Adds --vault and what every command has that talks to a node. */
export function withVaultOptions(command: Command): Command {
  return withRemoteOptions(command.option('--vault <name|id>', 'the vault (VOUCH_VAULT)'));
}

/** Options of every command that reads a vault. */
export interface ReadMode extends VaultOptions {
  readonly consistency?: string;
  readonly at?: string;
}

export function withReadOptions(command: Command): Command {
  return withVaultOptions(command)
    .option('--consistency <mode>', 'linearizable (default), bounded:MS, or eventual')
    .option('--at <height|time>', 'as it was: after a block, or at a time like 2026-01-31T12:00:00Z');
}

export function readHeaders({ consistency, at }: ReadMode): Record<string, string> {
  checked('--consistency', 'Vouch-Consistency', consistency, consistencyOf);
  checked('--at', 'Vouch-At', at, readPointOf);
  return {
    ...(consistency === undefined ? {} : { 'vouch-consistency': consistency }),
    ...(at === undefined ? {} : { 'vouch-at': at }),
  };
}

/** The height that --at names, which the answer has to be of; undefined where it names a time, or nothing. */
export function heightAsked({ at }: ReadMode): { readonly height?: number } {
  return at !== undefined && /^[0-9]+$/.test(at) ? { height: Number(at) } : {};
}

export async function vaultPath(remote: Remote, options: VaultOptions): Promise<string> {
  const vault = options.vault ?? process.env.VOUCH_VAULT;
  if (vault === undefined || vault === '') throw usageFailure('Name the vault: --vault NAME, or set VOUCH_VAULT.');
  return `/stores/${await remote.vaultId(vault)}`;
}

function keyOf(text: string): { user: string; relation: string; object: string } {
  const { resource, relation, subject } = parseTuple(text);
  return { user: subject, relation, object: resource };
}

export function addDataCommands(program: Command): void {
  addOrganizationCommands(program);
  addVaultCommands(program);
  addTupleCommands(program);
  addBlockCommands(program);
}

interface OrganizationOptions extends RemoteOptions {
  readonly group?: string;
  readonly replicas?: string;
}

interface MadeOrganization {
  readonly id: string;
  readonly created: boolean;
  readonly group?: number;
}

function placementOf({ group, replicas }: OrganizationOptions): { readonly group?: 'new' | number; readonly replicas?: number } {
  if (replicas !== undefined && group !== 'new') throw usageFailure('--replicas goes with --group new.');
  if (replicas !== undefined && !/^[1357]$/.test(replicas)) throw usageFailure(`--replicas is 1, 3, 5 or 7, not "${replicas}".`);
  if (group !== undefined && group !== 'new' && !/^[1-9][0-9]{0,9}$/.test(group)) {
    throw usageFailure(`--group is "new" or the number of a group from 1 on, not "${group}".`);
  }
  if (group === undefined) return {};
  return { group: group === 'new' ? group : Number(group), ...(replicas === undefined ? {} : { replicas: Number(replicas) }) };
}

function addOrganizationCommands(program: Command): void {
  const org = program.command('org').description('organizations');
  withRemoteOptions(org.command('create').description('create an organization').argument('<name>'))
    .option('--group <new|id>', 'where its vaults are to be: in a new group or in one that there is (default: the shared ones)')
    .option('--replicas <n>', 'nodes that hold the new group: 1, 3, 5 or 7 (default 3)')
    .addHelpText('after', '\nExample:\n  vouch org create acme\n  vouch org create bank --group new --replicas 5')
    .action(async (name: string, options: OrganizationOptions) => {
      const made = await new Remote(options).post<MadeOrganization>('/v1/organizations', { name, ...placementOf(options) });
      if (options.json) return printJson(made);
      const where = made.group === undefined ? '' : `, in group ${made.group}`;
      print(`${made.created ? `Created organization ${name}` : `The organization ${name} exists already`} (${made.id}${where}).`);
    });
}

interface CreateVaultOptions extends RemoteOptions {
  readonly retention?: string;
}

function addVaultCommands(program: Command): void {
  const vault = program.command('vault').description('vaults: one tenant’s tuples with a hash chain of their own');
  withRemoteOptions(vault.command('create').description('create a vault').argument('<name>'))
    .option('--retention <all|heights|time>', 'what it keeps of its past: all (default), so many heights, or a time such as 30d')
    .addHelpText('after', '\nExample:\n  vouch vault create docs --org acme\n  vouch vault create sessions --retention 30d')
    .action(async (name: string, options: CreateVaultOptions) => {
      const { retention } = options;
      checked('--retention', 'A retention', retention, retentionFrom);
      const body = retention === undefined ? { name } : { name, retention };
      const made = await new Remote(options).post<{ id: string }>('/stores', body);
      if (options.json) return printJson(made);
      print(`Created vault ${name} (${made.id}).`);
    });
  addRetentionCommand(vault);
  addVaultDeletion(vault);
  addVaultHealthCommands(vault);
}

interface DeleteOptions extends RemoteOptions {
  readonly yes?: boolean;
}

function addVaultDeletion(vault: Command): void {
  withRemoteOptions(vault.command('delete').description('delete a vault for good, with its keys').argument('<name|id>'))
    .option('--yes', 'it cannot be undone: say that you mean it')
    .addHelpText('after', '\nExample:\n  vouch vault delete docs --org acme --yes')
    .action(async (name: string, options: DeleteOptions) => {
      if (options.yes !== true) {
        throw usageFailure(`This deletes ${name} for good, on every node. Back up what you need, then say --yes.`);
      }
      const remote = new Remote(options);
      const id = await remote.vaultId(name);
      await remote.delete(`/stores/${id}`);
      if (options.json) return printJson({ id, deleted: true });
      print(`Deleted vault ${name} (${id}); the id never comes back.`);
    });
}

interface ChangeOptions extends VaultOptions {
  readonly proof?: string;
}

function withProofOption(command: Command): Command {
  return command.option('--proof <file>', 'write here that the transaction is in the chain, for vouch verify');
}

interface ReadOptions extends ReadMode {
  readonly object?: string;
  readonly relation?: string;
  readonly user?: string;
}

function addTupleCommands(program: Command): void {
  const tuple = program.command('tuple').description('relationship tuples, written object#relation@user');
  withProofOption(withVaultOptions(tuple.command('write').description('write tuples, all or none').argument('<tuple...>')))
    .addHelpText('after', '\nExample:\n  vouch tuple write --vault docs document:1#viewer@user:anne document:1#owner@user:bob')
    .action(async (tuples: string[], options: ChangeOptions) => change(tuples, options, 'writes', 'Wrote'));
  withProofOption(withVaultOptions(tuple.command('delete').description('delete tuples, all or none').argument('<tuple...>')))
    .addHelpText('after', '\nExample:\n  vouch tuple delete --vault docs document:1#viewer@user:anne')
    .action(async (tuples: string[], options: ChangeOptions) => change(tuples, options, 'deletes', 'Deleted'));
  withReadOptions(tuple.command('read').description('list tuples, one a line'))
    .option('--object <object>', 'only of this object')
    .option('--relation <relation>', 'only of this relation')
    .option('--user <user>', 'only of this user')
    .addHelpText('after', '\nExample:\n  vouch tuple read --vault docs --object document:1')
    .action(read);
  addTupleFileCommands(tuple);
}

async function change(
  texts: readonly string[],
  options: ChangeOptions,
  field: 'writes' | 'deletes',
  done: string,
): Promise<void> {
  if (texts.length > WRITE_TUPLES_MAX) throw usageFailure(`At most ${WRITE_TUPLES_MAX} tuples fit one command.`);
  const keys = texts.map(keyOf);
  const remote = new Remote(options);
  const path = `${await vaultPath(remote, options)}/write`;
  const headers = options.proof === undefined ? {} : { 'vouch-proof': '1' };
  const body = { [field]: { tuple_keys: keys } };
  const answer = await remote.post<AnchorJson & { inclusion?: unknown }>(path, body, headers);
  if (options.proof !== undefined) writeText(options.proof, `${JSON.stringify(answer.inclusion, undefined, 2)}\n`);
  if (options.json) return printJson(answer);
  print(
    `${done} ${texts.length} ${texts.length === 1 ? 'tuple' : 'tuples'} at height ${answer.height}, block ${answer.block_hash}`,
  );
}

async function read(options: ReadOptions): Promise<void> {
  const headers = readHeaders(options);
  const remote = new Remote(options);
  const path = `${await vaultPath(remote, options)}/read`;
  const filter = { object: options.object ?? '', relation: options.relation ?? '', user: options.user ?? '' };
  const found: TupleJson[] = [];
  let token = '';
  do {
    const page = await remote.post<{ tuples: TupleJson[]; continuation_token: string }>(
      path,
      { tuple_key: filter, page_size: 100, continuation_token: token },
      headers,
    );
    token = page.continuation_token;
    if (options.json) found.push(...page.tuples);
    else for (const { key } of page.tuples) print(formatTuple(key));
  } while (token !== '');
  if (options.json) printJson(found);
}

interface BlockJson extends AnchorJson {
  readonly tree_root: string;
  readonly header: string;
  readonly transactions: readonly string[];
  readonly newest: number;
  readonly pruned: boolean;
}

function addBlockCommands(program: Command): void {
  const block = program.command('block').description('the hash chain of a vault');
  withReadOptions(block.command('get').description('show a block').argument('[height]', 'height, or latest', 'latest'))
    .addHelpText('after', '\nExample:\n  vouch block get --vault docs 1')
    .action(async (height: string, options: ReadMode) => {
      const headers = readHeaders(options);
      const remote = new Remote(options);
      const path = `${await vaultPath(remote, options)}/blocks/${encodeURIComponent(height)}`;
      const found = await remote.get<BlockJson>(`/v1${path}`, headers);
      if (options.json) return printJson(found);
      print(`height       ${found.height} of ${found.newest}`);
      print(`block hash   ${found.block_hash}`);
      print(`state root   ${found.state_root}`);
      print(`tree root    ${found.tree_root}`);
      print(`transactions ${found.pruned ? 'not kept any more' : found.transactions.length}`);
    });
}
