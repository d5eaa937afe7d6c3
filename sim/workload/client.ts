/**
 * A simulated client: the production client engine (core/client) on a simulated network. It runs several lanes, each a
 * process that does one operation after another; all lanes share the engine and so its sessions.
 * It may die and start again: then nobody knows what became of its open operations, and its sessions are left behind.
 */
import { Writer } from '../../core/bytes/writer.ts';
import { ClientCore } from '../../core/client/client-core.ts';
import type { ClientEffect, LogicalRequest, OperationId, OperationOutcome, Route } from '../../core/client/operation.ts';
import { decodeClientResult, encodeClientRequest } from '../../core/codec/client-frame.ts';
import type { Micros, NodeId, RequestId } from '../../core/ids.ts';
import { NEVER } from '../../core/ids.ts';
import { Random, type SeedWords } from '../../core/random.ts';
import type { Actor, Outgoing } from '../actor.ts';
import { addressOf, movedAddressOf } from '../vouch.ts';

const REQUESTS_PER_LIFE = 1_000_000;

/** One operation a lane wants done. */
export interface Plan {
  readonly request: LogicalRequest;
  readonly route: Route;
  readonly timeoutMicros: number;
  /** @param from index of the node whose answer ended it; undefined where no answer did. */
  readonly done: (outcome: OperationOutcome, time: number, from?: number) => void;
}

export interface Behaviour {
  /** What the lane does next; undefined = nothing before `poke`; skipped = nothing, this time. */
  next(lane: number, time: number): Plan | 'skipped' | undefined;
  /** Pause before the lane's next operation, microseconds. */
  think(lane: number): number;
}

interface Lane {
  /** True time from which it may start its next operation; Infinity while it has nothing to do. */
  readyAt: number;
  plan: Plan | undefined;
}

export class SimClient implements Actor {
  private core: ClientCore;
  private readonly link: 'stream' | 'datagram';
  private readonly makeCore: (life: number) => ClientCore;
  private readonly dies: () => boolean;
  private life: number = 0;
  private readonly indexOf: ReadonlyMap<string, number>;
  /** Requests that went to a node where it has moved to: the answer comes from there. */
  private readonly movedTo: Map<number, string> = new Map();
  private readonly behaviour: Behaviour;
  private readonly lanes: Lane[] = [];
  private readonly running: Map<OperationId, Lane> = new Map();
  private outgoing: Outgoing[] = [];
  private nextOperation: number = 1;
  private readonly writer: Writer = new Writer();

  constructor(options: {
    readonly nodes: readonly NodeId[];
    readonly seed: SeedWords;
    readonly link: 'stream' | 'datagram';
    readonly attemptTimeoutMicros: number;
    readonly lanes: number;
    readonly behaviour: Behaviour;
    /** Asked after each operation. */
    readonly dies: () => boolean;
  }) {
    this.makeCore = (life): ClientCore =>
      new ClientCore({
        endpoints: options.nodes.map((node, index) => ({ address: addressOf(index), node })),
        random: Random.stream(options.seed, `client/${life}`),
        link: options.link,
        attemptTimeoutMicros: options.attemptTimeoutMicros,
        backoff: { minMicros: 5_000, maxMicros: 200_000 },
      });
    this.link = options.link;
    this.core = this.makeCore(0);
    this.dies = options.dies;
    this.indexOf = new Map(
      options.nodes.flatMap((_, index) => [addressOf, movedAddressOf].map((place) => [place(index), index] as const)),
    );
    this.behaviour = options.behaviour;
    for (let lane = 0; lane < options.lanes; lane += 1) this.lanes.push({ readyAt: 0, plan: undefined });
  }

  /** Lanes that had nothing to do ask again. */
  poke(time: number): void {
    for (const lane of this.lanes) if (lane.plan === undefined && lane.readyAt === Number.POSITIVE_INFINITY) lane.readyAt = time;
  }

  /** Whether every lane is idle. */
  get idle(): boolean {
    return this.running.size === 0;
  }

  receive(time: number, node: number, bytes: Uint8Array): void {
    const decoded = decodeClientResult(bytes);
    if (!decoded.ok) return;
    const { id, result } = decoded.value;
    const requestId = (id - this.life * REQUESTS_PER_LIFE) as RequestId;
    if (requestId < 1) return; // for a process that is gone, and its connections with it
    const endpoint = this.movedTo.get(id) ?? addressOf(node);
    this.movedTo.delete(id);
    this.handle(time, this.core.step({ now: engineTime(time), kind: 'response', endpoint, requestId, result }), node);
  }

  /** What is connected knows at once that nobody answers any more; a datagram finds out. */
  reset(time: number, node: number): void {
    if (this.link !== 'stream') return;
    this.handle(time, this.core.step({ now: engineTime(time), kind: 'endpointDown', endpoint: addressOf(node) }));
  }

  deadline(time: number): void {
    if (this.core.nextDeadline() <= engineTime(time))
      this.handle(time, this.core.step({ now: engineTime(time), kind: 'deadline' }));
    this.lanes.forEach((lane, number) => {
      if (lane.plan === undefined && lane.readyAt <= time) this.start(lane, number, time);
    });
  }

  nextDeadline(): number {
    const engine = this.core.nextDeadline();
    let next = engine >= NEVER ? Number.POSITIVE_INFINITY : engine - 1;
    for (const lane of this.lanes) if (lane.plan === undefined) next = Math.min(next, lane.readyAt);
    return next;
  }

  takeOutgoing(): readonly Outgoing[] {
    const taken = this.outgoing;
    this.outgoing = [];
    return taken;
  }

  private start(lane: Lane, number: number, time: number): void {
    const plan = this.behaviour.next(number, time);
    if (plan === undefined || plan === 'skipped') {
      lane.readyAt = plan === undefined ? Number.POSITIVE_INFINITY : time + 1 + this.behaviour.think(number);
      return;
    }
    const operation = this.nextOperation as OperationId;
    this.nextOperation += 1;
    lane.plan = plan;
    this.running.set(operation, lane);
    const now = engineTime(time);
    const deadline = (now + plan.timeoutMicros) as Micros;
    this.handle(time, this.core.step({ now, kind: 'submit', operation, request: plan.request, deadline, route: plan.route }));
  }

  private handle(time: number, effects: readonly ClientEffect[], from?: number): void {
    for (const effect of effects) {
      if (effect.kind === 'send') {
        const to = this.indexOf.get(effect.endpoint);
        if (to === undefined) continue;
        const id = this.wireId(effect.requestId);
        if (effect.endpoint !== addressOf(to)) this.movedTo.set(id, effect.endpoint);
        this.outgoing.push({ to, bytes: encodeClientRequest({ id, request: effect.request }, this.writer) });
        continue;
      }
      const lane = this.running.get(effect.operation);
      if (lane?.plan === undefined) continue;
      this.running.delete(effect.operation);
      const { plan } = lane;
      lane.plan = undefined;
      lane.readyAt = time + 1 + this.behaviour.think(this.lanes.indexOf(lane));
      plan.done(effect.outcome, time, from);
      if (this.dies()) return this.die(time);
    }
  }

  private die(time: number): void {
    this.life += 1;
    this.core = this.makeCore(this.life);
    const left = [...this.running.values()];
    this.running.clear();
    for (const lane of left) {
      const { plan } = lane;
      lane.plan = undefined;
      lane.readyAt = time + 1 + this.behaviour.think(this.lanes.indexOf(lane));
      plan?.done({ ok: false, code: 'unknown_outcome', message: 'The client died.' }, time);
    }
  }

  /** Ids of all lives differ, so that an answer to a dead process is not taken for another. */
  private wireId(requestId: RequestId): RequestId {
    return (this.life * REQUESTS_PER_LIFE + requestId) as RequestId;
  }
}

/** The engine's clock starts at 1: 0 means "never" in places. */
function engineTime(time: number): Micros {
  return (time + 1) as Micros;
}
