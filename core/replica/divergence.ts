/**
 * Diverged vaults of one group on this node: found (divergence-doubts.ts), isolated, rebuilt (divergence-rebuild.ts). A vault is
 * isolated from the moment in which a majority is known to have another block: this node answers no read of it and, as leader,
 * takes no write and hands leadership over. It goes on replicating, and its other vaults are served. Which vaults are isolated
 * stands in a note on the disk, so that a restart does not serve them; it is taken back once the quorum has confirmed what was
 * rebuilt. Decision 0068, docs/internals/divergence.md.
 */
import { assert } from '../assert.ts';
import { equalBytes } from '../bytes/compare.ts';
import type { Writer } from '../bytes/writer.ts';
import { headerIndex } from '../chain/header.ts';
import type { ClientResult } from '../client/protocol.ts';
import { HEIGHT_ZERO, type Height, type LogIndex, type Micros, maxOf, minOf, type NodeId, plus, type VaultId } from '../ids.ts';
import { TELL_HEARTBEATS } from '../limits.ts';
import { type Entry, EntryKind } from '../raft/message.ts';
import type { SnapshotOffer } from '../raft/options.ts';
import type { Raft } from '../raft/raft.ts';
import type { Command } from '../state/command.ts';
import { decodeEntryData } from '../state/entry-data.ts';
import type { GroupState } from '../state/group-state.ts';
import type { CommandResult } from '../state/results.ts';
import type { Vault } from '../state/vault.ts';
import { type BlockPlace, Doubts, hashAt, NO_BLOCK } from './divergence-doubts.ts';
import type { DivergenceMessage } from './divergence-message.ts';
import type { IsolatedVault } from './divergence-note.ts';
import { Rebuild } from './divergence-rebuild.ts';
import type { Verdict } from './divergence-verdict.ts';
import { errorResult, RETRY_AFTER_MS } from './results.ts';

/** What the node does for the comparison of a group's blocks. */
export interface DivergencePorts {
  /** What was isolated when the node stopped. */
  readonly noted: readonly IsolatedVault[];
  /** Writes which vaults of the group are isolated now. */
  readonly note: (vaults: readonly IsolatedVault[]) => void;
  /** Tells the operator. */
  readonly alarm: (code: string, detail: string) => void;
  readonly send: (to: NodeId, message: DivergenceMessage) => void;
  /** As leader: a snapshot for somebody who rebuilds. Where there is none that ends so late, one is written meanwhile. */
  readonly copyFor: (above: LogIndex) => SnapshotOffer | undefined;
  /** The newest index that the log on the disk may begin with. */
  readonly baseIndex: () => LogIndex;
  /** Fetches the snapshot of a manifest, to take the state's place. @returns whether it is of use */
  readonly fetch: (from: NodeId, manifest: Uint8Array) => boolean;
}

export interface DivergenceOptions {
  readonly self: NodeId;
  readonly raft: Raft;
  readonly state: () => GroupState;
  readonly heartbeatMicros: number;
  readonly ports: DivergencePorts;
  readonly mark: (name: string) => void;
  /** Gives leadership to another voter, where one can have it. */
  readonly giveWay: (now: Micros) => void;
}

/** A vault as this node sees itself. Disputed: others have another block, and no majority says which one is right. */
export type VaultHealth =
  | { readonly state: 'healthy' }
  | { readonly state: 'disputed'; readonly since: Height }
  | { readonly state: 'diverged'; readonly since: Height }
  | { readonly state: 'recovering'; readonly since: Height; readonly attempt: number }
  | { readonly state: 'escalated'; readonly since: Height; readonly attempt: number };

const WITHHELD: ClientResult = errorResult(
  'unknown_outcome',
  'The command is in the log, and this node is rebuilding its vault; ask another node under the same session and sequence.',
);
const HEALTHY: VaultHealth = { state: 'healthy' };

export class Divergence {
  private readonly options: DivergenceOptions;
  private readonly doubts: Doubts;
  private readonly rebuild: Rebuild;
  /** In the order in which they were found. */
  private readonly isolated: Map<VaultId, IsolatedVault> = new Map();
  private giveWayAt: Micros = 0 as Micros;
  /** What the note told is not begun with yet. */
  private isNew: boolean = true;

  constructor(options: DivergenceOptions) {
    this.options = options;
    const { self, raft, state, heartbeatMicros, ports, mark } = options;
    this.doubts = new Doubts({
      self,
      raft,
      state,
      heartbeatMicros,
      send: ports.send,
      mark,
      isSettled: (vault) => this.isolated.has(vault),
      judged: (now, vault, place, verdict) => this.judged(now, vault, place, verdict),
      disputed: (vault, height) => this.disputed(vault, height),
    });
    this.rebuild = new Rebuild({
      askMicros: TELL_HEARTBEATS * heartbeatMicros,
      ask: () => this.askForCopy(),
      fetch: ports.fetch,
      escalated: (why) => this.escalated(why),
      mark,
    });
    for (const each of ports.noted) this.isolated.set(each.vault, each);
  }

  /** Whether any vault of the group is isolated here. */
  get hasIsolated(): boolean {
    return this.isolated.size > 0;
  }

  isIsolated(vault: VaultId): boolean {
    return this.isolated.has(vault);
  }

  /** Why this node does not answer about a vault; undefined where it does. */
  refusal(vault: VaultId | undefined): ClientResult | undefined {
    if (this.isolated.size === 0 || vault === undefined || !this.isolated.has(vault)) return undefined;
    this.options.mark('divergence.vault-refused');
    return errorResult('vault_diverged', 'This node is rebuilding this vault; ask another node.', RETRY_AFTER_MS);
  }

  /** Why this node, as leader, takes no command; undefined where it does. A diverged vault can be deleted. */
  refusalOf(command: Command): ClientResult | undefined {
    return command.kind === 'transact' || command.kind === 'createVault' ? this.refusal(command.vault) : undefined;
  }

  /** What an applied entry's clients are told: nothing of a vault that is isolated, in which their commands went another way here. */
  withhold(entry: Entry, results: readonly CommandResult[]): readonly CommandResult[] {
    if (this.isolated.size === 0 || entry.kind === EntryKind.configuration || results.length === 0) return results;
    const decoded = decodeEntryData(entry.data);
    assert(decoded.ok, 'an applied entry decodes');
    const vaults = decoded.value.sections.flatMap(({ vault, commands, shredded }) => (shredded ?? commands).map(() => vault));
    return results.map((result, i) => (this.refusal(vaults[i]) === undefined ? result : WITHHELD));
  }

  healthOf(vault: VaultId): VaultHealth {
    const known = this.isolated.get(vault);
    const since = known?.height ?? this.doubts.heightOf(vault);
    if (since === undefined) return HEALTHY;
    if (known === undefined) return this.doubts.isDisputed(vault) ? { state: 'disputed', since } : HEALTHY;
    const { phase, attempt } = this.rebuild;
    if (phase === 'escalated') return { state: 'escalated', since, attempt };
    return attempt === 0 ? { state: 'diverged', since } : { state: 'recovering', since, attempt };
  }

  /** Vaults that are isolated, or disputed. */
  get unwell(): readonly VaultId[] {
    return [...this.isolated.keys(), ...this.doubts.disputed];
  }

  get nextDeadline(): Micros {
    const { raft } = this.options;
    if (this.isNew && this.hasIsolated) return 0 as Micros;
    const next = minOf(this.doubts.nextDeadline, this.rebuild.nextDeadline);
    return this.hasIsolated && raft.role === 'leader' ? minOf(next, this.giveWayAt) : next;
  }

  deadline(now: Micros): void {
    const { raft, giveWay, heartbeatMicros } = this.options;
    if (this.isNew) {
      this.isNew = false;
      if (this.hasIsolated) this.rebuild.begin(now);
    }
    this.forgetDeleted();
    if (this.hasIsolated && raft.role === 'leader' && this.giveWayAt <= now) {
      this.giveWayAt = plus(now, TELL_HEARTBEATS * heartbeatMicros);
      giveWay(now);
    }
    this.doubts.deadline(now);
    this.rebuild.deadline(now);
  }

  message(now: Micros, from: NodeId, message: DivergenceMessage): void {
    switch (message.kind) {
      case 'copyAsked':
        return this.offerCopy(from, message.above);
      case 'copyOffered':
        return this.rebuild.offered(from, message.manifest);
      default:
        return this.doubts.message(now, from, message);
    }
  }

  /** The operator wants another attempt, now. Nothing where the vault is not isolated. */
  recover(now: Micros, vault: VaultId): void {
    if (this.isolated.has(vault)) this.rebuild.beginNow(now);
  }

  /** Another state has taken the place of the group's: the quorum is asked whether it is the right one. */
  stateReplaced(now: Micros): void {
    if (!this.hasIsolated) return;
    const state = this.options.state();
    for (const [vault, { height, index }] of this.isolated) {
      const found = state.vault(vault);
      const isThere = found !== undefined && found.height >= height;
      this.doubts.forget(vault);
      this.doubts.doubt(now, vault, isThere ? { height: found.height, index: state.lastApplied } : { height, index });
    }
    this.rebuild.replaced(now);
  }

  /** A fetch for a rebuild came to nothing. */
  rebuildFailed(now: Micros, why: string): void {
    this.rebuild.failed(now, why);
  }

  /**
   * Whether a restored state, which has applied less than the present one, has the blocks that the present one had then, but for
   * what is isolated: siblings must be what they are. A vault a step. @returns what speaks against it
   */
  *compareSiblings(restored: GroupState): Generator<number, string | undefined> {
    const present = this.options.state();
    const { lastApplied } = restored;
    for (const id of restored.vaultIds()) {
      const isKnown = present.vault(id) !== undefined || present.gone.has(id) || this.isolated.has(id);
      if (!isKnown) return `vault ${id} is in it and was never here`;
      yield 0;
    }
    for (const id of present.vaultIds()) {
      const own = present.vault(id);
      if (own === undefined || this.isolated.has(id)) continue;
      if (!hadBlocks(own, restored.vault(id), lastApplied)) return `vault ${id} differs in it`;
      yield 0;
    }
    return undefined;
  }

  /** What speaks against a rebuilt state that has applied as much as the present one; undefined: it may take its place. */
  objectionTo(rebuilt: GroupState): string | undefined {
    for (const { vault, height, index, blockHash } of this.isolated.values()) {
      const found = rebuilt.vault(vault);
      const anchor = found === undefined || found.height < height ? undefined : found.anchorAt(height);
      // Where the majority had no block, it may have one by now, of a later entry.
      const isLater = anchor !== undefined && Number(headerIndex(anchor.header)) > index && equalBytes(blockHash, NO_BLOCK);
      if (!isLater && !equalBytes(anchor?.blockHash ?? NO_BLOCK, blockHash))
        return `vault ${vault} is not what the quorum has in it`;
    }
    return undefined;
  }

  /** Feeds what decides answers into a digest. */
  digest(out: Writer): void {
    for (const { vault, height } of this.isolated.values()) {
      out.text(vault);
      out.u64(height);
    }
  }

  private judged(now: Micros, vault: VaultId, place: BlockPlace, verdict: Exclude<Verdict, { kind: 'open' }>): void {
    const isIsolated = this.isolated.has(vault);
    if (verdict.kind === 'agreed') {
      this.options.mark('divergence.majority-agrees');
      if (isIsolated) this.recovered(vault);
      return;
    }
    if (!isIsolated) return this.isolate(now, vault, place, verdict.blockHash);
    this.rebuild.failed(now, 'what was rebuilt is not what the quorum has');
  }

  private isolate(now: Micros, vault: VaultId, { height, index }: BlockPlace, blockHash: Uint8Array): void {
    const { mark, ports } = this.options;
    mark('divergence.vault-isolated');
    this.isolated.set(vault, { vault, height, index, blockHash });
    this.writeNote();
    const what = `Vault ${vault} has another block ${height} on this node than on a majority of its group`;
    ports.alarm('vault_diverged', `${what}: it is not served here while it is rebuilt. Keep the log; see vouch vault status.`);
    this.rebuild.begin(now);
  }

  private recovered(vault: VaultId): void {
    this.options.mark('divergence.vault-recovered');
    this.release(vault);
    this.options.ports.alarm('vault_recovered', `Vault ${vault} is again what a majority of its group has, and is served.`);
  }

  private release(vault: VaultId): void {
    this.isolated.delete(vault);
    this.writeNote();
    if (this.isolated.size === 0) this.rebuild.end();
  }

  private disputed(vault: VaultId, height: Height): void {
    const what = `Replicas have different blocks ${height} of vault ${vault}, and no majority of the group's voters shows the same one`;
    const then = 'nothing was isolated. Compare vouch vault status on every node; start those that are down.';
    this.options.ports.alarm('vault_disputed', `${what}: ${then}`);
  }

  private escalated(why: string): void {
    this.options.mark('divergence.escalated');
    const { attempt } = this.rebuild;
    for (const { vault } of this.isolated.values()) {
      const what = `Vault ${vault} was not rebuilt in ${attempt} attempts, the last because ${why}`;
      this.options.ports.alarm(
        'vault_escalated',
        `${what}. It stays isolated here; when the cause is gone: vouch vault recover.`,
      );
    }
  }

  private askForCopy(): NodeId | undefined {
    const { raft, ports, self } = this.options;
    const { leader } = raft;
    if (leader === undefined || leader === self) return undefined;
    ports.send(leader, { kind: 'copyAsked', above: maxOf(ports.baseIndex(), raft.baseIndex) });
    return leader;
  }

  private offerCopy(from: NodeId, above: LogIndex): void {
    const { raft, ports, mark } = this.options;
    if (raft.role !== 'leader' || this.hasIsolated || !raft.peers.some(({ id }) => id === from)) return;
    const offer = ports.copyFor(above);
    if (offer === undefined) return;
    mark('divergence.copy-offered');
    ports.send(from, { kind: 'copyOffered', manifest: offer.manifest });
  }

  private forgetDeleted(): void {
    const { gone } = this.options.state();
    for (const vault of [...this.isolated.keys()]) if (gone.has(vault)) this.release(vault);
  }

  private writeNote(): void {
    this.options.ports.note([...this.isolated.values()]);
  }
}

/** Whether a vault had exactly the blocks of another one when that entry was applied. */
function hadBlocks(own: Vault, then: Vault | undefined, index: LogIndex): boolean {
  const height = then?.height ?? HEIGHT_ZERO;
  if (height > own.height) return false;
  if (then !== undefined && height > 0 && !equalBytes(hashAt(own, height), hashAt(then, height))) return false;
  return height === own.height || Number(headerIndex(own.anchorAt(plus(height, 1)).header)) > index;
}
