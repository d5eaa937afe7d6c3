/**
 * Pages that disks have destroyed. Nobody need notice at an opening: pages are read when they are needed. It is over when the
 * page was written again, or its file is gone because the group has its state anew.
 */
import { parsePageFileName } from '../core/checkpoint/file.ts';
import { findCheckpoint } from '../core/checkpoint/open.ts';
import { StorageError } from '../core/errors.ts';
import { FIRST_PAGE_AT } from '../core/page/page-file.ts';
import { readTable } from '../core/page/page-table.ts';
import type { PagePlace } from './atlas.ts';
import type { Draws } from './tape.ts';
import type { VirtualDisk } from './virtual-disk.ts';

interface Destroyed {
  readonly place: PagePlace;
  /** What the page was like then, or that it could not be read. */
  readonly bytes: string;
}

export class PageDamage {
  private readonly disks: readonly VirtualDisk[];
  private readonly destroyed: Map<number, readonly Destroyed[]> = new Map();

  constructor(disks: readonly VirtualDisk[]) {
    this.disks = disks;
  }

  /** Any page that a checkpoint on the disk needs. */
  choose(node: number, draws: Draws): PagePlace | undefined {
    const disk = this.disks[node] as VirtualDisk;
    const places = disk.list().flatMap((file) => pagesOf(disk, file));
    return places.length === 0 ? undefined : draws.pick(places);
  }

  note(node: number, place: PagePlace): void {
    const bytes = String(contentOf(this.disks[node] as VirtualDisk, place));
    this.destroyed.set(node, [...(this.destroyed.get(node) ?? []), { place, bytes }]);
  }

  /** Nodes with a page that is not what it was. */
  get nodes(): readonly number[] {
    return [...this.destroyed.keys()].filter((node) => this.has(node));
  }

  has(node: number): boolean {
    return this.of(node).length > 0;
  }

  hasGroup(node: number, group: number): boolean {
    return this.of(node).some(({ place }) => place.group === group);
  }

  private of(node: number): readonly Destroyed[] {
    const known = this.destroyed.get(node);
    if (known === undefined) return [];
    const disk = this.disks[node] as VirtualDisk;
    const left = known.filter(
      ({ place, bytes }) => disk.size(place.file) !== undefined && String(contentOf(disk, place)) === bytes,
    );
    if (left.length === 0) this.destroyed.delete(node);
    else this.destroyed.set(node, left);
    return left;
  }
}

/** undefined where it cannot be read. */
export function contentOf(disk: VirtualDisk, { file, offset, lengthBytes }: PagePlace): Uint8Array | undefined {
  try {
    return disk.read(file, offset, lengthBytes);
  } catch (error) {
    if (error instanceof StorageError) return undefined;
    throw error;
  }
}

function pagesOf(disk: VirtualDisk, file: string): readonly PagePlace[] {
  const group = parsePageFileName(file)?.group;
  const block = group === undefined ? 'none' : findCheckpoint(disk, file, group);
  if (group === undefined || typeof block === 'string') return [];
  const slotBytes = block.pageBytes + block.overheadBytes;
  try {
    const table = readTable(disk, file, { pageBytes: block.pageBytes, slotBytes }, block.table);
    const places: PagePlace[] = [];
    for (const [id, checksum] of (table?.checksums ?? []).entries()) {
      if (checksum !== 0) places.push({ file, offset: FIRST_PAGE_AT + (id - 1) * slotBytes, lengthBytes: slotBytes, group });
    }
    return places;
  } catch (error) {
    if (error instanceof StorageError) return [];
    throw error;
  }
}
