/**
 * Whether a backup can be restored: every group's state is rebuilt from its chunks, as a follower would that fetches them, and
 * compared with itself: headers chain, trees have the roots of the newest header, rows and indices agree, and the directory
 * knows the groups. One group's state is in memory at a time, and GLOBAL's. A generator of short steps like scan.ts.
 *
 * What it does not show: that these are the roots that the cluster had. Whoever can write the file can write another, whole
 * one; what is reported here is there to be compared with a block hash that is known from elsewhere.
 */
import type { Hasher } from '../capability.ts';
import type { VaultEntry } from '../client/protocol.ts';
import {
  GLOBAL_GROUP,
  type GroupId,
  type Height,
  type LogIndex,
  type Micros,
  type OrganizationId,
  type VaultId,
} from '../ids.ts';
import { newGroupState } from '../replica/new-state.ts';
import { restoreState } from '../snapshot/restore.ts';
import { auditVault } from '../state/audit.ts';
import type { GroupState } from '../state/group-state.ts';
import type { PlacedGroup } from '../state/placed-group.ts';
import { type BackupContents, type BackupPart, type BackupResult, backupFault } from './scan.ts';

/** A vault as the backup has it. */
export interface VaultInBackup {
  readonly id: VaultId;
  readonly organization: OrganizationId;
  /** undefined: the directory does not know it; it was being made when the backup was. */
  readonly names: { readonly organization: string; readonly vault: string } | undefined;
  readonly height: Height;
  readonly blockHash: Uint8Array;
  readonly stateRoot: Uint8Array;
  readonly treeRoot: Uint8Array;
  readonly leaves: number;
}

export interface GroupInBackup {
  readonly group: GroupId;
  readonly index: LogIndex;
  /** Entry time of that entry, µs since 1970. */
  readonly time: Micros;
  readonly vaults: readonly VaultInBackup[];
}

export interface VerifiedBackup {
  readonly contents: BackupContents;
  /** Those that the directory knows, GLOBAL first. */
  readonly groups: readonly GroupInBackup[];
  /** Groups that were made after the directory had been read: nobody could have used them before the backup began. */
  readonly passedOver: readonly GroupId[];
  /** What the directory says of the groups that were made after the founding. */
  readonly placed: readonly PlacedGroup[];
}

type Steps<T> = Generator<number, BackupResult<T>>;

export function* verifyBackup(contents: BackupContents, hasher: Hasher): Steps<VerifiedBackup> {
  const { manifest, parts } = contents;
  let directory: GroupState | undefined;
  const groups: GroupInBackup[] = [];
  const passedOver: GroupId[] = [];
  for (const part of parts) {
    const isKnown =
      manifest.groups.some(({ group }) => group === part.group) || placedIn(directory).some(({ group }) => group === part.group);
    if (!isKnown) {
      passedOver.push(part.group);
      continue;
    }
    const state = newGroupState(part.group, manifest, { hasher });
    const fault = (yield* restoreState(hasher, part.manifest, part.chunks, state)) ?? auditOf(state);
    if (fault !== undefined) return backupFault('damaged', `Group ${part.group} of the backup cannot be restored: ${fault}.`);
    if (part.group === GLOBAL_GROUP) directory = state;
    groups.push(summaryOf(state, part, directory));
  }
  const placed = placedIn(directory);
  for (const { group } of [...manifest.groups, ...placed]) {
    if (groups.every((found) => found.group !== group)) return backupFault('damaged', `The backup lacks group ${group}.`);
  }
  return { ok: true, value: { contents, groups, passedOver, placed } };
}

function placedIn(directory: GroupState | undefined): readonly PlacedGroup[] {
  return directory?.topology?.groups.entries ?? [];
}

function auditOf(state: GroupState): string | undefined {
  for (const id of state.vaultIds()) {
    const vault = state.vault(id);
    const fault = vault === undefined ? undefined : auditVault(vault);
    if (fault !== undefined) return `vault ${id}: ${fault}`;
  }
  return undefined;
}

function summaryOf(state: GroupState, { group, manifest }: BackupPart, directory: GroupState | undefined): GroupInBackup {
  const vaults = state.vaultIds().flatMap((id): VaultInBackup[] => {
    const vault = state.vault(id);
    if (vault === undefined) return [];
    const { height, blockHash, stateRoot, treeRoot } = vault.anchor;
    const entry = entryOf(directory, id);
    const names = entry === undefined ? undefined : { organization: entry.organizationName, vault: entry.name };
    const { organization } = vault;
    return [{ id, organization, names, height, blockHash, stateRoot, treeRoot, leaves: vault.leaves.tree.size }];
  });
  return { group, index: manifest.index, time: manifest.time, vaults };
}

function entryOf(directory: GroupState | undefined, id: VaultId): VaultEntry | undefined {
  const answer = directory?.query({ kind: 'lookupVault', organization: '', name: '', id, consistency: 'eventual' });
  return answer?.kind === 'vault' ? answer.vault : undefined;
}
