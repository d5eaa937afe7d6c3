/** `vouch init` and `vouch status`. */
import type { Command } from 'commander';
import { GROUPS_MAX, MEMBERS_MAX } from '../../core/limits.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { print, printJson } from './output.ts';
import { Remote } from './remote.ts';

interface InitOptions {
  readonly host?: string;
  readonly expect?: string;
  readonly groups?: string;
  readonly json?: boolean;
}

interface InitAnswer {
  readonly cluster: string;
  readonly organization: string;
  readonly members: readonly { readonly id: string; readonly address: string }[];
}

function count(text: string | undefined, flag: string, max: number): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9][0-9]{0,4}$/.test(text) || Number(text) > max)
    throw usageFailure(`${flag} is a whole number from 1 to ${max}, not "${text}".`);
  return Number(text);
}

export function addClusterCommands(program: Command): void {
  program
    .command('init')
    .description('make a cluster of a node and all nodes connected to it; once per cluster')
    .option('--host <host:port>', 'the node (VOUCH_HOST)')
    .option('--expect <n>', 'wait until the cluster would have this many nodes')
    .option('--groups <g>', 'data groups that vaults are spread over (default 1)')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  vouch init --host 127.0.0.1:7400 --expect 3')
    .action(init);
  program
    .command('status')
    .description('what a node knows of itself and its cluster')
    .option('--host <host:port>', 'the node (VOUCH_HOST)')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  vouch status --host 127.0.0.1:7401')
    .action(status);
}

async function init(options: InitOptions): Promise<void> {
  const request = {
    expect: count(options.expect, '--expect', MEMBERS_MAX),
    groups: count(options.groups, '--groups', GROUPS_MAX - 1),
  };
  const made = await new Remote(options).post<InitAnswer>('/v1/init', request);
  if (options.json) return printJson(made);
  print(`Made cluster ${made.cluster} of ${made.members.length} ${made.members.length === 1 ? 'node' : 'nodes'}:`);
  for (const member of made.members) print(`  ${member.id}  ${member.address}`);
  print(`The organization "${made.organization}" is ready for vaults.`);
}

interface StatusAnswer {
  readonly node: string;
  readonly cluster?: string;
  readonly members: readonly { readonly id: string; readonly address: string }[];
  readonly groups: readonly {
    readonly group: number;
    readonly role: string;
    readonly term: number;
    readonly leader?: string;
    readonly commitIndex: number;
    readonly lastApplied: number;
    readonly quarantined: boolean;
  }[];
  readonly not_ready: readonly string[];
}

async function status(options: { readonly host?: string; readonly json?: boolean }): Promise<void> {
  const remote = new Remote(options);
  const found = await remote.get<StatusAnswer>('/v1/status');
  if (options.json) printJson(found);
  else printStatus(remote.address, found);
  if (found.not_ready.length > 0) throw new CliFailure(`The node is not ready: ${found.not_ready.join('; ')}.`);
}

function printStatus(address: string, found: StatusAnswer): void {
  print(`node     ${found.node} at ${address}`);
  print(`cluster  ${found.cluster ?? 'none yet'}`);
  for (const member of found.members) print(`member   ${member.id} at ${member.address}`);
  for (const group of found.groups) {
    const applied = `applied ${group.lastApplied} of ${group.commitIndex} committed`;
    const leader = group.role === 'leader' ? 'this node leads' : `leader ${group.leader ?? 'unknown'}`;
    const name = group.group === 0 ? 'group 0 (directory)' : `group ${group.group}`;
    print(`${name}: ${group.quarantined ? 'QUARANTINED, ' : ''}term ${group.term}, ${leader}, ${applied}`);
  }
}
