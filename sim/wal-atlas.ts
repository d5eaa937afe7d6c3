/**
 * The atlas of Vouch's disks. While there is no way to fetch a lost log again, a damaged node counts as gone for good, so
 * a quorum of nodes stays whole: that keeps intact copies of every committed entry.
 * Never destroyed: the last synced batches, which nothing behind them shows to have been durable, so that their loss could
 * not be told from a torn tail (core/wal/README.md); the newest hard state of a group; segment headers, which repeat it.
 */

import { RecordKind, recordBytes } from '../core/wal/record.ts';
import { type FoundRecord, type SegmentScan, scanSegment } from '../core/wal/scan.ts';
import { segmentId } from '../core/wal/segment.ts';
import type { Atlas, Place } from './atlas.ts';
import { KEYLESS } from './keyless.ts';
import type { Draws } from './tape.ts';
import type { VirtualDisk } from './virtual-disk.ts';

interface Standing extends FoundRecord {
  readonly file: string;
}

export class WalAtlas implements Atlas {
  private readonly disks: readonly VirtualDisk[];
  /** Nodes that may be damaged. */
  private readonly spare: number;
  /** Groups whose records were changed, by node. */
  private readonly changed: Map<number, Set<number>> = new Map();
  private readonly unreadable: Set<number> = new Set();
  /** Records that were destroyed, by node. */
  private readonly places: Map<number, Place[]> = new Map();

  /** @param members where they change, no node is sure to be one that a group can do without: nothing is destroyed. */
  constructor(disks: readonly VirtualDisk[], members: 'stay' | 'change' = 'stay') {
    this.disks = disks;
    this.spare = members === 'change' ? 0 : Math.floor((disks.length - 1) / 2);
  }

  choose(node: number, draws: Draws): Place | undefined {
    if (this.unreadable.has(node) || (this.isWhole(node) && this.damagedCount() >= this.spare)) return undefined;
    const candidates = expendable(standingOn(this.disks[node] as VirtualDisk));
    if (candidates.length === 0) return undefined;
    const { file, offset, header } = draws.pick(candidates);
    const { group, number } = header;
    return { file, offset, lengthBytes: recordBytes(0) + header.payloadBytes, group, number };
  }

  destroyed(node: number, place: Place, how: 'changed' | 'unreadable'): void {
    let groups = this.changed.get(node);
    if (groups === undefined) {
      groups = new Set();
      this.changed.set(node, groups);
    }
    groups.add(place.group);
    this.places.set(node, [...(this.places.get(node) ?? []), place]);
    if (how === 'unreadable') this.unreadable.add(node);
  }

  isWhole(node: number): boolean {
    return !this.changed.has(node);
  }

  /** Whether the node's disk has places that cannot be read. */
  isUnreadable(node: number): boolean {
    return this.unreadable.has(node);
  }

  /** Groups whose log is damaged on the node, ascending. */
  damagedGroups(node: number): readonly number[] {
    return [...(this.changed.get(node) ?? [])].sort((a, b) => a - b);
  }

  /**
   * Groups that lost nothing and show it: a record of theirs, durable for sure and behind all that was destroyed, says where
   * they stood before it.
   */
  shownWhole(node: number): readonly number[] {
    const places = this.places.get(node) ?? [];
    const last = places.reduce((highest, { number }) => Math.max(highest, number), 0);
    const standing = standingOn(this.disks[node] as VirtualDisk);
    const watermark = standing.reduce((highest, { header }) => Math.max(highest, header.watermark), 0);
    const whole = new Set<number>();
    for (const { file, offset, header } of standing) {
      if (header.number <= last || header.number > watermark || this.changed.get(node)?.has(header.group) === true) continue;
      if (!places.some((place) => place.file === file && place.offset === offset)) whole.add(header.group);
    }
    return [...whole].sort((a, b) => a - b);
  }

  damagedCount(): number {
    return this.changed.size;
  }
}

/** Every readable record of a log, in order; without segments that a crash kept from being removed: nobody reads them any more. */
function standingOn(disk: VirtualDisk): readonly Standing[] {
  const scans: SegmentScan[] = [];
  for (const file of disk.list()) {
    const id = segmentId(file);
    if (id !== undefined) scans.push(scanSegment(id, disk.read(file, 0, disk.size(file) ?? 0), KEYLESS));
  }
  const floor = scans.reduce(
    (highest, { header }) => (header.kind === 'valid' ? Math.max(highest, header.header.floor) : highest),
    1,
  );
  const found: Standing[] = [];
  for (const { id, file, found: records } of scans) {
    if (id < floor) continue;
    for (const record of records) if (record.record !== undefined) found.push({ ...record, file });
  }
  return found.sort((a, b) => a.header.number - b.header.number);
}

/** Records that a later one declares to have been durable, without those that hold a group's newest hard state. */
function expendable(records: readonly Standing[]): readonly Standing[] {
  const newest = new Map<number, number>();
  for (const { header } of records) if (header.kind === RecordKind.hardState) newest.set(header.group, header.number);
  const watermark = records.reduce((highest, { header }) => Math.max(highest, header.watermark), 0);
  // Two records must vouch for it: destroying one of those that do must not make an earlier loss look like a torn tail.
  const witnesses = records.filter(({ header }) => header.watermark === watermark).length;
  if (witnesses === 0) return [];
  return records.filter(({ header }) => {
    if (header.number > watermark || newest.get(header.group) === header.number) return false;
    return header.watermark < watermark || witnesses > 1;
  });
}
