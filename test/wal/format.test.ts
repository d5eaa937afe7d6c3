/** Golden bytes of the write-ahead log, format 1. A change here is a change of the format: see CHANGELOG, Formats. */
import { expect, test } from 'vitest';
import { fromHex, toHex } from '../../core/bytes/text.ts';
import type { FileOp } from '../../core/effect.ts';
import type { GroupId, LogIndex, NodeId, Term } from '../../core/ids.ts';
import { configurationOf } from '../../core/raft/message.ts';
import type { WalRecord } from '../../core/wal/record.ts';
import { recoverWal } from '../../core/wal/recover.ts';
import { encodeSegmentHeader, readSegmentHeader, segmentId, segmentName } from '../../core/wal/segment.ts';
import { MemoryDirectory } from './memory.ts';

const NODE = '000102030405060708090a0b0c0d0e0f' as NodeId;
const group = 7 as GroupId;

const records: Record<WalRecord['kind'], WalRecord> = {
  entries: {
    group,
    kind: 'entries',
    entries: [
      { term: 3 as Term, index: 1 as LogIndex, kind: 2, data: new Uint8Array(0) },
      { term: 3 as Term, index: 2 as LogIndex, kind: 1, data: fromHex('c0ffee') as Uint8Array },
    ],
  },
  hardState: { group, kind: 'hardState', hardState: { term: 4 as Term, votedFor: NODE, commitIndex: 2 as LogIndex } },
  truncate: { group, kind: 'truncate', from: 2 as LogIndex },
  snapshotMark: { group, kind: 'snapshotMark', index: 1 as LogIndex, term: 3 as Term, log: 'healed' },
  configuration: {
    group,
    kind: 'configuration',
    index: 1 as LogIndex,
    configuration: configurationOf([NODE]),
  },
};

const golden: Record<WalRecord['kind'], string> = {
  entries: [
    '87add11a95ee7de700000029010000000000000700000000000000000000000100000000000000000000000000000000',
    '00000000000000000000000000000001000000020000000000000003020000000000000000000000030100000003c0ff',
    'ee00000000000000',
  ].join(''),
  hardState: [
    'c06578661b004a8200000021020000000000000700000000000000000000000100000000000000000000000000000000',
    '0000000000000000000000000000000401000102030405060708090a0b0c0d0e0f000000000000000200000000000000',
  ].join(''),
  truncate: [
    'e4c920eca964c1fd00000008030000000000000700000000000000000000000100000000000000000000000000000000',
    '00000000000000000000000000000002',
  ].join(''),
  snapshotMark: [
    'afa7a6afdfe0970200000011040000000000000700000000000000000000000100000000000000000000000000000000',
    '0000000000000000000000000000000100000000000000030200000000000000',
  ].join(''),
  configuration: [
    '6d8efca1b4fbd3200000001f050000000000000700000000000000000000000100000000000000000000000000000000',
    '00000000000000000000000000000001010001000102030405060708090a0b0c0d0e0f0000000000',
  ].join(''),
};

/** The bytes that one record is written as, as the first one of a log. */
function written(ops: readonly FileOp[]): string {
  const write = ops.find((op) => op.op === 'write');
  return write?.op === 'write' ? toHex(write.bytes) : '';
}

for (const kind of Object.keys(records) as WalRecord['kind'][]) {
  test(`a ${kind} record has the bytes of format 1`, () => {
    const { wal } = recoverWal(new MemoryDirectory());
    expect(written(wal.plan([records[kind]]))).toBe(golden[kind]);
  });
}

test('a record links to the one before it and to the one before it of its group, and carries the watermark', () => {
  const { wal } = recoverWal(new MemoryDirectory());
  wal.plan([records.hardState]);
  wal.plan([{ ...records.hardState, group: 8 as GroupId }]);
  wal.reportDurable(1);
  expect(written(wal.plan([records.truncate]))).toBe(
    [
      'fcd9b8ffdecefd9b000000080300000000000007ac13b995000000000000000300000000000000010000000000000001',
      'c0657866000000000000000000000002',
    ].join(''),
  );
});

test('a segment header has the bytes of format 1', () => {
  const bytes = encodeSegmentHeader({
    id: 2,
    floor: 1,
    last: { number: 9, crc: 0xa1b2c3d4 },
    unlistedBroken: false,
    table: [
      {
        group,
        broken: true,
        last: { number: 8, crc: 0x01020304 },
        snapshotIndex: 5 as LogIndex,
        snapshotTerm: 2 as Term,
        hardState: { term: 4 as Term, votedFor: NODE, commitIndex: 6 as LogIndex },
      },
    ],
  });
  expect(bytes.length).toBe(512);
  expect(toHex(bytes, 0, 122)).toBe(
    [
      '564f55434857414c000100000000007a2af95ffc000000000000000200000000000000010000000000000009a1b2c3d4',
      '000000000000000100000007010000000000000008010203040000000000000005000000000000000200000000000000',
      '0401000102030405060708090a0b0c0d0e0f0000000000000006',
    ].join(''),
  );
  expect(bytes.subarray(122).every((byte) => byte === 0)).toBe(true);
  expect(readSegmentHeader(bytes, 2).kind).toBe('valid');
  expect(readSegmentHeader(bytes, 3).kind).toBe('invalid');
});

test('segment names sort as their ids do, and nothing else is a segment', () => {
  expect(segmentName(12)).toBe('wal-0000000000000012');
  expect(segmentId('wal-0000000000000012')).toBe(12);
  for (const other of ['wal-12', 'wal-0000000000000000', 'wal-000000000000001x', 'wal-9999999999999999', 'manifest']) {
    expect(segmentId(other)).toBeUndefined();
  }
});
