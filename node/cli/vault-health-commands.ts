/** `vouch vault status | recover`: whether a node's copies of vaults are what a majority has, and another attempt where they are not. */
import type { Command } from 'commander';
import type { VaultHealthJson } from '../http/vault-health-routes.ts';
import { usageFailure } from './failure.ts';
import { print, printJson } from './output.ts';
import { Remote, type RemoteOptions, withRemoteOptions } from './remote.ts';

interface Options extends RemoteOptions {
  readonly vault?: string;
}

const VAULT_FLAG = '--vault <name|id>';

export function addVaultHealthCommands(vault: Command): void {
  withRemoteOptions(
    vault
      .command('status')
      .description('how this node holds a vault, or all vaults that are not well on it; ask each node')
      .option(VAULT_FLAG, 'the vault; default: all that are disputed, diverged, recovering or escalated'),
  )
    .addHelpText('after', '\nExample:\n  vouch vault status --host 127.0.0.1:7401\n  vouch vault status --vault docs')
    .action(status);
  withRemoteOptions(
    vault
      .command('recover')
      .description('rebuild a diverged vault on this node now, with three new attempts')
      .option(VAULT_FLAG, 'the vault (VOUCH_VAULT)'),
  )
    .addHelpText('after', '\nExample:\n  vouch vault recover --vault docs --host 127.0.0.1:7401')
    .action(recover);
}

async function status(options: Options): Promise<void> {
  const remote = new Remote(options);
  if (options.vault !== undefined) {
    if (options.vault === '') throw usageFailure('--vault is empty.');
    const found = await remote.get<VaultHealthJson>(`/v1/stores/${await remote.vaultId(options.vault)}/status`);
    return options.json ? printJson(found) : printHealth(found);
  }
  const found = await remote.get<{ readonly unwell: readonly VaultHealthJson[] }>('/v1/vaults');
  if (options.json) return printJson(found);
  if (found.unwell.length === 0) print(`Every vault on ${remote.address} is healthy as far as it knows.`);
  for (const each of found.unwell) printHealth(each);
}

function printHealth({ id, group, height, block_hash, state, since_height, attempt }: VaultHealthJson): void {
  const since = since_height === undefined ? '' : ` since height ${since_height}`;
  const tries = attempt === undefined ? '' : `, attempt ${attempt}`;
  print(`vault ${id} (group ${group}): ${state}${since}${tries}`);
  print(`  height ${height}, block ${block_hash === '' ? 'none' : block_hash}`);
}

async function recover(options: Options): Promise<void> {
  const name = options.vault ?? process.env.VOUCH_VAULT;
  if (name === undefined || name === '') throw usageFailure('Name the vault: --vault NAME, or set VOUCH_VAULT.');
  const remote = new Remote(options);
  const id = await remote.vaultId(name);
  const begun = await remote.post<{ readonly node: string }>(`/v1/stores/${id}/recover`, {});
  if (options.json) return printJson(begun);
  print(`Node ${begun.node} rebuilds vault ${id}; see vouch vault status --vault ${name}.`);
}
