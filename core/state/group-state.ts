/**
 * The replicated state machine of one group: vaults, sessions, and in GLOBAL the directory. Apply is a function of the log.
 *
 * Entry time is a fold over the log: time(i) = max(wall the leader proposed, time(i-1) + 1 µs) (20-consensus, "Reads").
 * Each section of an entry makes at most one block of its vault. Bytes in the log were validated at admission, so an entry
 * that does not decode is a broken invariant of this group; what a command asks for never throws.
 */
import { assert, defined, InvariantError } from '../assert.ts';
import { celConditions } from '../authz/cel.ts';
import type { Conditions } from '../authz/condition.ts';
import { BTree } from '../btree/tree.ts';
import { Writer } from '../bytes/writer.ts';
import type { Hasher } from '../capability.ts';
import type { ClientRequest, ClientResult } from '../client/protocol.ts';
import {
  GLOBAL_GROUP,
  type GroupId,
  INDEX_ZERO,
  type LogIndex,
  type Micros,
  maxOf,
  type OrganizationId,
  plus,
  type VaultId,
} from '../ids.ts';
import { StatePages } from '../page/state-pages.ts';
import { type Entry, EntryKind } from '../raft/message.ts';
import type { SeedWords } from '../random.ts';
import type { StateObserver } from './block-observer.ts';
import { StateCapture } from './capture.ts';
import { type Command, CommandKind, type DecodedCommand } from './command.ts';
import { Directory, type Topology } from './directory.ts';
import { decodeEntryData, type EntryData, type Section } from './entry-data.ts';
import type { DueVault } from './expiry-queue.ts';
import type { DeletedVault, GoneVaults } from './gone-vaults.ts';
import type { KeyTable } from './key-table.ts';
import type { Founder } from './member-table.ts';
import { ProofWork } from './proof-work.ts';
import type { PruningPace } from './pruning.ts';
import { type CommandResult, errorResult, VAULT_DELETED, VAULT_MISSING, VAULT_MISSING_THEN } from './results.ts';
import { oldestHeight } from './retention.ts';
import {
  type Admitted,
  type Answer,
  DEFAULT_SESSION_LIMITS,
  FORGOTTEN,
  type SessionImage,
  type SessionLimits,
  Sessions,
} from './sessions.ts';
import type { ShreddedCommand } from './shredded-section.ts';
import { ulidBytes } from './ulid-field.ts';
import type { StoredVault, Vault } from './vault.ts';
import { queryVault } from './vault-query.ts';
import { VaultSection } from './vault-section.ts';
import { VaultView, viewAt } from './vault-view.ts';
import { Vaults } from './vaults.ts';
import type { WarmUpLimits } from './warm-up.ts';

export interface GroupStateOptions {
  readonly group: GroupId;
  readonly hasher: Hasher;
  /** Groups that take vaults. Used by GLOBAL's directory; equal on every replica (manifest). */
  readonly dataGroups: readonly GroupId[];
  /** The nodes that the cluster began with. Used by GLOBAL's directory; equal on every replica (manifest). Default none. */
  readonly founders?: readonly Founder[];
  readonly observer?: StateObserver;
  /** Equal on every replica. Default: core/limits.ts. */
  readonly sessionLimits?: SessionLimits;
  /** Where the trees stand. Default: in memory. */
  readonly pages?: StatePages;
  /** How stored vaults come back into memory. Default: core/limits.ts. */
  readonly warmUp?: WarmUpLimits;
  /** Need not be equal anywhere. Default: core/limits.ts. */
  readonly pruningPace?: PruningPace;
  /** Of the exact index; decides nothing. Production gives one that nobody knows. */
  readonly seed?: SeedWords;
  /** Evaluates the conditions of tuples, when checks are answered; decides nothing of the state. Default: core/authz/cel.ts. */
  readonly conditions?: Conditions;
}

/** The requests that read state. */
export type StateQuery = Extract<
  ClientRequest,
  { kind: 'query' | 'lookupVault' | 'listVaults' | 'listOrganizations' | 'listMembers' }
>;

type RegisterKey = Extract<Command, { kind: 'registerKey' }>;

const NO_DIRECTORY: ClientResult = errorResult('group_missing', 'the directory is in group 0 only');
/** Why not a second session of the same entry: a session is named by its log index. Asking again gets another entry. */
const SESSION_PER_ENTRY: ClientResult = errorResult('overloaded', 'one session is opened per entry; ask again', 1);
const GROUP_OWN: Uint8Array = new Uint8Array(16);
const UNTIMED: EntryData = { wall: 0 as Micros, sections: [] };

export class GroupState {
  readonly group: GroupId;
  /** Index of the newest applied entry. */
  lastApplied: LogIndex = INDEX_ZERO;
  /** Its entry time. */
  lastTime: Micros = 0 as Micros;
  /** Bytes of entries applied since a checkpoint began last: what a start would have to apply again. */
  unsavedBytes: number = 0;
  private readonly hasher: Hasher;
  private readonly conditions: Conditions;
  /** Of all trees of the group. */
  readonly pages: StatePages;
  private readonly observer: StateObserver | undefined;
  readonly sessions: Sessions;
  private readonly directory: Directory | undefined;
  private readonly vaults: Vaults;
  /** The entry that `prepare` was asked for last. */
  private prepared: { readonly index: LogIndex; readonly data: EntryData } | undefined = undefined;
  /** Sees a vault before it changes, while a snapshot is being written. */
  private capture: StateCapture | undefined = undefined;
  /** Vaults with a block that `takeSealed` has not given yet. */
  private readonly newlySealed: Set<VaultId> = new Set();
  /** What a retry must repeat, while it is hashed. */
  private readonly payload: Writer = new Writer();

  constructor(options: GroupStateOptions) {
    this.group = options.group;
    this.hasher = options.hasher;
    this.conditions = options.conditions ?? celConditions;
    this.pages = options.pages ?? StatePages.inMemory();
    this.vaults = new Vaults({ ...options, pages: this.pages }, (vault) => this.capture?.preserve(vault));
    this.observer = options.observer;
    this.sessions = new Sessions(options.group, options.sessionLimits ?? DEFAULT_SESSION_LIMITS);
    if (options.group === GLOBAL_GROUP) {
      const { hasher, dataGroups, founders = [] } = options;
      this.directory = new Directory({ hasher, dataGroups, founders, rows: new BTree(this.pages.space) });
    }
  }

  /**
   * Works for one step at what the next entry needs in memory (C11). What it does not foresee, apply loads.
   * @returns whether apply would be short now
   */
  prepare(entry: Entry): boolean {
    if (!this.vaults.isCold || entry.kind === EntryKind.configuration) return true;
    const data = this.decode(entry);
    this.prepared = { index: entry.index, data };
    const time = maxOf(data.wall, plus(this.lastTime, 1));
    return data.sections.every(({ vault, commands }) => this.vaults.prepare(vault, commands, time));
  }

  /** Whether stored vaults are still on their way into memory: `warm` works for one step at it. */
  get isCold(): boolean {
    return this.vaults.isCold;
  }

  warm(): void {
    this.vaults.warm();
  }

  /**
   * Applies the next committed entry.
   * @returns one result per command, in the order of the entry's commands; none for no-ops and configurations.
   */
  apply(entry: Entry): readonly CommandResult[] {
    assert(entry.index === this.lastApplied + 1, 'entries are applied in log order, each once');
    const data = entry.kind === EntryKind.configuration ? UNTIMED : this.decode(entry);
    this.lastTime = maxOf(data.wall, plus(this.lastTime, 1));
    this.lastApplied = entry.index;
    this.unsavedBytes += entry.data.length;
    this.sessions.endIdle(this.lastTime);
    const answers: Answer[] = [];
    for (const section of data.sections) {
      if (section.vault === undefined) this.applyOwn(section, entry, answers);
      else if (section.shredded !== undefined) this.passOver(section.vault, section.shredded, answers);
      else if (this.gone.has(section.vault)) this.passOver(section.vault, section.commands.map(shreddedOf), answers);
      else this.applyVault(section.vault, section, entry, answers);
    }
    this.vaults.prune();
    return answers.map((answer) => defined(answer.result, 'a command has its result when its section is done'));
  }

  private decode(entry: Entry): EntryData {
    if (this.prepared?.index === entry.index) return this.prepared.data;
    const decoded = decodeEntryData(entry.data);
    assert(decoded.ok, 'a committed entry was validated at admission');
    return decoded.value;
  }

  /** Sessions, directory, the end of vaults. */
  private applyOwn(section: Section, entry: Entry, answers: Answer[]): void {
    for (const decoded of section.commands) {
      if (decoded.command.kind === 'openSession') answers.push({ result: this.openSession(entry.index) });
      else if (decoded.command.kind === 'registerKey') answers.push({ result: this.registerKey(decoded.command, entry.index) });
      else if (decoded.command.kind === 'deleteVault') answers.push(this.applyDeletion(decoded, decoded.command));
      else answers.push(this.applyDirectory(decoded, { index: entry.index, position: answers.length, time: this.lastTime }));
    }
  }

  /**
   * A section of a vault that is gone: its commands count as used, and what they ask for is nowhere to be had. Everything that
   * decides has to come out as on a replica that applied the section and then the deletion (decision 0058).
   */
  private passOver(id: VaultId, commands: readonly ShreddedCommand[], answers: Answer[]): void {
    const present = this.vaults.find(id);
    if (present !== undefined) {
      this.vaults.drop(present);
      this.gone.shred(id, present.organization);
    }
    for (const command of commands) {
      if (command.kind === 'expire') {
        answers.push({ result: VAULT_DELETED });
        continue;
      }
      const { run, answer } = this.sessions.admit(command.ref, FORGOTTEN, this.lastTime, undefined);
      answers.push(answer);
      if (!run) continue;
      answer.result = VAULT_DELETED;
      if (command.kind === 'createVault' && !this.gone.has(id) && this.vaults.hasRoom) this.gone.shred(id, command.organization);
    }
  }

  private applyDeletion(decoded: DecodedCommand, command: Extract<Command, { kind: 'deleteVault' }>): Answer {
    const { run, answer } = this.admit(decoded, GROUP_OWN, undefined);
    if (run) answer.result = this.deleteVault(command.vault, command.organization);
    return answer;
  }

  /** Also of a vault that was never made here: a creation that is still on its way must find the id taken. */
  private deleteVault(id: VaultId, organization: OrganizationId): ClientResult {
    const present = this.vaults.find(id);
    const owner = present?.organization ?? this.gone.organizationOf(id);
    if (owner !== undefined && owner !== organization) return VAULT_MISSING;
    if (this.gone.isDeleted(id)) return { kind: 'vaultDeleted', vault: id };
    if (this.gone.isFull) return errorResult('overloaded', 'this group holds its maximum of deleted vaults');
    this.vaults.delete(id, organization);
    this.sessions.forget(id);
    return { kind: 'vaultDeleted', vault: id };
  }

  private openSession(index: LogIndex): ClientResult {
    if (this.sessions.has(index)) return SESSION_PER_ENTRY;
    this.sessions.open(index, this.lastTime);
    return { kind: 'session', session: { group: this.group, index } };
  }

  private registerKey({ node, publicKey }: RegisterKey, index: LogIndex): ClientResult {
    return this.directory === undefined ? NO_DIRECTORY : this.directory.registerKey(node, publicKey, index);
  }

  private applyDirectory(
    decoded: DecodedCommand,
    place: { readonly index: LogIndex; readonly position: number; readonly time: Micros },
  ): Answer {
    assert(decoded.command.kind === 'directory', 'the own section holds sessions and directory commands');
    const { run, answer } = this.admit(decoded, GROUP_OWN, undefined);
    if (run) answer.result = this.directory === undefined ? NO_DIRECTORY : this.directory.apply(decoded.command.body, place);
    return answer;
  }

  private applyVault(id: VaultId, section: Section, entry: Entry, answers: Answer[]): void {
    if (this.capture !== undefined) this.preserve(this.capture, id);
    const changesBefore = this.vaults.find(id)?.leaves.rows.changes ?? 0;
    const run = new VaultSection({
      shelf: this.vaults,
      id,
      origin: { term: entry.term, index: entry.index },
      time: this.lastTime,
    });
    const idBytes = ulidBytes(id);
    for (const decoded of section.commands) answers.push(this.applyVaultCommand(run, decoded, idBytes));
    const sealed = run.finish();
    if (sealed === undefined) return;
    this.vaults.sealed(sealed.vault, sealed.vault.leaves.rows.changes - changesBefore);
    this.newlySealed.add(id);
    const { anchor, transactions } = sealed;
    const { height, header, blockHash } = anchor;
    this.observer?.onBlock({ group: this.group, vault: id, height, header, blockHash, transactions, index: entry.index });
  }

  private applyVaultCommand(run: VaultSection, decoded: DecodedCommand, idBytes: Uint8Array): Answer {
    const { command } = decoded;
    if (command.kind === 'expire') {
      const answer: Answer = { result: undefined };
      run.expire(answer);
      return answer;
    }
    assert(command.kind === 'createVault' || command.kind === 'transact', 'a vault section holds commands of a vault');
    const admitted = this.admit(decoded, idBytes, command.vault);
    if (admitted.run) run.run(decoded, command, admitted.answer);
    return admitted.answer;
  }

  /** Whether a session's command runs. What a retry must repeat: vault, kind and body. */
  private admit(decoded: DecodedCommand, vaultBytes: Uint8Array, vault: VaultId | undefined): Admitted {
    const { command } = decoded;
    assert('ref' in command, 'a command under a session names it');
    const { payload } = this;
    payload.reset();
    payload.raw(vaultBytes);
    payload.u8(CommandKind[command.kind]);
    payload.raw(decoded.body);
    const hash = new Uint8Array(32);
    this.hasher.digest(payload.buffer, 0, payload.length, hash, 0);
    return this.sessions.admit(command.ref, hash, this.lastTime, vault);
  }

  private preserve(capture: StateCapture, id: VaultId): void {
    const vault = this.vaults.find(id);
    if (vault !== undefined) capture.preserve(vault);
  }

  /** The state as it is, readable while apply goes on, until released; one at a time. */
  beginCapture(): StateCapture {
    return this.captureOf(this.vaults.all(), []);
  }

  /** The same, of the vaults that have changed since the last call: what a checkpoint writes. */
  captureChanges(): StateCapture {
    const { changed, removed } = this.vaults.takeChanges();
    this.unsavedBytes = 0;
    return this.captureOf(changed, removed);
  }

  private captureOf(vaults: readonly Vault[], removed: readonly VaultId[]): StateCapture {
    assert(this.capture === undefined, 'one capture of a group at a time');
    this.capture = new StateCapture({
      index: this.lastApplied,
      time: this.lastTime,
      sessions: this.sessions.beginCapture(),
      vaults,
      directory: this.directory?.image(),
      space: this.pages.space,
      removed,
      deleted: this.gone.list(),
      onRelease: () => {
        this.capture = undefined;
        this.sessions.endCapture();
      },
    });
    return this.capture;
  }

  /** Whether a capture is being read, so that no other can begin. */
  get isCaptured(): boolean {
    return this.capture !== undefined;
  }

  /** Restoring (core/snapshot/restore.ts): a vault to be filled, or as a checkpoint has it; undefined where it cannot be. */
  restoreVault(id: VaultId, organization: OrganizationId, stored?: StoredVault): Vault | undefined {
    return this.vaults.find(id) === undefined ? this.vaults.add(id, organization, stored) : undefined;
  }

  /** Restoring: a vault of which nothing can be read. @returns false where it cannot be. */
  restoreShredded(id: VaultId, organization: OrganizationId): boolean {
    if (this.vaults.find(id) !== undefined || this.gone.has(id) || !this.vaults.hasRoom) return false;
    this.gone.shred(id, organization);
    return true;
  }

  /** Restoring: a deleted vault. @returns false where it cannot be. */
  restoreDeleted(deleted: DeletedVault): boolean {
    if (this.vaults.find(deleted.vault) !== undefined || this.gone.has(deleted.vault) || this.gone.isFull) return false;
    this.gone.restore(deleted);
    return true;
  }

  /** Restoring: the next session in order of last use. @returns false where it cannot be. */
  restoreSession(image: SessionImage): boolean {
    return this.sessions.restore(image);
  }

  /** Restoring: the next row of the directory. @returns false where it cannot be. */
  restoreDirectoryRow(key: Uint8Array, row: Uint8Array): boolean {
    return this.directory?.restoreRow(key, row) ?? false;
  }

  /** Restoring is done: the state is that behind the entry at index. */
  restored(index: LogIndex, time: Micros): void {
    assert(this.lastApplied === INDEX_ZERO, 'only a new state is restored');
    this.vaults.restored();
    this.lastApplied = index;
    this.lastTime = time;
  }

  /** The state is not used any more. */
  close(): void {
    this.vaults.proofs.end();
    this.pages.backing?.file.close();
  }

  /** Answers from the applied state. The request passed admission (admission.ts). */
  query(request: StateQuery): ClientResult {
    const begun = this.begin(request);
    return begun instanceof ProofWork ? begun.finish() : begun;
  }

  /** The same, where a proof may take more than one step: then it is the caller's to work at. */
  begin(request: StateQuery): ClientResult | ProofWork {
    if (request.kind !== 'query') return this.directory === undefined ? NO_DIRECTORY : this.directory.query(request);
    const vault = this.vaultOf(request);
    if (vault === undefined && this.gone.organizationOf(request.vault) === request.organization) return VAULT_DELETED;
    if (vault === undefined) return request.at.kind === 'time' ? VAULT_MISSING_THEN : VAULT_MISSING;
    const view = viewAt(vault, request.at);
    if (!(view instanceof VaultView)) return view;
    const asked = queryVault(view, request.query, request.proof, this.conditions);
    return 'kind' in asked ? asked : new ProofWork(asked);
  }

  /** Takes note of a proof that goes on in later steps: it is ended where the vault or the whole state goes. */
  keep(work: ProofWork): void {
    this.vaults.proofs.add(work);
  }

  /** A proof that was kept is done. */
  proven(work: ProofWork): void {
    this.vaults.proofs.delete(work);
  }

  /** Whether what is asked for stands still already: a block at or below the vault's own height. */
  isPast(request: StateQuery): boolean {
    if (request.kind !== 'query' || request.at.kind !== 'height') return false;
    const vault = this.vaultOf(request);
    return vault !== undefined && request.at.height <= vault.height;
  }

  private vaultOf(request: Extract<StateQuery, { kind: 'query' }>): Vault | undefined {
    const vault = this.vaults.find(request.vault);
    return vault?.organization === request.organization ? vault : undefined;
  }

  /** What is not there any more. */
  get gone(): GoneVaults {
    return this.vaults.gone;
  }

  /** The cluster's nodes and groups as this state has them; undefined where it is not GLOBAL's. */
  get topology(): Topology | undefined {
    return this.directory?.topology;
  }

  /** What the cluster's nodes sign checkpoints with; undefined where this is not GLOBAL's. */
  get nodeKeys(): Pick<KeyTable, 'currentOf' | 'revision'> | undefined {
    return this.directory?.keys;
  }

  /** The earliest expires_at of any leaf: when the leader proposes `expire`. */
  nextExpiry(): DueVault | undefined {
    return this.vaults.nextExpiry;
  }

  /** Ascending. */
  vaultIds(): readonly VaultId[] {
    return this.vaults.ids();
  }

  /** Whether vaults have blocks that `takeSealed` has not given yet. */
  get hasSealed(): boolean {
    return this.newlySealed.size > 0;
  }

  /** Vaults that have new blocks since they were given last; in the order of their first ones, at most so many. */
  takeSealed(countMax: number): readonly VaultId[] {
    const taken: VaultId[] = [];
    for (const id of this.newlySealed) {
      if (taken.length === countMax) break;
      taken.push(id);
      this.newlySealed.delete(id);
    }
    return taken;
  }

  /** Read-only use by oracles and status. */
  vault(id: VaultId): Vault | undefined {
    return this.vaults.find(id);
  }

  /** Feeds everything that decides into a digest: equal logs give equal bytes. */
  digest(out: Writer): void {
    out.u32(this.group);
    out.u64(this.lastApplied);
    out.u64(this.lastTime);
    this.sessions.digest(out);
    this.directory?.digest(out);
    this.gone.digest(out);
    for (const vault of this.vaults.all()) {
      out.raw(ulidBytes(vault.id));
      out.raw(vault.anchor.blockHash);
      out.u64(oldestHeight(vault));
    }
  }
}

/** What of a command counts once its vault is gone. */
function shreddedOf({ command }: DecodedCommand): ShreddedCommand {
  switch (command.kind) {
    case 'createVault':
    case 'transact':
    case 'expire':
      return command;
    default:
      throw new InvariantError('a vault section holds commands of a vault');
  }
}
