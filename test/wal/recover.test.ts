/** What recovery makes of damage, of torn tails and of leftovers, case by case. */
import { expect, test } from 'vitest';
import { crc32c } from '../../core/bytes/crc32c.ts';
import { StorageError } from '../../core/errors.ts';
import type { GroupId, LogIndex, NodeId, Term } from '../../core/ids.ts';
import type { Entry } from '../../core/raft/message.ts';
import type { WalRecord } from '../../core/wal/record.ts';
import { recoverWal, type WalRecovery } from '../../core/wal/recover.ts';
import { readSegmentHeader, segmentName } from '../../core/wal/segment.ts';
import type { Wal } from '../../core/wal/wal.ts';
import { MemoryDirectory } from './memory.ts';

const A = 1 as GroupId;
const B = 2 as GroupId;
const C = 3 as GroupId;
const FIRST = segmentName(1);
const SECOND = segmentName(2);
const options = { segmentBytes: 4096 };

function vote(group: GroupId, term: number): WalRecord {
  const votedFor = 'ab'.repeat(16) as NodeId;
  return { group, kind: 'hardState', hardState: { term: term as Term, votedFor, commitIndex: 0 as LogIndex } };
}

function entry(index: number, bytes: number): Entry {
  return { term: 1 as Term, index: index as LogIndex, kind: 1, data: new Uint8Array(bytes).fill(index) };
}

function append(group: GroupId, index: number, bytes: number = 8): WalRecord {
  return { group, kind: 'entries', entries: [entry(index, bytes)] };
}

/** A log under test: every plan is durable at once unless it says otherwise. */
class Log {
  directory: MemoryDirectory = new MemoryDirectory();
  wal: Wal;
  /** Offset of each record by number, and its file. */
  readonly places: { readonly file: string; readonly offset: number }[] = [{ file: '', offset: 0 }];

  constructor() {
    this.wal = this.reopen().wal;
  }

  reopen(): WalRecovery {
    const recovery = recoverWal(this.directory, options);
    this.directory.run(recovery.repairs);
    this.wal = recovery.wal;
    return recovery;
  }

  add(...records: readonly WalRecord[]): void {
    for (const record of records) {
      this.addUnsynced(record);
      this.wal.reportDurable(this.wal.lastNumber);
    }
  }

  addUnsynced(record: WalRecord): void {
    const ops = this.wal.plan([record]);
    const write = ops.findLast((op) => op.op === 'write');
    if (write?.op === 'write') this.places[this.wal.lastNumber] = { file: write.file, offset: write.offset };
    this.directory.run(ops);
  }

  /** Damages a record's header, so that nothing of it can be believed. */
  ruin(number: number): void {
    const { file, offset } = this.places[number] as { file: string; offset: number };
    (this.directory.files.get(file) as Uint8Array).fill(0xee, offset, offset + 16);
  }

  /** Damages a record's payload only. */
  rot(number: number): void {
    const { file, offset } = this.places[number] as { file: string; offset: number };
    const bytes = this.directory.files.get(file) as Uint8Array;
    bytes[offset + 81] = (bytes[offset + 81] as number) ^ 1; // the data of its first entry
  }
}

test('a group that only ever voted is whole, also when the segment that it began in has been reclaimed', () => {
  const log = new Log();
  log.add(vote(A, 1), append(B, 1, 1000), append(B, 2, 1000), append(B, 3, 1000));
  log.add({ group: B, kind: 'snapshotMark', index: 3 as LogIndex, term: 1 as Term, log: 'continues' });
  log.wal.keepBehind(B, 3 as LogIndex);
  for (let index = 4; index < 12; index += 1) log.add(append(B, index, 1000));
  expect(log.directory.files.has(FIRST)).toBe(false);
  const { groups } = log.reopen();
  expect(groups.get(A)).toMatchObject({ isComplete: true, hardState: { term: 1 } });
  expect(groups.get(B)).toMatchObject({ isComplete: false });
});

test('an empty directory becomes a log of one segment', () => {
  const { repairs, fresh, groups, damage } = recoverWal(new MemoryDirectory(), options);
  expect(repairs.map((op) => op.op)).toEqual(['create', 'write', 'sync', 'syncDirectory']);
  expect([fresh, groups.size, damage.length]).toEqual([true, 0, 0]);
});

test('recovery syncs the tail and its name again, even where nothing is torn', () => {
  const log = new Log();
  log.add(vote(A, 1));
  const { repairs, fresh } = recoverWal(log.directory, options);
  expect(repairs.slice(-2)).toEqual([{ op: 'sync', file: FIRST }, { op: 'syncDirectory' }]);
  expect(fresh).toBe(false);
});

test('records whose sync failed, read back from the cache, are written again: a second sync alone would write nothing', () => {
  for (const [label, unsynced] of [
    ['behind durable records', [append(A, 2), append(B, 1)]],
    ['in a segment of their own', [append(A, 2, 5000)]],
  ] as const) {
    const log = new Log();
    log.add(append(A, 1), vote(B, 1));
    const medium = log.directory.copy();
    for (const record of unsynced) log.addUnsynced(record);
    for (const [file, bytes] of log.directory.files) {
      if (!medium.files.has(file)) medium.files.set(file, new Uint8Array(bytes.length)); // its header's sync failed
    }
    const { repairs, groups } = recoverWal(log.directory, options);
    medium.run(repairs);
    expect(recoverWal(medium, options).groups, label).toEqual(groups);
    expect(groups.get(A)?.entries.length, label).toBe(2);
  }
});

test('what a watermark covers is not written again', () => {
  const log = new Log();
  log.add(append(A, 1), append(A, 2), append(A, 3));
  const rewritten = recoverWal(log.directory, options).repairs.find(({ op }) => op === 'write');
  expect(rewritten).toMatchObject({ op: 'write', file: FIRST, offset: log.places[3]?.offset });
});

test('names are durable before the records that speak of them: the directory is synced before the tail is written again', () => {
  const log = new Log();
  log.addUnsynced(append(A, 1));
  const ops = recoverWal(log.directory, options).repairs.map(({ op }) => op);
  expect(ops.slice(0, 3)).toEqual(['syncDirectory', 'write', 'sync']);
});

test('each group gets its own hard state, the newest, and its own entries', () => {
  const log = new Log();
  log.add(vote(A, 1), vote(B, 7), append(A, 1), append(B, 1), vote(A, 2), append(A, 2));
  const { groups } = log.reopen();
  expect([groups.get(A)?.hardState.term, groups.get(B)?.hardState.term]).toEqual([2, 7]);
  expect([groups.get(A)?.entries.length, groups.get(B)?.entries.length]).toEqual([2, 1]);
});

test('a truncation and what was appended behind it replace the suffix', () => {
  const log = new Log();
  log.add(append(A, 1), append(A, 2), append(A, 3), { group: A, kind: 'truncate', from: 2 as LogIndex }, append(A, 2, 99));
  expect(
    log
      .reopen()
      .groups.get(A)
      ?.entries.map((e) => e.data.length),
  ).toEqual([8, 99]);
});

test('an append over existing entries without a truncate record breaks the group and no other', () => {
  const log = new Log();
  log.add(append(A, 1), append(A, 2), append(B, 1), append(A, 2, 9));
  expect(log.reopen().quarantined).toEqual([A]);
});

test('a lost unsynced record in front of one that survived is a torn tail: both are cut, with zeros', () => {
  const log = new Log();
  log.add(append(A, 1));
  log.addUnsynced(append(A, 2));
  log.addUnsynced(append(B, 1));
  log.ruin(2);
  const recovery = recoverWal(log.directory, options);
  expect([recovery.damage, recovery.quarantined, recovery.wal.lastNumber]).toEqual([[], [], 1]);
  expect(recovery.tornBytes).toBeGreaterThan(0);
  log.directory.run(recovery.repairs);
  const bytes = log.directory.files.get(FIRST) as Uint8Array;
  expect(bytes.subarray(log.places[2]?.offset).every((byte) => byte === 0)).toBe(true);
});

test('a leftover of an earlier life behind the new tail is not believed, though nobody cut it', () => {
  const log = new Log();
  log.add(append(A, 1));
  log.addUnsynced(append(A, 2, 8));
  log.addUnsynced(append(A, 3, 8));
  log.ruin(2);
  log.wal = recoverWal(log.directory, options).wal; // the repairs are not carried out
  log.add(append(A, 2, 7)); // as long as the lost one: what was record 3 now lies right behind
  const { wal, damage, groups } = recoverWal(log.directory, options);
  expect([wal.lastNumber, damage, groups.get(A)?.entries.length]).toEqual([2, [], 2]);
});

test('a record below the watermark of a later one is damage, never a torn tail', () => {
  const log = new Log();
  log.add(append(A, 1), append(A, 2), append(B, 1), append(B, 2));
  log.ruin(2);
  const { damage, wal, groups, quarantined } = log.reopen();
  expect(damage).toEqual([{ file: FIRST, offset: log.places[3]?.offset, reason: 'records before this place are lost' }]);
  expect(wal.lastNumber).toBe(4);
  expect(quarantined).toEqual([A]); // never shown again behind the loss
  expect(groups.get(B)?.entries.length).toBe(2);
});

test('the links tell whose record an unreadable one was: the others stay whole, listed or not', () => {
  const log = new Log();
  log.add(append(A, 1), append(B, 1), append(C, 1), append(A, 2), append(A, 3), append(A, 4));
  log.ruin(4);
  const { quarantined, allQuarantined } = log.reopen();
  expect([quarantined, allQuarantined]).toEqual([[A], false]);
});

test('where nobody can tell whose records are lost, every group not shown unbroken is quarantined, unlisted ones too', () => {
  const log = new Log();
  log.add(append(A, 1), append(B, 1), append(C, 1), append(C, 2), append(A, 2), append(A, 3));
  log.ruin(3);
  log.ruin(4);
  const { quarantined, allQuarantined } = log.reopen();
  expect([quarantined, allQuarantined]).toEqual([[B], true]);
});

test('a damaged payload under a whole header blames its own group only', () => {
  const log = new Log();
  log.add(append(A, 1), append(B, 1), append(A, 2), append(A, 3));
  log.rot(2);
  const { quarantined, allQuarantined, damage } = log.reopen();
  expect([quarantined, allQuarantined, damage.length]).toEqual([[B], false, 1]);
});

test('a broken group keeps the prefix before the loss and the newest hard state behind it', () => {
  const log = new Log();
  log.add(append(A, 1), vote(A, 1), append(A, 2), append(A, 3), vote(A, 5), vote(B, 1));
  log.ruin(3);
  const group = log.reopen().groups.get(A);
  expect([group?.entries.length, group?.hardState.term]).toEqual([1, 5]);
});

test('a quarantine outlives restarts and later records of the group, until a snapshot mark', () => {
  const log = new Log();
  log.add(append(A, 1), append(A, 2), append(B, 1), append(B, 2));
  log.ruin(2);
  expect(log.reopen().quarantined).toEqual([A]);
  log.add(vote(A, 9), vote(B, 9), vote(A, 10));
  expect(log.reopen().quarantined).toEqual([A]);
  log.add(vote(A, 11), { group: A, kind: 'snapshotMark', index: 5 as LogIndex, term: 2 as Term, log: 'healed' }, append(A, 6));
  const { quarantined, groups } = log.reopen();
  expect(quarantined).toEqual([]);
  expect(groups.get(A)?.snapshot).toEqual({ index: 5, term: 2 });
  expect(groups.get(A)?.entries.map((e) => e.index)).toEqual([6]);
});

test('a snapshot mark that matches the log keeps the suffix behind it', () => {
  const log = new Log();
  log.add(append(A, 1), append(A, 2), append(A, 3));
  log.add({ group: A, kind: 'snapshotMark', index: 2 as LogIndex, term: 1 as Term, log: 'continues' });
  expect(
    log
      .reopen()
      .groups.get(A)
      ?.entries.map((e) => e.index),
  ).toEqual([3]);
});

test('records continue across segments, and a full segment is durable before the next one exists', () => {
  const log = new Log();
  for (let i = 1; i <= 20; i += 1) log.add(append(A, i, 500));
  expect(log.directory.files.size).toBeGreaterThan(2);
  expect(log.reopen().groups.get(A)?.entries.length).toBe(20);
  const records = Array.from({ length: 9 }, (_, i) => append(A, 21 + i, 500));
  const kinds = log.wal.plan(records).map((op) => op.op);
  const rotation = kinds.indexOf('create');
  expect(kinds.slice(rotation - 2, rotation + 6)).toEqual([
    ...['write', 'sync', 'create', 'write', 'sync', 'syncDirectory', 'write'],
    ...['sync'],
  ]);
});

test('a record larger than a segment gets a segment of its size', () => {
  const log = new Log();
  log.add(append(A, 1, 100_000), append(A, 2));
  expect(
    log
      .reopen()
      .groups.get(A)
      ?.entries.map((e) => e.data.length),
  ).toEqual([100_000, 8]);
});

test('a file whose creation a crash interrupted is removed', () => {
  const log = new Log();
  log.add(append(A, 1));
  log.directory.files.set(SECOND, new Uint8Array(1000));
  const { repairs, damage } = recoverWal(log.directory, options);
  expect(repairs[0]).toEqual({ op: 'remove', file: SECOND });
  expect(repairs.slice(-2)).toEqual([{ op: 'sync', file: FIRST }, { op: 'syncDirectory' }]);
  expect(damage).toEqual([]);
});

test('garbage at the end of a segment that has a successor is damage, though the successor is empty', () => {
  const log = new Log();
  log.add(append(A, 1), append(A, 2));
  log.directory.files.set(SECOND, new Uint8Array(4096));
  log.ruin(2);
  const first = log.reopen();
  expect([first.quarantined, first.allQuarantined]).toEqual([[A], true]);
  log.add(append(B, 1));
  const second = log.reopen();
  expect([second.quarantined, second.allQuarantined]).toEqual([[A, B], true]);
});

test('a missing segment in the middle quarantines the groups that wrote in it, and no other', () => {
  const log = new Log();
  log.add(append(B, 1));
  for (let i = 1; i <= 20; i += 1) log.add(append(A, i, 500));
  log.directory.files.delete(SECOND);
  const { quarantined, damage, allQuarantined } = log.reopen();
  expect([quarantined, allQuarantined]).toEqual([[A], false]);
  expect(damage[0]).toEqual({ file: SECOND, offset: 0, reason: 'the segment is missing' });
});

test('a missing first segment quarantines every group it held', () => {
  const log = new Log();
  log.add(append(B, 1));
  for (let i = 1; i <= 20; i += 1) log.add(append(A, i, 500));
  log.directory.files.delete(FIRST);
  expect(log.reopen().quarantined).toEqual([A, B]);
});

test('an unreadable segment header costs nothing where the records behind it continue the chain', () => {
  const log = new Log();
  for (let i = 1; i <= 20; i += 1) log.add(append(A, i, 500));
  (log.directory.files.get(SECOND) as Uint8Array)[40] = 0xff;
  const { quarantined, damage, groups } = log.reopen();
  expect([quarantined, groups.get(A)?.entries.length]).toEqual([[], 20]);
  expect(damage).toEqual([{ file: SECOND, offset: 0, reason: 'the segment header is unreadable' }]);
});

test('an unreadable last segment quarantines everything, now and after the next restart', () => {
  const log = new Log();
  for (let i = 1; i <= 8; i += 1) log.add(append(A, i, 500));
  (log.directory.files.get(SECOND) as Uint8Array).fill(0xa5);
  for (let restart = 0; restart < 3; restart += 1) {
    const { quarantined, allQuarantined } = log.reopen();
    expect([quarantined, allQuarantined]).toEqual([[A], true]);
    log.add(vote(A, 5 + restart));
  }
});

test('a segment put in the place of another is not believed', () => {
  const log = new Log();
  for (let i = 1; i <= 8; i += 1) log.add(append(A, i, 500));
  log.directory.files.set(SECOND, (log.directory.files.get(FIRST) as Uint8Array).slice());
  expect(log.reopen().quarantined).toEqual([A]);
});

test('a record written to the place of another is not believed', () => {
  const log = new Log();
  log.add(append(A, 1), append(A, 2), append(B, 1), append(A, 3));
  const bytes = log.directory.files.get(FIRST) as Uint8Array;
  const [right, wrong] = [log.places[3]?.offset as number, log.places[2]?.offset as number];
  bytes.copyWithin(wrong, right, right + (right - wrong));
  bytes.fill(0, right, right + (right - wrong));
  const { quarantined, groups } = log.reopen();
  expect([quarantined, groups.has(B)]).toEqual([[A], false]);
});

test('a record lost from a full segment is damage, even if nothing readable knew that it was durable', () => {
  const log = new Log();
  log.add(append(A, 1));
  log.addUnsynced(append(A, 2));
  log.addUnsynced(append(B, 1));
  log.directory.files.set(SECOND, new Uint8Array(4096));
  log.ruin(2);
  const { wal, damage, groups } = log.reopen();
  expect([wal.lastNumber, damage.length, groups.get(B)?.entries.length]).toEqual([3, 1, 1]);
});

test('after damage that nobody can place, the next header marks groups that appear later, until they are healed', () => {
  const log = new Log();
  log.add(append(A, 1), append(A, 2), append(B, 1), append(B, 2));
  log.ruin(2);
  log.reopen();
  log.add(vote(A, 2), { group: A, kind: 'snapshotMark', index: 9 as LogIndex, term: 1 as Term, log: 'healed' }, vote(C, 1));
  for (let i = 3; i <= 9; i += 1) log.add(append(B, i, 600));
  const header = readSegmentHeader(log.directory.files.get(segmentName(3)) as Uint8Array, 3);
  const table = header.kind === 'valid' ? header.header.table : [];
  expect(table.map((row) => [row.group, row.broken])).toEqual([
    [A, false],
    [B, false],
    [C, true],
  ]);
  expect(log.reopen().quarantined).toEqual([C]);
});

test('a newer format is refused with a sentence', () => {
  const log = new Log();
  const bytes = log.directory.files.get(FIRST) as Uint8Array;
  bytes[9] = 2;
  new DataView(bytes.buffer).setUint32(16, crc32c(bytes, 20, 56, crc32c(bytes, 0, 16)));
  expect(() => recoverWal(log.directory)).toThrow(StorageError);
  expect(() => recoverWal(log.directory)).toThrow(/wal-0000000000000001 has write-ahead log format 2/);
});
