/**
 * What the gateway and `init` ask of the cluster, in their words, through the client engine: sessions, retries, leader hints
 * and unknown outcomes are settled there, so every method either has a definite answer or throws an HttpError.
 */

import type { TransactionInclusion } from '../core/chain/inclusion.ts';
import { decodeUlid } from '../core/chain/ulid.ts';
import type { Answer, LogicalRequest, OperationOutcome } from '../core/client/operation.ts';
import {
  type Anchor,
  type ClientResult,
  type Consistency,
  type MemberCommand,
  type MemberEntry,
  NEWEST,
  type OrganizationEntry,
  type Placement,
  type ReadPoint,
  type VaultEntry,
  type VaultQuery,
} from '../core/client/protocol.ts';
import type { GroupId, Height, NodeId } from '../core/ids.ts';
import type { Retention, Transaction, TransactionOutcome } from '../core/state/transaction.ts';
import { fromClientError, HttpError } from './http/errors.ts';

/** How long a request may take; the deadline of HTTP requests unless given. */
export interface Patience {
  readonly deadlineMs?: number;
}

/** Runs one request to its definite end. */
export type Ask = (request: LogicalRequest, patience?: Patience) => Promise<OperationOutcome>;

/**
 * Stores remembered by id. Why it is safe: a vault never changes its organization, name or group, and what its group says of a deleted
 * one no memory hides.
 */
const STORE_CACHE_MAX = 10_000;

/** How new an answer must be, of what moment, and whether with its proof. */
export interface QueryOptions {
  readonly consistency: Consistency;
  readonly at: ReadPoint;
  readonly proof: boolean;
  readonly atLeast?: Height;
}

/** One form of an answer may have several kinds. */
type FormOf<A, K> = A extends { readonly kind: infer Kind } ? (K extends Kind ? A : never) : never;
type AnswerOf<K extends Answer['kind']> = FormOf<Answer, K>;

export class Ledger {
  private readonly ask: Ask;
  private readonly stores: Map<string, VaultEntry> = new Map();

  constructor(ask: Ask) {
    this.ask = ask;
  }

  async createOrganization(name: string, placement?: Placement): Promise<OrganizationEntry & { readonly created: boolean }> {
    const body = { kind: 'createOrganization', name, placement } as const;
    return this.expect({ kind: 'directory', body }, 'organization');
  }

  async listOrganizations(): Promise<AnswerOf<'organizations'>['organizations']> {
    return (await this.expect({ kind: 'listOrganizations', consistency: 'linearizable' }, 'organizations')).organizations;
  }

  /**
   * Reserves the name, then makes the vault in its group. Both steps may be repeated: a reservation whose second step never
   * happened (the node died between them) is completed by the next request for that name.
   */
  async createStore(organization: string, name: string): Promise<VaultEntry> {
    const reserved = await this.expect(
      { kind: 'directory', body: { kind: 'reserveVault', organization, name, allowExisting: true } },
      'vault',
    );
    const { vault } = reserved;
    const standing = reserved.created ? 'missing' : await this.standingOf(vault);
    if (standing === 'deleted') {
      // The one that deleted it ended before it gave the name free.
      await this.deleteStore(vault);
      return this.createStore(organization, name);
    }
    if (standing === 'there') {
      throw new HttpError(
        400,
        'already_exists',
        `The organization '${organization}' already has a store named '${name}': ${vault.id}.`,
      );
    }
    const { group, organization: organizationId, id } = vault;
    await this.expect({ kind: 'createVault', group, organization: organizationId, vault: id }, 'vaultCreated');
    this.remember(vault);
    return vault;
  }

  /**
   * Deletes the data in the vault's group, then the name in the directory: what cannot be undone comes first, and the name leads to
   * it until it is done. Both steps may be repeated.
   */
  async deleteStore({ group, organization, organizationName, id }: VaultEntry): Promise<void> {
    await this.expect({ kind: 'deleteVault', group, organization, vault: id }, 'vaultDeleted');
    const body = { kind: 'releaseVault', organization: organizationName, vault: id } as const;
    await this.expect({ kind: 'directory', body }, 'vaultDeleted');
    this.stores.delete(id);
  }

  /** Every node there is and was. */
  async members(): Promise<readonly MemberEntry[]> {
    return (await this.membersAndKeys()).members;
  }

  /** And every key that one of them signs checkpoints with, or did. */
  async membersAndKeys(): Promise<AnswerOf<'members'>> {
    return this.expect({ kind: 'listMembers', consistency: 'linearizable' }, 'members');
  }

  async changeMember(body: MemberCommand): Promise<AnswerOf<'member'>> {
    return this.expect({ kind: 'directory', body }, 'member');
  }

  /** Hands a group's leadership over. @returns who leads it now. */
  async transfer(options: {
    readonly group: GroupId;
    readonly from: NodeId | undefined;
    readonly to: NodeId | undefined;
  }): Promise<NodeId> {
    return (await this.expect({ kind: 'transfer', ...options }, 'transferred')).leader;
  }

  /** By id, in whatever organization; undefined where there is none. */
  async findStore(id: string): Promise<VaultEntry | undefined> {
    const known = this.stores.get(id);
    if (known !== undefined || decodeUlid(id) === undefined) return known;
    const found = await this.lookup({ organization: '', name: '', id });
    if (found !== undefined) this.remember(found);
    return found;
  }

  async findStoreByName(organization: string, name: string): Promise<VaultEntry | undefined> {
    return this.lookup({ organization, name, id: '' });
  }

  async listStores(organization: string, after: string, limit: number): Promise<AnswerOf<'vaults'>> {
    return this.expect({ kind: 'listVaults', organization, after, limit, consistency: 'linearizable' }, 'vaults');
  }

  async transact(
    vault: VaultEntry,
    transaction: Transaction,
    options: { readonly proof?: boolean; readonly model?: string | undefined; readonly patience?: Patience } = {},
  ): Promise<{ readonly outcome: TransactionOutcome; readonly anchor: Anchor; readonly inclusion?: TransactionInclusion }> {
    const { group, organization, id } = vault;
    const { proof = false, model, patience } = options;
    return this.expect({ kind: 'transact', group, organization, vault: id, transaction, model, proof }, 'transacted', patience);
  }

  /** Sets what the vault keeps of its past. @returns whether that was news. */
  async setRetention(
    vault: VaultEntry,
    retention: Retention,
    audit: { readonly actor: string; readonly reason: string },
  ): Promise<boolean> {
    const { outcome } = await this.transact(vault, { ...audit, operations: [{ op: 'setRetention', retention }] });
    return outcome.ok && outcome.changed; // such a transaction is never refused at apply
  }

  /** @param options.atLeast the answer is of this height or a later one: asked as `consistency` says, and again where it is not */
  async query<K extends VaultQuery['kind']>(
    vault: VaultEntry,
    query: VaultQuery & { readonly kind: K },
    options: QueryOptions,
    kind: K,
  ): Promise<AnswerOf<K>> {
    const { group, organization, id } = vault;
    const { consistency, at, proof, atLeast } = options;
    const request = { kind: 'query', group, organization, vault: id, query, at, proof } as const;
    if (atLeast !== undefined && at.kind === 'newest') {
      const outcome = await this.ask({ ...request, consistency });
      if (outcome.ok && 'anchor' in outcome.answer && outcome.answer.anchor.height >= atLeast) return this.settle(outcome, kind);
      return this.expect({ ...request, consistency: 'linearizable' }, kind);
    }
    return this.expect({ ...request, consistency }, kind);
  }

  private async standingOf(vault: VaultEntry): Promise<'there' | 'missing' | 'deleted'> {
    const { group, organization, id } = vault;
    const query: VaultQuery = { kind: 'block', height: 0 as Height };
    const request = {
      kind: 'query',
      group,
      organization,
      vault: id,
      query,
      consistency: 'linearizable',
      at: NEWEST,
      proof: false,
    } as const;
    const outcome = await this.ask(request);
    if (!outcome.ok && outcome.code === 'vault_missing') return 'missing';
    if (!outcome.ok && outcome.code === 'vault_deleted') return 'deleted';
    this.settle(outcome, 'block');
    return 'there';
  }

  private async lookup(by: {
    readonly organization: string;
    readonly name: string;
    readonly id: string;
  }): Promise<VaultEntry | undefined> {
    const outcome = await this.ask({ kind: 'lookupVault', ...by, consistency: 'linearizable' });
    if (!outcome.ok && outcome.code === 'vault_missing') return undefined;
    return this.settle(outcome, 'vault').vault;
  }

  /** By id, without what is remembered: a store that another node has deleted is not shown as if it were there. */
  async lookupStore(id: string): Promise<VaultEntry | undefined> {
    return decodeUlid(id) === undefined ? undefined : this.lookup({ organization: '', name: '', id });
  }

  private async expect<K extends Answer['kind']>(
    request: LogicalRequest,
    kind: K,
    patience: Patience = {},
  ): Promise<AnswerOf<K>> {
    return this.settle(await this.ask(request, patience), kind);
  }

  private settle<K extends Answer['kind']>(outcome: OperationOutcome, kind: K): AnswerOf<K> {
    if (!outcome.ok) throw fromClientError(outcome);
    const answer: ClientResult = outcome.answer;
    if (answer.kind !== kind) throw new HttpError(500, 'internal_error', 'The cluster answered another question.');
    return answer as AnswerOf<K>;
  }

  private remember(vault: VaultEntry): void {
    if (this.stores.size >= STORE_CACHE_MAX) {
      const oldest = this.stores.keys().next();
      if (!oldest.done) this.stores.delete(oldest.value);
    }
    this.stores.set(vault.id, vault);
  }
}
