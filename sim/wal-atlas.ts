/**
 * The atlas of Vouch's disks. A damaged node is none to count on until everything it lost was fetched again, so a quorum of
 * nodes stays whole at any time: that keeps intact copies of every committed entry.
 * Never destroyed: the last synced batches, which nothing behind them shows to have been durable, so that their loss could
 * not be told from a torn tail (core/wal/README.md); the newest hard state of a group; segment headers, which repeat it.
 */

import { RecordKind, recordBytes } from '../core/wal/record.ts';
import { type FoundRecord, type SegmentScan, scanSegment } from '../core/wal/scan.ts';
import { type SegmentHeader, segmentId } from '../core/wal/segment.ts';
import type { Atlas, PagePlace, Place } from './atlas.ts';
import { KEYLESS } from './keyless.ts';
import { PageDamage } from './page-damage.ts';
import type { Draws } from './tape.ts';
import type { VirtualDisk } from './virtual-disk.ts';

interface Standing extends FoundRecord {
  readonly file: string;
  /** Every record up to here was durable when the segment of this one began. */
  readonly begunBehind: number;
}

export class WalAtlas implements Atlas {
  private readonly disks: readonly VirtualDisk[];
  /** Nodes that may be damaged. */
  private readonly spare: number;
  /** Groups whose records were changed, by node, until they are healed. */
  private readonly changed: Map<number, Set<number>> = new Map();
  /**
   * Groups that a node cannot show to be whole, though no record of theirs was destroyed, until they are healed; and behind which
   * record that is: the newest that was destroyed by then, of whatever group, as the node does not know of which; or an older healing.
   */
  private readonly suspect: Map<number, Map<number, number>> = new Map();
  /** Groups that were healed, and that nobody has heard of it. */
  private readonly renewed: Map<number, Set<number>> = new Map();
  private readonly unreadable: Set<number> = new Set();
  private readonly pages: PageDamage;
  /** Records that were destroyed, by node. */
  private readonly places: Map<number, Place[]> = new Map();

  /** @param members where they change, no node is sure to be one that a group can do without: nothing is destroyed. */
  constructor(disks: readonly VirtualDisk[], members: 'stay' | 'change' = 'stay') {
    this.disks = disks;
    this.pages = new PageDamage(disks);
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

  choosePage(node: number, draws: Draws): PagePlace | undefined {
    if (this.unreadable.has(node) || (this.isWhole(node) && this.damagedCount() >= this.spare)) return undefined;
    return this.pages.choose(node, draws);
  }

  pageDestroyed(node: number, place: PagePlace): void {
    this.pages.note(node, place);
  }

  /** Whether the disk holds a page of the group that is not what it was. */
  hasPageDamage(node: number, group: number): boolean {
    return this.pages.hasGroup(node, group);
  }

  destroyed(node: number, place: Place, how: 'changed' | 'unreadable'): void {
    groupsOf(this.changed, node).add(place.group);
    this.places.set(node, [...(this.places.get(node) ?? []), place]);
    if (how === 'unreadable') this.unreadable.add(node);
  }

  isWhole(node: number): boolean {
    return !this.changed.has(node) && !this.suspect.has(node) && !this.pages.has(node);
  }

  /** A node with a damaged disk says that it cannot vouch for a group. */
  quarantined(node: number, group: number): void {
    if (this.changed.get(node)?.has(group) === true) return;
    const groups = this.suspect.get(node) ?? new Map<number, number>();
    groups.set(group, Math.max(this.newestDestroyed(node), this.newestHealing(node, group)));
    this.suspect.set(node, groups);
  }

  /** Looks which groups were healed: those whose log says so behind everything that was destroyed. */
  review(node: number): void {
    if (this.isWhole(node) || this.unreadable.has(node)) return;
    const standing = standingOn(this.disks[node] as VirtualDisk);
    const destroyed = this.places.get(node) ?? [];
    const numbers = new Set([...standing.map(({ header }) => header.number), ...destroyed.map(({ number }) => number)]);
    for (const { header, record, begunBehind } of standing) {
      if (record?.kind !== 'snapshotMark' || record.log !== 'healed') continue;
      const { group, number } = header;
      const isLast = destroyed.every((place) => place.group !== group || place.number < number);
      if (!isLast || !isUnbroken(numbers, begunBehind, number)) continue;
      this.healed(node, group, number);
    }
    // The mark itself may be reclaimed already, with all that was destroyed: then the table of the newest segment tells of it.
    const newest = newestOf(this.disks[node] as VirtualDisk);
    if (newest === undefined || destroyed.some((place) => (segmentId(place.file) ?? 0) >= newest.floor)) return;
    for (const { group, broken } of newest.header.table) {
      if (!broken && this.changed.get(node)?.has(group) === true) this.healed(node, group, newest.header.last.number);
    }
  }

  private healed(node: number, group: number, number: number): void {
    const isBehindAll = number > (this.suspect.get(node)?.get(group) ?? 0);
    for (const map of isBehindAll ? [this.changed, this.suspect] : [this.changed]) {
      const groups = map.get(node);
      if (groups?.delete(group) !== true) continue;
      if (groups.size === 0) map.delete(node);
      groupsOf(this.renewed, node).add(group);
    }
  }

  /** Whether the group was healed since this was asked last: its replica has another past than the one it had. */
  takeRenewed(node: number, group: number): boolean {
    this.review(node);
    return this.renewed.get(node)?.delete(group) === true;
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
   * they stood before it. Not those that the node has given up before: what it wrote of them since says so.
   */
  shownWhole(node: number): readonly number[] {
    const places = this.places.get(node) ?? [];
    const last = this.newestDestroyed(node);
    const standing = standingOn(this.disks[node] as VirtualDisk);
    const watermark = standing.reduce((highest, { header }) => Math.max(highest, header.watermark), 0);
    const whole = new Set<number>();
    for (const { file, offset, header } of standing) {
      if (header.number <= last || header.number > watermark) continue;
      if ([this.changed, this.suspect].some((groups) => groups.get(node)?.has(header.group) === true)) continue;
      if (!places.some((place) => place.file === file && place.offset === offset)) whole.add(header.group);
    }
    return [...whole].sort((a, b) => a - b);
  }

  /**
   * Whether records were destroyed that still count, and no record of the group behind them says where it stood. Healing their own
   * group tells nobody whose they were: a second one beside the first takes the link that told whose the first one was.
   */
  mayDoubt(node: number, group: number): boolean {
    const places = this.places.get(node) ?? [];
    if (places.length === 0 || this.unreadable.has(node)) return false;
    const { floor } = segmentsOf(this.disks[node] as VirtualDisk);
    return places.some(({ file }) => (segmentId(file) ?? 0) >= floor) && !this.shownWhole(node).includes(group);
  }

  /** Number of the newest mark on the disk that says healed; 0 where there is none. */
  private newestHealing(node: number, group: number): number {
    if (this.unreadable.has(node)) return 0;
    const marks = standingOn(this.disks[node] as VirtualDisk).filter(({ header, record }) => {
      return header.group === group && record?.kind === 'snapshotMark' && record.log === 'healed';
    });
    return marks.reduce((highest, { header }) => Math.max(highest, header.number), 0);
  }

  /** Number of the newest record that was destroyed; 0 where none was. */
  private newestDestroyed(node: number): number {
    return (this.places.get(node) ?? []).reduce((highest, { number }) => Math.max(highest, number), 0);
  }

  damagedCount(): number {
    return new Set([...this.changed.keys(), ...this.suspect.keys(), ...this.pages.nodes]).size;
  }
}

function groupsOf(map: Map<number, Set<number>>, node: number): Set<number> {
  const groups = map.get(node) ?? new Set();
  map.set(node, groups);
  return groups;
}

/** Whether nothing is missing between the beginning of its segment and a record: else recovery may take it for a torn tail. */
function isUnbroken(numbers: ReadonlySet<number>, from: number, to: number): boolean {
  for (let number = from + 1; number < to; number += 1) if (!numbers.has(number)) return false;
  return true;
}

/** Every readable record of a log, in order; without segments that a crash kept from being removed: nobody reads them any more. */
function segmentsOf(disk: VirtualDisk): { readonly scans: readonly SegmentScan[]; readonly floor: number } {
  const scans: SegmentScan[] = [];
  for (const file of disk.list()) {
    const id = segmentId(file);
    if (id !== undefined) scans.push(scanSegment(id, disk.read(file, 0, disk.size(file) ?? 0), KEYLESS));
  }
  const floor = scans.reduce(
    (highest, { header }) => (header.kind === 'valid' ? Math.max(highest, header.header.floor) : highest),
    1,
  );
  return { scans, floor };
}

/** The header of the newest segment, if it can be read, and the oldest segment that is still needed. */
function newestOf(disk: VirtualDisk): { readonly header: SegmentHeader; readonly floor: number } | undefined {
  const { scans, floor } = segmentsOf(disk);
  const header = scans.at(-1)?.header;
  return header?.kind === 'valid' ? { header: header.header, floor } : undefined;
}

function standingOn(disk: VirtualDisk): readonly Standing[] {
  const { scans, floor } = segmentsOf(disk);
  const found: Standing[] = [];
  for (const { id, file, found: records, header } of scans) {
    if (id < floor) continue;
    const begunBehind = header.kind === 'valid' ? header.header.last.number : 0;
    for (const record of records) if (record.record !== undefined) found.push({ ...record, file, begunBehind });
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
