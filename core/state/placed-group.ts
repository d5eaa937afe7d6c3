/**
 * A group that was made after the cluster, and the nodes that hold it, in bytes: a row of the directory and part of CLUSTER.
 * Big-endian: u32 group · u8 replicas · u32 count, then 16 bytes a founder · u32 count, then 16 bytes a voter.
 */
import { ID_BYTES, readId, writeId } from '../bytes/hex-id.ts';
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import type { Placement } from '../client/protocol.ts';
import { GLOBAL_GROUP, type GroupId, type NodeId } from '../ids.ts';
import { MEMBERS_MAX } from '../limits.ts';

export interface PlacedGroup {
  readonly group: GroupId;
  /** How many voters it is to have. */
  readonly replicas: number;
  /** Who began with it, sorted by id: the configuration before its first log entry. Never changes. */
  readonly founders: readonly NodeId[];
  /** Who is to vote in it now, sorted by id. */
  readonly voters: readonly NodeId[];
}

/** Smallest encoding, bytes. */
export const PLACED_GROUP_BYTES_MIN: number = 4 + 1 + 2 * (4 + ID_BYTES);
/** Of one that is asked for. Why 7: a majority of it is 4, and no more nodes are worth waiting for. */
export const REPLICAS_MAX: number = 7;

/** Whether a group may have so many voters: an odd number, because an even one survives no more failures than the odd one below. */
export function isReplicas(replicas: number): boolean {
  return Number.isSafeInteger(replicas) && replicas >= 1 && replicas <= REPLICAS_MAX && replicas % 2 === 1;
}

/** Whether a placement can be asked for. */
export function isPlacement(placement: Placement | undefined): boolean {
  if (placement === undefined) return true;
  return placement.kind === 'new' ? isReplicas(placement.replicas) : placement.group !== GLOBAL_GROUP;
}

export function writePlacedGroup(writer: Writer, { group, replicas, founders, voters }: PlacedGroup): void {
  writer.u32(group);
  writer.u8(replicas);
  writeNodes(writer, founders);
  writeNodes(writer, voters);
}

/** Reads one; after a violation the reader has failed and the result means nothing. */
export function readPlacedGroup(reader: Reader): PlacedGroup {
  const group = reader.u32() as GroupId;
  const replicas = reader.u8();
  const founders = readNodes(reader);
  const voters = readNodes(reader);
  if (group === GLOBAL_GROUP || !isReplicas(replicas)) reader.fail('bad_value');
  return { group, replicas, founders, voters };
}

function writeNodes(writer: Writer, nodes: readonly NodeId[]): void {
  writer.u32(nodes.length);
  for (const node of nodes) writeId(writer, node);
}

/** At least one, in ascending order. */
function readNodes(reader: Reader): readonly NodeId[] {
  const nodes: NodeId[] = [];
  const count = reader.u32();
  if (count === 0) reader.fail('bad_value');
  if (count > MEMBERS_MAX) reader.fail('too_large');
  if (count * ID_BYTES > reader.remaining) reader.fail('truncated');
  for (let i = 0; i < count && reader.failed === undefined; i += 1) {
    const node = readId<'NodeId'>(reader);
    const previous = nodes[i - 1];
    if (previous !== undefined && previous >= node) reader.fail('bad_value');
    nodes.push(node);
  }
  return nodes;
}
