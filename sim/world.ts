/**
 * The simulated universe: nodes with disks and clocks, a network, clients, and one heap of events. Nothing else decides when
 * anything happens. One `step` of a core that consumes a frame, a completion, a request or a due deadline is one event.
 *
 * The ordering contract of core/effect.ts is enforced here: persists complete in order, an effect leaves only once its `after`
 * is durable, a crash may fall between any two effects of a step and forgets the rest.
 */
import { assert, defined } from '../core/assert.ts';
import { StorageError } from '../core/errors.ts';
import type { NodeId, RequestId, Seq } from '../core/ids.ts';
import { CLOCK_RATE_PPM_MAX } from '../core/limits.ts';
import type { Actor } from './actor.ts';
import { ActorStage } from './actor-stage.ts';
import { type Atlas, NO_ATLAS } from './atlas.ts';
import type { Build } from './build.ts';
import type { NodeClock } from './clock.ts';
import { Departures } from './departures.ts';
import { FaultCounts } from './faults/counts.ts';
import { Hostility } from './hostility.ts';
import { Network } from './network.ts';
import { type CrashKind, type CrashPlan, countDown, isCrashDue, VirtualNode } from './node.ts';
import { type Observer, Violation } from './observer.ts';
import { carryOut, completePersists, cutPersists, startPersist } from './persists.ts';
import type { PersistEffect, Protocol, Shape, SimCore, SimEffect, SimInput } from './protocol.ts';
import { Scheduler } from './scheduler.ts';
import type { Choices, Draws } from './tape.ts';
import { TraceHash } from './trace.ts';
import type { InjectedError, VirtualDisk } from './virtual-disk.ts';
import { EventKind, TraceKind } from './world-events.ts';
import type { WorldOptions } from './world-options.ts';

export class World<S extends Shape, C extends SimCore<S>> {
  readonly nodes: readonly VirtualNode<S, C>[];
  readonly network: Network;
  readonly hostility: Hostility<S, C>;
  readonly counts: FaultCounts = new FaultCounts();
  readonly choices: Choices;
  readonly trace: TraceHash = new TraceHash();
  /** The node that faults hit more often than others: set to whoever leads. */
  focus: () => number = () => 0;
  /** Whether a node may be lost for good. */
  mayLose: (index: number) => boolean = () => false;
  /** What may be destroyed on which disk without taking anything that was promised. */
  atlas: Atlas = NO_ATLAS;
  /** Answers a client in a node's place; undefined = the node answers itself. Set where one lies (guests.ts). */
  impostor: (node: VirtualNode<S, C>, endpoint: number, request: S['request']) => S['result'] | undefined = () => undefined;
  /** How wrong a fault may make a monotonic clock's rate. */
  clockRatePpmMax: number = CLOCK_RATE_PPM_MAX;
  /** Steps so far. */
  events: number = 0;
  /** Simulated disk latency on top of its minimum, microseconds (mean); a fault may raise it per node. */
  readonly diskDelayMean: number[];
  /** Nodes of the cluster, and all endpoints: nodes first, clients behind them. */
  readonly nodeCount: number;
  readonly endpointCount: number;

  private readonly options: WorldOptions;
  private readonly protocol: Protocol<S, C>;
  private readonly scheduler: Scheduler = new Scheduler();
  private readonly actors: ActorStage;
  private readonly departures: Departures<S, C>;
  private readonly indexOf: Map<NodeId, number> = new Map();
  private readonly observers: Observer<S, C>[] = [];
  private readonly onStepped: Observer<S, C>[] = [];
  private readonly onLeaving: Observer<S, C>[] = [];
  private readonly diskDraws: readonly Draws[];
  private readonly crashDraws: readonly Draws[];
  private readonly coalesceDraws: readonly Draws[];
  private readonly ids: readonly NodeId[];
  private nextRequest: number = 1;
  private stopped: boolean = false;

  constructor(protocol: Protocol<S, C>, options: WorldOptions) {
    this.protocol = protocol;
    this.options = options;
    this.choices = options.choices;
    const { nodes, choices } = options;
    this.nodeCount = nodes;
    this.endpointCount = nodes + options.actors;
    this.network = new Network({
      endpoints: nodes + options.actors,
      scheduler: this.scheduler,
      eventKind: EventKind.frame,
      choices,
      counts: this.counts,
      knobs: options.link,
    });
    const { scheduler, network } = this;
    this.actors = new ActorStage({ room: options.actors, firstEndpoint: nodes, scheduler, network });
    this.diskDelayMean = new Array<number>(nodes).fill(options.diskDelayMeanMicros);
    const indexes = Array.from({ length: nodes }, (_, index) => index);
    this.diskDraws = indexes.map((index) => choices.under(`disk/${index}/latency`));
    this.crashDraws = indexes.map((index) => choices.under(`node/${index}/crash-progress`));
    this.coalesceDraws = indexes.map((index) => choices.under(`disk/${index}/coalesce`));
    this.nodes = indexes.map((index) => this.createNode(index));
    for (const node of this.nodes) this.indexOf.set(node.id, node.index);
    this.ids = this.nodes.map((node) => node.id);
    const { trace, onLeaving, indexOf } = this;
    this.departures = new Departures({ protocol, network, scheduler, trace, indexOf, observers: onLeaving });
    this.hostility = new Hostility({ protocol, nodes: this.nodes, network, scheduler });
  }

  /** True time, microseconds. */
  get now(): number {
    return this.scheduler.now;
  }

  observe(observer: Observer<S, C>): void {
    this.observers.push(observer);
    if (observer.stepped !== undefined) this.onStepped.push(observer);
    if (observer.leaving !== undefined) this.onLeaving.push(observer);
  }

  /** Adds a client. @returns its endpoint for blocks. */
  addActor(actor: Actor): number {
    return this.actors.add(actor);
  }

  /** Opens every node and tells each what cluster it belongs to. */
  boot(): void {
    for (const node of this.nodes) this.open(node);
  }

  /** Runs something of the harness (a fault, a phase) at a true time. */
  at(time: number, act: () => void): void {
    this.scheduler.push(Math.max(time, this.now), EventKind.control, 0, 0, act);
  }

  /** Asks every client again when it wants to act: something outside changed. */
  wakeActors(): void {
    this.actors.wakeAll();
  }

  /** Ends `run` after the current event. */
  stop(): void {
    this.stopped = true;
  }

  /** Runs until `stop` is called, nothing is left, or the limits are reached. @returns why it ended. */
  run(limits: { readonly until: number; readonly eventsMax: number }): 'stopped' | 'idle' | 'time' | 'events' {
    this.stopped = false;
    while (!this.stopped) {
      if (this.scheduler.peekTime() > limits.until) return this.scheduler.pending === 0 ? 'idle' : 'time';
      if (this.events >= limits.eventsMax) return 'events';
      this.scheduler.pop();
      this.dispatch();
    }
    return 'stopped';
  }

  /** Somebody tells a node what cluster it belongs to, or who its members are by now. Nothing happens where it does not listen. */
  introduce(index: number, manifest: S['manifest']): void {
    const node = this.nodeAt(index);
    if (node.running && node.pausedUntil <= this.now) this.bootstrap(node, manifest);
  }

  /** Kills the process at once; a power loss also forgets what its disk has not synced. */
  crash(index: number, how: CrashKind): void {
    const node = this.nodeAt(index);
    if (!node.running) return;
    this.counts.add(how);
    this.halt(node);
    cutPersists(node, this.crashDraws[index] as Draws);
    if (how === 'powerLoss') this.losePower(index);
    else this.actors.died(index, this.options.link.delayMinMicros);
    for (const peer of this.nodes) if (peer !== node && peer.running) this.tellPeer(peer, node, 'down');
  }

  /** Forgets what no sync has covered on the disk of a node that is not running. */
  losePower(index: number): void {
    const node = this.nodeAt(index);
    assert(!node.running, 'power is lost by a machine whose process is gone');
    node.hasPower = false;
    const { lostWrites, tornWrites } = node.disk.powerLoss();
    this.counts.add('lostWrite', lostWrites);
    this.counts.add('tornWrite', tornWrites);
  }

  /** The disk is gone, and the node with it. */
  wipe(index: number): void {
    this.crash(index, 'powerLoss');
    this.nodeAt(index).isWiped = true;
  }

  /** Opens a node again from what is on its disk. Does nothing where it runs, or its disk is gone. */
  restart(index: number): void {
    const node = this.nodeAt(index);
    node.crashAfterEffects = -1;
    if (node.running || node.isWiped) return;
    this.counts.add('restart');
    this.open(node);
    for (const peer of this.nodes) if (peer !== node && peer.running) this.tellPeer(peer, node, 'up');
  }

  /** What a machine runs from its next opening on. One that runs goes on with what it has. */
  install(index: number, build: Build): void {
    const node = this.nodeAt(index);
    assert(!node.running, 'a build is installed on a machine whose process is gone');
    node.build = build;
  }

  /** The process stands still, from now on or as soon as it has sent something; its clock does not. */
  pause(index: number, micros: number, from: 'now' | 'nextSend' = 'now'): void {
    const node = this.nodeAt(index);
    if (from === 'nextSend') node.pauseAfterSend = micros;
    else node.pausedUntil = Math.max(node.pausedUntil, this.now + micros);
  }

  /** Plans a crash after that many more effects of the node, in the middle of a step if it so happens. */
  planCrash(index: number, plan: CrashPlan): void {
    const node = this.nodeAt(index);
    node.crashAfterEffects = plan.effects;
    node.crashWaitsForPersist = plan.fromNextPersist;
    node.crashWaitsForStages = plan.isStaged === true;
    node.plannedCrash = plan.how;
  }

  isRunning(index: number): boolean {
    return this.nodeAt(index).running;
  }

  /** Lets a clock run or stand otherwise; timers follow. */
  changeClock(index: number, change: (clock: NodeClock, now: number) => void): void {
    const node = this.nodeAt(index);
    change(node.clock, this.now);
    if (node.running) this.scheduleTimer(node);
  }

  disk(index: number): VirtualDisk {
    return this.nodeAt(index).disk;
  }

  /** Calls every oracle's last look and folds each node's digest. */
  finish(): void {
    for (const observer of this.observers) observer.finished?.();
    for (const node of this.nodes) {
      this.trace.event(this.now, node.index, TraceKind.digest);
      if (node.core !== undefined) this.trace.text(node.core.digest());
    }
  }

  private createNode(index: number): VirtualNode<S, C> {
    const draws = this.choices.under(`node/${index}/identity`);
    const { id, ops } = this.protocol.create(draws);
    const disk = this.options.disk(index, this.choices.under(`disk/${index}/power-loss`));
    for (const op of ops) carryOut(disk, op);
    return new VirtualNode<S, C>({ index, id, disk, clock: this.options.clock(index), nodes: this.options.nodes });
  }

  private open(node: VirtualNode<S, C>): void {
    node.incarnation += 1;
    const opened = this.openCore(node);
    if (opened === undefined) return;
    const { core, effects } = opened;
    node.core = core;
    node.frames = this.protocol.frames(core, node.id);
    node.running = true;
    node.hasPower = true;
    node.issuedSeq = 0;
    node.durableSeq = 0;
    node.persists = [];
    node.diskFailed = false;
    node.waiting = [];
    node.releasable.fill(0);
    node.pausedUntil = 0;
    node.pauseAfterSend = 0;
    node.timerAt = Number.POSITIVE_INFINITY;
    node.diskFreeAt = this.now;
    node.crashAfterEffects = -1;
    this.trace.event(this.now, node.index, TraceKind.open);
    for (const observer of this.observers) observer.opened?.(node);
    this.execute(node, effects);
    const manifest = this.protocol.isMember(core) ? undefined : this.protocol.manifest(this.ids, node.index);
    if (manifest !== undefined) this.bootstrap(node, manifest);
    this.scheduleTimer(node);
  }

  /** @returns undefined where the core refuses what is on the disk: the node is dead, and says why. */
  private openCore(node: VirtualNode<S, C>): ReturnType<Protocol<S, C>['open']> | undefined {
    try {
      const place = { node: node.index, incarnation: node.incarnation, build: node.build };
      return this.protocol.open(node.disk, node.clock.read(this.now), place);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      this.trace.event(this.now, node.index, TraceKind.refused);
      for (const observer of this.observers) observer.refused?.(node, error);
      return undefined;
    } finally {
      node.disk.shortenRead(undefined); // it is meant for who opens: oracles read the same disk
    }
  }

  private dispatch(): void {
    const { kind, first, second, payload, now } = this.scheduler;
    switch (kind) {
      case EventKind.frame:
        return this.arrive(first, second, payload as Uint8Array);
      case EventKind.timer: {
        const node = this.nodeAt(first);
        if (second !== node.incarnation || !node.running || now < node.timerAt) return;
        if (this.deferred(node)) return;
        return this.timer(node);
      }
      case EventKind.disk: {
        const node = this.nodeAt(first);
        if (second !== node.incarnation || !node.running || this.deferred(node)) return;
        return this.diskDone(node);
      }
      case EventKind.actor:
        return this.actors.fired(first);
      case EventKind.reset:
        return this.actors.reset(first, second);
      case EventKind.peer: {
        const node = this.nodeAt(first);
        if (!node.running || this.deferred(node)) return;
        return this.peerInput(node, second);
      }
      default:
        return (payload as () => void)();
    }
  }

  /** Puts the event just taken off to the end of a pause. @returns whether it did. */
  private deferred(node: VirtualNode<S, C>): boolean {
    if (node.pausedUntil <= this.now) return false;
    const { kind, first, second, payload } = this.scheduler;
    if (kind === EventKind.timer) node.timerAt = node.pausedUntil;
    this.scheduler.push(node.pausedUntil, kind, first, second, payload);
    return true;
  }

  private arrive(from: number, to: number, bytes: Uint8Array): void {
    if (to >= this.nodes.length) {
      if (!this.network.arrive(from, to, bytes, true)) return;
      const slot = to - this.nodes.length;
      this.trace.event(this.now, to, TraceKind.toActor);
      this.trace.bytes(bytes);
      return this.actors.receive(slot, from, bytes);
    }
    const node = this.nodeAt(to);
    if (node.running && node.pausedUntil > this.now) {
      this.scheduler.push(node.pausedUntil, EventKind.frame, from, to, bytes); // still in flight: counts against the link
      return;
    }
    const hasArrived = this.network.arrive(from, to, bytes, node.running);
    // Nobody listens there, and the machine says so.
    if (!node.running && node.hasPower && from >= this.nodes.length)
      this.actors.refused(from - this.nodes.length, node.index, this.options.link.delayMinMicros);
    if (!hasArrived) return;
    if (from >= this.nodes.length) return this.requestInput(node, from, bytes);
    this.trace.event(this.now, to, EventKind.frame);
    this.trace.bytes(bytes);
    const { now, wall } = node.clock.read(this.now);
    const read = node.build === 'otherWire' ? (this.protocol.inOtherVersion?.(bytes) ?? bytes) : bytes;
    this.step(node, { kind: 'frame', from: this.nodeAt(from).id, bytes: read, now, wall });
  }

  private requestInput(node: VirtualNode<S, C>, endpoint: number, bytes: Uint8Array): void {
    const request = this.protocol.decodeRequest(bytes);
    this.trace.event(this.now, node.index, TraceKind.request);
    this.trace.bytes(bytes);
    if (request === undefined) return;
    const lie = this.impostor(node, endpoint, request.body);
    if (lie !== undefined) return this.departures.answer(node, { endpoint, id: request.id }, lie);
    const id = this.nextRequest;
    this.nextRequest += 1;
    node.requests.set(id, { endpoint, id: request.id });
    const { now, wall } = node.clock.read(this.now);
    this.step(node, { kind: 'request', id: id as RequestId, body: request.body, now, wall });
  }

  private timer(node: VirtualNode<S, C>): void {
    node.timerAt = Number.POSITIVE_INFINITY;
    const { now, wall } = node.clock.read(this.now);
    if (defined(node.core, 'a running node has a core').nextDeadline() > now) return this.scheduleTimer(node);
    this.trace.event(this.now, node.index, TraceKind.deadline);
    this.step(node, { kind: 'deadline', now, wall });
  }

  private diskDone(node: VirtualNode<S, C>): void {
    const head = node.persists[0];
    if (head === undefined) return; // went together with an earlier one
    const together = node.persists.length > 1 && (this.coalesceDraws[node.index] as Draws).chance(this.options.coalesce);
    const { seq, failure } = completePersists(node, together);
    if (seq > 0) this.persisted(node, seq);
    if (failure !== undefined && node.running) this.persistFailed(node, failure);
  }

  private persistFailed(node: VirtualNode<S, C>, failure: { readonly seq: number; readonly code: InjectedError }): void {
    this.counts.add(failure.code === 'EIO' ? 'syncFailure' : 'diskFull');
    this.trace.event(this.now, node.index, TraceKind.persistFailed);
    const { now, wall } = node.clock.read(this.now);
    this.step(node, { kind: 'persistFailed', seq: failure.seq as Seq, code: failure.code, now, wall });
  }

  private persisted(node: VirtualNode<S, C>, seq: number): void {
    node.durableSeq = seq;
    for (const observer of this.observers) observer.durable?.(node, seq);
    this.trace.event(this.now, node.index, TraceKind.persisted);
    this.trace.word(seq);
    this.departures.freeWaiting(node);
    if (!node.running) return;
    const { now, wall } = node.clock.read(this.now);
    this.step(node, { kind: 'persisted', seq: seq as Seq, now, wall });
  }

  private peerInput(node: VirtualNode<S, C>, code: number): void {
    const peer = this.nodeAt(code >> 1);
    const state = (code & 1) === 1 ? 'up' : 'down';
    this.trace.event(this.now, node.index, EventKind.peer);
    this.trace.word(code);
    const { now, wall } = node.clock.read(this.now);
    this.step(node, { kind: 'peer', peer: peer.id, state, now, wall });
  }

  private bootstrap(node: VirtualNode<S, C>, manifest: S['manifest']): void {
    this.trace.event(this.now, node.index, TraceKind.bootstrap);
    this.step(node, { kind: 'bootstrap', manifest, ...node.clock.read(this.now) });
  }

  private step(node: VirtualNode<S, C>, input: SimInput<S>): void {
    this.events += 1;
    const effects = defined(node.core, 'a running node has a core').step(input);
    this.execute(node, effects);
    for (const observer of this.onStepped) observer.stepped?.(node, input);
    if (node.running) this.scheduleTimer(node);
  }

  private execute(node: VirtualNode<S, C>, effects: readonly SimEffect<S>[]): void {
    for (const effect of effects) {
      if (isCrashDue(node)) break;
      countDown(node, effect);
      this.executeOne(node, effect);
      if (!node.running) return;
    }
    this.departures.releaseFrames(node);
    if (isCrashDue(node)) this.crash(node.index, node.plannedCrash);
  }

  private executeOne(node: VirtualNode<S, C>, effect: SimEffect<S>): void {
    switch (effect.kind) {
      case 'persist':
        return this.persist(node, effect);
      case 'send':
        this.trace.event(this.now, node.index, TraceKind.send);
        this.trace.word(effect.after);
        this.departures.admit(node, effect);
        return defined(node.frames, 'a running node has frames').push(effect);
      case 'reply':
        this.trace.event(this.now, node.index, TraceKind.reply);
        this.trace.word(effect.after);
        return this.departures.admit(node, effect);
      case 'fatal':
        this.trace.event(this.now, node.index, TraceKind.fatal);
        for (const observer of this.observers) observer.fatal?.(node, effect.scope, effect.code, effect.detail);
        if (effect.scope === 'node') this.halt(node);
        return;
      case 'alarm':
        this.trace.event(this.now, node.index, TraceKind.alarm);
        for (const observer of this.observers) observer.alarm?.(node, effect.group, effect.code, effect.detail);
    }
  }

  private persist(node: VirtualNode<S, C>, effect: PersistEffect): void {
    this.trace.event(this.now, node.index, TraceKind.persist);
    this.trace.word(effect.seq);
    for (const op of effect.ops) if (op.op === 'write') this.trace.bytes(op.bytes);
    if (effect.seq !== node.issuedSeq + 1) throw new Violation('persist-sequence', 'persists are numbered without a gap');
    node.issuedSeq = effect.seq;
    startPersist(node, effect);
    for (const observer of this.observers) observer.persisting?.(node, effect.seq);
    const mean = this.diskDelayMean[node.index] as number;
    const latency = this.options.diskDelayMinMicros + (this.diskDraws[node.index] as Draws).exponential(mean);
    node.diskFreeAt = Math.max(node.diskFreeAt, this.now) + latency;
    this.scheduler.push(node.diskFreeAt, EventKind.disk, node.index, node.incarnation, undefined);
  }

  private halt(node: VirtualNode<S, C>): void {
    node.running = false;
    node.requests.clear();
    for (const observer of this.observers) observer.crashed?.(node);
  }

  private tellPeer(node: VirtualNode<S, C>, peer: VirtualNode<S, C>, state: 'up' | 'down'): void {
    const code = peer.index * 2 + (state === 'up' ? 1 : 0);
    this.scheduler.push(this.now + this.options.link.delayMinMicros, EventKind.peer, node.index, code, undefined);
  }

  private scheduleTimer(node: VirtualNode<S, C>): void {
    const deadline = defined(node.core, 'a running node has a core').nextDeadline();
    const at = Math.max(node.clock.trueTimeOf(deadline), this.now);
    if (at >= node.timerAt || at === Number.POSITIVE_INFINITY) return;
    node.timerAt = at;
    this.scheduler.push(at, EventKind.timer, node.index, node.incarnation, undefined);
  }

  private nodeAt(index: number): VirtualNode<S, C> {
    return this.nodes[index] as VirtualNode<S, C>;
  }
}
