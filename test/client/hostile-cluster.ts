/**
 * A cluster as a client may meet it at its worst: one replicated session table behind several endpoints, of which at most
 * one leads; requests and answers are delayed, lost, reordered and (on a datagram network) duplicated, leaders change,
 * sessions end, links break, and every kind of refusal is given. What was executed is recorded for the oracles.
 */
import type { ClientCore } from '../../core/client/client-core.ts';
import type { ClientEffect, ClientInput, OperationId, OperationOutcome } from '../../core/client/operation.ts';
import type { ClientErrorCode, ClientRequest, ClientResult, CommandRef } from '../../core/client/protocol.ts';
import type { GroupId, LogIndex, Micros, NodeId, RequestId } from '../../core/ids.ts';
import { SESSION_RESULTS_MAX } from '../../core/limits.ts';
import type { Random } from '../../core/random.ts';

export interface HostileOptions {
  readonly random: Random;
  readonly link: 'stream' | 'datagram';
  readonly endpoints: readonly { readonly address: string; readonly node: NodeId }[];
}

interface SessionState {
  lowestUnanswered: number;
  readonly results: Map<number, { readonly payload: string; readonly result: ClientResult }>;
}

type WithoutNow<T> = T extends ClientInput ? Omit<T, 'now'> : never;
type Delivery = WithoutNow<Extract<ClientInput, { kind: 'response' | 'endpointDown' | 'unsent' }>>;
interface Scheduled {
  readonly at: number;
  readonly act: () => void;
}

const ANCHOR = {
  height: 1,
  blockHash: new Uint8Array(32),
  stateRoot: new Uint8Array(32),
  treeRoot: new Uint8Array(32),
  header: new Uint8Array(196),
};

export class HostileCluster {
  private readonly options: HostileOptions;
  private readonly client: ClientCore;
  private readonly random: Random;
  private readonly sessions: Map<number, SessionState> = new Map();
  /** In order of time; what was scheduled first comes first. */
  private readonly agenda: Scheduled[] = [];
  private nextSession: number = 1;
  private leader: number | undefined = 0;
  /** Set to end all mischief: from then on everything is delivered and answered. */
  calm: boolean = false;
  now: number = 1_000_000;
  /** How often each command (named by its actor) was executed. */
  readonly executed: Map<string, number> = new Map();
  readonly done: Map<OperationId, { readonly outcome: OperationOutcome; readonly at: number; readonly times: number }> =
    new Map();
  /** Claims the client broke, as seen by the server. */
  readonly violations: string[] = [];

  constructor(client: ClientCore, options: HostileOptions) {
    this.client = client;
    this.options = options;
    this.random = options.random;
  }

  /** Gives the client an input and carries out what it asks. */
  give(input: ClientInput): void {
    for (const effect of this.client.step(input)) this.execute(effect);
  }

  /** Lets time pass until nothing is due before `until`. */
  run(until: number): void {
    for (;;) {
      const first = this.agenda[0];
      const wakeAt = this.client.nextDeadline();
      const at = Math.min(first?.at ?? Number.MAX_SAFE_INTEGER, wakeAt);
      if (at > until) break;
      this.now = Math.max(this.now, at);
      if (first !== undefined && first.at <= wakeAt) {
        this.agenda.shift();
        first.act();
      } else this.give({ kind: 'deadline', now: this.now as Micros });
    }
    this.now = Math.max(this.now, until);
  }

  /** A random change of the world: another leader, none, an ended session, a broken link. */
  disturb(): void {
    const choice = this.random.below(4);
    if (choice === 0) this.leader = this.random.below(this.options.endpoints.length);
    else if (choice === 1) this.leader = undefined;
    else if (choice === 2) {
      const open = [...this.sessions.keys()];
      if (open.length > 0) this.sessions.delete(open[this.random.below(open.length)] as number);
    } else this.breakLink();
  }

  heal(): void {
    this.calm = true;
    this.leader = 0;
  }

  private breakLink(): void {
    const endpoint = this.options.endpoints[this.random.below(this.options.endpoints.length)]?.address ?? '';
    this.deliver({ kind: 'endpointDown', endpoint }, 0);
  }

  private after(micros: number, act: () => void): void {
    const at = this.now + micros;
    let place = this.agenda.length;
    while (place > 0 && (this.agenda[place - 1] as Scheduled).at > at) place -= 1;
    this.agenda.splice(place, 0, { at, act });
  }

  private deliver(input: Delivery, delay: number): void {
    this.after(delay, () => this.give({ ...input, now: this.now as Micros } as ClientInput));
  }

  private chance(probability: number): boolean {
    return !this.calm && this.random.chance(probability);
  }

  private delay(): number {
    return this.chance(0.05) ? this.random.below(5_000_000) : this.random.below(3_000);
  }

  private execute(effect: ClientEffect): void {
    if (effect.kind === 'done') {
      const times = (this.done.get(effect.operation)?.times ?? 0) + 1;
      this.done.set(effect.operation, { outcome: effect.outcome, at: this.now, times });
      return;
    }
    const { endpoint, requestId, request } = effect;
    if (this.chance(0.03)) {
      this.deliver({ kind: 'unsent', requestId }, this.delay());
      return;
    }
    const copies = this.chance(0.1) ? 0 : this.options.link === 'datagram' && this.chance(0.2) ? 2 : 1;
    for (let i = 0; i < copies; i += 1) this.after(this.delay(), () => this.arrive(endpoint, requestId, request));
  }

  private arrive(endpoint: string, requestId: RequestId, request: ClientRequest): void {
    const result = this.serve(endpoint, request);
    if (result === undefined || this.chance(0.1)) return;
    this.deliver({ kind: 'response', endpoint, requestId, result }, this.delay());
    if (this.chance(0.05)) this.deliver({ kind: 'response', endpoint, requestId, result }, this.delay());
  }

  private serve(endpoint: string, request: ClientRequest): ClientResult | undefined {
    if (request.kind === 'status') return this.status(endpoint);
    if (this.chance(0.02)) return { kind: 'vaults', vaults: [], more: false };
    if (request.kind === 'query') return this.query();
    const leader = this.leader === undefined ? undefined : this.options.endpoints[this.leader];
    if (leader?.address !== endpoint) return this.error('not_leader', this.chance(0.3) ? undefined : this.hint());
    if (this.chance(0.05)) return this.error('overloaded', undefined);
    if (request.kind === 'openSession') return this.openSession(request.group);
    if (request.kind !== 'transact') throw new Error(`the mock serves no ${request.kind}`);
    return this.command(request.command, request.transaction.actor);
  }

  private command(command: CommandRef, payload: string): ClientResult | undefined {
    const session = this.sessions.get(command.session.index);
    if (session === undefined) return this.error('session_expired', undefined);
    if (command.sequence < session.lowestUnanswered) return this.error('sequence_stale', undefined);
    this.forget(session, command.lowestUnanswered);
    const known = session.results.get(command.sequence);
    if (known !== undefined) {
      if (known.payload !== payload) this.violations.push('one sequence, two payloads');
      return known.result;
    }
    if (this.chance(0.05)) return this.error('unknown_outcome', undefined); // appended, then replaced by another leader's entry
    this.executed.set(payload, (this.executed.get(payload) ?? 0) + 1);
    const outcome = payload.endsWith('reject')
      ? ({ ok: false, code: 'tuple_exists', operation: 0 } as const)
      : ({ ok: true, changed: true, height: 1, model: '' } as const);
    const result = { kind: 'transacted', outcome, anchor: ANCHOR } as unknown as ClientResult;
    session.results.set(command.sequence, { payload, result });
    if (session.results.size > SESSION_RESULTS_MAX) this.violations.push('more results than a session keeps');
    return this.chance(0.05) ? this.error('unknown_outcome', undefined) : result;
  }

  private forget(session: SessionState, lowestUnanswered: number): void {
    session.lowestUnanswered = Math.max(session.lowestUnanswered, lowestUnanswered);
    for (const sequence of session.results.keys()) if (sequence < session.lowestUnanswered) session.results.delete(sequence);
  }

  private openSession(group: GroupId): ClientResult {
    const index = this.nextSession;
    this.nextSession += 1;
    this.sessions.set(index, { lowestUnanswered: 1, results: new Map() });
    return { kind: 'session', session: { group, index: index as LogIndex } };
  }

  private query(): ClientResult {
    if (this.chance(0.3)) return this.error(this.chance(0.5) ? 'unavailable' : 'unknown_outcome', undefined);
    return {
      kind: 'entity',
      value: undefined,
      version: 0,
      expiresAt: 0,
      anchor: ANCHOR,
      proof: new Uint8Array(0),
    } as unknown as ClientResult;
  }

  private status(endpoint: string): ClientResult {
    const self = this.options.endpoints.find((each) => each.address === endpoint);
    const members = this.options.endpoints.map(({ address, node }) => ({ id: node, address }));
    return {
      kind: 'status',
      status: { node: self?.node as NodeId, cluster: undefined, members, removed: false, groups: [], droppedFrames: 0 },
    };
  }

  private hint(): NodeId | undefined {
    if (this.chance(0.2)) return this.options.endpoints[this.random.below(this.options.endpoints.length)]?.node;
    return this.leader === undefined ? undefined : this.options.endpoints[this.leader]?.node;
  }

  private error(code: ClientErrorCode, leader: NodeId | undefined): ClientResult {
    return { kind: 'error', code, message: code, leader, retryAfterMs: code === 'overloaded' ? 5 : 0 };
  }
}
