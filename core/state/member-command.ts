/**
 * Commands on the cluster's members, in bytes: the body of a directory command behind its kind, in the log (command.ts) and
 * in a client's request (core/codec/client-request.ts).
 *
 *   3 addMember      16 node, text address, u8 role: 0 voter, 1 learner
 *   4 removeMember   16 node
 *   5 promoteMember  16 node
 *   6 replaceMember  16 node, 16 by, text address
 *   7 moveMember     16 node, text address
 *   9 preferMember   16 node, u8 priority
 * What the fields may hold is judged by admission (admission.ts), with a sentence, and once more when a log is read.
 */
import { unreachable } from '../assert.ts';
import { readId, writeId } from '../bytes/hex-id.ts';
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import type { MemberCommand } from '../client/protocol.ts';
import type { NodeId } from '../ids.ts';
import { MESSAGE_BYTES_MAX } from '../limits.ts';
import { NO_NODE } from './member-entry.ts';
import { isAddress } from './names.ts';

/** On disk and wire: do not renumber; 1, 2 and 8 are the other directory commands. */
export const MemberCommandKind = {
  addMember: 3,
  removeMember: 4,
  promoteMember: 5,
  replaceMember: 6,
  moveMember: 7,
  preferMember: 9,
} as const;

export function writeMemberCommand(writer: Writer, body: MemberCommand): void {
  writeId(writer, body.node);
  switch (body.kind) {
    case 'removeMember':
    case 'promoteMember':
      return;
    case 'addMember':
      writer.text(body.address);
      return writer.u8(body.role === 'learner' ? 1 : 0);
    case 'replaceMember':
      writeId(writer, body.by);
      return writer.text(body.address);
    case 'moveMember':
      return writer.text(body.address);
    case 'preferMember':
      return writer.u8(body.priority);
    default:
      return unreachable(body);
  }
}

/** Reads what follows the kind. A violation makes the reader fail; the value is then meaningless. */
export function readMemberCommand(reader: Reader, kind: MemberCommand['kind']): MemberCommand {
  const node = readNode(reader);
  switch (kind) {
    case 'removeMember':
    case 'promoteMember':
      return { kind, node };
    case 'addMember': {
      const address = readAddress(reader);
      return { kind, node, address, role: reader.flag() ? 'learner' : 'voter' };
    }
    case 'replaceMember': {
      const by = readNode(reader);
      return { kind, node, by, address: readAddress(reader) };
    }
    case 'moveMember':
      return { kind, node, address: readAddress(reader) };
    case 'preferMember':
      return { kind, node, priority: reader.u8() };
    default:
      return unreachable(kind);
  }
}

/** Whether admission would let it pass. */
export function isMemberCommand(body: MemberCommand): boolean {
  if (body.node === NO_NODE || ('address' in body && !isAddress(body.address))) return false;
  return body.kind !== 'replaceMember' || (body.by !== NO_NODE && body.by !== body.node);
}

function readNode(reader: Reader): NodeId {
  return readId<'NodeId'>(reader);
}

function readAddress(reader: Reader): string {
  return reader.text(MESSAGE_BYTES_MAX);
}
