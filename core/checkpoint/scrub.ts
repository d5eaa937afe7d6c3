/**
 * Reads every page of every checkpoint within a period, one at a time, so that a page that rots is found while the other nodes
 * still have what was on it. Where the page is in memory it is written again; where it is not, its group stops here and is
 * fetched anew from its peers.
 */
import { defined } from '../assert.ts';
import type { FileOp } from '../effect.ts';
import { DamageError } from '../errors.ts';
import { type GroupId, type Micros, minOf, NEVER, plus } from '../ids.ts';
import { SCRUB_STEP_MICROS_MIN } from '../limits.ts';
import type { PageFile } from '../page/page-file.ts';
import type { PageId } from '../page/store.ts';
import type { ReplicaGroup } from '../replica/group.ts';

export interface ScrubHost {
  readonly now: () => Micros;
  readonly mark: (name: string) => void;
  readonly write: (ops: readonly FileOp[]) => void;
  readonly group: (id: GroupId) => ReplicaGroup | undefined;
  readonly groups: () => readonly ReplicaGroup[];
  readonly guarded: (group: ReplicaGroup, work: () => void) => void;
}

/** What a node's scrubs have done since it started. */
export interface ScrubCounts {
  readonly pages: number;
  /** Pages that were not what was written, and were written again. */
  readonly repaired: number;
  /** Pages that were not what was written, and stopped their group. */
  readonly lost: number;
}

export class Scrub {
  private readonly host: ScrubHost;
  private readonly periodMicros: number;
  private due: Micros = NEVER;
  /** Where it is. */
  private group: GroupId | undefined = undefined;
  private page: number = 0;
  private pages: number = 0;
  private repaired: number = 0;
  private lost: number = 0;

  /** @param periodMicros in which everything is read; 0 = never. */
  constructor(host: ScrubHost, periodMicros: number) {
    this.host = host;
    this.periodMicros = periodMicros;
  }

  get counts(): ScrubCounts {
    const { pages, repaired, lost } = this;
    return { pages, repaired, lost };
  }

  get nextDeadline(): Micros {
    return this.due;
  }

  /** There is more to read, or something at all. */
  grown(): void {
    if (this.periodMicros > 0) this.due = minOf(this.due, this.next());
  }

  /** Reads the page that is due. */
  deadline(): void {
    if (this.due > this.host.now()) return;
    const { group, file } = this.turn();
    if (group !== undefined && file !== undefined) {
      this.page += 1;
      this.pages += 1;
      const id = this.page as PageId;
      if (!file.isIntact(id)) this.host.guarded(group, () => this.repair(file, id));
    }
    this.due = this.next();
  }

  /** The group whose next page is read: the present one, or behind its last page the next one that has a checkpoint. */
  private turn(): { readonly group?: ReplicaGroup; readonly file?: PageFile } {
    const present = this.group === undefined ? undefined : this.host.group(this.group);
    const file = fileOf(present);
    if (present !== undefined && file !== undefined && this.page + 1 < file.size) return { group: present, file };
    const others = this.host.groups().filter((group) => fileOf(group) !== undefined);
    const next = others.find(({ id }) => id > (this.group ?? -1)) ?? others[0];
    this.group = next?.id;
    this.page = 0;
    return next === undefined ? {} : { group: next, file: defined(fileOf(next), 'a group in turn has a page file') };
  }

  private repair(file: PageFile, id: PageId): void {
    const bytes = file.storedBytes(id);
    if (bytes === undefined) {
      this.lost += 1;
      this.host.mark('scrub.page-lost');
      throw new DamageError('page_damaged', `page ${id} of ${file.name} is not what was written`);
    }
    this.repaired += 1;
    this.host.mark('scrub.page-repaired');
    const { name } = file;
    this.host.write([
      { op: 'write', file: name, offset: file.offsetOf(id), bytes },
      { op: 'sync', file: name },
    ]);
  }

  private next(): Micros {
    const pages = this.host.groups().reduce((sum, group) => sum + (fileOf(group)?.size ?? 0), 0);
    const step = Math.max(Math.floor(this.periodMicros / Math.max(pages, 1)), SCRUB_STEP_MICROS_MIN);
    return plus(this.host.now(), step);
  }
}

/** The file of a group that has a checkpoint and takes part. */
function fileOf(group: ReplicaGroup | undefined): PageFile | undefined {
  if (group === undefined || group.quarantined) return undefined;
  const { backing } = group.state.pages;
  return backing?.pins === undefined ? undefined : backing.file;
}
