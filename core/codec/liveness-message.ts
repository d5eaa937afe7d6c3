/**
 * Bytes of a message about sleeping groups; they share the tags of raft-message.ts. Numbers are big-endian.
 *
 *   TAG NAME           FIELDS
 *   48  alive          u32 count, u32 low, u32 high
 *   49  sleepersAsked
 *   50  sleepers       u32 count, then per group, ascending: u32 group, u64 term
 */
import { unreachable } from '../assert.ts';
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import type { GroupId, Term } from '../ids.ts';
import { GROUPS_MAX } from '../limits.ts';
import type { LivenessMessage } from '../replica/hibernation.ts';
import type { SleepingGroup } from '../replica/sleepers.ts';

/** On the wire: do not renumber. */
const Tag = { alive: 48, sleepersAsked: 49, sleepers: 50 } as const;
const SLEEPER_BYTES = 12;
const OVERHEAD_BYTES = 13;

/** Whether a tag is one of these messages. */
export function isLivenessTag(tag: number): boolean {
  return tag >= Tag.alive && tag <= Tag.sleepers;
}

/** An upper bound of what writeLivenessMessage appends. */
export function livenessMessageBytesMax(message: LivenessMessage): number {
  return OVERHEAD_BYTES + (message.kind === 'sleepers' ? message.groups.length * SLEEPER_BYTES : 0);
}

export function writeLivenessMessage(writer: Writer, message: LivenessMessage): void {
  writer.u8(Tag[message.kind]);
  switch (message.kind) {
    case 'alive':
      writer.u32(message.count);
      writer.u32(message.low);
      return writer.u32(message.high);
    case 'sleepersAsked':
      return;
    case 'sleepers':
      writer.u32(message.groups.length);
      for (const { group, term } of message.groups) {
        writer.u32(group);
        writer.u64(term);
      }
      return;
    default:
      return unreachable(message);
  }
}

/** Reads what follows a message's tag; after a violation the reader has failed and the result means nothing. */
export function readLivenessMessage(reader: Reader, tag: number): LivenessMessage {
  switch (tag) {
    case Tag.alive:
      return { kind: 'alive', count: reader.u32(), low: reader.u32(), high: reader.u32() };
    case Tag.sleepersAsked:
      return { kind: 'sleepersAsked' };
    default:
      return { kind: 'sleepers', groups: readSleepers(reader) };
  }
}

function readSleepers(reader: Reader): readonly SleepingGroup[] {
  const groups: SleepingGroup[] = [];
  const count = reader.u32();
  if (count > GROUPS_MAX) reader.fail('too_large');
  if (count * SLEEPER_BYTES > reader.remaining) reader.fail('truncated');
  for (let i = 0; i < count && reader.failed === undefined; i += 1) {
    const group = reader.u32() as GroupId;
    const previous = groups[i - 1];
    if (previous !== undefined && previous.group >= group) reader.fail('bad_value');
    groups.push({ group, term: reader.u64() as Term });
  }
  return groups;
}
