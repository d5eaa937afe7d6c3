/**
 * A state from the newest checkpoint of a page file. Read at once: superblock, page table, catalog, directory. Not read: the
 * vaults' own pages, which come when somebody asks, so a node of a million tuples starts as fast as one of a hundred.
 * Nothing is believed: the superblock has the checksum of the table, and the table that of every page.
 */

import { dropTree, pagesOfTree } from '../btree/pages.ts';
import { BTree, type TreeRoot } from '../btree/tree.ts';
import type { DirectoryReader } from '../effect.ts';
import { DamageError, StorageError } from '../errors.ts';
import type { GroupId } from '../ids.ts';
import { PageFile, type PageFileOptions } from '../page/page-file.ts';
import { readTable } from '../page/page-table.ts';
import { PagedStore } from '../page/paged-store.ts';
import { PageSpace } from '../page/space.ts';
import { StatePages } from '../page/state-pages.ts';
import type { PageId } from '../page/store.ts';
import { readSuperblocks, type Superblock } from '../page/superblock.ts';
import { decodeConfiguration } from '../raft/configuration-bytes.ts';
import type { SnapshotMeta } from '../raft/message.ts';
import type { GroupState } from '../state/group-state.ts';
import { CatalogTable, CONFIGURATION_KEY, DIRECTORY_KEY, decodeRoot, decodeVaultRow, readSessions } from './catalog.ts';

export interface OpenedCheckpoint {
  readonly state: GroupState;
  readonly meta: SnapshotMeta;
}

/** What a file is opened with besides. */
export type OpenOptions = Pick<PageFileOptions, 'cache' | 'sealer'>;

/** A superblock of the file, or why there is none. */
export type FoundCheckpoint = Superblock | 'damaged' | 'none';

/** What a page file's superblocks say. 'none': it never became a checkpoint; 'damaged': something was there. */
export function findCheckpoint(reader: DirectoryReader, name: string, group: GroupId): FoundCheckpoint {
  try {
    const [newest] = readSuperblocks(reader, name);
    if (newest !== undefined) return newest.group === group ? newest : 'damaged';
    const slots = reader.read(name, 0, 4 * 4096);
    return slots.every((byte) => byte === 0) ? 'none' : 'damaged';
  } catch (error) {
    if (error instanceof StorageError) return 'damaged';
    throw error;
  }
}

/** @param newState makes the group's empty state on the pages. @returns undefined where the checkpoint cannot be used */
export function openCheckpoint(
  reader: DirectoryReader,
  name: string,
  block: Superblock,
  newState: (pages: StatePages) => GroupState,
  options: OpenOptions = {},
): OpenedCheckpoint | undefined {
  const opening = new Opening(reader, name, block, options);
  let opened: OpenedCheckpoint | undefined;
  try {
    opened = opening.run(newState);
  } catch (error) {
    if (!(error instanceof StorageError || error instanceof DamageError)) throw error;
  }
  if (opened === undefined) opening.close();
  return opened;
}

class Opening {
  private readonly reader: DirectoryReader;
  private readonly name: string;
  private readonly block: Superblock;
  private readonly options: OpenOptions;
  private file: PageFile | undefined = undefined;

  constructor(reader: DirectoryReader, name: string, block: Superblock, options: OpenOptions) {
    this.options = options;
    this.reader = reader;
    this.name = name;
    this.block = block;
  }

  /** What was opened is not used. */
  close(): void {
    this.file?.close();
  }

  run(newState: (pages: StatePages) => GroupState): OpenedCheckpoint | undefined {
    const pages = this.pages();
    if (pages === undefined) return undefined;
    const catalog = pages.backing?.catalog as BTree;
    const configuration = decodeConfiguration(catalog.get(CONFIGURATION_KEY) ?? new Uint8Array(0));
    if (configuration === undefined) return undefined;
    const state = newState(pages);
    for (const { key, value } of catalog.scan({ from: new Uint8Array(0) })) {
      if (!this.restoreRow(state, pages.space, key, value)) return undefined;
    }
    const { index, term, time } = this.block;
    state.restored(index, time);
    return { state, meta: { index, term, configuration } };
  }

  private restoreRow(state: GroupState, space: PageSpace, key: Uint8Array, row: Uint8Array): boolean {
    switch (key[0]) {
      case CatalogTable.vault:
        return this.restoreVault(state, key, row);
      case CatalogTable.sessions: {
        const kept = readSessions(row);
        if (kept === undefined) return false;
        const { deleted, sessions } = kept;
        return (
          deleted.every((vault) => state.restoreDeleted(vault)) && sessions.every((session) => state.restoreSession(session))
        );
      }
      case CatalogTable.directory: {
        const root = decodeRoot(row);
        return root !== undefined && restoreDirectory(state, space, root);
      }
      default:
        return key.length === DIRECTORY_KEY.length && key[0] === CatalogTable.configuration;
    }
  }

  /** A vault whose key this node has destroyed is there, and nothing of it can be read: its deletion stands further on in the log. */
  private restoreVault(state: GroupState, key: Uint8Array, row: Uint8Array): boolean {
    const vault = decodeVaultRow(key, row);
    if (vault === undefined) return false;
    if (this.options.sealer?.isDestroyed(key.subarray(1)) === true) return state.restoreShredded(vault.id, vault.organization);
    return state.restoreVault(vault.id, vault.organization, vault.stored) !== undefined;
  }

  /** The file's pages, each with its owner. */
  private pages(): StatePages | undefined {
    const { reader, name, block } = this;
    const file = new PageFile(reader, { name, pageBytes: block.pageBytes, ...this.options });
    this.file = file;
    if (file.slotBytes - file.pageBytes !== block.overheadBytes) return undefined; // sealed, and the keys are not there
    const table = readTable(reader, name, file, block.table);
    if (table === undefined) return undefined;
    // Copied in part: found now, while what is here is still as it was.
    const size = this.reader.size(name) ?? 0;
    for (let id = table.checksums.length - 1; id > 0; id -= 1) {
      if (table.checksums[id] === 0) continue;
      if (size < file.offsetOf((id + 1) as PageId)) return undefined;
      break;
    }
    file.restore(table.checksums, table.pages);
    const catalog = new PagedStore(file);
    const trees = new PagedStore(file);
    const owned = new Uint8Array(file.size);
    for (const id of table.pages) owned[id] = 1;
    for (const id of pagesOfTree(new PageSpace(catalog, block.generation), block.catalog.page)) {
      catalog.adopt(id);
      owned[id] = 1;
    }
    for (let id = 1; id < table.checksums.length; id += 1) {
      if (table.checksums[id] !== 0 && owned[id] === 0) trees.adopt(id as PageId);
    }
    const { generation, number } = block;
    return StatePages.open({ file, trees, catalog, generation, number, catalogRoot: block.catalog, table: table.pages });
  }
}

/** The directory counts what it takes over: its rows move to a tree of this life, and the stored one is given back. */
function restoreDirectory(state: GroupState, space: PageSpace, root: TreeRoot): boolean {
  const rows = [...new BTree(space, root).scan({ from: new Uint8Array(0) })];
  if (!rows.every(({ key, value }) => state.restoreDirectoryRow(key, value))) return false;
  dropTree(space, root.page);
  return true;
}
