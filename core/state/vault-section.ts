/**
 * Applies the section of one vault in one entry: commands in order, at most one block, and answers that name it.
 * Why answers wait for `finish`: the anchor of a transaction's answer is the block sealed behind the section's last command.
 */
import { defined } from '../assert.ts';
import type { Anchor, ClientResult } from '../client/protocol.ts';
import type { Height, Micros, OrganizationId, VaultId } from '../ids.ts';
import { BlockBuilder } from './block-builder.ts';
import type { Command, DecodedCommand } from './command.ts';
import { errorResult, VAULT_MISSING } from './results.ts';
import type { Answer } from './sessions.ts';
import type { TransactionOutcome } from './transaction.ts';
import type { BlockOrigin, Vault } from './vault.ts';

/** What a section needs of its group. */
export interface VaultShelf {
  find(id: VaultId): Vault | undefined;
  /** A new vault without a block; undefined where the group has no room. */
  add(id: VaultId, organization: OrganizationId): Vault | undefined;
}

export interface SealedSection {
  readonly vault: Vault;
  readonly anchor: Anchor;
  readonly transactions: readonly Uint8Array[];
}

type VaultCommand = Extract<Command, { kind: 'createVault' | 'transact' }>;

const VAULT_TAKEN: ClientResult = errorResult('vault_exists', 'this vault id is taken');
const NO_ROOM: ClientResult = errorResult('overloaded', 'this group holds its maximum of vaults');
const FIRST: Height = 1 as Height;

export class VaultSection {
  private readonly shelf: VaultShelf;
  private readonly id: VaultId;
  private readonly origin: BlockOrigin;
  private readonly time: Micros;
  private builder: BlockBuilder | undefined = undefined;
  /** Answers that need the section's anchor. */
  private readonly waiting: { readonly answer: Answer; readonly complete: (anchor: Anchor) => ClientResult }[] = [];

  constructor(options: {
    readonly shelf: VaultShelf;
    readonly id: VaultId;
    readonly origin: BlockOrigin;
    readonly time: Micros;
  }) {
    this.shelf = options.shelf;
    this.id = options.id;
    this.origin = options.origin;
    this.time = options.time;
    const vault = options.shelf.find(options.id);
    if (vault !== undefined) this.builder = this.build(vault);
  }

  /** Runs a session's command that was admitted; its answer is filled now or by `finish`. */
  run(decoded: DecodedCommand, command: VaultCommand, answer: Answer): void {
    if (command.kind === 'createVault') return this.create(command.organization, answer);
    const builder = this.builder;
    if (builder === undefined || builder.vault.organization !== command.organization) {
      answer.result = VAULT_MISSING;
      return;
    }
    this.transacted(answer, builder.transact(command.transaction, decoded.transactionBytes));
  }

  /** Runs the leader's own expiry. */
  expire(answer: Answer): void {
    if (this.builder === undefined) answer.result = VAULT_MISSING;
    else this.transacted(answer, this.builder.expire());
  }

  /** Seals the block if anything was applied, and completes the answers. */
  finish(): SealedSection | undefined {
    if (this.builder === undefined) return undefined;
    const { vault } = this.builder;
    const sealed = this.builder.seal();
    for (const { answer, complete } of this.waiting) answer.result = complete(vault.anchor);
    return sealed === undefined ? undefined : { vault, anchor: sealed.anchor, transactions: sealed.transactions };
  }

  private build(vault: Vault): BlockBuilder {
    return new BlockBuilder(vault, this.origin, this.time);
  }

  /** Creating what is there already, in the same organization, answers as the first time. */
  private create(organization: OrganizationId, answer: Answer): void {
    const present = this.builder?.vault;
    if (present === undefined) {
      const vault = this.shelf.add(this.id, organization);
      if (vault === undefined) {
        answer.result = NO_ROOM;
        return;
      }
      this.builder = this.build(vault);
      this.builder.create();
    } else if (present.organization !== organization) {
      answer.result = VAULT_TAKEN;
      return;
    }
    const { vault } = defined(this.builder, 'a created vault has a block in the making');
    this.waiting.push({ answer, complete: () => ({ kind: 'vaultCreated', anchor: vault.anchorAt(FIRST) }) });
  }

  private transacted(answer: Answer, outcome: TransactionOutcome): void {
    this.waiting.push({ answer, complete: (anchor) => ({ kind: 'transacted', outcome, anchor }) });
  }
}
