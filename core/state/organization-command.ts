/**
 * createOrganization in bytes, behind its kind, in the log (command.ts) and in a client's request (core/codec/client-request.ts):
 *
 *   1  text name                              its vaults lie in the groups that the cluster began with
 *   8  text name, u32 group, u8 replicas      in that group; group 0: in a new one of so many voters
 */
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import type { DirectoryCommand } from '../client/protocol.ts';
import { GLOBAL_GROUP, type GroupId } from '../ids.ts';

export type CreateOrganization = Extract<DirectoryCommand, { kind: 'createOrganization' }>;

/** On disk and wire: do not renumber; 2 to 7 are the other directory commands. */
export const CREATE_ORGANIZATION: number = 1;
export const CREATE_PLACED_ORGANIZATION: number = 8;

/** Kind and body. */
export function writeCreateOrganization(writer: Writer, { name, placement }: CreateOrganization): void {
  writer.u8(placement === undefined ? CREATE_ORGANIZATION : CREATE_PLACED_ORGANIZATION);
  writer.text(name);
  if (placement === undefined) return;
  writer.u32(placement.kind === 'group' ? placement.group : GLOBAL_GROUP);
  writer.u8(placement.kind === 'new' ? placement.replicas : 0);
}

/** Reads what follows the kind. A violation makes the reader fail; the value is then meaningless. */
export function readCreateOrganization(reader: Reader, kind: number, nameBytesMax: number): CreateOrganization {
  const name = reader.text(nameBytesMax);
  if (kind === CREATE_ORGANIZATION) return { kind: 'createOrganization', name, placement: undefined };
  const group = reader.u32() as GroupId;
  const replicas = reader.u8();
  if ((group === GLOBAL_GROUP) === (replicas === 0)) reader.fail('bad_value');
  const placement = group === GLOBAL_GROUP ? ({ kind: 'new', replicas } as const) : ({ kind: 'group', group } as const);
  return { kind: 'createOrganization', name, placement };
}
