/**
 * What a vault keeps of its past, worked out anew from the blocks: the retention that its transactions asked for, and the floor
 * that follows from heights and times. Clients are told `pruned_height` below it and never above it; at rest every replica says
 * the same, has the transactions of the blocks that are kept, and nothing to say of the others.
 * Not checked here: what reads above the floor say (reads-match-blocks, linearizable).
 */
import { equalBytes } from '../../../core/bytes/compare.ts';
import { type ClientResult, NEWEST, type ReadPoint, type VaultEntry, type VaultQuery } from '../../../core/client/protocol.ts';
import type { GroupId, Height, VaultId } from '../../../core/ids.ts';
import type { Replica } from '../../../core/replica/replica.ts';
import type { SealedBlock } from '../../../core/state/block-observer.ts';
import type { GroupState } from '../../../core/state/group-state.ts';
import type { Retention } from '../../../core/state/transaction.ts';
import { decodeLedgerTransaction } from '../../../core/state/transaction-codec.ts';
import type { Vault } from '../../../core/state/vault.ts';
import { type Observer, Violation } from '../../observer.ts';
import type { VouchShape } from '../../vouch.ts';
import { headerTime } from '../../workload/header-time.ts';
import type { VouchNode } from '../raft/watch.ts';
import { type PageAtlas, unlessDamaged } from '../unless-damaged.ts';

/** By height - 1. */
interface Chain {
  readonly blocks: SealedBlock[];
  readonly times: number[];
  /** The oldest height that could be read once that block was the newest. */
  readonly floors: number[];
  retention: Retention;
}

const EVERYTHING: VaultQuery = { kind: 'list', resource: '', relation: '', subject: '', limit: 1, after: new Uint8Array(0) };

export class RetentionKept implements Observer<VouchShape, Replica> {
  readonly name: string = 'retention-kept';
  readonly claim: string =
    'A vault can be read from one height on, which follows from its blocks, on every replica alike; what is older is refused.';
  private readonly nodes: readonly VouchNode[];
  private readonly atlas: PageAtlas;
  private readonly groups: readonly GroupId[];
  private readonly chains: Map<string, Chain> = new Map();

  constructor(nodes: readonly VouchNode[], groups: readonly GroupId[], atlas: PageAtlas) {
    this.nodes = nodes;
    this.atlas = atlas;
    this.groups = groups;
  }

  /** A block was sealed for the first time. */
  sealed(block: SealedBlock): void {
    let chain = this.chains.get(block.vault);
    if (chain === undefined) {
      chain = { blocks: [], times: [], floors: [], retention: { kind: 'all' } };
      this.chains.set(block.vault, chain);
    }
    chain.blocks.push(block);
    chain.times.push(headerTime(block.header));
    for (const bytes of block.transactions) chain.retention = askedFor(bytes) ?? chain.retention;
    chain.floors.push(Math.max(chain.floors.at(-1) ?? 1, wantedFloor(chain)));
  }

  /** A client was refused a read of the past. @param oldest the height it was told to be the oldest */
  toldPruned(vault: VaultEntry, at: ReadPoint, oldest: number | undefined): void {
    const chain = this.chains.get(vault.id);
    if (at.kind === 'newest')
      throw new Violation(this.name, `vault ${vault.id}: a read of the newest block was refused as too old`);
    const height = at.kind === 'height' ? at.height : heightAt(chain?.times ?? [], at.time);
    if (oldest === undefined || height >= oldest)
      throw new Violation(this.name, `vault ${vault.id}: a read of block ${height} was refused though ${oldest} is the oldest`);
    if (chain?.floors.includes(oldest) !== true)
      throw new Violation(
        this.name,
        `vault ${vault.id}: a read of block ${height} was refused by a floor of ${oldest} that never was`,
      );
  }

  finished(): void {
    for (const node of this.nodes) {
      if (!node.running) continue;
      for (const group of this.groups) {
        const own = node.core?.group(group);
        if (own === undefined || own.quarantined) continue;
        for (const id of own.state.vaultIds()) {
          unlessDamaged(this.atlas, { node: node.index, group }, () => this.check(node.index, own.state, id));
        }
      }
    }
  }

  private check(node: number, state: GroupState, id: VaultId): void {
    const vault = state.vault(id) as Vault;
    const chain = this.chains.get(id);
    const floor = chain?.floors[vault.height - 1];
    if (chain === undefined || floor === undefined) return; // nobody watched the blocks
    const ask = (query: VaultQuery, at: ReadPoint): ClientResult =>
      state.query({
        kind: 'query',
        group: state.group,
        organization: vault.organization,
        vault: id,
        query,
        consistency: 'eventual',
        at,
        proof: false,
      });
    const fail = (what: string): never => {
      throw new Violation(this.name, `node ${node}, vault ${id} of ${vault.height} blocks, the oldest of them ${floor}: ${what}`);
    };
    const told = ask({ kind: 'retention' }, NEWEST);
    if (told.kind !== 'retention' || told.oldest !== floor) fail(`says ${told.kind === 'retention' ? told.oldest : told.kind}`);
    // The ends of what is kept, of what is not, and the middles.
    const samples = [1, floor - 1, floor, Math.ceil(floor / 2), Math.floor((floor + vault.height) / 2), vault.height];
    for (const height of new Set(samples.filter((sample) => sample >= 1))) {
      const read = ask(EVERYTHING, { kind: 'height', height: height as Height });
      const isRefused = read.kind === 'error' && read.code === 'pruned_height' && read.oldest === floor;
      if (height < floor ? !isRefused : read.kind !== 'list') fail(`a read of block ${height} ends in ${read.kind}`);
      const block = ask({ kind: 'block', height: height as Height }, NEWEST);
      if (!isBlock(block, chain.blocks[height - 1] as SealedBlock, height < floor))
        fail(`block ${height} is not as it should be`);
    }
  }
}

/** Whether an answer is a block's header and, unless pruned, all of its transactions. */
function isBlock(answer: ClientResult, sealed: SealedBlock, pruned: boolean): boolean {
  if (answer.kind !== 'block' || answer.pruned !== pruned || !equalBytes(answer.anchor.header, sealed.header)) return false;
  const expected = pruned ? [] : sealed.transactions;
  return (
    answer.transactions.length === expected.length &&
    expected.every((bytes, i) => equalBytes(bytes, answer.transactions[i] as Uint8Array))
  );
}

/** The last retention that a transaction asks for. */
function askedFor(bytes: Uint8Array): Retention | undefined {
  const decoded = decodeLedgerTransaction(bytes);
  if (!decoded.ok || decoded.value.kind !== 'transact') return undefined;
  let asked: Retention | undefined;
  for (const operation of decoded.value.transaction.operations) if (operation.op === 'setRetention') asked = operation.retention;
  return asked;
}

function wantedFloor({ times, retention }: Chain): number {
  const newest = times.length;
  if (retention.kind === 'all') return 1;
  if (retention.kind === 'heights') return newest - retention.heights + 1;
  return heightAt(times, (times[newest - 1] as number) - retention.micros);
}

/** Height of the last block up to a time; 0 where there is none. */
function heightAt(times: readonly number[], time: number): number {
  return times.findLastIndex((own) => own <= time) + 1;
}
