/** The SDK: a client of one cluster. Sessions, retries, leader hints and unknown outcomes are settled below it (core/client). */
import type { Answer } from '../../core/client/operation.ts';
import type { NodeStatus, OrganizationEntry, Placement, VaultEntry } from '../../core/client/protocol.ts';

import type { Retention } from '../../core/state/transaction.ts';
import { AcceptedCheckpoints, type PinnedKeys } from './accepted-checkpoints.ts';
import { ClientDriver } from './driver.ts';
import { socketLinks } from './endpoint-link.ts';
import { expectAnswer, VouchError } from './error.ts';
import { platformSocket } from './socket.ts';
import { type Patience, patience, Vault } from './vault.ts';

export interface ConnectOptions {
  /** HOST:PORT of one or more nodes; the others are learned from them. */
  readonly endpoints: readonly string[];
  /** Name of the organization that calls mean which name none. */
  readonly organization?: string;
  /** How long an operation may take, milliseconds, retries included. Default 10 s. */
  readonly deadlineMs?: number;
  /** `wss` where the nodes speak TLS. Default `ws`. */
  readonly scheme?: 'ws' | 'wss';
  /** Keys that are believed: checkpoints and receipts are accepted under them, and remembered. */
  readonly pinned?: PinnedKeys;
}

export interface InOrganization extends Patience {
  /** Name; the client's own unless given. */
  readonly organization?: string;
}

/** A vault by id, or, where that is empty, by name; an empty organization is any. */
interface VaultName {
  readonly organization: string;
  readonly name: string;
  readonly id: string;
}

const DEADLINE_MS = 10_000;
const LIST_LIMIT = 100;

/** Connects to a cluster. Throws VouchError where no node answers within the deadline. */
export async function connect(options: ConnectOptions): Promise<VouchClient> {
  if (options.endpoints.length === 0) throw new VouchError('invalid_argument', 'Name at least one endpoint, HOST:PORT.');
  const checkpoints = options.pinned === undefined ? undefined : new AcceptedCheckpoints(options.pinned);
  const driver = new ClientDriver({
    endpoints: options.endpoints.map((address) => ({ address })),
    openLink: socketLinks(await platformSocket(), options.scheme ?? 'ws'),
    deadlineMs: options.deadlineMs ?? DEADLINE_MS,
  });
  const client = new VouchClient(driver, options.organization, checkpoints);
  try {
    await client.status();
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

export class VouchClient {
  /** What was accepted under the pinned keys; undefined where none are pinned. */
  readonly checkpoints: AcceptedCheckpoints | undefined;
  private readonly driver: ClientDriver;
  private readonly organization: string | undefined;

  constructor(driver: ClientDriver, organization: string | undefined, checkpoints?: AcceptedCheckpoints) {
    this.driver = driver;
    this.organization = organization;
    this.checkpoints = checkpoints;
  }

  /**
   * Idempotent by name. created: whether it was not there before.
   * @param options.placement where its vaults are to be: in a group that there is, or in a new one on 1, 3, 5 or 7 nodes. Default:
   * in the groups that the cluster began with. An organization that is there already stays where it is: see `group` of the answer.
   */
  async createOrganization(
    name: string,
    options: Patience & { readonly placement?: Placement } = {},
  ): Promise<OrganizationEntry & { readonly created: boolean }> {
    const body = { kind: 'createOrganization', name, placement: options.placement } as const;
    const { id, group, created } = expectAnswer(
      await this.driver.ask({ kind: 'directory', body }, patience(options)),
      'organization',
    );
    return { id, name, group, created };
  }

  async listOrganizations(options: Patience = {}): Promise<Extract<Answer, { readonly kind: 'organizations' }>['organizations']> {
    const request = { kind: 'listOrganizations', consistency: 'linearizable' } as const;
    return expectAnswer(await this.driver.ask(request, patience(options)), 'organizations').organizations;
  }

  /**
   * Creates a vault: reserves its name and group in the directory, then makes it in its group. Both steps may be repeated, so
   * a creation that was interrupted between them is completed by the next one for that name; a deletion that was, by deleteVault:
   * until then this throws `vault_deleted`.
   * @param options.retention what it keeps of its past, set as soon as it is there; all of it unless given. Not set anew where it exists.
   * @param options.ifExists 'error' (default) throws `vault_exists`; 'use' returns the one that is there.
   */
  async createVault(
    name: string,
    options: InOrganization & { readonly ifExists?: 'error' | 'use'; readonly retention?: Retention } = {},
  ): Promise<Vault> {
    const organization = this.organizationOf(options);
    const body = { kind: 'reserveVault', organization, name, allowExisting: true } as const;
    const reserved = expectAnswer(await this.driver.ask({ kind: 'directory', body }, patience(options)), 'vault');
    const entry = sameVault(reserved.vault, { organization, name, id: '' });
    const { group, organization: organizationId, id } = entry;
    const vault = new Vault(this.driver, entry, this.checkpoints);
    if (!reserved.created && (await this.isComplete(vault, options))) {
      if (options.ifExists === 'use') return vault;
      throw new VouchError('vault_exists', `The organization ${organization} already has a vault of that name.`);
    }
    const request = { kind: 'createVault', group, organization: organizationId, vault: id } as const;
    expectAnswer(await this.driver.ask(request, patience(options)), 'vaultCreated');
    if (options.retention !== undefined) await vault.setRetention(options.retention, patience(options));
    return vault;
  }

  /**
   * Deletes a vault for good: its data in its group, with the keys under which nodes have sealed it, then its name in the directory.
   * Both steps may be repeated, so a deletion that was interrupted between them is completed by the next one for that name. The
   * answer says that the deletion is committed; a node that is down destroys its key when it is back. Throws VouchError
   * `vault_missing` where there is none of that name.
   */
  async deleteVault(name: string, options: InOrganization = {}): Promise<void> {
    const organization = this.organizationOf(options);
    const { group, organization: owner, id: vault } = await this.lookup({ organization, name, id: '' }, options);
    const request = { kind: 'deleteVault', group, organization: owner, vault } as const;
    expectAnswer(await this.driver.ask(request, patience(options)), 'vaultDeleted');
    const body = { kind: 'releaseVault', organization, vault } as const;
    expectAnswer(await this.driver.ask({ kind: 'directory', body }, patience(options)), 'vaultDeleted');
  }

  /** A vault by name. Throws VouchError `vault_missing` where there is none. */
  async vault(name: string, options: InOrganization = {}): Promise<Vault> {
    const organization = this.organizationOf(options);
    return new Vault(this.driver, await this.lookup({ organization, name, id: '' }, options), this.checkpoints);
  }

  /** A vault by id. An organization named together with it must be the vault's: else it is not found. */
  async vaultById(id: string, options: InOrganization = {}): Promise<Vault> {
    const organization = options.organization ?? this.organization ?? '';
    return new Vault(this.driver, await this.lookup({ organization, name: '', id }, options), this.checkpoints);
  }

  /** All vaults of an organization, in order of name. */
  async *vaults(options: InOrganization = {}): AsyncGenerator<VaultEntry, void> {
    const organization = this.organizationOf(options);
    let after = '';
    for (;;) {
      const request = { kind: 'listVaults', organization, after, limit: LIST_LIMIT, consistency: 'linearizable' } as const;
      const { vaults, more } = expectAnswer(await this.driver.ask(request, patience(options)), 'vaults');
      yield* vaults;
      const last = vaults.at(-1);
      if (!more || last === undefined) return;
      after = last.name;
    }
  }

  /** How a node sees itself and its cluster. @param options.endpoint HOST:PORT; any node unless given. */
  async status(options: Patience & { readonly endpoint?: string } = {}): Promise<NodeStatus> {
    const { endpoint } = options;
    const route = endpoint === undefined ? ({ kind: 'any' } as const) : ({ kind: 'only', endpoint } as const);
    return expectAnswer(await this.driver.ask({ kind: 'status' }, { ...patience(options), route }), 'status').status;
  }

  /** Ends every operation (`unavailable`, or `unknown_outcome` for commands under way) and every link. Leaves nothing open. */
  close(): Promise<void> {
    return this.driver.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private organizationOf(options: InOrganization): string {
    const organization = options.organization ?? this.organization;
    if (organization !== undefined) return organization;
    throw new VouchError('invalid_argument', 'Name an organization, here or when connecting.');
  }

  private async lookup(where: VaultName, options: Patience): Promise<VaultEntry> {
    const request = { kind: 'lookupVault', ...where, consistency: 'linearizable' } as const;
    return sameVault(expectAnswer(await this.driver.ask(request, patience(options)), 'vault').vault, where);
  }

  /** Whether the second step of its creation has happened. */
  private async isComplete(vault: Vault, options: Patience): Promise<boolean> {
    try {
      await vault.block(0, options);
      return true;
    } catch (error) {
      if (error instanceof VouchError && error.code === 'vault_missing') return false;
      throw error;
    }
  }
}

/** The entry, if it is of the vault that was named: proofs are checked against it, so a node must not choose it. */
function sameVault(entry: VaultEntry, asked: VaultName): VaultEntry {
  const sameOrganization = asked.organization === '' || entry.organizationName === asked.organization;
  const same = asked.id === '' ? entry.name === asked.name : entry.id === asked.id;
  if (sameOrganization && same) return entry;
  throw new VouchError('unavailable', 'A node answered for another vault than the one that was named.');
}
