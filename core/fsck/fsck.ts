/**
 * Checks the directory of a stopped node and changes nothing: the log's chains, every page of every checkpoint, every chunk of every
 * snapshot, the node's own files, and the state that the node would start with, rebuilt and compared with itself: pages, indices,
 * commitment tree, hash chain. It believes what a start believes and nothing more, with the same code; only that a start reads what it needs, and this
 * everything.
 */
import { InvariantError } from '../assert.ts';
import type { Hasher } from '../capability.ts';
import type { DirectoryReader } from '../effect.ts';
import { type GroupId, INDEX_ZERO, type LogIndex } from '../ids.ts';
import { mismatchOf, readIdentity, readManifest } from '../replica/directory.ts';
import { groupsOf, type Manifest } from '../replica/manifest.ts';
import { newGroupState } from '../replica/new-state.ts';
import type { Sealing } from '../replica/sealing.ts';
import { auditVault } from '../state/audit.ts';
import type { GroupState } from '../state/group-state.ts';
import type { RecoveredGroup } from '../wal/group-log.ts';
import { recoverWal, type WalRecovery } from '../wal/recover.ts';
import { checkBases } from './base.ts';
import { checkNodeFiles } from './node-files.ts';
import type { CheckedGroup, Finding, FsckReport } from './report.ts';

const REPLACE =
  'The group takes no part on this node, and the other nodes go on with it. To have it here again, replace the node: vouch member replace.';
const STANDS_IN = 'Another checkpoint, or the log itself, stands in for it, and the next one that the node writes replaces it.';

const DEFECT = 'Where no page is said to be damaged, this is a defect of the program: please report it.';

/** Checks a directory. @param sealing of an encrypted one. @throws StorageError where it is no directory of this program, or a read fails. */
export function checkDirectory(reader: DirectoryReader, hasher: Hasher, sealing?: Sealing): FsckReport {
  return new Fsck(reader, hasher, sealing).run();
}

class Fsck {
  private readonly reader: DirectoryReader;
  private readonly hasher: Hasher;
  private readonly sealing: Sealing | undefined;
  private readonly findings: Finding[] = [];

  constructor(reader: DirectoryReader, hasher: Hasher, sealing: Sealing | undefined) {
    this.reader = reader;
    this.hasher = hasher;
    this.sealing = sealing;
  }

  run(): FsckReport {
    const node = readIdentity(this.reader);
    const manifest = readManifest(this.reader);
    const recovery = recoverWal(this.reader, { sealer: this.sealing?.entries });
    const mismatch = mismatchOf(node, manifest, recovery);
    if (mismatch?.code === 'log_missing') {
      this.damaged(undefined, 'the log is gone', 'Add this machine as a new node: one that forgot its votes must not vote.');
    } else if (mismatch !== undefined) throw mismatch;
    for (const { file, offset, reason } of recovery.damage) {
      const groups = recovery.quarantined.length === 0 ? '' : ` It concerns the groups ${recovery.quarantined.join(', ')}.`;
      this.damaged(undefined, `${file} at byte ${offset}: ${reason}`, `What stood there was durable, and is never cut.${groups}`);
    }
    if (recovery.tornBytes > 0) {
      this.noted(
        `${recovery.tornBytes} bytes at the end of the log are torn`,
        'The next start cuts them; nobody was told that they are durable.',
      );
    }
    this.findings.push(...checkNodeFiles(this.reader, node));
    const founded = manifest === undefined ? [] : groupsOf(manifest).map(({ group }) => group);
    const known = founded.filter((group) => recovery.groups.has(group) || recovery.quarantined.includes(group));
    const groups = manifest === undefined ? [] : known.map((group) => this.group(group, manifest, recovery));
    return { node, cluster: manifest?.cluster, groups, findings: this.findings };
  }

  private group(group: GroupId, manifest: Manifest, recovery: WalRecovery): CheckedGroup {
    const log = recovery.groups.get(group);
    const isWhole = log !== undefined && !recovery.quarantined.includes(group);
    if (!isWhole) this.damaged(group, 'the log is not shown unbroken', REPLACE);
    const bases = checkBases(group, {
      reader: this.reader,
      hasher: this.hasher,
      sealing: this.sealing,
      newState: (pages) => newGroupState(group, manifest, { hasher: this.hasher, pages }),
    });
    const begin = bases.find(({ opened }) => opened !== undefined && log?.continues(opened.meta) === true);
    for (const base of bases) {
      const remedy = base !== begin && (begin?.faults.length === 0 || log?.isComplete === true) ? STANDS_IN : REPLACE;
      for (const fault of base.faults) this.damaged(group, fault, remedy);
    }
    const lastIndex = (log?.entries.at(-1)?.index ?? log?.snapshot?.index ?? INDEX_ZERO) as LogIndex;
    if (!isWhole)
      return { group, sound: false, checkpoint: INDEX_ZERO, applied: INDEX_ZERO, lastIndex, vaults: 0, blocks: 0, leaves: 0 };
    const checkpoint = begin?.opened?.meta.index ?? INDEX_ZERO;
    if (begin === undefined && !log.isComplete) {
      this.damaged(group, 'no checkpoint leads to its log, which does not reach back to the beginning', REPLACE);
      return { group, sound: false, checkpoint, applied: INDEX_ZERO, lastIndex, vaults: 0, blocks: 0, leaves: 0 };
    }
    const state = begin?.opened?.state ?? newGroupState(group, manifest, { hasher: this.hasher });
    const sound = this.replay(state, log, checkpoint) && this.audit(state) && (begin?.faults.length ?? 0) === 0;
    return { group, sound, checkpoint, applied: state.lastApplied, lastIndex, ...sizesOf(state) };
  }

  /** Applies the whole log: what of it was committed only the others know, and every prefix of a log is one that could be. */
  private replay(state: GroupState, log: RecoveredGroup, from: LogIndex): boolean {
    try {
      for (const entry of log.entriesBehind(from)) state.apply(entry);
      return true;
    } catch (error) {
      if (!(error instanceof InvariantError)) throw error;
      this.damaged(state.group, `entry ${state.lastApplied + 1} cannot be applied: ${error.message}`, REPLACE);
      return false;
    }
  }

  private audit(state: GroupState): boolean {
    let isSound = true;
    for (const id of state.vaultIds()) {
      const vault = state.vault(id);
      if (vault === undefined) continue;
      const fault = faultOf(() => auditVault(vault)) ?? faultOf(() => void vault.leaves.rows.check());
      if (fault === undefined) continue;
      isSound = false;
      this.damaged(state.group, `vault ${id}: ${fault}`, DEFECT);
    }
    return isSound;
  }

  private damaged(group: GroupId | undefined, what: string, remedy: string): void {
    this.findings.push({ level: 'damaged', group, what, remedy });
  }

  private noted(what: string, remedy: string): void {
    this.findings.push({ level: 'noted', group: undefined, what, remedy });
  }
}

function sizesOf(state: GroupState): Pick<CheckedGroup, 'vaults' | 'blocks' | 'leaves'> {
  const vaults = state.vaultIds().flatMap((id) => state.vault(id) ?? []);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    vaults: vaults.length,
    blocks: sum(vaults.map(({ height }) => height)),
    leaves: sum(vaults.map(({ leaves }) => leaves.count)),
  };
}

/** What is wrong with something that a check looks at, or finds it cannot be looked at. */
function faultOf(check: () => string | undefined): string | undefined {
  try {
    return check();
  } catch (error) {
    if (error instanceof InvariantError) return error.message;
    throw error;
  }
}
