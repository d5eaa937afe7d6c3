/**
 * The vaults of a group: which there are, what has changed since the last checkpoint, and what goes on beside the log: the next expiry,
 * history that is removed, buckets that come back into memory. Whoever is about to change a vault says so first (`willChange`).
 */
import { defined } from '../assert.ts';
import { dropTree } from '../btree/pages.ts';
import type { Hasher } from '../capability.ts';
import { type Micros, NEVER, type OrganizationId, type VaultId } from '../ids.ts';
import { GroupIndex } from '../index/exact-rows.ts';
import { VAULTS_MAX } from '../limits.ts';
import type { StatePages } from '../page/state-pages.ts';
import type { SeedWords } from '../random.ts';
import type { DecodedCommand } from './command.ts';
import { type DueVault, ExpiryQueue } from './expiry-queue.ts';
import { GoneVaults } from './gone-vaults.ts';
import { KeyBuilder } from './keys.ts';
import { CompiledModels } from './models.ts';
import { PathCache } from './path-cache.ts';
import { ProofWorks } from './proof-work.ts';
import { DEFAULT_PRUNING_PACE, Pruning, type PruningPace } from './pruning.ts';
import { type StoredVault, Vault } from './vault.ts';
import type { VaultShelf } from './vault-section.ts';
import { DEFAULT_WARM_UP_LIMITS, WarmUp, type WarmUpLimits } from './warm-up.ts';

export interface VaultsOptions {
  readonly hasher: Hasher;
  readonly pages: StatePages;
  /** Of the exact index; decides nothing. */
  readonly seed?: SeedWords | undefined;
  readonly warmUp?: WarmUpLimits | undefined;
  readonly pruningPace?: PruningPace | undefined;
}

export class Vaults implements VaultShelf {
  /** What is not there any more. */
  readonly gone: GoneVaults = new GoneVaults();
  /** Proofs that are being made of what is there. */
  readonly proofs: ProofWorks = new ProofWorks();
  private readonly hasher: Hasher;
  private readonly pages: StatePages;
  private readonly keys: KeyBuilder;
  private readonly index: GroupIndex;
  private readonly models: CompiledModels = new CompiledModels();
  private readonly vaults: Map<VaultId, Vault> = new Map();
  private readonly warmUp: WarmUp;
  private readonly pruning: Pruning;
  private readonly expiries: ExpiryQueue = new ExpiryQueue();
  /** Vaults that the newest checkpoint does not have as they are. */
  private changed: Set<Vault> = new Set();
  /** Vaults that it has and that are not there any more. */
  private removed: Set<VaultId> = new Set();
  private readonly willChange: (vault: Vault) => void;

  /** @param willChange called before something happens to a vault that no section of an entry asked for */
  constructor(options: VaultsOptions, willChange: (vault: Vault) => void) {
    this.hasher = options.hasher;
    this.pages = options.pages;
    this.keys = new KeyBuilder(new PathCache(options.hasher));
    this.index = new GroupIndex(options.seed ?? [1, 2, 3, 4]);
    this.warmUp = new WarmUp(options.warmUp ?? DEFAULT_WARM_UP_LIMITS);
    this.pruning = new Pruning(options.pruningPace ?? DEFAULT_PRUNING_PACE);
    this.willChange = willChange;
  }

  find(id: VaultId): Vault | undefined {
    return this.vaults.get(id);
  }

  /** Ascending. */
  ids(): readonly VaultId[] {
    return [...this.vaults.keys()].sort();
  }

  /** Ascending by id. */
  all(): readonly Vault[] {
    return this.ids().map((id) => defined(this.vaults.get(id), 'a listed vault is there'));
  }

  get hasRoom(): boolean {
    return this.vaults.size + this.gone.shreddedCount < VAULTS_MAX;
  }

  /** A new vault without a block, or one as a checkpoint has it; undefined where the group has no room. */
  add(id: VaultId, organization: OrganizationId, stored?: StoredVault): Vault | undefined {
    if (!this.hasRoom) return undefined;
    const { hasher, keys, index, models } = this;
    const { space } = this.pages;
    const vault = new Vault({ id, organization, reverse: true, hasher, keys, space, stored, index, models });
    this.vaults.set(id, vault);
    if (stored === undefined) this.changed.add(vault);
    else this.warmUp.add(vault);
    return vault;
  }

  /** The vault is deleted. Where it was there only as one that nobody can read, a checkpoint may still have it. */
  delete(id: VaultId, organization: OrganizationId): void {
    const present = this.vaults.get(id);
    if (present !== undefined) this.drop(present);
    this.removed.add(id);
    this.gone.delete(id, organization);
  }

  /** The vault goes; `gone` is told by who knows why. */
  drop(vault: Vault): void {
    this.willChange(vault);
    this.vaults.delete(vault.id);
    this.expiries.set(vault.id, NEVER);
    this.warmUp.forget(vault);
    this.models.forget(vault);
    this.proofs.end(vault);
    this.pruning.forget(vault.id);
    this.changed.delete(vault);
    this.removed.add(vault.id);
    // Pages of a file say whose they are, and are given back a few at a time (core/checkpoint/orphans.ts).
    if (this.pages.backing === undefined) dropTree(this.pages.space, vault.leaves.rows.root.page);
  }

  /** A block was sealed. @param writes of rows that it took */
  sealed(vault: Vault, writes: number): void {
    this.changed.add(vault);
    this.pruning.sealed(vault, writes);
    this.expiries.set(vault.id, vault.leaves.firstExpiry());
  }

  /** Everything is restored. */
  restored(): void {
    for (const [id, vault] of this.vaults) this.expiries.set(id, vault.leaves.firstExpiry());
  }

  /** History that nobody may read any more goes, a little behind each entry, whichever vault the entry was for. */
  prune(): void {
    const id = this.pruning.next;
    if (id === undefined) return;
    const vault = defined(this.vaults.get(id), 'a vault that is pruned is there');
    this.willChange(vault);
    this.changed.add(vault);
    this.pruning.work(vault);
  }

  /** The earliest expires_at of any leaf. */
  get nextExpiry(): DueVault | undefined {
    return this.expiries.first;
  }

  /** What the next checkpoint has to write. From now on, what changes after it. */
  takeChanges(): { readonly changed: readonly Vault[]; readonly removed: readonly VaultId[] } {
    const { changed, removed } = this;
    this.changed = new Set();
    this.removed = new Set();
    return { changed: [...changed], removed: [...removed] };
  }

  /** Whether stored vaults are still on their way into memory: `warm` works for one step at it. */
  get isCold(): boolean {
    return !this.warmUp.isDone;
  }

  warm(): void {
    this.warmUp.warm();
  }

  /** One step towards what a section of an entry needs in memory. @returns whether all of it is there */
  prepare(id: VaultId | undefined, commands: readonly DecodedCommand[], time: Micros): boolean {
    const vault = id === undefined ? undefined : this.vaults.get(id);
    return vault === undefined || this.warmUp.prepare(vault, commands, time);
  }
}
