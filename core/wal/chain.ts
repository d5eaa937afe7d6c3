/**
 * Recovery, second pass: follows the links through all segments and says, for every group, whether its chain is unbroken.
 * A **loss** is a run of record numbers that were durable and cannot be read. A group is shown unbroken over a loss by a
 * later record or table row of its own that links to its last record before the loss; or because every lost record is
 * known, by such links, to be another group's. Whatever is not shown is quarantined.
 */
import type { GroupId } from '../ids.ts';
import { GroupLog } from './group-log.ts';
import { type Link, NO_LINK, RecordKind } from './record.ts';
import type { FoundRecord } from './scan.ts';
import type { SegmentHeader } from './segment.ts';

export interface Damage {
  readonly file: string;
  readonly offset: number;
  readonly reason: string;
}

interface Loss {
  readonly from: number;
  /** Infinity where nobody can say how many records were lost. */
  readonly to: number;
  /** Lost numbers whose group a link or header has told. */
  readonly named: Set<number>;
}

export class Chain {
  readonly groups: Map<GroupId, GroupLog> = new Map();
  readonly damage: Damage[] = [];
  /** The last record that is part of the chain. */
  last: Link = NO_LINK;
  private readonly losses: Loss[] = [];
  /** Losses before this one cannot concern a group that is in no table. */
  private unlistedShownUntil: number = 0;
  private unlistedFlag: boolean = false;

  /** Begins at the oldest segment still needed: what its table says is where every chain starts. */
  begin(header: SegmentHeader): void {
    for (const row of header.table) this.groupOf(row.group).begin(row);
    this.unlistedFlag = header.unlistedBroken;
    this.last = header.last;
  }

  /** A segment's header, which tells where every chain stood when the segment began. */
  meet(header: SegmentHeader, file: string): void {
    if (header.last.number > this.last.number) this.lose(header.last.number, file, 0);
    else if (!sameLink(header.last, this.last)) this.loseUnknown(file, 0, 'the segment does not continue the one before it');
    this.last = header.last;
    const listed = new Set<GroupId>();
    for (const row of header.table) {
      listed.add(row.group);
      const group = this.groupOf(row.group);
      this.confirm(group, row.last);
      group.adopt(row);
    }
    for (const [id, group] of this.groups) if (!listed.has(id)) lost(group);
    this.unlistedShownUntil = this.losses.length;
    this.unlistedFlag = header.unlistedBroken;
  }

  /** Whether a found record can be the next of the chain, or one behind a loss; else it is a leftover of an earlier life. */
  belongs(found: FoundRecord): boolean {
    const { number, previousCrc } = found.header;
    return number > this.last.number + 1 || (number === this.last.number + 1 && previousCrc === this.last.crc);
  }

  /** Takes a record that belongs; numbers it skips are lost. */
  take(found: FoundRecord, scan: { readonly file: string; readonly id: number }): void {
    const { file } = scan;
    const { header, record, offset } = found;
    if (header.number > this.last.number + 1) this.lose(header.number - 1, file, offset);
    const group = this.groupOf(header.group);
    this.confirm(group, header.groupPrevious);
    this.last = { number: header.number, crc: header.crc };
    group.last = this.last;
    if (record === undefined) {
      group.broken = true;
      if (header.kind === RecordKind.hardState) group.isHardStateShown = false;
      const reason = found.holds ? 'a record means nothing to this version' : 'a record does not match its checksum';
      this.damage.push({ file, offset, reason });
      return;
    }
    const contradiction = group.apply(record, scan.id);
    if (contradiction === undefined) return;
    lost(group);
    this.damage.push({ file, offset, reason: contradiction });
  }

  /** Every record behind the last one, up to this number, is lost. */
  private lose(to: number, file: string, offset: number): void {
    this.losses.push({ from: this.last.number + 1, to, named: new Set() });
    this.damage.push({ file, offset, reason: 'records before this place are lost' });
  }

  /** Something durable is lost, and nothing tells how much. */
  loseUnknown(file: string, offset: number, reason: string): void {
    this.losses.push({ from: this.last.number + 1, to: Number.POSITIVE_INFINITY, named: new Set() });
    this.damage.push({ file, offset, reason });
  }

  private groupOf(id: GroupId): GroupLog {
    let group = this.groups.get(id);
    if (group === undefined) {
      group = new GroupLog({ broken: this.unlistedFlag, shownUntil: this.unlistedShownUntil });
      this.groups.set(id, group);
    }
    return group;
  }

  /** Compares where a group's chain stands with where a later record or table row says it stood. */
  private confirm(group: GroupLog, link: Link): void {
    group.shownUntil = this.losses.length;
    if (sameLink(group.last, link)) return;
    lost(group);
    for (const loss of this.losses) if (link.number >= loss.from && link.number <= loss.to) loss.named.add(link.number);
  }

  private explained(from: number): boolean {
    for (let i = from; i < this.losses.length; i += 1) {
      const loss = this.losses[i] as Loss;
      if (loss.named.size !== loss.to - loss.from + 1) return false;
    }
    return true;
  }

  /** Whether a known group must be quarantined. Asked at the end. */
  isBroken(group: GroupLog): boolean {
    return group.broken || !this.explained(group.shownUntil);
  }

  /** Whether a lost record may have held a newer hard state than the newest one found. Asked at the end. */
  mayHaveForgotten(group: GroupLog): boolean {
    return !group.isHardStateShown || !this.explained(group.shownUntil);
  }

  /** Whether a lost record may belong to a group that appears nowhere. Asked at the end. */
  unlistedBroken(): boolean {
    return this.unlistedFlag || !this.explained(this.unlistedShownUntil);
  }
}

/** Records of the group are gone, and nobody can say of which kind. */
function lost(group: GroupLog): void {
  group.broken = true;
  group.isHardStateShown = false;
}

function sameLink(a: Link, b: Link): boolean {
  return a.number === b.number && a.crc === b.crc;
}
