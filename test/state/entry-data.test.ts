/** Entry data: golden bytes, order of results, what is refused. */
import { expect, test } from 'vitest';
import { fromHex, toHex } from '../../core/bytes/text.ts';
import type { GroupId, LogIndex, Micros } from '../../core/ids.ts';
import { ENTRY_BYTES_MAX, WALL_MICROS_MAX } from '../../core/limits.ts';
import { type Command, commandBytes } from '../../core/state/command.ts';
import { decodeEntryData, ENTRY_OVERHEAD_BYTES, encodeEntryData, SECTION_OVERHEAD_BYTES } from '../../core/state/entry-data.ts';
import { encodeLedgerTransaction } from '../../core/state/transaction-codec.ts';
import { fixedEntropy, ORGANIZATION, OTHER_VAULT, transactionOf, VAULT, write } from './support.ts';

const ref = { session: { group: 1 as GroupId, index: 2 as LogIndex }, sequence: 3, lowestUnanswered: 2 };
const organization = ORGANIZATION;
const transaction = transactionOf(write('doc:1#viewer@user:a'));
const commands: readonly Command[] = [
  { kind: 'transact', ref, organization, vault: VAULT, transaction },
  { kind: 'openSession' },
  { kind: 'expire', vault: OTHER_VAULT },
  { kind: 'createVault', ref, organization, vault: VAULT },
  { kind: 'directory', ref, body: { kind: 'createOrganization', name: 'acme', placement: undefined } },
  { kind: 'directory', ref, body: { kind: 'reserveVault', organization: 'acme', name: 'FGA Demo', allowExisting: true } },
];

function encode(list: readonly Command[], wall: number = 5): ReturnType<typeof encodeEntryData> {
  return encodeEntryData({ wall: wall as Micros, commands: list, entropy: fixedEntropy });
}

test('version 1 of an entry has exactly these bytes', () => {
  const salt = 'a5'.repeat(16);
  const reference = '00000001' + '0000000000000002' + '0000000000000003' + '0000000000000002';
  const organizationBytes = '018bcfe5680001010101010101010101';
  const transactionBytes = toHex(encodeLedgerTransaction({ kind: 'transact', transaction }));
  const golden = [
    '0000000000000005' + '00000003', // wall, sections
    '018bcfe5680003030303030303030303' + '00' + '000000bf', // vault, form, payload length
    `${salt}00000002`,
    `04${reference}${organizationBytes}0000004d${transactionBytes}`,
    `03${reference}${organizationBytes}`,
    `${'00'.repeat(16)}000000006e`, // the group's own section
    `${salt}00000003`,
    '01',
    `02${reference}010000000461636d65`,
    `02${reference}020000000461636d65000000084647412044656d6f01`,
    '018bcfe5680004040404040404040404' + '00' + '00000015',
    `${salt}00000001`,
    '05',
  ];
  expect(toHex(encode(commands).data)).toBe(golden.join(''));
});

test('a no-op carries the wall clock and no section', () => {
  expect(toHex(encode([]).data)).toBe('000000000000000500000000');
  expect(decodeEntryData(encode([]).data)).toEqual({ ok: true, value: { wall: 5, sections: [] } });
});

test('order says which command each result belongs to: one section per vault, in order of first use', () => {
  const { data, order } = encode(commands);
  expect(order).toEqual([0, 3, 1, 4, 5, 2]);
  const decoded = decodeEntryData(data);
  if (!decoded.ok) throw new Error(decoded.reason);
  expect(decoded.value.sections.map(({ vault }) => vault)).toEqual([VAULT, undefined, OTHER_VAULT]);
  const read = decoded.value.sections.flatMap((section) => section.commands.map(({ command }) => command));
  expect(read).toEqual(order.map((index) => commands[index]));
});

test('the payload of a retry is the same under another lowest unanswered sequence, and another for another vault or text', () => {
  const body = (command: Command): string => {
    const decoded = decodeEntryData(encode([command]).data);
    return decoded.ok ? toHex(decoded.value.sections[0]?.commands[0]?.body as Uint8Array) : decoded.reason;
  };
  const first: Command = { kind: 'transact', ref, organization, vault: VAULT, transaction };
  expect(body({ ...first, ref: { ...ref, lowestUnanswered: 1 } })).toBe(body(first));
  expect(body({ ...first, transaction: { ...transaction, reason: 'another' } })).not.toBe(body(first));
});

test('the size of an entry is the sum that a batcher can count', () => {
  const sum = commands.reduce((total, command) => total + commandBytes(command), 0);
  expect(encode(commands).data.length).toBe(ENTRY_OVERHEAD_BYTES + 3 * SECTION_OVERHEAD_BYTES + sum);
});

test('a wall clock beyond the year 2112 is cut, so that entry time stays a safe integer', () => {
  const decoded = decodeEntryData(encode([], Number.MAX_SAFE_INTEGER).data);
  expect(decoded).toMatchObject({ ok: true, value: { wall: WALL_MICROS_MAX } });
  expect(decodeEntryData(fromHex('0010000000000001' + '00000000') as Uint8Array)).toMatchObject({
    ok: false,
    reason: 'bad_value',
  });
});

test('two sections of one vault, an empty section, a reserved form and other malformed entries are refused', () => {
  const reason = (bytes: Uint8Array): unknown => {
    const decoded = decodeEntryData(bytes);
    return decoded.ok ? 'accepted' : decoded.reason;
  };
  const one = encode([{ kind: 'expire', vault: VAULT }]).data;
  const section = one.subarray(12);
  const twice = new Uint8Array([...one, ...section]);
  twice[11] = 2;
  expect(reason(twice)).toBe('bad_value');
  for (const form of [1, 3, 4]) {
    const other = one.slice();
    other[12 + 16] = form;
    expect(reason(other)).toBe('bad_tag');
  }
  const empty = one.slice(0, -1);
  empty[12 + 20] = 20;
  empty[empty.length - 1] = 0;
  expect(reason(empty)).toBe('bad_length');
  const lying = one.slice();
  lying[12 + 20] = 22;
  expect(reason(lying)).toBe('bad_length');
  const misplaced = encode([{ kind: 'openSession' }]).data;
  misplaced[12] = 1; // a session command in a vault's section
  expect(reason(misplaced)).not.toBe('accepted');
  expect(reason(new Uint8Array(ENTRY_BYTES_MAX + 1))).toBe('too_large');
});
