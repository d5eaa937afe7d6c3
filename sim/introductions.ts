/**
 * How nodes learn who belongs to their cluster besides from the log: whoever opens a link is told, and tells, what the other does
 * not know. Here each node meets another now and then, as links break and open again all the time; not where the way is blocked.
 * A node that was added but speaks to nobody yet becomes a member like this, and one that was removed hears of it.
 */
import type { Manifest } from '../core/replica/manifest.ts';
import type { Replica } from '../core/replica/replica.ts';
import type { VirtualNode } from './node.ts';
import type { Draws } from './tape.ts';
import type { VouchShape } from './vouch.ts';
import type { World } from './world.ts';

export class Introductions {
  private readonly world: World<VouchShape, Replica>;
  private readonly periodMicros: number;
  private readonly delayMicros: number;
  private readonly draws: Draws;

  constructor(options: {
    readonly world: World<VouchShape, Replica>;
    /** Between two meetings of a node. */
    readonly periodMicros: number;
    readonly delayMicros: number;
    readonly draws: Draws;
  }) {
    this.world = options.world;
    this.periodMicros = options.periodMicros;
    this.delayMicros = options.delayMicros;
    this.draws = options.draws;
  }

  start(): void {
    const { world } = this;
    world.at(world.now + this.periodMicros, () => {
      for (const node of world.nodes) this.meet(node);
      this.start();
    });
  }

  private meet(node: VirtualNode<VouchShape, Replica>): void {
    const { world } = this;
    const at = (node.index + 1 + this.draws.below(world.nodeCount - 1)) % world.nodeCount;
    const manifest = world.nodes[at]?.running === true ? world.nodes[at]?.core?.manifest() : undefined;
    if (!node.running || manifest === undefined || world.network.isBlocked(at, node.index) > 0) return;
    if (!isWorthTelling(node, manifest)) return;
    world.at(world.now + this.delayMicros, () => world.introduce(node.index, manifest));
  }
}

/** Whether the node is named and knows something else; that its own may be the newer is for the node to see. */
function isWorthTelling({ id, core }: VirtualNode<VouchShape, Replica>, manifest: Manifest): boolean {
  return core?.manifest()?.revision !== manifest.revision && manifest.members.some((member) => member.id === id);
}
