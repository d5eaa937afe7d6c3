/** What a backup holds, for people and for scripts. */
import type { BackupFault } from '../../core/backup/scan.ts';
import type { VerifiedBackup } from '../../core/backup/verify.ts';
import { toHex } from '../../core/bytes/text.ts';
import { timestamp } from '../http/answer.ts';
import { CliFailure } from './failure.ts';
import { print } from './output.ts';

/** Why a file is refused, as the command's end. */
export function refusedBackup(file: string, { code, message }: BackupFault): CliFailure {
  const reason = code === 'failed' ? `It holds no backup: the node gave up while it wrote. ${message}` : message;
  return new CliFailure(`${file} is refused. ${reason}`);
}

export interface BackupJson {
  readonly cluster: string;
  readonly time: string;
  readonly version: string;
  readonly sha256: string;
  readonly groups: readonly {
    readonly group: number;
    readonly index: number;
    readonly time: string;
    readonly vaults: readonly {
      readonly id: string;
      readonly organization: string | undefined;
      readonly name: string | undefined;
      readonly height: number;
      readonly block_hash: string;
      readonly state_root: string;
      readonly tree_root: string;
      readonly leaves: number;
    }[];
  }[];
}

export function backupJson({ contents, groups }: VerifiedBackup): BackupJson {
  const { manifest, time, version, sha256 } = contents;
  return {
    cluster: manifest.cluster,
    time: timestamp(time),
    version,
    sha256: toHex(sha256),
    groups: groups.map((each) => ({
      group: each.group,
      index: each.index,
      time: timestamp(each.time),
      vaults: each.vaults.map((vault) => ({
        id: vault.id,
        organization: vault.names?.organization,
        name: vault.names?.vault,
        height: vault.height,
        block_hash: toHex(vault.blockHash),
        state_root: toHex(vault.stateRoot),
        tree_root: toHex(vault.treeRoot),
        leaves: vault.leaves,
      })),
    })),
  };
}

export function tellBackup(backup: VerifiedBackup): void {
  const { cluster, time, version, sha256, groups } = backupJson(backup);
  print(`cluster  ${cluster}`);
  print(`taken    ${time}, by Vouch ${version}`);
  print(`SHA-256  ${sha256}`);
  for (const group of groups) {
    print(`group ${group.group}  entry ${group.index} of ${group.time}, ${group.vaults.length} vaults`);
    for (const vault of group.vaults) {
      const name = vault.name === undefined ? 'not in the directory yet' : `${vault.organization}/${vault.name}`;
      print(`  ${vault.id}  ${name}, height ${vault.height}, ${vault.leaves} leaves`);
      print(`    block hash  ${vault.block_hash}`);
      print(`    state root  ${vault.state_root}`);
      print(`    tree root   ${vault.tree_root}`);
    }
  }
  for (const group of backup.passedOver) {
    print(`group ${group}  was made while the backup was taken, and is not restored`);
  }
}
