/**
 * A group's state at one moment, readable while later entries are applied. Nothing is copied when it is taken: a vault that is
 * about to change for the first time is frozen first (copy-on-write roots of its two trees), any other when its turn comes.
 * Why not freeze all at once: a group may hold 100,000 vaults, and a step has 5 ms (C11).
 */
import { assert, defined } from '../assert.ts';
import type { ScanRange } from '../btree/cursor.ts';
import type { TreeSnapshot as RowsSnapshot } from '../btree/tree.ts';
import type { LogIndex, Micros } from '../ids.ts';
import type { TreeSnapshot } from '../merkle/snapshot.ts';
import type { DeletedVault } from './gone-vaults.ts';
import type { SessionsCapture } from './sessions.ts';
import type { Vault } from './vault.ts';

/** One vault as it was. */
export interface VaultImage {
  readonly vault: Vault;
  /** Header of its newest block then. */
  readonly header: Uint8Array;
  readonly tree: TreeSnapshot;
  readonly rows: RowsSnapshot;
}

function freeze(vault: Vault): VaultImage {
  return { vault, header: vault.anchor.header, tree: vault.leaves.tree.snapshot(), rows: vault.leaves.rows.snapshot() };
}

export class StateCapture {
  /** The newest applied entry then, and its entry time. */
  readonly index: LogIndex;
  readonly time: Micros;
  readonly sessions: SessionsCapture;
  /** Ascending by id. */
  readonly vaults: readonly Vault[];
  /** Ascending by id. */
  readonly deleted: readonly DeletedVault[];
  private readonly directory: RowsSnapshot | undefined;
  /** Vaults that have not changed since, nor been asked for. */
  private readonly untouched: Set<Vault>;
  private readonly images: Map<Vault, VaultImage> = new Map();
  private readonly onRelease: () => void;
  private isLive: boolean = true;

  constructor(state: {
    readonly index: LogIndex;
    readonly time: Micros;
    readonly sessions: SessionsCapture;
    readonly vaults: readonly Vault[];
    readonly directory: RowsSnapshot | undefined;
    readonly deleted: readonly DeletedVault[];
    readonly onRelease: () => void;
  }) {
    this.index = state.index;
    this.time = state.time;
    this.sessions = state.sessions;
    this.vaults = state.vaults;
    this.directory = state.directory;
    this.deleted = state.deleted;
    this.onRelease = state.onRelease;
    this.untouched = new Set(state.vaults);
  }

  /** Called before a vault changes. */
  preserve(vault: Vault): void {
    if (this.untouched.delete(vault)) this.images.set(vault, freeze(vault));
  }

  /** A vault as it was; kept until `forget` or the end of the capture. */
  image(vault: Vault): VaultImage {
    assert(this.isLive, 'a released capture is not read');
    this.preserve(vault);
    return defined(this.images.get(vault), 'a captured vault is asked for until it is forgotten');
  }

  /** The vault is not needed any more. */
  forget(vault: Vault): void {
    const image = this.images.get(vault);
    if (image === undefined) return;
    this.images.delete(vault);
    image.tree.release();
    image.rows.release();
  }

  /** Rows of the directory, in key order; none where the group has no directory. */
  directoryRows(range: ScanRange): ReturnType<RowsSnapshot['scan']> | undefined {
    return this.directory?.scan(range);
  }

  /** Lets go of everything. Once. */
  release(): void {
    assert(this.isLive, 'a capture is released once');
    for (const vault of [...this.images.keys()]) this.forget(vault);
    this.untouched.clear();
    this.directory?.release();
    this.isLive = false;
    this.onRelease();
  }
}
