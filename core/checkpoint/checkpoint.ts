/**
 * Writes one checkpoint: the pages that have changed since the one before, slice by slice, while the group goes on.
 *
 * Order, each behind the other on the disk: pages and page table -> sync -> superblock -> sync -> (reported durable) -> the log's
 * snapshot mark -> (reported durable) -> older log and the pages that only the checkpoint before shows may go. A crash in front of
 * the superblock leaves pages that nobody looks for.
 */
import { assert, defined } from '../assert.ts';
import { Writer } from '../bytes/writer.ts';
import type { FileOp } from '../effect.ts';
import type { LogIndex, Seq } from '../ids.ts';
import { CHECKPOINT_RUN_BYTES, SNAPSHOT_CHUNK_BYTES, SNAPSHOT_WRITE_BYTES_MAX } from '../limits.ts';
import { layTable, type TablePlace } from '../page/page-table.ts';
import type { Pin } from '../page/space.ts';
import type { PageBacking, StatePages } from '../page/state-pages.ts';
import type { PageId } from '../page/store.ts';
import { writeSuperblock } from '../page/superblock.ts';
import { encodeConfiguration } from '../raft/configuration-bytes.ts';
import type { SnapshotMeta } from '../raft/message.ts';
import type { ReplicaGroup } from '../replica/group.ts';
import { Backlog, type SnapshotHost } from '../replica/snapshot-host.ts';
import { Slice } from '../snapshot/slices.ts';
import type { StateCapture } from '../state/capture.ts';
import {
  CONFIGURATION_KEY,
  DIRECTORY_KEY,
  encodeRoot,
  encodeVaultRow,
  sessionsKey,
  vaultKey,
  writeDeleted,
  writeSession,
} from './catalog.ts';

/** Bytes of a record or page that were worked at. */
type Steps = Generator<number, void>;
type Phase = 'writing' | 'closing' | 'marking' | 'done';

/** Pages side by side in the file, gathered for one write. */
interface Run {
  first: PageId;
  readonly pages: PageId[];
}

export class Checkpoint {
  readonly group: ReplicaGroup;
  private readonly host: SnapshotHost;
  private readonly meta: SnapshotMeta;
  private readonly capture: StateCapture;
  private readonly pages: StatePages;
  private readonly backing: PageBacking;
  private readonly steps: Steps;
  /** By id: 1 = part of the trees as captured. */
  private readonly used: Uint8Array;
  private readonly fresh: readonly PageId[];
  private readonly backlog: Backlog = new Backlog();
  /** Writes on their way, and which pages they hold. */
  private readonly leaving: { readonly seq: Seq; readonly pages: readonly PageId[] }[] = [];
  private run: Run = { first: 0 as PageId, pages: [] };
  /** Of pages in the present run. */
  private finish: (id: PageId) => Uint8Array;
  private phase: Phase = 'writing';
  private waitsFor: Seq = 0 as Seq;
  private treesPin: Pin | undefined = undefined;
  private catalogPin: Pin | undefined = undefined;
  private table: { readonly place: TablePlace; readonly pages: readonly PageId[] } | undefined = undefined;

  /** @param begun.isStale whether a file of the name is there that means nothing */
  constructor(
    host: SnapshotHost,
    group: ReplicaGroup,
    begun: { readonly capture: StateCapture; readonly meta: SnapshotMeta; readonly isStale: boolean },
  ) {
    this.host = host;
    this.group = group;
    this.meta = begun.meta;
    this.capture = begun.capture;
    this.pages = group.state.pages;
    this.backing = defined(this.pages.backing, 'a state that becomes a checkpoint has a page file');
    this.finish = (id) => this.backing.file.finish(id);
    // At the moment of the capture's pin: what the trees had dropped before is not part of them.
    this.used = this.backing.trees.usedPages();
    this.fresh = this.backing.trees.takeFresh();
    this.backing.number += 1;
    if (this.backing.number === 1) {
      const { name } = this.backing.file;
      const ops: FileOp[] = begun.isStale ? [{ op: 'remove', file: name }] : [];
      this.host.write([...ops, { op: 'create', file: name, sizeBytes: 0 }]);
    }
    this.steps = this.everything();
  }

  get index(): LogIndex {
    return this.meta.index;
  }

  get file(): string {
    return this.backing.file.name;
  }

  /** Whether a slice of work would do something now. */
  get canWork(): boolean {
    return this.phase === 'writing' && this.backlog.bytes < SNAPSHOT_WRITE_BYTES_MAX;
  }

  /** Works for one slice. */
  work(): void {
    assert(this.phase === 'writing', 'a checkpoint that is written is not written on');
    const slice = new Slice(this.host.limits.sliceRecords, this.host.buggify);
    for (let step = this.steps.next(); ; step = this.steps.next()) {
      if (step.done === true) return this.close();
      if (slice.spend(step.value)) return;
    }
  }

  /** Everything up to seq is carried out. @returns whether the checkpoint and its mark have become durable with it. */
  persisted(seq: Seq): boolean {
    this.backlog.persisted(seq);
    for (let head = this.leaving[0]; head !== undefined && head.seq <= seq; head = this.leaving[0]) {
      this.leaving.shift();
      for (const id of head.pages) this.backing.file.arrived(id);
    }
    if (this.phase === 'writing' || this.phase === 'done' || seq < this.waitsFor) return false;
    if (this.phase === 'closing') {
      this.waitsFor = this.group.markSnapshot(this.meta);
      this.phase = 'marking';
      return false;
    }
    this.phase = 'done';
    this.replace();
    return true;
  }

  /** Gives up. The state is not to become a checkpoint any more: its group is quarantined, or another one takes its place. */
  abandon(): void {
    if (this.treesPin === undefined) this.capture.release();
    this.phase = 'done';
  }

  private *everything(): Steps {
    yield* this.write(this.fresh);
    yield* this.fillCatalog();
    const { catalogSpace, catalogStore } = this.backing;
    this.catalogPin = catalogSpace.pin();
    const catalogPages = catalogStore.usedPages();
    yield* this.write(catalogStore.takeFresh());
    yield* this.writeTable(catalogPages);
  }

  private *fillCatalog(): Steps {
    const { capture } = this;
    const { catalog } = this.backing;
    for (const vault of capture.vaults) {
      const row = encodeVaultRow(capture.image(vault));
      capture.forget(vault);
      catalog.set(vaultKey(vault.id), row);
      yield row.length;
    }
    for (const id of capture.removed) {
      catalog.delete(vaultKey(id));
      yield 1;
    }
    yield* this.fillSessions();
    if (capture.directory !== undefined) catalog.set(DIRECTORY_KEY, encodeRoot(capture.directory.root));
    catalog.set(CONFIGURATION_KEY, encodeConfiguration(this.meta.configuration));
    this.treesPin = capture.releaseButPages();
  }

  private *fillSessions(): Steps {
    const { sessions, deleted } = this.capture;
    const { catalog } = this.backing;
    const row = new Writer();
    let number = 0;
    for (const vault of deleted) {
      writeDeleted(row, vault);
      if (row.length < SNAPSHOT_CHUNK_BYTES) continue;
      catalog.set(sessionsKey(number), row.peek());
      number += 1;
      yield row.length;
      row.reset();
    }
    for (let place = 0; place < sessions.count; place += 1) {
      const before = row.length;
      writeSession(row, sessions.image(place));
      yield row.length - before;
      if (row.length < SNAPSHOT_CHUNK_BYTES) continue;
      catalog.set(sessionsKey(number), row.peek());
      number += 1;
      row.reset();
    }
    if (row.length > 0) {
      catalog.set(sessionsKey(number), row.peek());
      number += 1;
    }
    while (catalog.delete(sessionsKey(number))) number += 1;
  }

  private *writeTable(catalogPages: Uint8Array): Steps {
    const { file, catalogSpace } = this.backing;
    const checksums = new Uint32Array(Math.max(this.used.length, catalogPages.length));
    for (let id = 1; id < checksums.length; id += 1) {
      if (this.used[id] === 1 || catalogPages[id] === 1) checksums[id] = file.checksum(id as PageId);
    }
    this.table = layTable(file, checksums, catalogSpace.generation);
    this.finish = (id) => file.finishClear(id);
    yield* this.write(this.table.pages);
  }

  private *write(ids: readonly PageId[]): Steps {
    for (const id of [...ids].sort((a, b) => a - b)) {
      const { run } = this;
      const isNext = run.pages.length > 0 && id === run.first + run.pages.length;
      if (!isNext || run.pages.length * this.backing.file.slotBytes >= CHECKPOINT_RUN_BYTES) {
        this.flush();
        this.run.first = id;
      }
      this.run.pages.push(id);
      yield this.backing.file.pageBytes;
    }
    this.flush();
  }

  /** Hands the run to the disk. */
  private flush(): void {
    const { first, pages } = this.run;
    if (pages.length === 0) return;
    const { file } = this.backing;
    const bytes = new Uint8Array(pages.length * file.slotBytes);
    for (const [at, id] of pages.entries()) bytes.set(this.finish(id), at * file.slotBytes);
    const seq = this.host.write([{ op: 'write', file: file.name, offset: file.offsetOf(first), bytes }]);
    this.backlog.add(seq, bytes.length);
    this.leaving.push({ seq, pages });
    this.run = { first: 0 as PageId, pages: [] };
  }

  private close(): void {
    const { file, catalog, catalogSpace, number } = this.backing;
    const { index, term } = this.meta;
    const { place } = defined(this.table, 'a table was written');
    const block = writeSuperblock(file.name, {
      pageBytes: file.pageBytes,
      overheadBytes: file.slotBytes - file.pageBytes,
      group: this.group.id,
      number,
      index,
      term,
      time: this.capture.time,
      generation: Math.max(this.pages.space.generation, catalogSpace.generation) + 1,
      catalog: catalog.root,
      table: place,
    });
    const sync: FileOp = { op: 'sync', file: file.name };
    const name: readonly FileOp[] = number === 1 ? [{ op: 'syncDirectory' }] : [];
    this.waitsFor = this.host.write([sync, ...block, sync, ...name]);
    this.phase = 'closing';
  }

  /** Only this checkpoint is shown from now on. */
  private replace(): void {
    const { backing, pages } = this;
    const before = backing.pins;
    const table = defined(this.table, 'a table was written');
    backing.pins = {
      trees: defined(this.treesPin, 'the trees were captured'),
      catalog: defined(this.catalogPin, 'the catalog was written'),
      table: table.pages,
    };
    if (before === undefined) return;
    pages.space.unpin(before.trees);
    backing.catalogSpace.unpin(before.catalog);
    for (const id of before.table) backing.file.free(id);
  }
}
