/** `vouch transfer --spread`: after nodes have restarted one by one, the last one leads nothing, and nothing would change that. */
import type { GroupStatus } from '../../core/client/protocol.ts';
import type { GroupId } from '../../core/ids.ts';
import type { MemberJson } from '../http/member-routes.ts';
import type { HandedOver } from '../leaving.ts';
import { CliFailure } from './failure.ts';
import { print, printJson } from './output.ts';
import type { Remote } from './remote.ts';

interface Kept {
  readonly group: GroupId;
  readonly reason: string;
}

interface StatusAnswer {
  readonly node: string;
  readonly groups: readonly GroupStatus[];
  /** To nodes that are connected. */
  readonly links: readonly { readonly node: string }[];
}

/** Who is to lead the group: of its voters that are there those of the highest priority, in turn by the number of the group. */
export function intendedLeader(
  { group, voters }: Pick<GroupStatus, 'group' | 'voters'>,
  members: readonly MemberJson[],
  isThere: (id: string) => boolean,
): string | undefined {
  const able = members.filter(
    ({ id, state }) => (voters as readonly string[]).includes(id) && state !== 'leaving' && isThere(id),
  );
  const highest = Math.max(...able.map(({ priority }) => priority));
  const best = able.filter(({ priority }) => priority === highest);
  return best[group % best.length]?.id;
}

export async function spreadLeaders(remote: Remote, options: { readonly json?: boolean }): Promise<void> {
  const { members } = await remote.get<{ members: readonly MemberJson[] }>('/v1/members');
  const { node, groups, links } = await remote.get<StatusAnswer>('/v1/status');
  const present = new Set([node, ...links.map((link) => link.node)]);
  const transferred: HandedOver[] = [];
  const kept: Kept[] = [];
  for (const status of groups) {
    const to = intendedLeader(status, members, (id) => present.has(id));
    if (to === undefined || to === status.leader) continue;
    try {
      const answer = await remote.post<{ transferred: readonly HandedOver[] }>('/v1/transfer', { group: status.group, to });
      transferred.push(...answer.transferred);
    } catch (error) {
      // The others do not have to wait until this one can be led from there.
      if (!(error instanceof CliFailure)) throw error;
      kept.push({ group: status.group, reason: error.message });
    }
  }
  if (options.json === true) printJson({ transferred, kept });
  else {
    for (const { group, leader } of transferred) print(`group ${group}: ${leader} leads.`);
    if (transferred.length + kept.length === 0) print('Every group is led from where it should be.');
  }
  const [first] = kept;
  if (first !== undefined)
    throw new CliFailure(`${kept.length} groups stayed where they were: group ${first.group}: ${first.reason}`);
}
