/** What `vouch up` and the demo ask a node's operator routes while processes come and go. */
import type { GroupStatus, NodeStatus } from '../../core/client/protocol.ts';

export interface StatusView extends NodeStatus {
  readonly not_ready: readonly string[];
}

const POLL_MS = 50;
const ANSWER_MS = 2_000;

/** The node's status, or undefined where it does not answer as a Vouch node. */
export async function statusOf(url: string): Promise<StatusView | undefined> {
  try {
    const response = await fetch(`${url}/v1/status`, { signal: AbortSignal.timeout(ANSWER_MS) });
    if (!response.ok) return undefined;
    const found: unknown = await response.json();
    return typeof found === 'object' && found !== null && 'node' in found ? (found as StatusView) : undefined;
  } catch {
    return undefined;
  }
}

/** Asks until the predicate holds. @returns the last status, or undefined when the time is over or `cancelled` says so. */
export async function waitForStatus(
  url: string,
  holds: (status: StatusView) => boolean,
  limits: { readonly timeoutMs: number; readonly cancelled?: () => boolean },
): Promise<StatusView | undefined> {
  const until = performance.now() + limits.timeoutMs;
  while (performance.now() < until && limits.cancelled?.() !== true) {
    const status = await statusOf(url);
    if (status !== undefined && holds(status)) return status;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return undefined;
}

/** The group whose leader matters to a user: the first data group, else the directory. */
export function mainGroup(status: NodeStatus): GroupStatus | undefined {
  return status.groups.find((group) => group.group === 1) ?? status.groups[0];
}
