/**
 * The pages of one group's state: those of its trees, and beside them the catalog's, which says where the trees of a checkpoint
 * are. Both on one page file; a state that never is a checkpoint has its trees in memory alone.
 *
 * The newest durable checkpoint and the one that is being written keep their pages by pins: what the trees drop meanwhile is used
 * again only when no checkpoint on the disk shows it.
 */
import { BTree, type TreeRoot } from '../btree/tree.ts';
import type { DirectoryReader } from '../effect.ts';
import { PageFile, type PageFileOptions } from './page-file.ts';
import { PagedStore } from './paged-store.ts';
import { PageSpace, type Pin } from './space.ts';
import { MemoryPageStore, type PageId } from './store.ts';

/** What keeps the pages of a checkpoint. */
export interface CheckpointPins {
  readonly trees: Pin;
  readonly catalog: Pin;
  /** Pages of its page table. */
  readonly table: readonly PageId[];
}

export class StatePages {
  /** Of the group's trees. */
  readonly space: PageSpace;
  /** Where checkpoints go; undefined where there are none. */
  readonly backing: PageBacking | undefined;

  private constructor(space: PageSpace, backing: PageBacking | undefined) {
    this.space = space;
    this.backing = backing;
  }

  static inMemory(pageBytes?: number): StatePages {
    return new StatePages(new PageSpace(new MemoryPageStore(pageBytes)), undefined);
  }

  /** On a file that does not exist yet. */
  static begin(reader: DirectoryReader, options: PageFileOptions): StatePages {
    const file = new PageFile(reader, options);
    const trees = new PagedStore(file);
    const catalog = new PageSpace(new PagedStore(file));
    return new StatePages(new PageSpace(trees), new PageBacking(file, trees, catalog, undefined));
  }

  /** On the pages of a durable checkpoint. */
  static open(stored: StoredPages): StatePages {
    const { file, trees, catalog, generation, catalogRoot, number, table } = stored;
    const space = new PageSpace(trees, generation);
    const catalogSpace = new PageSpace(catalog, generation);
    const backing = new PageBacking(file, trees, catalogSpace, catalogRoot);
    backing.number = number;
    backing.pins = { trees: space.pin(), catalog: catalogSpace.pin(), table };
    return new StatePages(space, backing);
  }
}

/** What opening has found in a page file. */
export interface StoredPages {
  readonly file: PageFile;
  /** They have adopted what is theirs. */
  readonly trees: PagedStore;
  readonly catalog: PagedStore;
  readonly catalogRoot: TreeRoot;
  readonly generation: number;
  readonly number: number;
  readonly table: readonly PageId[];
}

export class PageBacking {
  readonly file: PageFile;
  readonly trees: PagedStore;
  readonly catalogSpace: PageSpace;
  readonly catalog: BTree;
  /** Of the newest checkpoint begun; 0 = none, and the file does not exist. */
  number: number = 0;
  /** Of the newest durable checkpoint. */
  pins: CheckpointPins | undefined = undefined;

  constructor(file: PageFile, trees: PagedStore, catalogSpace: PageSpace, catalogRoot: TreeRoot | undefined) {
    this.file = file;
    this.trees = trees;
    this.catalogSpace = catalogSpace;
    this.catalog = new BTree(catalogSpace, catalogRoot);
  }

  get catalogStore(): PagedStore {
    return this.catalogSpace.store as PagedStore;
  }
}
