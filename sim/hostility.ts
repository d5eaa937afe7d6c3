/** What a hostile member or a careless operator does to a world, in the words of its protocol (Protocol.forge, Protocol.openDamagedCopy). */
import type { Heard, Network } from './network.ts';
import type { VirtualNode } from './node.ts';
import { Violation } from './observer.ts';
import type { Protocol, Shape, SimCore } from './protocol.ts';
import type { Scheduler } from './scheduler.ts';
import type { Draws } from './tape.ts';

interface Scene<S extends Shape, C extends SimCore<S>> {
  readonly protocol: Protocol<S, C>;
  readonly nodes: readonly VirtualNode<S, C>[];
  readonly network: Network;
  readonly scheduler: Scheduler;
}

export class Hostility<S extends Shape, C extends SimCore<S>> {
  private readonly scene: Scene<S, C>;

  constructor(scene: Scene<S, C>) {
    this.scene = scene;
  }

  /** What no correct node would send, made from a frame between two nodes. */
  forge(heard: Heard, draws: Draws): Heard | undefined {
    const { protocol, nodes, network } = this.scene;
    const { from, to } = network.endsOf(heard);
    const receiver = nodes[to];
    if (receiver === undefined || nodes[from] === undefined) return undefined;
    const forged = protocol.forge?.({ to: receiver.id, bytes: heard.bytes }, draws);
    if (forged === undefined) return undefined;
    return { link: forged.back ? network.linkOf(to, from) : heard.link, bytes: forged.bytes };
  }

  /** Makes the state that a node holds in memory another one. @returns whether it runs and had something to change. */
  tamper(index: number, draws: Draws): boolean {
    const { protocol, nodes } = this.scene;
    const core = nodes[index]?.running === true ? nodes[index].core : undefined;
    return core !== undefined && protocol.tamper?.(core, draws) === true;
  }

  /** Opens a damaged copy of the node's directory, beside the node. @returns whether the protocol could judge it. */
  openDamagedCopy(index: number, draws: Draws): boolean {
    const { protocol, nodes, scheduler } = this.scene;
    const node = nodes[index];
    if (node === undefined || protocol.openDamagedCopy === undefined) return false;
    const complaint = protocol.openDamagedCopy(node.disk, node.clock.read(scheduler.now), draws);
    if (complaint !== undefined) throw new Violation('damaged-copy-is-refused', complaint, 'safety', { nodes: [index] });
    return true;
  }
}
