/** What a client's request asks of a group: which one, and whether it is a command for the log, a read, or leadership. */
import type { ClientRequest } from '../client/protocol.ts';
import { GLOBAL_GROUP, type GroupId } from '../ids.ts';
import type { Command } from '../state/command.ts';
import type { StateQuery } from '../state/group-state.ts';

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

/** Whether it goes through the log. */
export function isCommand(work: Command | StateQuery): work is Command {
  return !('consistency' in work);
}
