/**
 * The client that opens and closes a run: it creates the vaults, and at the end reads every key once more. In between it asks for
 * what a story wants of the cluster.
 */

import { NEWEST, type VaultEntry, type VaultQuery } from '../../core/client/protocol.ts';
import type { GroupId, NodeId } from '../../core/ids.ts';
import type { BriefVaults } from './brief-vaults.ts';
import type { Behaviour, Plan } from './client.ts';
import type { Asked, History } from './history.ts';
import { type Layout, Setup } from './layout.ts';
import { entityOf, noteBlock, toldBy, tupleOf } from './ledger.ts';

const READ_TIMEOUT_MICROS = 10_000_000;
const TRANSFER_TIMEOUT_MICROS = 5_000_000;
/** Process number of the final reads, apart from every client's. */
const PROCESS = 1_000_000;

export class Housekeeper implements Behaviour {
  private readonly setup: Setup;
  private readonly keys: number;
  private readonly history: History;
  private readonly brief: BriefVaults;
  private readonly thinkMicros: number;
  /** Besides reads: what sets the cluster up, and what a story asks for. */
  operations: number = 0;
  private wishes: Plan[] = [];
  private pending: { readonly vault: number; readonly asked: Asked; readonly query: VaultQuery }[] = [];
  /** Called when the layout is there, and when every key was read. */
  onDone: () => void = () => undefined;

  constructor(options: {
    readonly vaults: number;
    /** Replicas of each group that is made. */
    readonly placed: readonly number[];
    readonly keys: number;
    readonly history: History;
    /** What it does while others work. */
    readonly brief: BriefVaults;
    readonly thinkMicros: number;
  }) {
    this.setup = new Setup(options.vaults, options.placed);
    this.keys = options.keys;
    this.history = options.history;
    this.brief = options.brief;
    this.thinkMicros = options.thinkMicros;
  }

  get layout(): Layout | undefined {
    return this.setup.layout;
  }

  /** Plans a read of everything; the client is to be poked. */
  planScan(): void {
    const vaults = this.layout?.vaults ?? [];
    for (let vault = 0; vault < vaults.length; vault += 1) {
      for (let key = 0; key < this.keys; key += 1) {
        const tuple = tupleOf(key);
        const entity = entityOf(key);
        this.pending.push({ vault, asked: { kind: 'tuple', tuple }, query: { kind: 'tuple', tuple } });
        this.pending.push({ vault, asked: { kind: 'entity', key: entity }, query: { kind: 'entity', key: entity } });
      }
    }
  }

  /** Plans to ask for another leader; the client is to be poked. */
  planTransfer(group: GroupId, to: NodeId | undefined): void {
    this.operations += 1;
    this.wishes.push({
      request: { kind: 'transfer', group, from: undefined, to },
      route: { kind: 'leader' },
      timeoutMicros: TRANSFER_TIMEOUT_MICROS,
      done: () => undefined,
    });
  }

  think(): number {
    return this.layout === undefined || this.pending.length > 0 ? 0 : this.thinkMicros;
  }

  next(_lane: number, time: number): Plan | undefined {
    if (this.layout === undefined) {
      const plan = this.setup.next() as Plan;
      this.operations += 1;
      return { ...plan, done: (outcome, at) => this.afterSetup(() => plan.done(outcome, at)) };
    }
    const wish = this.wishes.shift();
    if (wish !== undefined) return wish;
    const read = this.pending.shift();
    if (read !== undefined) return this.read(read, time);
    const brief = this.brief.next();
    if (brief !== undefined) this.operations += 1;
    return brief;
  }

  private afterSetup(done: () => void): void {
    done();
    if (this.layout !== undefined) this.onDone();
  }

  private read(read: { readonly vault: number; readonly asked: Asked; readonly query: VaultQuery }, time: number): Plan {
    const { vault, asked, query } = read;
    const { group, organization, id } = (this.layout as Layout).vaults[vault] as VaultEntry;
    const invocation = this.history.invoke(PROCESS, vault, asked, time);
    return {
      request: { kind: 'query', group, organization, vault: id, query, consistency: 'linearizable', at: NEWEST, proof: false },
      route: { kind: 'any' },
      timeoutMicros: READ_TIMEOUT_MICROS,
      done: (outcome, at) => {
        if (outcome.ok) {
          noteBlock(invocation, outcome.answer);
          this.history.ended(invocation, 'ok', toldBy(outcome.answer), at);
        } else this.history.ended(invocation, 'fail', undefined, at);
        if (this.pending.length === 0) this.onDone();
      },
    };
  }
}
