/** What a client's request asks of a group: which one, and whether it is a command for the log, a read, or leadership. */
import type { Conditions } from '../authz/condition.ts';
import type { ClientRequest, ClientResult } from '../client/protocol.ts';
import { GLOBAL_GROUP, type GroupId } from '../ids.ts';
import { GROUPS_MAX } from '../limits.ts';
import { checkRequest } from '../state/admission.ts';
import type { Command } from '../state/command.ts';
import type { StateQuery } from '../state/group-state.ts';
import { writtenModelRefusal } from '../state/model-admission.ts';
import { errorResult, notLeaderResult, RETRY_AFTER_MS, removedResult } from './results.ts';
import type { Roster } from './roster.ts';

/** A request that one group answers. */
type GroupRequest = Exclude<ClientRequest, { kind: 'status' }>;

/** The group a request concerns. */
export function groupOf(body: GroupRequest): GroupId {
  return 'group' in body ? body.group : GLOBAL_GROUP;
}

/** The command a request puts into the log, or the read that it is. */
export function commandOf(body: Exclude<GroupRequest, { kind: 'transfer' }>): Command | StateQuery {
  switch (body.kind) {
    case 'openSession':
      return { kind: 'openSession' };
    case 'directory':
      return { kind: 'directory', ref: body.command, body: body.body };
    case 'createVault':
      return { kind: 'createVault', ref: body.command, organization: body.organization, vault: body.vault };
    case 'deleteVault':
      return { kind: 'deleteVault', ref: body.command, organization: body.organization, vault: body.vault };
    case 'transact':
      return {
        kind: 'transact',
        ref: body.command,
        organization: body.organization,
        vault: body.vault,
        transaction: body.transaction,
      };
    default:
      return body;
  }
}

/** Why no node takes a request, whatever it holds. */
export function requestRefusal(body: ClientRequest, conditions: Conditions): ClientResult | undefined {
  const refused = checkRequest(body);
  if (refused !== undefined) return errorResult(refused.code, refused.message);
  return body.kind === 'transact' ? writtenModelRefusal(body.transaction, conditions) : undefined;
}

/** Which authorization model the tuples of a write must fit; undefined: none. */
export function modelToFit(body: ClientRequest): string | undefined {
  return body.kind === 'transact' ? body.model : undefined;
}

/** Whether it goes through the log. */
export function isCommand(work: Command | StateQuery): work is Command {
  return !('consistency' in work);
}

/** Why this node cannot answer for a group that it has no replica of. */
export function notHere(id: GroupId, roster: Roster, started: boolean): ClientResult {
  if (roster.current === undefined) {
    return errorResult('not_initialised', 'This node belongs to no cluster yet: run `vouch init` once.', RETRY_AFTER_MS);
  }
  if (!started) return errorResult('unavailable', 'This node is opening its log.', RETRY_AFTER_MS);
  if (roster.isRemoved) return removedResult();
  const voters = roster.votersOf(id);
  if (voters !== undefined) return notLeaderResult(voters[id % voters.length]);
  if (roster.foundingOf(id) !== undefined) {
    return errorResult('unavailable', 'This node has not heard from the group yet: it has just joined.', RETRY_AFTER_MS);
  }
  // Groups are numbered one by one, and one that was just made is not known everywhere at once.
  if (id < GROUPS_MAX) return errorResult('unavailable', `This node knows of no group ${id} yet.`, RETRY_AFTER_MS);
  return errorResult('group_missing', 'This cluster has no such group.');
}
