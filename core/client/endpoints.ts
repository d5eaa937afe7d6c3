/**
 * The nodes a client may ask: their addresses, which node answers there, who leads which group, and who is not worth asking now.
 * The list begins with what the user gave and grows by the members that nodes name; it never exceeds MEMBERS_MAX.
 */
import { defined } from '../assert.ts';
import type { GroupId, Micros, NodeId } from '../ids.ts';
import { MEMBERS_MAX } from '../limits.ts';
import type { Random } from '../random.ts';
import { type BackoffRange, backoffMicros } from './backoff.ts';
import type { NodeStatus } from './protocol.ts';

export interface Endpoint {
  readonly address: string;
  /** Which node answers there, once known. */
  node: NodeId | undefined;
  /** Failures since the last sign of life. */
  failures: number;
  /** Its connection broke, and nothing has come from it since. */
  isDown: boolean;
  /** Asked only where there is no better choice until then. */
  avoidUntil: Micros;
  /** Whether it is being asked who it is. */
  asking: boolean;
}

export class Endpoints {
  /** In the order they became known: the user's first, because those he can reach. */
  private readonly list: Endpoint[] = [];
  private readonly leaders: Map<GroupId, Endpoint> = new Map();
  private readonly random: Random;
  private readonly backoff: BackoffRange;

  constructor(addresses: readonly { readonly address: string; readonly node?: NodeId }[], random: Random, backoff: BackoffRange) {
    this.random = random;
    this.backoff = backoff;
    for (const { address, node } of addresses) this.add(address, node);
  }

  find(address: string): Endpoint | undefined {
    return this.list.find((endpoint) => endpoint.address === address);
  }

  findNode(node: NodeId): Endpoint | undefined {
    return this.list.find((endpoint) => endpoint.node === node);
  }

  /** Takes over what a node says of itself and its cluster. */
  learn(asked: Endpoint, status: NodeStatus): void {
    asked.node = status.node;
    for (const member of status.members) {
      const known = this.findNode(member.id);
      // A node that does not answer where it was and is said to be elsewhere has moved.
      const hasMoved = known !== undefined && known.failures > 0 && known.address !== member.address;
      if (known !== undefined && !hasMoved) continue;
      if (known !== undefined) known.node = undefined;
      const there = this.find(member.address);
      if (there === undefined) this.add(member.address, member.id);
      else if (!status.members.some(({ id }) => id === there.node)) there.node = member.id;
    }
  }

  alive(endpoint: Endpoint): void {
    endpoint.failures = 0;
    endpoint.isDown = false;
    endpoint.avoidUntil = 0 as Micros;
  }

  failed(endpoint: Endpoint, now: Micros): void {
    endpoint.failures += 1;
    endpoint.avoidUntil = (now + backoffMicros(this.backoff, endpoint.failures, this.random)) as Micros;
    for (const [group, leader] of this.leaders) if (leader === endpoint) this.leaders.delete(group);
  }

  setLeader(group: GroupId, endpoint: Endpoint): void {
    this.leaders.set(group, endpoint);
  }

  /** This endpoint says it does not lead the group. */
  notLeader(group: GroupId, endpoint: Endpoint): void {
    if (this.leaders.get(group) === endpoint) this.leaders.delete(group);
  }

  /** The leader's endpoint where it is known and worth asking. */
  leaderOf(group: GroupId, now: Micros): Endpoint | undefined {
    const leader = this.leaders.get(group);
    return leader !== undefined && leader.avoidUntil <= now ? leader : undefined;
  }

  /**
   * One of the endpoints worth asking, drawn at random; the least bad one where none is.
   * @param last the endpoint asked just before, drawn again only where it is the only one.
   */
  draw(now: Micros, last: Endpoint | undefined): Endpoint {
    const good = this.list.filter((endpoint) => endpoint !== last && endpoint.avoidUntil <= now);
    if (good.length > 0) return good[this.random.below(good.length)] as Endpoint;
    let best = defined(this.list[0], 'there is at least one endpoint');
    for (const endpoint of this.list) if (endpoint.avoidUntil < best.avoidUntil) best = endpoint;
    return best;
  }

  private add(address: string, node: NodeId | undefined): void {
    if (this.find(address) !== undefined) return;
    if (this.list.length >= MEMBERS_MAX && !this.dropDead()) return;
    this.list.push({ address, node, failures: 0, isDown: false, avoidUntil: 0 as Micros, asking: false });
  }

  /** Makes room: in a cluster whose members change, those that failed most often are mostly gone for good. */
  private dropDead(): boolean {
    let worst = -1;
    this.list.forEach((endpoint, i) => {
      if (endpoint.failures > (this.list[worst]?.failures ?? 0) && !endpoint.asking) worst = i;
    });
    if (worst >= 0) this.list.splice(worst, 1);
    return worst >= 0;
  }
}
