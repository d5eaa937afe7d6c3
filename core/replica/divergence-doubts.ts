/**
 * Which blocks of a group replicas disagree about, and the questions that settle it. A replica tells the others the newest block
 * of each vault that has changed, a few times a second. Who has another one at that height doubts the vault: it asks everybody
 * what they have there, in rounds, until a majority has said the same (divergence-verdict.ts). A round's answers count for that
 * round only, so that what a node said before it was rebuilt is never held against anybody.
 * Costs nothing where nothing changes, and a sleeping group is left alone once its operator knows.
 */
import { defined } from '../assert.ts';
import { equalBytes } from '../bytes/compare.ts';
import { blockHash, headerIndex } from '../chain/header.ts';
import { type Height, type LogIndex, type Micros, minOf, NEVER, type NodeId, plus, type VaultId } from '../ids.ts';
import { CLAIMS_MAX, DOUBT_HEARTBEATS_MAX, DOUBTS_MAX, TELL_HEARTBEATS } from '../limits.ts';
import type { Raft } from '../raft/raft.ts';
import type { GroupState } from '../state/group-state.ts';
import type { Vault } from '../state/vault.ts';
import type { Claim, DivergenceMessage } from './divergence-message.ts';
import { type Verdict, verdictOn } from './divergence-verdict.ts';

/** A place in a vault's chain. */
export type BlockPlace = Pick<Claim, 'height' | 'index'>;

interface Doubt extends BlockPlace {
  /** The newest round that asked about it. */
  round: number;
  rounds: number;
  askAt: Micros;
  waitHeartbeats: number;
  readonly votes: Map<NodeId, Uint8Array>;
  isReported: boolean;
}

export interface DoubtsOptions {
  readonly self: NodeId;
  readonly raft: Pick<Raft, 'peers' | 'newestConfiguration' | 'isAsleep'>;
  readonly state: () => GroupState;
  readonly heartbeatMicros: number;
  readonly send: (to: NodeId, message: DivergenceMessage) => void;
  readonly mark: (name: string) => void;
  /** A vault that is not doubted here: it is known already, and dealt with. */
  readonly isSettled: (vault: VaultId) => boolean;
  readonly judged: (now: Micros, vault: VaultId, place: BlockPlace, verdict: Exclude<Verdict, { kind: 'open' }>) => void;
  /** Nobody has a majority, and it does not look as if that would change. */
  readonly disputed: (vault: VaultId, height: Height) => void;
}

/** Of an entry that was applied and made no such block. */
export const NO_BLOCK: Uint8Array = new Uint8Array(32);
/** Rounds after which an open doubt is told to the operator. */
const ROUNDS_UNTIL_REPORT = 3;
const ROUND_MAX = 0xffff_ffff;

/** Hash of any block of a vault, at the price of one row. */
export function hashAt(vault: Vault, height: Height): Uint8Array {
  if (height === vault.height) return vault.anchor.blockHash;
  const { hasher, rows, keys } = vault.leaves;
  return blockHash(hasher, defined(rows.get(keys.header(height)), 'a block has its header row'));
}

export class Doubts {
  private readonly options: DoubtsOptions;
  private readonly doubts: Map<VaultId, Doubt> = new Map();
  private tellAt: Micros = 0 as Micros;
  private round: number = 0;

  constructor(options: DoubtsOptions) {
    this.options = options;
  }

  /** The height that is in doubt; undefined where none is. */
  heightOf(vault: VaultId): Height | undefined {
    return this.doubts.get(vault)?.height;
  }

  /** Whether the operator was told that nobody has a majority. */
  isDisputed(vault: VaultId): boolean {
    return this.doubts.get(vault)?.isReported === true;
  }

  /** Vaults of which the operator was told so. */
  get disputed(): readonly VaultId[] {
    const open: VaultId[] = [];
    for (const [vault, { isReported }] of this.doubts) if (isReported && !this.options.isSettled(vault)) open.push(vault);
    return open;
  }

  get nextDeadline(): Micros {
    let next = this.options.state().hasSealed ? this.tellAt : NEVER;
    for (const doubt of this.doubts.values()) next = minOf(next, this.dueAt(doubt));
    return next;
  }

  /** Tells and asks what is due. */
  deadline(now: Micros): void {
    const { heartbeatMicros, state } = this.options;
    if (state().hasSealed && this.tellAt <= now) {
      this.tell();
      // What did not fit the message follows with the next heartbeat.
      this.tellAt = plus(now, (state().hasSealed ? 1 : TELL_HEARTBEATS) * heartbeatMicros);
    }
    if (this.doubts.size > 0) this.ask(now);
  }

  message(now: Micros, from: NodeId, message: Extract<DivergenceMessage, { claims: unknown }>): void {
    const { peers } = this.options.raft;
    if (!peers.some(({ id }) => id === from)) return;
    switch (message.kind) {
      case 'blocksTold':
        for (const claim of message.claims) this.compare(now, claim);
        return;
      case 'blocksAsked':
        return this.answer(now, from, message);
      case 'blocksAnswered':
        for (const claim of message.claims) this.take(now, from, message.round, claim);
        return;
    }
  }

  /** Asks everybody what they have there, from the next deadline on. */
  doubt(now: Micros, vault: VaultId, { height, index }: BlockPlace): void {
    this.options.mark('divergence.doubted');
    const begun = { round: 0, rounds: 0, askAt: now, waitHeartbeats: 1, votes: new Map(), isReported: false };
    this.doubts.set(vault, { height, index, ...begun });
  }

  forget(vault: VaultId): void {
    this.doubts.delete(vault);
  }

  /** What this node has there: a block's hash, zeros where it applied so much and has none, undefined where it cannot know yet. */
  ownHash(vault: VaultId, { height, index }: BlockPlace): Uint8Array | undefined {
    const state = this.options.state();
    const found = state.vault(vault);
    if (found !== undefined && height <= found.height) return hashAt(found, height);
    return state.lastApplied < index || state.gone.has(vault) ? undefined : NO_BLOCK;
  }

  private dueAt({ askAt, isReported }: Doubt): Micros {
    return isReported && this.options.raft.isAsleep ? NEVER : askAt;
  }

  private tell(): void {
    const { state, raft, send } = this.options;
    const claims: Claim[] = [];
    for (const vault of state().takeSealed(CLAIMS_MAX)) {
      const found = state().vault(vault);
      if (found === undefined) continue; // deleted meanwhile
      const { height, header, blockHash: hash } = found.anchor;
      claims.push({ vault, height, index: Number(headerIndex(header)) as LogIndex, blockHash: hash });
    }
    if (claims.length === 0) return;
    for (const { id } of raft.peers) send(id, { kind: 'blocksTold', claims });
  }

  private compare(now: Micros, claim: Claim): void {
    const { vault, height, index, blockHash: theirs } = claim;
    if (this.doubts.has(vault) || this.options.isSettled(vault)) return;
    const own = this.ownHash(vault, claim);
    if (own === undefined || equalBytes(own, theirs)) return;
    if (this.doubts.size >= DOUBTS_MAX) this.options.mark('divergence.doubts-full');
    else this.doubt(now, vault, { height, index });
  }

  /** Who is asked learns what the asker has. */
  private answer(now: Micros, from: NodeId, { round, claims }: Extract<DivergenceMessage, { kind: 'blocksAsked' }>): void {
    const answers: Claim[] = [];
    for (const claim of claims) {
      const own = this.ownHash(claim.vault, claim);
      if (own !== undefined) answers.push({ ...claim, blockHash: own });
      this.compare(now, claim);
    }
    if (answers.length > 0) this.options.send(from, { kind: 'blocksAnswered', round, claims: answers });
  }

  private take(now: Micros, from: NodeId, round: number, { vault, height, blockHash: theirs }: Claim): void {
    const doubt = this.doubts.get(vault);
    if (doubt === undefined || doubt.round !== round || doubt.height !== height) return;
    doubt.votes.set(from, theirs);
    this.judge(now, vault, doubt);
  }

  private judge(now: Micros, vault: VaultId, doubt: Doubt): void {
    const { raft, self, judged } = this.options;
    const own = this.ownHash(vault, doubt);
    if (own === undefined) return;
    const verdict = verdictOn(raft.newestConfiguration.configuration, { self, blockHash: own }, doubt.votes);
    if (verdict.kind === 'open') return;
    this.doubts.delete(vault);
    judged(now, vault, { height: doubt.height, index: doubt.index }, verdict);
  }

  private ask(now: Micros): void {
    const { heartbeatMicros, raft, send } = this.options;
    const claims: Claim[] = [];
    const round = this.round === ROUND_MAX ? 1 : this.round + 1;
    for (const [vault, doubt] of this.doubts) {
      if (claims.length === CLAIMS_MAX) break;
      if (this.dueAt(doubt) > now) continue;
      const own = this.ownHash(vault, doubt);
      if (own === undefined) {
        this.doubts.delete(vault); // it was deleted, or the state is another one that does not reach so far
        continue;
      }
      if (doubt.rounds === ROUNDS_UNTIL_REPORT) this.report(vault, doubt);
      doubt.rounds += 1;
      doubt.round = round;
      doubt.votes.clear();
      doubt.askAt = plus(now, doubt.waitHeartbeats * heartbeatMicros);
      doubt.waitHeartbeats = Math.min(2 * doubt.waitHeartbeats, DOUBT_HEARTBEATS_MAX);
      claims.push({ vault, height: doubt.height, index: doubt.index, blockHash: own });
    }
    if (claims.length === 0) return;
    this.round = round;
    for (const { id } of raft.peers) send(id, { kind: 'blocksAsked', round, claims });
  }

  private report(vault: VaultId, doubt: Doubt): void {
    doubt.isReported = true;
    this.options.mark('divergence.disputed');
    this.options.disputed(vault, doubt.height);
  }
}
