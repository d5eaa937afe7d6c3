/**
 * Handing over everything that a node leads: `vouch drain`, and the beginning of an orderly end, so that nobody has to wait
 * for an election. All groups at once; each ends by itself (core/replica/handover.ts).
 */
import type { ClientRequest, ClientResult, NodeStatus } from '../core/client/protocol.ts';
import type { GroupId, NodeId } from '../core/ids.ts';

export interface HandedOver {
  readonly group: GroupId;
  readonly leader: NodeId;
}

export interface DrainResult {
  readonly handed_over: readonly HandedOver[];
  /** Groups that this node leads on, and why. */
  readonly kept: readonly { readonly group: GroupId; readonly reason: string }[];
}

export interface DrainOptions {
  readonly status: () => NodeStatus;
  readonly ask: (request: ClientRequest, done: (result: ClientResult) => void) => void;
}

export async function drain({ status, ask }: DrainOptions): Promise<DrainResult> {
  const { node, groups } = status();
  const led = groups.filter(({ role, quarantined }) => role === 'leader' && !quarantined);
  const ends = await Promise.all(
    led.map(async ({ group }) => ({
      group,
      result: await new Promise<ClientResult>((resolve) => ask({ kind: 'transfer', group, from: node, to: undefined }, resolve)),
    })),
  );
  const handedOver: HandedOver[] = [];
  const kept: DrainResult['kept'][number][] = [];
  for (const { group, result } of ends) {
    if (result.kind === 'transferred') handedOver.push({ group, leader: result.leader });
    else if (result.kind === 'error' && result.code !== 'not_leader') kept.push({ group, reason: result.message });
  }
  return { handed_over: handedOver, kept };
}
