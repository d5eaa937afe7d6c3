/** What the nodes of a real run say of themselves, asked again and again: who leads, how far everybody is, how often leaders changed. */
import type { GroupStatus } from '../../core/client/protocol.ts';
import type { GroupId } from '../../core/ids.ts';
import { type StatusView, statusOf } from '../local/operator-client.ts';
import type { RealNode } from './real-node.ts';

/** Between two questions to a node. Why not less: each answer takes the node about a millisecond that others wait for. */
const LOOK_MS = 80;

export class StatusWatch {
  private readonly nodes: readonly RealNode[];
  /** Undefined where a node does not run, or has not answered yet. */
  private readonly latest: (StatusView | undefined)[];
  /** Group, term and leader, of every leader that was seen. */
  private readonly led: Set<string> = new Set();
  private readonly onQuarantined: (node: number, group: GroupId) => void;
  private isOver: boolean = false;

  /** @param onQuarantined a node has taken a group out of service: it met what must not be. */
  constructor(nodes: readonly RealNode[], onQuarantined: (node: number, group: GroupId) => void) {
    this.nodes = nodes;
    this.onQuarantined = onQuarantined;
    this.latest = nodes.map(() => undefined);
  }

  start(): void {
    this.nodes.forEach((node, index) => void this.watch(node, index));
  }

  stop(): void {
    this.isOver = true;
  }

  /** Leaders that were seen, in all groups. */
  get elections(): number {
    return this.led.size;
  }

  status(node: number): StatusView | undefined {
    return this.latest[node];
  }

  /** The node that leads the group in the latest term; any running node where none does. */
  leaderOf(group: GroupId): number {
    let best: { readonly node: number; readonly found: GroupStatus } | undefined;
    this.latest.forEach((status, node) => {
      const found = status?.groups.find((each) => each.group === group);
      if (found === undefined || !this.isRunning(node)) return;
      const isLeader = found.role === 'leader';
      const isBetter = best === undefined || (isLeader && (best.found.role !== 'leader' || found.term > best.found.term));
      if (isBetter) best = { node, found };
    });
    return (
      best?.node ??
      Math.max(
        this.nodes.findIndex((node) => node.running),
        0,
      )
    );
  }

  /** The node that leads most groups; any running node where none leads. */
  busiest(): number {
    let [best, most] = [-1, -1];
    this.latest.forEach((status, node) => {
      if (status === undefined || !this.isRunning(node)) return;
      const led = status.groups.filter(({ role }) => role === 'leader').length;
      if (led > most) [best, most] = [node, led];
    });
    return Math.max(best, 0);
  }

  /**
   * What is missing until every node has applied all that any of them holds, and serves.
   * @param fresh statuses that were asked for just now, one for each node. @returns undefined where nothing is.
   */
  static missing(fresh: readonly (StatusView | undefined)[], names: readonly string[]): string | undefined {
    const ends = new Map<number, number>();
    for (const status of fresh) {
      for (const { group, lastIndex } of status?.groups ?? []) ends.set(group, Math.max(ends.get(group) ?? 0, lastIndex));
    }
    for (const [node, status] of fresh.entries()) {
      if (status === undefined) return `${names[node]} does not answer`;
      if (status.not_ready.length > 0) return `${names[node]} is not ready: ${status.not_ready.join(', ')}`;
      for (const [group, end] of ends) {
        const found = status.groups.find((each) => each.group === group);
        if (found?.quarantined === true) return `${names[node]} has taken group ${group} out of service`;
        if (found === undefined || found.lastApplied < end)
          return `${names[node]} has applied ${found?.lastApplied ?? 0} of ${end} entries of group ${group}`;
      }
    }
    return undefined;
  }

  private isRunning(node: number): boolean {
    return this.nodes[node]?.running === true;
  }

  private async watch(node: RealNode, index: number): Promise<void> {
    while (!this.isOver) {
      const status = node.running && !node.paused ? await statusOf(node.child.url) : this.latest[index];
      this.latest[index] = node.running ? status : undefined;
      for (const { group, role, term, quarantined } of status?.groups ?? []) {
        if (role === 'leader') this.led.add(`${group} ${term} ${index}`);
        if (quarantined) this.onQuarantined(index, group);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}
