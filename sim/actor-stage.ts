/** The clients of a world: their timers on its heap, and what they send. */
import { assert } from '../core/assert.ts';
import type { Actor } from './actor.ts';
import type { Network } from './network.ts';
import type { Scheduler } from './scheduler.ts';
import { EventKind } from './world-events.ts';

export class ActorStage {
  private readonly actors: Actor[] = [];
  /** True time of the earliest timer on the heap, by slot. */
  private readonly timers: number[] = [];
  private readonly room: number;
  /** Endpoint of the first client. */
  private readonly firstEndpoint: number;
  private readonly scheduler: Scheduler;
  private readonly network: Network;

  constructor(options: {
    readonly room: number;
    readonly firstEndpoint: number;
    readonly scheduler: Scheduler;
    readonly network: Network;
  }) {
    this.room = options.room;
    this.firstEndpoint = options.firstEndpoint;
    this.scheduler = options.scheduler;
    this.network = options.network;
  }

  /** @returns its endpoint. */
  add(actor: Actor): number {
    assert(this.actors.length < this.room, 'the world was made with room for its actors');
    this.actors.push(actor);
    this.timers.push(Number.POSITIVE_INFINITY);
    const slot = this.actors.length - 1;
    this.schedule(slot);
    return this.firstEndpoint + slot;
  }

  /** Asks every client again when it wants to act. */
  wakeAll(): void {
    for (let slot = 0; slot < this.actors.length; slot += 1) this.schedule(slot);
  }

  receive(slot: number, from: number, bytes: Uint8Array): void {
    (this.actors[slot] as Actor).receive(this.scheduler.now, from, bytes);
    this.settle(slot);
  }

  /** A node's process has died: every client hears of it, after that time. */
  died(node: number, delayMicros: number): void {
    for (let slot = 0; slot < this.actors.length; slot += 1) this.refused(slot, node, delayMicros);
  }

  /** Nobody listens at the node: the client hears of it, after that time. */
  refused(slot: number, node: number, delayMicros: number): void {
    this.scheduler.push(this.scheduler.now + delayMicros, EventKind.reset, slot, node, undefined);
  }

  reset(slot: number, node: number): void {
    (this.actors[slot] as Actor).reset?.(this.scheduler.now, node);
    this.settle(slot);
  }

  /** A timer of the client fired; one that was brought forward since is ignored. */
  fired(slot: number): void {
    if (this.scheduler.now < (this.timers[slot] as number)) return;
    this.timers[slot] = Number.POSITIVE_INFINITY;
    (this.actors[slot] as Actor).deadline(this.scheduler.now);
    this.settle(slot);
  }

  private settle(slot: number): void {
    for (const { to, bytes } of (this.actors[slot] as Actor).takeOutgoing())
      this.network.send(this.firstEndpoint + slot, to, bytes);
    this.schedule(slot);
  }

  private schedule(slot: number): void {
    const at = Math.max((this.actors[slot] as Actor).nextDeadline(), this.scheduler.now);
    if (at >= (this.timers[slot] as number) || at === Number.POSITIVE_INFINITY) return;
    this.timers[slot] = at;
    this.scheduler.push(at, EventKind.actor, slot, 0, undefined);
  }
}
