/** Bytes from outside: codecs never throw, accept only what they would write, and bring back what admission let through. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import type { Height, LogIndex, Micros } from '../../core/ids.ts';
import { checkRequest } from '../../core/state/admission.ts';
import type { Command } from '../../core/state/command.ts';
import { decodeEntryData, encodeEntryData } from '../../core/state/entry-data.ts';
import type { Operation, Transaction } from '../../core/state/transaction.ts';
import { decodeLedgerTransaction, encodeLedgerTransaction } from '../../core/state/transaction-codec.ts';
import { property, propertyRuns } from '../support/property.ts';
import { fixedEntropy, GROUP, ORGANIZATION, OTHER_VAULT, VAULT } from './support.ts';

const text = fc.oneof(
  fc.constantFrom('doc:1', 'user:a', 'user:*', 'team:x#member', 'viewer', 'dök:ü', '', 'a b', 'x:\ud800', 'k\n', '{}'),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const tuple = fc.record({ resource: text, relation: text, subject: text });
const sound = fc.record({
  resource: fc.constantFrom('doc:1', 'dök:ü:x'),
  relation: fc.constantFrom('viewer', 'ö'),
  subject: fc.constantFrom('user:a', 'user:*', 'team:x#member'),
});
const anyTuple = fc.oneof({ weight: 4, arbitrary: sound }, { weight: 1, arbitrary: tuple });
const value = fc.uint8Array({ maxLength: 8 });
const condition = fc.constantFrom(
  undefined,
  { kind: 'mustExist' } as const,
  { kind: 'mustNotExist' } as const,
  { kind: 'versionEquals', version: (2 ** 50) as Height } as const,
  { kind: 'valueEquals', value: Uint8Array.of(1, 2) } as const,
);
const key = fc.oneof({ weight: 4, arbitrary: fc.constantFrom('k', 'zwei Wörter') }, { weight: 1, arbitrary: text });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    op: fc.constant('writeTuple' as const),
    tuple: anyTuple,
    condition: fc.constantFrom(undefined, { name: 'office', context: '{"a":1}' }, { name: 'a b', context: '{}' }),
    expiresAt: fc.maxSafeNat(),
    onDuplicate: fc.constantFrom('error' as const, 'ignore' as const),
  }),
  fc.record({
    op: fc.constant('deleteTuple' as const),
    tuple: anyTuple,
    onMissing: fc.constantFrom('error' as const, 'ignore' as const),
  }),
  fc.record({ op: fc.constant('setEntity' as const), key, value, expiresAt: fc.maxSafeNat(), condition }),
  fc.record({ op: fc.constant('deleteEntity' as const), key, condition }),
  fc.record({ op: fc.constant('writeModel' as const), model: fc.constantFrom('{}', '{"a":1}', '{"b":1,"a":1}', '[]', '') }),
);
const transaction: fc.Arbitrary<Transaction> = fc.record({
  actor: fc.constantFrom('', 'user:änne'),
  reason: fc.constantFrom('', 'because of it'),
  operations: fc.array(operation, { minLength: 1, maxLength: 4 }),
});
const ref = { session: { group: GROUP, index: 1 as LogIndex }, sequence: 1, lowestUnanswered: 1 };

function commandOf(value: Transaction, vault: typeof VAULT): Command {
  return { kind: 'transact', ref, organization: ORGANIZATION, vault, transaction: value };
}

function admitted(value: Transaction): boolean {
  const body = {
    kind: 'transact',
    group: GROUP,
    command: ref,
    organization: ORGANIZATION,
    vault: VAULT,
    model: undefined,
    proof: false,
  } as const;
  return checkRequest({ ...body, transaction: value }) === undefined;
}

function encode(commands: readonly Command[]): Uint8Array {
  return encodeEntryData({ wall: 7 as Micros, commands, entropy: fixedEntropy }).data;
}

propertyRuns(400, 'what admission lets through decodes to itself on every replica', transaction, (drawn) => {
  fc.pre(admitted(drawn));
  const bytes = encodeLedgerTransaction({ kind: 'transact', transaction: drawn });
  expect(decodeLedgerTransaction(bytes)).toEqual({ ok: true, value: { kind: 'transact', transaction: drawn } });
  const entry = decodeEntryData(encode([commandOf(drawn, VAULT), commandOf(drawn, OTHER_VAULT)]));
  if (!entry.ok) throw new Error(entry.reason);
  const decoded = entry.value.sections.flatMap((section) => section.commands);
  expect(decoded.map((item) => item.command)).toEqual([commandOf(drawn, VAULT), commandOf(drawn, OTHER_VAULT)]);
  expect(decoded.map((item) => toHex(item.transactionBytes))).toEqual([toHex(bytes), toHex(bytes)]);
});

propertyRuns(
  400,
  'what decodes as a transaction encodes to the same bytes, whatever byte was changed',
  transaction,
  fc.nat(),
  fc.nat({ max: 255 }),
  (drawn, at, byte) => {
    fc.pre(admitted(drawn));
    const bytes = encodeLedgerTransaction({ kind: 'transact', transaction: drawn });
    bytes[at % bytes.length] = byte;
    const decoded = decodeLedgerTransaction(bytes);
    if (decoded.ok) expect(toHex(encodeLedgerTransaction(decoded.value))).toBe(toHex(bytes));
  },
);

propertyRuns(
  400,
  'an entry with changed, cut or added bytes is read or refused, never thrown at',
  transaction,
  fc.nat(),
  fc.nat({ max: 255 }),
  fc.nat({ max: 40 }),
  (drawn, at, byte, cut) => {
    fc.pre(admitted(drawn));
    const data = encode([commandOf(drawn, VAULT), { kind: 'openSession' }, { kind: 'expire', vault: OTHER_VAULT }]);
    expect(decodeEntryData(data.subarray(0, data.length - 1 - (cut % data.length))).ok).toBe(false);
    expect(decodeEntryData(new Uint8Array([...data, byte])).ok).toBe(false);
    data[at % data.length] = byte;
    decodeEntryData(data);
  },
);

property('garbage is refused, never thrown at', fc.uint8Array({ maxLength: 200 }), (bytes) => {
  decodeEntryData(bytes);
  decodeLedgerTransaction(bytes);
});
