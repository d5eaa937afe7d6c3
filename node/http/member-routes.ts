/**
 * Members, leadership, drain: what an operator changes while the cluster runs. Commands say what the members are to be (the
 * directory); the answers of `GET /v1/members` also say how far the groups are, as the node that answers sees them.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { GroupStatus, MemberEntry, MemberRole, NodeKeyEntry } from '../../core/client/protocol.ts';
import type { GroupId, NodeId } from '../../core/ids.ts';
import type { NodeControl } from '../control.ts';
import type { HandedOver } from '../leaving.ts';
import type { Ledger } from '../ledger.ts';
import { keyJson } from './checkpoint-routes.ts';
import { HttpError } from './errors.ts';
import { AddMemberBody, PriorityBody, ReplaceMemberBody, TransferBody } from './schemas.ts';

/** Shortest beginning of an id that names a node. */
const PREFIX_DIGITS_MIN = 4;

export interface MemberJson {
  readonly id: string;
  readonly address: string;
  readonly role: MemberRole;
  /** joining: not yet what it is to be, in every group. leaving: some group still counts on it. */
  readonly state: 'voter' | 'learner' | 'joining' | 'leaving' | 'removed';
  /** Of how many groups it is a voter, a learner, and the leader, as the node asked sees it. */
  readonly votes: number;
  readonly learns: number;
  readonly leads: number;
  /** From 0 to 255: of two voters that could lead, the one with the higher priority does. */
  readonly priority: number;
  readonly replaced_by?: string;
  /** What it cosigns checkpoints with (C2SP), once that is registered. */
  readonly vkey?: string;
}

/** A member with what the groups of the node asked say about it. */
export function memberJson(entry: MemberEntry, groups: readonly GroupStatus[]): MemberJson {
  const { id, address, role, priority } = entry;
  const votes = groups.filter((group) => group.voters.includes(id)).length;
  const learns = groups.filter((group) => group.learners.includes(id)).length;
  const leads = groups.filter((group) => group.leader === id).length;
  const state = stateOf(entry, { votes, learns, groups: groups.length });
  const json = { id, address, role, state, votes, learns, leads, priority };
  return entry.replacedBy === undefined ? json : { ...json, replaced_by: entry.replacedBy };
}

function vkeyOf(cluster: string | undefined, node: NodeId, keys: readonly NodeKeyEntry[]): Pick<MemberJson, 'vkey'> {
  const current = keys.find((key) => key.node === node && key.retired === undefined);
  return cluster === undefined || current === undefined ? {} : { vkey: keyJson(cluster, current).vkey };
}

function stateOf(
  { removed, role }: MemberEntry,
  count: { readonly votes: number; readonly learns: number; readonly groups: number },
): MemberJson['state'] {
  if (removed) return count.votes + count.learns > 0 ? 'leaving' : 'removed';
  const there = role === 'voter' ? count.votes : count.votes + count.learns;
  return there < count.groups || count.groups === 0 ? 'joining' : role;
}

/** The node that a text names: its id, the beginning of it, or the address of a member. */
export function resolveMember(entries: readonly MemberEntry[], text: string): MemberEntry {
  const exact = entries.find(({ id }) => id === text) ?? entries.find(({ address, removed }) => address === text && !removed);
  if (exact !== undefined) return exact;
  // One that leaves is still there under its address, unless others were there before it.
  const [gone, ...others] = entries.filter(({ address }) => address === text);
  if (gone !== undefined && others.length === 0) return gone;
  const byPrefix = text.length < PREFIX_DIGITS_MIN ? [] : entries.filter(({ id }) => id.startsWith(text));
  const [first, second] = byPrefix;
  if (second !== undefined) throw new HttpError(400, 'validation_error', `Several nodes have an id that begins with ${text}.`);
  if (first !== undefined) return first;
  throw new HttpError(404, 'member_not_found', `The cluster knows no node ${JSON.stringify(text)}; see vouch members.`);
}

export function addMemberRoutes(app: FastifyInstance, control: NodeControl, ledger: Ledger): void {
  const changed = async (body: Parameters<Ledger['changeMember']>[0]): Promise<unknown> => {
    const { member, changed: isNew } = await ledger.changeMember(body);
    return { member: memberJson(member, control.status().groups), changed: isNew };
  };
  const named = async (request: FastifyRequest): Promise<MemberEntry> => {
    const { node } = request.params as { readonly node: string };
    return resolveMember(await ledger.members(), node);
  };
  app.get('/v1/members', async () => {
    const { members, keys } = await ledger.membersAndKeys();
    const { groups, cluster } = control.status();
    return { members: members.map((entry) => ({ ...memberJson(entry, groups), ...vkeyOf(cluster, entry.id, keys) })) };
  });
  app.post('/v1/members', { schema: { body: AddMemberBody } }, async (request) => {
    const { id, address, role = 'voter' } = request.body as { readonly id: NodeId; readonly address: string; role?: MemberRole };
    return changed({ kind: 'addMember', node: id, address, role });
  });
  app.delete('/v1/members/:node', async (request) => changed({ kind: 'removeMember', node: (await named(request)).id }));
  app.post('/v1/members/:node/promote', async (request) => changed({ kind: 'promoteMember', node: (await named(request)).id }));
  app.post('/v1/members/:node/priority', { schema: { body: PriorityBody } }, async (request) => {
    const { priority } = request.body as { readonly priority: number };
    return changed({ kind: 'preferMember', node: (await named(request)).id, priority });
  });
  app.post('/v1/members/:node/replace', { schema: { body: ReplaceMemberBody } }, async (request) => {
    const { by, address } = request.body as { readonly by: string; readonly address?: string };
    const { id: node } = await named(request);
    // With an address it is a node that may not be a member yet; without, one that is.
    const successor = address === undefined ? resolveMember(await ledger.members(), by) : { id: by as NodeId, address };
    return changed({ kind: 'replaceMember', node, by: successor.id, address: successor.address });
  });
  app.post('/v1/transfer', { schema: { body: TransferBody } }, async (request) => {
    const { group, to } = request.body as { readonly group?: number; readonly to?: string };
    return { transferred: await transfer(control, ledger, { group: group as GroupId | undefined, to }) };
  });
  app.post('/v1/drain', async () => control.drain());
}

/** One group after the other, so that a failure names the first that stayed. */
async function transfer(
  control: NodeControl,
  ledger: Ledger,
  asked: { readonly group: GroupId | undefined; readonly to: string | undefined },
): Promise<readonly HandedOver[]> {
  const to = asked.to === undefined ? undefined : resolveMember(await ledger.members(), asked.to).id;
  const { groups } = control.status();
  const chosen = groups.filter(({ group }) => asked.group === undefined || group === asked.group);
  if (groups.length === 0) throw new HttpError(503, 'unavailable', 'This node takes part in no group yet.', 1);
  if (chosen.length === 0) throw new HttpError(404, 'group_not_found', `There is no group ${asked.group} on this node.`);
  const done: HandedOver[] = [];
  for (const { group, leader } of chosen) {
    // Repeated by the client engine after a lost answer, a transfer from whoever leads would go on and on.
    done.push({ group, leader: await ledger.transfer({ group, from: to === undefined ? leader : undefined, to }) });
  }
  return done;
}
