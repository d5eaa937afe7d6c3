/**
 * A group's state at one moment, readable while later entries are applied. Nothing is copied when it is taken: one pin keeps
 * the pages of all trees, and a vault that is about to change for the first time is noted first (where its tree is, what its
 * header says), any other when its turn comes.
 * Why not note all at once: a group may hold 100,000 vaults, and a step has 5 ms (C11).
 */
import { assert, defined } from '../assert.ts';
import type { ScanRange } from '../btree/cursor.ts';
import type { TreeSnapshot } from '../btree/tree.ts';
import type { LogIndex, Micros, VaultId } from '../ids.ts';
import type { PageSpace, Pin } from '../page/space.ts';
import type { DeletedVault } from './gone-vaults.ts';
import type { SessionsCapture } from './sessions.ts';
import type { Vault } from './vault.ts';

/** One vault as it was. */
export interface VaultImage {
  readonly vault: Vault;
  /** Header of its newest block then. */
  readonly header: Uint8Array;
  readonly rows: TreeSnapshot;
  /** Tuples, reverse leaves, entities and models. */
  readonly leaves: number;
  readonly firstExpiry: Micros;
}

export class StateCapture {
  /** The newest applied entry then, and its entry time. */
  readonly index: LogIndex;
  readonly time: Micros;
  readonly sessions: SessionsCapture;
  /** Ascending by id. */
  readonly vaults: readonly Vault[];
  /** Vaults that have gone since the last checkpoint; of a capture of changes. */
  readonly removed: readonly VaultId[];
  /** Ascending by id. */
  readonly deleted: readonly DeletedVault[];
  readonly directory: TreeSnapshot | undefined;
  private readonly space: PageSpace;
  private readonly pin: Pin;
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
    readonly directory: TreeSnapshot | undefined;
    readonly space: PageSpace;
    readonly removed: readonly VaultId[];
    readonly deleted: readonly DeletedVault[];
    readonly onRelease: () => void;
  }) {
    this.index = state.index;
    this.time = state.time;
    this.sessions = state.sessions;
    this.vaults = state.vaults;
    this.directory = state.directory;
    this.removed = state.removed;
    this.deleted = state.deleted;
    this.onRelease = state.onRelease;
    this.space = state.space;
    this.pin = state.space.pin();
    this.untouched = new Set(state.vaults);
  }

  /** Called before a vault changes. */
  preserve(vault: Vault): void {
    if (this.untouched.delete(vault)) this.images.set(vault, this.freeze(vault));
  }

  private freeze(vault: Vault): VaultImage {
    const { leaves, anchor } = vault;
    const rows = leaves.rows.image();
    return { vault, header: anchor.header, rows, leaves: leaves.count, firstExpiry: leaves.firstExpiry() };
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
    image.rows.release();
  }

  /** Rows of the directory, in key order; none where the group has no directory. */
  directoryRows(range: ScanRange): ReturnType<TreeSnapshot['scan']> | undefined {
    return this.directory?.scan(range);
  }

  /** Lets go of everything. Once. */
  release(): void {
    this.space.unpin(this.releaseButPages());
  }

  /** Lets go of everything but the pages. Once. @returns the pin that keeps them. */
  releaseButPages(): Pin {
    assert(this.isLive, 'a capture is released once');
    for (const vault of [...this.images.keys()]) this.forget(vault);
    this.untouched.clear();
    this.directory?.release();
    this.isLive = false;
    this.onRelease();
    return this.pin;
  }
}
