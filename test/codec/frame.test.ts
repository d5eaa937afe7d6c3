/** Raft frames as bytes: the golden version 1, a reason for each kind of damage, and lengths that lie. */
import { expect, test } from 'vitest';
import { crc32c } from '../../core/bytes/crc32c.ts';
import { fromHex, toHex } from '../../core/bytes/text.ts';
import { decodeFrame, encodeFrame, type Frame } from '../../core/codec/frame.ts';
import type { ClusterId, GroupId, LogIndex, NodeId, Term } from '../../core/ids.ts';
import { APPEND_ENTRIES_MAX, ENTRY_BYTES_MAX, FRAME_ENVELOPES_MAX } from '../../core/limits.ts';
import { configurationOf } from '../../core/raft/message.ts';

const FRAME: Frame = {
  cluster: '000102030405060708090a0b0c0d0e0f' as ClusterId,
  sender: 'f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff' as NodeId,
  envelopes: [
    {
      group: 7 as GroupId,
      message: {
        kind: 'appendEntries',
        term: 3 as Term,
        prevIndex: 9 as LogIndex,
        prevTerm: 2 as Term,
        commit: 8 as LogIndex,
        entries: [{ term: 3 as Term, index: 10 as LogIndex, kind: 1, data: new Uint8Array([0xab, 0xcd]) }],
      },
    },
    { group: 0 as GroupId, message: { kind: 'heartbeatResponse', term: 3 as Term, context: 2 ** 53 - 1 } },
  ],
};

const GOLDEN_V1 = [
  '0101', // version, type
  '000102030405060708090a0b0c0d0e0f',
  'f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff',
  '00000002', // envelopes
  '00000007',
  '01', // appendEntries
  '0000000000000003',
  '0000000000000009',
  '0000000000000002',
  '0000000000000008',
  '00000001',
  '0000000000000003',
  '01',
  '00000002',
  'abcd',
  '00000000',
  '04', // heartbeatResponse
  '0000000000000003',
  '001fffffffffffff',
].join('');

/** The body with its checksum. */
function sealed(bodyHex: string): Uint8Array {
  const body = fromHex(bodyHex) as Uint8Array;
  const bytes = new Uint8Array(body.length + 4);
  bytes.set(body);
  new DataView(bytes.buffer).setUint32(body.length, crc32c(body));
  return bytes;
}

/** GOLDEN_V1 with hex digits replaced at a byte offset. */
function patched(offset: number, hex: string): Uint8Array {
  return sealed(GOLDEN_V1.slice(0, 2 * offset) + hex + GOLDEN_V1.slice(2 * offset + hex.length));
}

test('version 1 of the frame is these bytes', () => {
  expect(toHex(encodeFrame(FRAME))).toBe(toHex(sealed(GOLDEN_V1)));
  expect(decodeFrame(sealed(GOLDEN_V1))).toEqual({ ok: true, value: FRAME });
});

test('installSnapshot of version 1 is these bytes', () => {
  const [id] = ['f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff' as NodeId];
  const frame: Frame = {
    ...FRAME,
    envelopes: [
      {
        group: 7 as GroupId,
        message: {
          kind: 'installSnapshot',
          term: 3 as Term,
          index: 9 as LogIndex,
          indexTerm: 2 as Term,
          configuration: configurationOf([id]),
          manifest: new Uint8Array([0xab]),
        },
      },
    ],
  };
  const golden = [
    GOLDEN_V1.slice(0, 68),
    '00000001', // envelopes
    '00000007',
    '0c', // installSnapshot
    '0000000000000003',
    '0000000000000009',
    '0000000000000002',
    '0100', // configuration: version, flags
    `01${id}`, // voters
    '00000000', // outgoing voters, learners, next learners, promotable
    '00000001', // manifest
    'ab',
  ].join('');
  expect(toHex(encodeFrame(frame))).toBe(toHex(sealed(golden)));
  expect(decodeFrame(sealed(golden))).toEqual({ ok: true, value: frame });
});

test('each kind of damage has its own reason', () => {
  const reasonOf = (bytes: Uint8Array): string => {
    const decoded = decodeFrame(bytes);
    return decoded.ok ? 'ok' : decoded.reason;
  };
  expect(reasonOf(patched(0, '02'))).toBe('bad_version');
  expect(reasonOf(patched(1, '02'))).toBe('bad_tag');
  expect(reasonOf(patched(42, 'ff'))).toBe('bad_tag');
  expect(reasonOf(patched(34, '00000003'))).toBe('truncated');
  expect(reasonOf(patched(34, '00000001'))).toBe('trailing_bytes');
  expect(reasonOf(patched(34, toHex(new Uint8Array([0, 0, 0x10, 1]))))).toBe('too_large');
  expect(reasonOf(patched(43, '0020000000000000'))).toBe('bad_value');
  expect(reasonOf(patched(87, '09'))).toBe('bad_value');
  expect(reasonOf(sealed(GOLDEN_V1).fill(0, GOLDEN_V1.length / 2))).toBe('bad_checksum');
});

test('an append may end at the largest safe index, not behind it', () => {
  expect(decodeFrame(patched(51, '001ffffffffffffe')).ok).toBe(true);
  expect(decodeFrame(patched(51, '001fffffffffffff'))).toMatchObject({ ok: false, reason: 'bad_value' });
});

test('lengths that promise more than is there allocate nothing', () => {
  const hostile = [
    patched(34, `0000${FRAME_ENVELOPES_MAX.toString(16)}`),
    patched(75, `00000${APPEND_ENTRIES_MAX.toString(16)}`),
    patched(88, `00${ENTRY_BYTES_MAX.toString(16)}`),
    patched(88, 'ffffffff'),
  ];
  const before = process.memoryUsage().heapUsed + process.memoryUsage().external;
  for (let i = 0; i < 2000; i += 1) for (const bytes of hostile) expect(decodeFrame(bytes).ok).toBe(false);
  const after = process.memoryUsage().heapUsed + process.memoryUsage().external;
  // 8,000 believed lengths of 1 MiB would be gigabytes; what remains is the test's own garbage.
  expect(after - before).toBeLessThan(200 << 20);
});
