/** Sizes that are counted instead of written: batches are filled, and transactions refused, by them. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { Writer } from '../../core/bytes/writer.ts';
import type { GroupId, Height, LogIndex } from '../../core/ids.ts';
import { type Command, commandBytes, writeCommand } from '../../core/state/command.ts';
import type { EntityCondition, Operation, Transaction } from '../../core/state/transaction.ts';
import { encodeLedgerTransaction, transactBytes } from '../../core/state/transaction-codec.ts';
import { property } from '../support/property.ts';
import { ORGANIZATION, VAULT } from './support.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const value = fc.uint8Array({ maxLength: 40 });
const tuple = fc.record({ resource: text, relation: text, subject: text });
const condition: fc.Arbitrary<EntityCondition | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.constant({ kind: 'mustExist' as const }),
  fc.nat().map((version) => ({ kind: 'versionEquals' as const, version: version as Height })),
  value.map((bytes) => ({ kind: 'valueEquals' as const, value: bytes })),
);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    op: fc.constant('writeTuple' as const),
    tuple,
    condition: fc.option(fc.record({ name: text, context: text }), { nil: undefined }),
    expiresAt: fc.nat(),
    onDuplicate: fc.constant('ignore' as const),
  }),
  fc.record({ op: fc.constant('deleteTuple' as const), tuple, onMissing: fc.constant('error' as const) }),
  fc.record({ op: fc.constant('setEntity' as const), key: text, value, expiresAt: fc.nat(), condition }),
  fc.record({ op: fc.constant('deleteEntity' as const), key: text, condition }),
  fc.record({ op: fc.constant('writeModel' as const), model: text }),
);
const transaction: fc.Arbitrary<Transaction> = fc.record({
  actor: text,
  reason: text,
  operations: fc.array(operation, { maxLength: 5 }),
});

property('a transaction has as many bytes as were counted', transaction, (sample) => {
  expect(transactBytes(sample)).toBe(encodeLedgerTransaction({ kind: 'transact', transaction: sample }).length);
});

property('a command has as many bytes as were counted', transaction, fc.nat(4), (sample, kind) => {
  const ref = { session: { group: 1 as GroupId, index: 2 as LogIndex }, sequence: 3, lowestUnanswered: 1 };
  const commands: readonly Command[] = [
    { kind: 'transact', ref, organization: ORGANIZATION, vault: VAULT, transaction: sample },
    { kind: 'createVault', ref, organization: ORGANIZATION, vault: VAULT },
    { kind: 'openSession' },
    { kind: 'expire', vault: VAULT },
    { kind: 'directory', ref, body: { kind: 'createOrganization', name: 'acme', placement: undefined } },
  ];
  const writer = new Writer();
  writeCommand(writer, commands[kind] as Command);
  expect(commandBytes(commands[kind] as Command)).toBe(writer.length);
});
