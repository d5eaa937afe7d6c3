/** Admission: a sentence for every refusal, and what passes decodes on every replica. */

import { expect, test } from 'vitest';
import type { ClientRequest } from '../../core/client/protocol.ts';
import { NEWEST } from '../../core/client/protocol.ts';
import type { Height, LogIndex } from '../../core/ids.ts';
import { checkRequest } from '../../core/state/admission.ts';
import type { Operation, Transaction } from '../../core/state/transaction.ts';
import { GROUP, ORGANIZATION, remove, transactionOf, tupleOf, VAULT, write } from './support.ts';

const command = { session: { group: GROUP, index: 1 as LogIndex }, sequence: 5, lowestUnanswered: 3 };

function transact(change: Partial<Extract<ClientRequest, { kind: 'transact' }>>): ClientRequest {
  const transaction = transactionOf(write('doc:1#viewer@user:a'));
  return {
    kind: 'transact',
    group: GROUP,
    command,
    organization: ORGANIZATION,
    vault: VAULT,
    transaction,
    model: undefined,
    proof: false,
    ...change,
  };
}

function said(request: ClientRequest): string | undefined {
  return checkRequest(request)?.message;
}

function operation(value: Operation): string | undefined {
  return said(transact({ transaction: transactionOf(remove('doc:0#viewer@user:a'), value) }));
}

const set = (key: string, bytes: number, expiresAt: number = 0): Operation => ({
  op: 'setEntity',
  key,
  value: new Uint8Array(bytes),
  expiresAt,
  condition: undefined,
});

test('well-formed tuples pass', () => {
  for (const text of ['doc:1#viewer@user:a', 'doc:a:b/c@d#viewer@user:*', 'dokument:ä#löser@team:x:y#member', 'a:b#c@d:**']) {
    const at = text.lastIndexOf('@');
    const hash = text.indexOf('#');
    const tuple = { resource: text.slice(0, hash), relation: text.slice(hash + 1, at), subject: text.slice(at + 1) };
    expect(operation({ op: 'deleteTuple', tuple, onMissing: 'error' })).toBeUndefined();
  }
});

test('a malformed tuple is refused with the operation, the field and the rule', () => {
  const tuple = tupleOf('doc:1#viewer@user:a');
  const refused = (change: Partial<typeof tuple>): string =>
    operation({ op: 'deleteTuple', tuple: { ...tuple, ...change }, onMissing: 'error' }) ?? 'taken';
  for (const resource of [
    '',
    'doc',
    'doc:',
    ':1',
    'doc:1#x',
    'doc:*',
    'doc:a b',
    'doc:\n',
    'doc:\u0085',
    'doc:\ud800',
    `doc:${'a'.repeat(509)}`,
  ]) {
    expect(refused({ resource })).toMatch(/^operation 1: the resource must be type:id of at most 512 bytes/);
  }
  for (const relation of ['', 'a b', 'a:b', 'a#b', 'a@b', 'a\0', 'r'.repeat(257)]) {
    expect(refused({ relation })).toMatch(/^operation 1: the relation must be a name/);
  }
  for (const subject of [
    '',
    'user',
    'user:',
    ':a',
    'user:a#',
    'user:#m',
    'user:*#m',
    'user:a#b#c',
    'user:a#b:c',
    'a:b:*',
    'user:a b',
    '#m',
  ]) {
    expect(refused({ subject })).toMatch(/^operation 1: the subject must be type:id, type:\* or type:id#relation/);
  }
});

test('conditions have a name and a canonical JSON object', () => {
  const conditioned = (name: string, context: string): string | undefined =>
    operation({
      op: 'writeTuple',
      tuple: tupleOf('doc:1#viewer@user:a'),
      condition: { name, context },
      expiresAt: 0,
      onDuplicate: 'error',
    });
  expect(conditioned('office', '{"a":[1,true,null],"b":"ü"}')).toBeUndefined();
  expect(conditioned('', '{}')).toMatch(/condition must be a name/);
  for (const context of [
    '',
    '[]',
    '1',
    '{ }',
    '{"b":1,"a":1}',
    '{"a":1.0}',
    '{"a":9007199254740993}',
    '{"a":1,"a":1}',
    '{',
    '{"a":"\\u0041"}',
  ]) {
    expect(conditioned('office', context)).toMatch(/JSON object in canonical form/);
  }
});

test('sizes are bounded', () => {
  expect(operation(set('k', 256 * 1024))).toBeUndefined();
  expect(operation(set('k', 256 * 1024 + 1))).toMatch(/at most 262144 bytes/);
  expect(operation(set('', 0))).toMatch(/entity key/);
  expect(operation(set('ü'.repeat(513), 0))).toMatch(/entity key/);
  expect(operation(set('two words', 0))).toBeUndefined();
  expect(operation(set('k', 0, -1))).toMatch(/expiry/);
  expect(operation(set('k', 0, 0.5))).toMatch(/expiry/);
  expect(operation(set('k', 0, 2 ** 53))).toMatch(/expiry/);
  const many = (count: number): Transaction =>
    transactionOf(...Array.from({ length: count }, () => remove('doc:0#viewer@user:a')));
  expect(said(transact({ transaction: many(0) }))).toMatch(/1 to 1000 operations/);
  expect(said(transact({ transaction: many(1000) }))).toBeUndefined();
  expect(said(transact({ transaction: many(1001) }))).toMatch(/1 to 1000 operations/);
  expect(said(transact({ transaction: transactionOf(set('a', 256 * 1024), set('b', 256 * 1024)) }))).toMatch(
    /at most 524288 bytes/,
  );
  expect(said(transact({ transaction: { ...many(1), actor: 'a\u0007' } }))).toMatch(/actor/);
  expect(said(transact({ transaction: { ...many(1), reason: 'r'.repeat(1025) } }))).toMatch(/reason/);
});

test('references are whole and within the window', () => {
  const refused = (change: Partial<typeof command>): string | undefined => said(transact({ command: { ...command, ...change } }));
  expect(refused({ sequence: 2 })).toMatch(/below the lowest unanswered/);
  expect(refused({ sequence: 3 + 255 })).toBeUndefined();
  expect(refused({ sequence: 3 + 256 })).toMatch(/at most 256 commands/);
  expect(refused({ lowestUnanswered: 0 })).toMatch(/from 1 on/);
  expect(refused({ sequence: 5.5 })).toMatch(/from 1 on/);
  expect(refused({ session: { group: -1 as typeof GROUP, index: 1 as LogIndex } })).toMatch(/session reference/);
});

test('ids are canonical ULIDs', () => {
  expect(said(transact({ vault: 'docs' as typeof VAULT }))).toMatch(/vault must be given by its id/);
  expect(said(transact({ organization: ORGANIZATION.toLowerCase() as typeof ORGANIZATION }))).toMatch(
    /organization must be given by its id/,
  );
  expect(said(transact({ vault: '0'.repeat(26) as typeof VAULT }))).toMatch(/zero ULID/);
});

test('names of organizations and vaults are slugs and store names', () => {
  const create = (name: string): string | undefined =>
    said({ kind: 'directory', command, body: { kind: 'createOrganization', name, placement: undefined } });
  const reserve = (name: string): string | undefined =>
    said({ kind: 'directory', command, body: { kind: 'reserveVault', organization: 'acme', name, allowExisting: false } });
  for (const name of ['a', 'acme', 'acme-2', 'a'.repeat(64)]) expect(create(name)).toBeUndefined();
  for (const name of ['', 'Acme', '-a', 'a-', 'a b', 'ä', 'a'.repeat(65)]) expect(create(name)).toMatch(/organization name/);
  for (const name of ['FGA Demo', 'a', 'my.store/x^_&@-1']) expect(reserve(name)).toBeUndefined();
  for (const name of ['', ' a', 'a ', 'a\tb', 'ä', 'a'.repeat(65)]) expect(reserve(name)).toMatch(/vault name/);
});

test('queries are checked too', () => {
  const query = (value: Extract<ClientRequest, { kind: 'query' }>['query']): string | undefined =>
    said({
      kind: 'query',
      group: GROUP,
      organization: ORGANIZATION,
      vault: VAULT,
      query: value,
      consistency: 'eventual',
      at: NEWEST,
      proof: false,
    });
  const list = { kind: 'list', resource: '', relation: '', subject: '', limit: 1, after: new Uint8Array(0) } as const;
  expect(query(list)).toBeUndefined();
  expect(query({ ...list, resource: 'doc:' })).toBeUndefined();
  expect(query({ ...list, resource: 'doc' })).toMatch(/resource must be/);
  expect(query({ ...list, limit: 0 })).toMatch(/1 to 100 rows/);
  expect(query({ ...list, limit: 101 })).toMatch(/1 to 100 rows/);
  expect(query({ ...list, after: new Uint8Array(9999) })).toMatch(/cursor/);
  expect(query({ kind: 'block', height: -1 as Height })).toMatch(/height/);
  expect(query({ kind: 'tuple', tuple: tupleOf('doc:1#viewer@nobody') })).toMatch(/subject/);
  expect(said({ kind: 'lookupVault', organization: '', name: 'a', id: '', consistency: 'eventual' })).toMatch(
    /by organization and name/,
  );
  expect(said({ kind: 'listVaults', organization: 'acme', after: '', limit: 500, consistency: 'eventual' })).toMatch(
    /1 to 100 rows/,
  );
});
