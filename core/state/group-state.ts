/**
 * The replicated state machine of one group: vaults, sessions, and in GLOBAL the directory. Apply is a function of the log.
 *
 * Entry time is a fold over the log: time(i) = max(wall the leader proposed, time(i-1) + 1 µs) (20-consensus, "Reads").
 * Each section of an entry makes at most one block of its vault. Bytes in the log were validated at admission, so an entry
 * that does not decode is a broken invariant of this group; what a command asks for never throws.
 */
import { assert, defined } from '../assert.ts';
import { Writer } from '../bytes/writer.ts';
import type { Hasher } from '../capability.ts';
import type { ClientRequest, ClientResult } from '../client/protocol.ts';
import {
  GLOBAL_GROUP,
  type GroupId,
  type Height,
  INDEX_ZERO,
  type LogIndex,
  type Micros,
  maxOf,
  type OrganizationId,
  plus,
  type VaultId,
} from '../ids.ts';
import { GroupIndex } from '../index/exact-rows.ts';
import { VAULTS_MAX } from '../limits.ts';
import { MemoryPageStore } from '../page/store.ts';
import { type Entry, EntryKind } from '../raft/message.ts';
import type { SeedWords } from '../random.ts';
import { StateCapture } from './capture.ts';
import { CommandKind, type DecodedCommand } from './command.ts';
import { Directory, type Topology } from './directory.ts';
import { decodeEntryData, type EntryData, type Section } from './entry-data.ts';
import { type DueVault, ExpiryQueue } from './expiry-queue.ts';
import { KeyBuilder } from './keys.ts';
import type { Founder } from './member-table.ts';
import { PathCache } from './path-cache.ts';
import { type CommandResult, errorResult, VAULT_MISSING, VAULT_MISSING_THEN } from './results.ts';
import {
  type Admitted,
  type Answer,
  DEFAULT_SESSION_LIMITS,
  type SessionImage,
  type SessionLimits,
  Sessions,
} from './sessions.ts';
import { ulidBytes } from './ulid-field.ts';
import { Vault } from './vault.ts';
import { queryVault } from './vault-query.ts';
import { VaultSection } from './vault-section.ts';
import { VaultView, viewAt } from './vault-view.ts';

/** A block as it was sealed. Bytes are read-only and stay valid. */
export interface SealedBlock {
  readonly group: GroupId;
  readonly vault: VaultId;
  readonly height: Height;
  readonly header: Uint8Array;
  readonly blockHash: Uint8Array;
  readonly transactions: readonly Uint8Array[];
  /** Log index of the entry that made it. */
  readonly index: LogIndex;
}

/** Sees what apply does; for oracles and metrics. Must not change anything. */
export interface StateObserver {
  onBlock(block: SealedBlock): void;
}

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
  /** Size of a page of rows. Default: core/page/store.ts. */
  readonly pageBytes?: number;
  /** Of the exact index; decides nothing. Production gives one that nobody knows. */
  readonly seed?: SeedWords;
}

/** The requests that read state. */
export type StateQuery = Extract<
  ClientRequest,
  { kind: 'query' | 'lookupVault' | 'listVaults' | 'listOrganizations' | 'listMembers' }
>;

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
  private readonly hasher: Hasher;
  private readonly pageBytes: number | undefined;
  private readonly observer: StateObserver | undefined;
  private readonly keys: KeyBuilder;
  private readonly sessions: Sessions;
  private readonly directory: Directory | undefined;
  private readonly vaults: Map<VaultId, Vault> = new Map();
  private readonly expiries: ExpiryQueue = new ExpiryQueue();
  private readonly index: GroupIndex;
  /** Sees a vault before it changes, while a snapshot is being written. */
  private capture: StateCapture | undefined = undefined;
  /** What a retry must repeat, while it is hashed. */
  private readonly payload: Writer = new Writer();

  constructor(options: GroupStateOptions) {
    this.group = options.group;
    this.hasher = options.hasher;
    this.pageBytes = options.pageBytes;
    this.keys = new KeyBuilder(new PathCache(options.hasher));
    this.index = new GroupIndex(options.seed ?? [1, 2, 3, 4]);
    this.observer = options.observer;
    this.sessions = new Sessions(options.group, options.sessionLimits ?? DEFAULT_SESSION_LIMITS);
    if (options.group === GLOBAL_GROUP) {
      const { hasher, dataGroups, founders = [] } = options;
      this.directory = new Directory({ hasher, dataGroups, founders, pages: new MemoryPageStore(options.pageBytes) });
    }
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
    this.sessions.endIdle(this.lastTime);
    const answers: Answer[] = [];
    for (const section of data.sections) {
      if (section.vault === undefined) this.applyOwn(section, entry, answers);
      else this.applyVault(section.vault, section, entry, answers);
    }
    return answers.map((answer) => defined(answer.result, 'a command has its result when its section is done'));
  }

  private decode(entry: Entry): EntryData {
    const decoded = decodeEntryData(entry.data);
    assert(decoded.ok, 'a committed entry was validated at admission');
    return decoded.value;
  }

  /** Sessions and directory. */
  private applyOwn(section: Section, entry: Entry, answers: Answer[]): void {
    for (const decoded of section.commands) {
      if (decoded.command.kind === 'openSession') answers.push({ result: this.openSession(entry.index) });
      else answers.push(this.applyDirectory(decoded, { index: entry.index, position: answers.length, time: this.lastTime }));
    }
  }

  private openSession(index: LogIndex): ClientResult {
    if (this.sessions.has(index)) return SESSION_PER_ENTRY;
    this.sessions.open(index, this.lastTime);
    return { kind: 'session', session: { group: this.group, index } };
  }

  private applyDirectory(
    decoded: DecodedCommand,
    place: { readonly index: LogIndex; readonly position: number; readonly time: Micros },
  ): Answer {
    assert(decoded.command.kind === 'directory', 'the own section holds sessions and directory commands');
    const { run, answer } = this.admit(decoded, GROUP_OWN);
    if (run) answer.result = this.directory === undefined ? NO_DIRECTORY : this.directory.apply(decoded.command.body, place);
    return answer;
  }

  private applyVault(id: VaultId, section: Section, entry: Entry, answers: Answer[]): void {
    if (this.capture !== undefined) this.preserve(this.capture, id);
    const run = new VaultSection({
      shelf: { find: (vault) => this.vaults.get(vault), add: (vault, organization) => this.addVault(vault, organization) },
      id,
      origin: { term: entry.term, index: entry.index },
      time: this.lastTime,
    });
    const idBytes = ulidBytes(id);
    for (const decoded of section.commands) answers.push(this.applyVaultCommand(run, decoded, idBytes));
    const sealed = run.finish();
    if (sealed === undefined) return;
    this.expiries.set(id, sealed.vault.leaves.firstExpiry());
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
    const admitted = this.admit(decoded, idBytes);
    if (admitted.run) run.run(decoded, command, admitted.answer);
    return admitted.answer;
  }

  /** Whether a session's command runs. What a retry must repeat: vault, kind and body. */
  private admit(decoded: DecodedCommand, vaultBytes: Uint8Array): Admitted {
    const { command } = decoded;
    assert('ref' in command, 'a command under a session names it');
    const { payload } = this;
    payload.reset();
    payload.raw(vaultBytes);
    payload.u8(CommandKind[command.kind]);
    payload.raw(decoded.body);
    const hash = new Uint8Array(32);
    this.hasher.digest(payload.buffer, 0, payload.length, hash, 0);
    return this.sessions.admit(command.ref, hash, this.lastTime);
  }

  private addVault(id: VaultId, organization: OrganizationId): Vault | undefined {
    if (this.vaults.size >= VAULTS_MAX) return undefined;
    const vault = new Vault({
      id,
      organization,
      reverse: true,
      hasher: this.hasher,
      keys: this.keys,
      pages: new MemoryPageStore(this.pageBytes),
      index: this.index,
    });
    this.vaults.set(id, vault);
    return vault;
  }

  private preserve(capture: StateCapture, id: VaultId): void {
    const vault = this.vaults.get(id);
    if (vault !== undefined) capture.preserve(vault);
  }

  /** The state as it is, readable while apply goes on, until released; one at a time. */
  beginCapture(): StateCapture {
    assert(this.capture === undefined, 'one capture of a group at a time');
    this.capture = new StateCapture({
      index: this.lastApplied,
      time: this.lastTime,
      sessions: this.sessions.beginCapture(),
      vaults: this.vaultIds().map((id) => defined(this.vaults.get(id), 'a listed vault is there')),
      directory: this.directory?.snapshot(),
      onRelease: () => {
        this.capture = undefined;
        this.sessions.endCapture();
      },
    });
    return this.capture;
  }

  /** Restoring (core/snapshot/restorer.ts): a vault to be filled; undefined where it cannot be. */
  restoreVault(id: VaultId, organization: OrganizationId): Vault | undefined {
    return this.vaults.has(id) ? undefined : this.addVault(id, organization);
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
    for (const [id, vault] of this.vaults) this.expiries.set(id, vault.leaves.firstExpiry());
    this.lastApplied = index;
    this.lastTime = time;
  }

  /** Answers from the applied state. The request passed admission (admission.ts). */
  query(request: StateQuery): ClientResult {
    if (request.kind !== 'query') return this.directory === undefined ? NO_DIRECTORY : this.directory.query(request);
    const vault = this.vaultOf(request);
    if (vault === undefined) return request.at.kind === 'time' ? VAULT_MISSING_THEN : VAULT_MISSING;
    const view = viewAt(vault, request.at);
    return view instanceof VaultView ? queryVault(view, request.query, request.proof) : view;
  }

  /** Whether what is asked for stands still already: a block at or below the vault's own height. */
  isPast(request: StateQuery): boolean {
    if (request.kind !== 'query' || request.at.kind !== 'height') return false;
    const vault = this.vaultOf(request);
    return vault !== undefined && request.at.height <= vault.height;
  }

  private vaultOf(request: Extract<StateQuery, { kind: 'query' }>): Vault | undefined {
    const vault = this.vaults.get(request.vault);
    return vault?.organization === request.organization ? vault : undefined;
  }

  /** The cluster's nodes and groups as this state has them; undefined where it is not GLOBAL's. */
  get topology(): Topology | undefined {
    return this.directory?.topology;
  }

  /** The earliest expires_at of any leaf: when the leader proposes `expire`. */
  nextExpiry(): DueVault | undefined {
    return this.expiries.first;
  }

  /** Ascending. */
  vaultIds(): readonly VaultId[] {
    return [...this.vaults.keys()].sort();
  }

  /** Read-only use by oracles and status. */
  vault(id: VaultId): Vault | undefined {
    return this.vaults.get(id);
  }

  /** Feeds everything that decides into a digest: equal logs give equal bytes. */
  digest(out: Writer): void {
    out.u32(this.group);
    out.u64(this.lastApplied);
    out.u64(this.lastTime);
    this.sessions.digest(out);
    this.directory?.digest(out);
    for (const id of this.vaultIds()) {
      out.raw(ulidBytes(id));
      out.raw(defined(this.vaults.get(id), 'a listed vault is there').anchor.blockHash);
    }
  }
}
