/** Canonical transaction bytes: golden, strict. A change to these bytes is a change of format. */
import { expect, test } from 'vitest';
import { fromHex, toHex } from '../../core/bytes/text.ts';
import type { Height } from '../../core/ids.ts';
import { decodeLedgerTransaction, encodeLedgerTransaction, type LedgerTransaction } from '../../core/state/transaction-codec.ts';
import { ORGANIZATION, tupleOf, VAULT } from './support.ts';

const everything: LedgerTransaction = {
  kind: 'transact',
  transaction: {
    actor: 'user:anne',
    reason: 'Grüße',
    operations: [
      {
        op: 'writeTuple',
        tuple: tupleOf('doc:1#viewer@group:eng#member'),
        condition: { name: 'office', context: '{"a":1}' },
        expiresAt: 0x1_0000_0002,
        onDuplicate: 'ignore',
      },
      { op: 'deleteTuple', tuple: tupleOf('doc:1#viewer@user:*'), onMissing: 'error' },
      { op: 'setEntity', key: 'k', value: Uint8Array.of(0, 255), expiresAt: 0, condition: undefined },
      { op: 'setEntity', key: 'k', value: new Uint8Array(), expiresAt: 0, condition: { kind: 'mustNotExist' } },
      { op: 'deleteEntity', key: 'k', condition: { kind: 'mustExist' } },
      { op: 'deleteEntity', key: 'k', condition: { kind: 'versionEquals', version: 7 as Height } },
      { op: 'deleteEntity', key: 'k', condition: { kind: 'valueEquals', value: Uint8Array.of(9) } },
      { op: 'writeModel', model: '{"ü":1}' },
    ],
  },
};

const GOLDEN: readonly { readonly name: string; readonly ledger: LedgerTransaction; readonly hex: string }[] = [
  {
    name: 'createVault',
    ledger: { kind: 'createVault', organization: ORGANIZATION, vault: VAULT, reverse: true },
    hex: '0101' + '018bcfe5680001010101010101010101' + '018bcfe5680003030303030303030303' + '0001',
  },
  { name: 'expire', ledger: { kind: 'expire' }, hex: '0103' },
  {
    name: 'transact',
    ledger: everything,
    hex: [
      '0102',
      '00000009757365723a616e6e65', // actor
      '000000074772c3bcc39f65', // reason
      '00000008', // operations
      '0100000005646f633a31000000067669657765720000001067726f75703a656e67236d656d626572',
      '000000066f6666696365000000077b2261223a317d0000000100000002' + '01', // condition, expires_at, on duplicate
      '0200000005646f633a310000000676696577657200000006757365723a2a' + '00',
      '03000000016b' + '0000000200ff' + '0000000000000000' + '00',
      '03000000016b' + '00000000' + '0000000000000000' + '01',
      '04000000016b' + '02',
      '04000000016b' + '030000000000000007',
      '04000000016b' + '040000000109',
      '06' + '000000087b22c3bc223a317d',
    ].join(''),
  },
];

for (const { name, ledger, hex } of GOLDEN) {
  test(`version 1 of ${name} has exactly these bytes`, () => {
    expect(toHex(encodeLedgerTransaction(ledger))).toBe(hex);
    expect(decodeLedgerTransaction(fromHex(hex) as Uint8Array)).toEqual({ ok: true, value: ledger });
  });
}

test('no prefix of a transaction decodes, nor does one byte more', () => {
  for (const { ledger } of GOLDEN) {
    const bytes = encodeLedgerTransaction(ledger);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(decodeLedgerTransaction(bytes.subarray(0, length)).ok).toBe(false);
    }
    expect(decodeLedgerTransaction(new Uint8Array([...bytes, 0]))).toMatchObject({ ok: false, reason: 'trailing_bytes' });
  }
});

test('what encode would not have written is refused', () => {
  const refused = (hex: string): unknown => {
    const decoded = decodeLedgerTransaction(fromHex(hex) as Uint8Array);
    return decoded.ok ? 'accepted' : decoded.reason;
  };
  const head = '0102' + '00000000' + '00000000';
  const entity = '00000001' + '6b';
  expect(refused('0203')).toBe('bad_version');
  expect(refused('0104')).toBe('bad_tag');
  expect(refused(`${head}00000000`)).toBe('bad_length'); // no operation
  expect(refused(`${head}000003e9`)).toBe('bad_length'); // more than TRANSACTION_OPERATIONS_MAX
  expect(refused(`${head}0000000104${entity}00`)).toBe('accepted');
  expect(refused(`${head}0000000107${entity}00`)).toBe('bad_tag'); // operation kind
  const model = '06000000027b7d';
  expect(refused(`${head}00000001${model}`)).toBe('accepted');
  expect(refused(`${head}00000001060000000130`)).toBe('bad_value'); // no object
  expect(refused(`${head}00000002${model}${model}`)).toBe('bad_value'); // two models
  expect(refused(`${head}0000000105000000000000000000`)).toBe('accepted'); // keep all
  expect(refused(`${head}0000000105000000000000000001`)).toBe('bad_value'); // of which there is no number
  expect(refused(`${head}0000000105010000000000000007`)).toBe('accepted'); // 7 heights
  expect(refused(`${head}0000000105010000000000000000`)).toBe('bad_value'); // no heights
  expect(refused(`${head}0000000105020010000000000000`)).toBe('accepted'); // the longest time
  expect(refused(`${head}0000000105020010000000000001`)).toBe('bad_value'); // and one microsecond more
  expect(refused(`${head}0000000105030000000000000007`)).toBe('bad_value'); // unknown kind
  expect(refused(`${head}0000000104${entity}05`)).toBe('bad_tag'); // condition kind
  expect(refused(`${head}0000000104${'00000000'}00`)).toBe('bad_value'); // empty key
  expect(refused(`${head}0000000104${'0000000109'}00`)).toBe('bad_value'); // control character
  expect(refused(`${head}0000000104${'00000001ff'}00`)).toBe('bad_utf8');
  const tuple = '00000003613a31' + '0000000176' + '00000003623a32';
  expect(refused(`${head}0000000102${tuple}01`)).toBe('accepted');
  expect(refused(`${head}0000000102${tuple}02`)).toBe('bad_value'); // flag
  expect(refused(`${head}0000000102${tuple.replace('3a31', '2f31')}01`)).toBe('bad_value'); // a resource without colon
  const write = (condition: string): string => `${head}0000000101${tuple}${condition}000000000000000000`;
  expect(refused(write('0000000000000000'))).toBe('accepted');
  expect(refused(write('000000016300000000'))).toBe('bad_value'); // condition without context
  expect(refused(write('00000000000000027b7d'))).toBe('bad_value'); // context without condition
  const [, , , ...ids] = toHex(
    encodeLedgerTransaction({ kind: 'createVault', organization: ORGANIZATION, vault: VAULT, reverse: true }),
  ).match(/../g) as string[];
  expect(refused(`010101${ids.slice(0, -1).join('')}02`)).toBe('bad_value'); // unknown flag
});
