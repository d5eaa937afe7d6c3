/** Checkpoints, effect by effect: what a restart finds, what stands behind them, and every crash on the way. */
import { describe, expect, test } from 'vitest';
import { parsePageFileName } from '../../core/checkpoint/file.ts';
import { OrphanSweep } from '../../core/checkpoint/orphans.ts';
import type { VaultEntry } from '../../core/client/protocol.ts';
import type { GroupId } from '../../core/ids.ts';
import { FIRST_PAGE_AT, type PageFile } from '../../core/page/page-file.ts';
import type { PageBacking } from '../../core/page/state-pages.ts';
import type { PageId } from '../../core/page/store.ts';
import type { ReplicaGroup } from '../../core/replica/group.ts';
import type { Replica } from '../../core/replica/replica.ts';
import { ulidBytes } from '../../core/state/ulid-field.ts';
import type { TestNode } from './harness.ts';
import { expectAllOn, open, pageFilesOf, raftOf, snapshotsOf, tupleOf, write, writeUntilDeath } from './snapshot-book.ts';
import { createVault, expectKind, writeRequest } from './vaults.ts';

describe('checkpoints', () => {
  test('the log is reclaimed behind a checkpoint, and a restart finds everything', () => {
    const book = open(1);
    const node = book.cluster.nodes[0] as TestNode;
    write(book, 150);
    expect(node.disk.list().filter((name) => name.startsWith('wal-')).length).toBeLessThan(8);
    expect(node.disk.list()).not.toContain('wal-0000000000000001');
    expect(snapshotsOf(node, 1)).toEqual([]);
    expect(pageFilesOf(node, 1).length).toBe(1);
    book.cluster.kill(node, true);
    book.cluster.open(node);
    book.cluster.leader(1);
    expect(raftOf(node, 1).baseIndex).toBeGreaterThan(100);
    expectAllOn(book, node);
    write(book, 30);
    expectAllOn(book, node);
  });

  test('a start has no more to apply again than a group may have behind its checkpoint, however long the log may be', () => {
    const bound = 1024;
    const book = open(1, { checkpointLogBytes: 1 << 20, checkpointReplayBytes: bound });
    write(book, 60);
    const [node] = book.cluster.nodes as [TestNode];
    const group = node.replica.group(book.vault.group);
    const unsaved = group?.state.unsavedBytes ?? Number.POSITIVE_INFINITY;
    expect(node.disk.list().some((name) => parsePageFileName(name)?.group === book.vault.group)).toBe(true);
    expect(unsaved).toBeLessThan(2 * bound); // one bound's entries, and what came while the checkpoint was written
    book.cluster.kill(node, true);
    book.cluster.open(node);
    book.cluster.leader(1);
    expect(node.replica.group(book.vault.group)?.state.unsavedBytes).toBeLessThan(2 * bound);
    expectAllOn(book, node);
  });

  test('short lives, none of which writes so much log as may stand behind a checkpoint, have one all the same', () => {
    const book = open(1, { checkpointLogBytes: 8192 });
    const [node] = book.cluster.nodes as [TestNode];
    const has = (): boolean => pageFilesOf(node, book.vault.group).length > 0;
    for (let lives = 0; lives < 40 && !has(); lives += 1) {
      write(book, 3);
      book.cluster.kill(node, true);
      book.cluster.open(node);
      expectAllOn(book, node);
    }
    expect(has()).toBe(true);
    expect(node.replica.group(book.vault.group)?.state.unsavedBytes).toBeLessThan(8192);
  });

  test('of a vault that is deleted, pages go once: those that its tree had dropped, and those that a sweep finds', () => {
    const book = open(1);
    const [node] = book.cluster.nodes as [TestNode];
    const { group: id, organization, id: vault } = book.vault;
    write(book, 150);
    const group = node.replica.group(id) as ReplicaGroup;
    const earlier = new OrphanSweep(group); // for a vault that was deleted before; it takes its time
    write(book, 5);
    const { space, backing } = group.state.pages;
    expect(space.pinnedPages).toBeGreaterThan(0);
    const command = { session: book.session, sequence: 2 + book.written, lowestUnanswered: 1 };
    expectKind(book.cluster.ask(node, { kind: 'deleteVault', group: id, command, organization, vault }), 'vaultDeleted');
    while (!earlier.isOver) earlier.work();
    const before = backing?.number;
    book.cluster.runUntil(() => (backing?.number ?? 0) > Number(before));
    book.cluster.pass(100_000);
    expect(node.fatals).toEqual([]);
    expect(backing?.trees.usedPages().every((isUsed) => isUsed === 0)).toBe(true);
  });

  test('a page on which the disk has something older is not taken for one of a vault that is deleted', () => {
    const book = open(1);
    const [node] = book.cluster.nodes as [TestNode];
    write(book, 100);
    const deleted = book.vault;
    const other = { ...book, ...createVault(book.cluster, 'other'), written: 0 };
    write(other, 100);
    const { group: id, organization } = deleted;
    const { pages } = (node.replica.group(id) as ReplicaGroup).state;
    const { file, trees } = pages.backing as PageBacking;
    file.evict(file.size);
    file.evict(file.size);
    const owner = (vault: VaultEntry): string => Buffer.from(ulidBytes(vault.id)).toString('hex');
    const ownerOn = (page: PageId): string => Buffer.from(file.ownerOf(page) ?? []).toString('hex');
    const isStored = (page: PageId): boolean => file.pages[page] === undefined && ownerOn(page) === owner(other.vault);
    const stale = [...trees.usedPages().keys()]
      .map((page) => page as PageId)
      .filter((page) => trees.uses(page) && isStored(page));
    expect(stale.length).toBeGreaterThan(5);
    for (const page of stale)
      node.disk.execute({ op: 'write', file: file.name, offset: file.offsetOf(page) + 32, bytes: ulidBytes(deleted.id) });
    const command = { session: book.session, sequence: 2 + book.written, lowestUnanswered: 1 };
    const deletion = { kind: 'deleteVault', group: id, command, organization, vault: deleted.id } as const;
    expectKind(book.cluster.ask(node, deletion), 'vaultDeleted');
    book.cluster.pass(1_000_000);
    expect(stale.filter((page) => !trees.uses(page))).toEqual([]);
    expect(
      [...trees.usedPages().keys()].some((page) => trees.uses(page as PageId) && ownerOn(page as PageId) === owner(deleted)),
    ).toBe(true);
  });

  test('a command that was answered before a checkpoint is not executed again behind a restart', () => {
    const book = open(1);
    const node = book.cluster.nodes[0] as TestNode;
    write(book, 60);
    const { vault, session } = book;
    const request = writeRequest(vault, session, 2 + 59, tupleOf(59));
    book.cluster.kill(node, true);
    book.cluster.open(node);
    const height = node.replica.group(vault.group)?.state.vault(vault.id)?.height;
    const again = expectKind(book.cluster.ask(book.cluster.leader(vault.group), request), 'transacted');
    expect(again.outcome).toMatchObject({ ok: true, changed: true });
    expect(node.replica.group(vault.group)?.state.vault(vault.id)?.height).toBe(height ?? again.anchor.height);
  });

  test('one copy of a superblock stands in for the other; where neither can be read, the group stays out', () => {
    const book = open(1);
    const node = book.cluster.nodes[0] as TestNode;
    write(book, 120);
    book.cluster.kill(node, true);
    const [file] = pageFilesOf(node, 1) as [string];
    for (const slot of [0, 2]) node.disk.corrupt(file, slot * 4096 + 40, 1);
    book.cluster.open(node);
    book.cluster.leader(1);
    expect(node.fatals).toEqual([]);
    expectAllOn(book, node);
    book.cluster.kill(node, true);
    for (const slot of [1, 3]) node.disk.corrupt(file, slot * 4096 + 40, 1);
    book.cluster.open(node);
    book.cluster.settle();
    expect(node.fatals).toMatchObject([{ scope: 1, code: 'checkpoint_damaged' }]);
  });

  test('a page that is not what was written stops the group when somebody asks for it, and its siblings go on', () => {
    const book = open(1);
    const node = book.cluster.nodes[0] as TestNode;
    write(book, 120);
    book.cluster.kill(node, true);
    const [file] = pageFilesOf(node, 1) as [string];
    const pageBytes = 512;
    // Not the catalog and the page table, which are read at once, but every page of the vault.
    const bytes = node.disk.size(file) as number;
    book.cluster.open(node);
    book.cluster.settle();
    const rows = node.replica.group(1 as GroupId)?.state.pages.backing?.trees.usedPages() as Uint8Array;
    for (let at = FIRST_PAGE_AT; at < bytes; at += pageBytes) {
      if (rows[1 + (at - FIRST_PAGE_AT) / pageBytes] === 1) node.disk.corrupt(file, at + 100, 1);
    }
    book.cluster.leader(1);
    book.cluster.ask(node, writeRequest(book.vault, book.session, 2 + book.written, tupleOf(book.written)));
    expect(node.fatals).toMatchObject([{ scope: 1, code: 'page_damaged' }]);
    expect(book.cluster.leader(0)).toBe(node);
  });

  test('a scrub writes a page again that is in memory, and stops the group of one that is not', () => {
    const book = open(1, { scrubMicros: 1_000_000 });
    const node = book.cluster.nodes[0] as TestNode;
    write(book, 120);
    const { backing } = (node.replica.group(1 as GroupId) as NonNullable<ReturnType<Replica['group']>>).state.pages;
    const file = backing?.file as PageFile;
    const used = backing?.trees.usedPages() as Uint8Array;
    const stored = [...used.keys()].filter((id) => used[id] === 1 && file.storedBytes(id as PageId) !== undefined);
    const [first, second] = stored as [PageId, PageId];
    node.disk.corrupt(file.name, file.offsetOf(first) + 99, 1);
    expect(file.isIntact(first)).toBe(false);
    book.cluster.pass(2_000_000);
    expect(file.isIntact(first)).toBe(true);
    expect([...book.marks]).toContain('scrub.page-repaired');
    expect(node.fatals).toEqual([]);
    file.evict(file.size);
    file.evict(file.size);
    node.disk.corrupt(file.name, file.offsetOf(second) + 99, 1);
    book.cluster.pass(2_000_000);
    expect(node.fatals).toMatchObject([{ scope: 1, code: 'page_damaged' }]);
  });

  test('a superblock that no sync had covered when its process died is durable before anything is built upon it', () => {
    for (let later = 1; ; later += 1) {
      const book = open(1, { checkpointLogBytes: 1024 }, 2048);
      const { cluster, vault } = book;
      const node = cluster.nodes[0] as TestNode;
      node.losesPower = false;
      const { execute } = node.disk;
      let written = 0;
      let [file, durable] = ['', new Uint8Array(0)];
      node.disk.execute = (op) => {
        const isOfPages = 'file' in op && pageFilesOf(node, vault.group).includes(op.file);
        if (isOfPages && op.op === 'write' && op.offset < FIRST_PAGE_AT) written += 1;
        if (isOfPages && op.op === 'sync') [file, durable] = [op.file, node.disk.read(op.file, 0, FIRST_PAGE_AT).slice()];
        // A checkpoint writes two copies. The twentieth one's process dies before the sync that follows.
        if (written === 8) node.operationsLeft = Math.min(node.operationsLeft, 0);
        return execute.call(node.disk, op);
      };
      expect(writeUntilDeath(book, node, 500)).toBe(true);
      expect(raftOf(node, vault.group).baseIndex).toBeGreaterThan(0);
      written += 1;
      node.operationsLeft = later;
      cluster.open(node);
      cluster.runUntil(() => !node.running || node.replica.group(vault.group)?.raft.role === 'leader');
      const isDead = writeUntilDeath(book, node, 16);
      // The least likely loss of power, and the worst: superblocks that no sync had covered are gone, and all else is there.
      execute.call(node.disk, { op: 'write', file, offset: 0, bytes: durable });
      node.operationsLeft = Number.POSITIVE_INFINITY;
      if (isDead) cluster.open(node);
      cluster.leader(vault.group);
      expect([later, node.fatals]).toEqual([later, []]);
      expectAllOn(book, node);
      if (!isDead) return;
    }
  });

  test('a crash at any operation loses nothing that was acknowledged', () => {
    for (let operations = 1; ; operations += 1) {
      const book = open(1, { checkpointLogBytes: 1024 });
      const { cluster, vault } = book;
      const node = cluster.nodes[0] as TestNode;
      write(book, 4);
      node.operationsLeft = operations;
      if (!writeUntilDeath(book, node, 10)) {
        expect(operations).toBeGreaterThan(40);
        return;
      }
      cluster.open(node);
      cluster.leader(vault.group);
      expect(node.fatals).toEqual([]);
      expectAllOn(book, node);
    }
  });
});
