/**
 * What leaves a node: messages and replies, each once what it waits for is durable (C4). The ordering contract is enforced
 * here, not trusted: a frame that holds a message whose time has not come is a violation, whoever packed it.
 */
import { defined } from '../core/assert.ts';
import type { NodeId, Seq } from '../core/ids.ts';
import { grown } from '../core/lists.ts';
import type { Network } from './network.ts';
import type { VirtualNode } from './node.ts';
import { type Observer, Violation } from './observer.ts';
import type { Protocol, ReplyEffect, SendEffect, Shape, SimCore } from './protocol.ts';
import type { Scheduler } from './scheduler.ts';
import type { TraceHash } from './trace.ts';
import { TraceKind } from './world-events.ts';

interface Surroundings<S extends Shape, C extends SimCore<S>> {
  readonly protocol: Protocol<S, C>;
  readonly network: Network;
  readonly scheduler: Scheduler;
  readonly trace: TraceHash;
  /** Positions of the nodes. */
  readonly indexOf: ReadonlyMap<NodeId, number>;
  /** Those that watch what leaves. */
  readonly observers: readonly Observer<S, C>[];
}

export class Departures<S extends Shape, C extends SimCore<S>> {
  private readonly protocol: Protocol<S, C>;
  private readonly network: Network;
  private readonly scheduler: Scheduler;
  private readonly trace: TraceHash;
  private readonly indexOf: ReadonlyMap<NodeId, number>;
  private readonly observers: readonly Observer<S, C>[];

  constructor(surroundings: Surroundings<S, C>) {
    this.protocol = surroundings.protocol;
    this.network = surroundings.network;
    this.scheduler = surroundings.scheduler;
    this.trace = surroundings.trace;
    this.indexOf = surroundings.indexOf;
    this.observers = surroundings.observers;
  }

  /** A send or reply either may leave now or waits for its sequence. */
  admit(node: VirtualNode<S, C>, effect: SendEffect<S> | ReplyEffect<S>): void {
    if (effect.after > node.issuedSeq)
      throw new Violation('after-is-issued', 'an effect waits only for a persist that was handed out');
    if (effect.after > node.durableSeq) node.waiting = grown(node.waiting, effect);
    else this.leave(node, effect);
  }

  /** More is durable: lets go of what waited for it. */
  freeWaiting(node: VirtualNode<S, C>): void {
    if (node.waiting.length === 0) return;
    const free = node.waiting;
    node.waiting = [];
    for (const effect of free) {
      if (effect.after > node.durableSeq) node.waiting = grown(node.waiting, effect);
      else this.leave(node, effect);
    }
    this.releaseFrames(node);
  }

  /** Puts everything that may leave on the network, one frame per peer. */
  releaseFrames(node: VirtualNode<S, C>): void {
    for (const frame of defined(node.frames, 'a running node has frames').release(node.durableSeq as Seq)) {
      const to = defined(this.indexOf.get(frame.to), 'frames go to nodes of the cluster');
      const may = (node.releasable[to] as number) - this.protocol.messageCount(frame.bytes);
      if (may < 0) throw new Violation('nothing-leaves-early', 'a message left before what it waits for was durable');
      node.releasable[to] = may;
      this.trace.event(this.scheduler.now, node.index, TraceKind.leave);
      this.trace.bytes(frame.bytes);
      const written = node.build === 'otherWire' ? this.protocol.inOtherVersion?.(frame.bytes) : undefined;
      this.network.send(node.index, to, written ?? frame.bytes);
      if (node.pauseAfterSend > 0) this.stopAfterSend(node);
    }
  }

  private leave(node: VirtualNode<S, C>, effect: SendEffect<S> | ReplyEffect<S>): void {
    for (const observer of this.observers) observer.leaving?.(node, effect);
    if (effect.kind === 'send') {
      const to = defined(this.indexOf.get(effect.to), 'messages go to nodes of the cluster');
      node.releasable[to] = (node.releasable[to] as number) + 1;
      return;
    }
    const origin = node.requests.get(effect.id);
    if (origin === undefined) throw new Violation('one-reply', 'a reply answers a request that was not answered yet');
    node.requests.delete(effect.id);
    this.answer(node, origin, effect.result);
  }

  /** Puts the answer to a client's request on the network. */
  answer(node: VirtualNode<S, C>, origin: { readonly endpoint: number; readonly id: number }, result: S['result']): void {
    const bytes = this.protocol.encodeResult(origin.id, result);
    this.trace.bytes(bytes);
    this.network.send(node.index, origin.endpoint, bytes);
  }

  /** The rest of what it sends now still leaves. */
  private stopAfterSend(node: VirtualNode<S, C>): void {
    node.pausedUntil = Math.max(node.pausedUntil, this.scheduler.now + node.pauseAfterSend);
    node.pauseAfterSend = 0;
  }
}
