/** One vault: blocks, headers, preconditions, expiry. The claims of 40-commitment (Chain) and 00-overview (Data model). */

import { expect, test } from 'vitest';
import { blockHash, decodeHeader } from '../../core/chain/header.ts';
import { transactionsRoot } from '../../core/chain/merkle-log.ts';
import { NEWEST } from '../../core/client/protocol.ts';
import { portableHasher } from '../../core/hasher.ts';
import type { Height, Micros } from '../../core/ids.ts';
import { auditVault } from '../../core/state/audit.ts';
import type { EntityCondition } from '../../core/state/transaction.ts';
import { decodeLedgerTransaction } from '../../core/state/transaction-codec.ts';
import { ulidBytes } from '../../core/state/ulid-field.ts';
import type { Vault } from '../../core/state/vault.ts';
import { anchorOf, Bench, ORGANIZATION, OTHER_ORGANIZATION, remove, set, VAULT, write } from './support.ts';

function vaultOf(bench: Bench): Vault {
  const vault = bench.state.vault(VAULT);
  if (vault === undefined) throw new Error('no vault');
  return vault;
}

function headerOf(bench: Bench, height: number = vaultOf(bench).height): ReturnType<typeof decodeHeader> & { ok: true } {
  const decoded = decodeHeader(vaultOf(bench).anchorAt(height as Height).header);
  if (!decoded.ok) throw new Error('header does not decode');
  return decoded;
}

test('creating a vault is block 1 with the one canonical createVault transaction', () => {
  const bench = new Bench();
  const result = bench.createVault(5000);
  expect(result.kind).toBe('vaultCreated');
  expect(anchorOf(result).height).toBe(1);
  const transactions = vaultOf(bench).transactionsAt(1 as Height);
  expect(transactions.map(decodeLedgerTransaction)).toEqual([
    { ok: true, value: { kind: 'createVault', organization: ORGANIZATION, vault: VAULT, reverse: true } },
  ]);
  expect(headerOf(bench).value).toMatchObject({
    reverse: true,
    height: 1,
    organization: ulidBytes(ORGANIZATION),
    vault: ulidBytes(VAULT),
    previousHash: new Uint8Array(32),
    transactionsRoot: transactionsRoot(portableHasher, transactions),
    time: 5000,
    term: 1,
    raftIndex: 2,
  });
});

test('creating a vault again answers as the first time, in another organization it is refused', () => {
  const bench = new Bench();
  const first = bench.createVault();
  bench.run([write('doc:1#viewer@user:a')]);
  const again = bench.createVault();
  expect(again).toEqual(first);
  const other = bench.one({ kind: 'createVault', ref: bench.ref(), organization: OTHER_ORGANIZATION, vault: VAULT });
  expect(other).toMatchObject({ kind: 'error', code: 'vault_exists' });
  expect(vaultOf(bench).height).toBe(2);
});

test('a header names the hash of the block before it', () => {
  const bench = new Bench();
  bench.createVault();
  bench.run([write('doc:1#viewer@user:a')]);
  bench.run([write('doc:2#viewer@user:a')]);
  const second = vaultOf(bench).anchorAt(2 as Height);
  expect(headerOf(bench, 3).value.previousHash).toEqual(blockHash(portableHasher, second.header));
  expect(headerOf(bench, 2).value.previousHash).toEqual(vaultOf(bench).anchorAt(1 as Height).blockHash);
});

test('block time is the entry time, but always later than the previous block', () => {
  const bench = new Bench();
  bench.createVault(9000);
  bench.run([write('doc:1#viewer@user:a')], 9500);
  expect(headerOf(bench).value.time).toBe(9500);
  bench.run([write('doc:2#viewer@user:a')], 20); // the new leader's clock is behind
  expect(bench.state.lastTime).toBe(9501);
  expect(headerOf(bench).value.time).toBe(9501);
});

test('transactions of one entry make one block, the later ones see the earlier ones', () => {
  const bench = new Bench();
  bench.createVault();
  const results = bench.apply([
    bench.transact([write('doc:1#viewer@user:a')]),
    bench.transact([remove('doc:1#viewer@user:a'), write('doc:1#viewer@user:b')]),
    bench.transact([remove('doc:1#viewer@user:a')]),
  ]);
  expect(results.map((result) => (result.kind === 'transacted' ? result.outcome : result))).toEqual([
    { ok: true, changed: true, height: 2, model: '' },
    { ok: true, changed: true, height: 2, model: '' },
    { ok: false, code: 'tuple_missing', operation: 0 },
  ]);
  expect(results.map((result) => anchorOf(result).height)).toEqual([2, 2, 2]);
  expect(vaultOf(bench).transactionsAt(2 as Height)).toHaveLength(2);
  expect([bench.has('doc:1#viewer@user:a'), bench.has('doc:1#viewer@user:b')]).toEqual([false, true]);
});

test('a transaction that fails at its last operation leaves no trace', () => {
  const bench = new Bench();
  bench.createVault();
  bench.run([write('doc:1#viewer@user:a'), set('k', 'old')]);
  const before = vaultOf(bench).anchor;
  const result = bench.run([
    remove('doc:1#viewer@user:a'),
    write('doc:2#viewer@user:a'),
    set('k', 'new', { expiresAt: 1 }),
    write('doc:2#viewer@user:a'),
  ]);
  expect(result).toMatchObject({ kind: 'transacted', outcome: { ok: false, code: 'tuple_exists', operation: 3 } });
  expect(vaultOf(bench).anchor).toBe(before);
  expect([bench.has('doc:1#viewer@user:a'), bench.has('doc:2#viewer@user:a')]).toEqual([true, false]);
  expect(bench.state.nextExpiry()).toBeUndefined();
  expect(auditVault(vaultOf(bench))).toBeUndefined();
});

test('what changes nothing is in no block', () => {
  const bench = new Bench();
  bench.createVault();
  bench.run([write('doc:1#viewer@user:a')]);
  const same = bench.run([write('doc:1#viewer@user:a', { ignore: true }), remove('doc:9#viewer@user:a', { ignore: true })]);
  expect(same).toMatchObject({ kind: 'transacted', outcome: { ok: true, changed: false, height: 2 } });
  const undone = bench.run([write('doc:3#viewer@user:a'), remove('doc:3#viewer@user:a')]);
  expect(undone).toMatchObject({ kind: 'transacted', outcome: { ok: true, changed: false, height: 2 } });
  expect(vaultOf(bench).height).toBe(2);
});

test('ignoring a duplicate never drops another condition or expiry', () => {
  const bench = new Bench();
  bench.createVault();
  bench.run([write('doc:1#viewer@user:a', { condition: 'office' })]);
  const differs = { kind: 'transacted', outcome: { ok: false, code: 'tuple_condition_differs', operation: 0 } };
  expect(bench.run([write('doc:1#viewer@user:a', { ignore: true })])).toMatchObject(differs);
  expect(bench.run([write('doc:1#viewer@user:a', { ignore: true, condition: 'home' })])).toMatchObject(differs);
  const expires = write('doc:1#viewer@user:a', { ignore: true, condition: 'office', expiresAt: 10 ** 15 });
  expect(bench.run([expires])).toMatchObject(differs);
  expect(bench.run([write('doc:1#viewer@user:a', { ignore: true, condition: 'office' })])).toMatchObject({
    outcome: { ok: true, changed: false },
  });
});

test('entity preconditions hold against the live value', () => {
  const bench = new Bench();
  bench.createVault();
  const guarded = (condition: EntityCondition): unknown => {
    const result = bench.run([{ op: 'setEntity', key: 'k', value: new Uint8Array([1, 2]), expiresAt: 0, condition }]);
    return result.kind === 'transacted' ? (result.outcome.ok ? 'ok' : result.outcome.code) : result;
  };
  expect(guarded({ kind: 'mustExist' })).toBe('entity_missing');
  expect(guarded({ kind: 'versionEquals', version: 7 as Height })).toBe('version_differs');
  expect(guarded({ kind: 'valueEquals', value: new Uint8Array() })).toBe('value_differs');
  expect(guarded({ kind: 'mustNotExist' })).toBe('ok');
  expect(guarded({ kind: 'mustNotExist' })).toBe('entity_exists');
  expect(guarded({ kind: 'versionEquals', version: 2 as Height })).toBe('ok');
  expect(guarded({ kind: 'versionEquals', version: 2 as Height })).toBe('version_differs');
  expect(guarded({ kind: 'valueEquals', value: new Uint8Array([1]) })).toBe('value_differs');
  expect(guarded({ kind: 'valueEquals', value: new Uint8Array([1, 2]) })).toBe('ok');
  expect(guarded({ kind: 'mustExist' })).toBe('ok');
});

test('a vault named with another organization is not there, for writes and reads', () => {
  const bench = new Bench();
  bench.createVault();
  const command = { ...bench.transact([write('doc:1#viewer@user:a')]), organization: OTHER_ORGANIZATION };
  expect(bench.one(command)).toMatchObject({ kind: 'error', code: 'vault_missing' });
  const query = { kind: 'block', height: 0 as Height } as const;
  const request = {
    kind: 'query',
    group: bench.state.group,
    vault: VAULT,
    query,
    consistency: 'eventual',
    at: NEWEST,
    proof: false,
  } as const;
  expect(bench.state.query({ ...request, organization: OTHER_ORGANIZATION })).toMatchObject({ code: 'vault_missing' });
  expect(bench.state.query({ ...request, organization: ORGANIZATION })).toMatchObject({ kind: 'block' });
});

test('at the boundary microsecond a tuple is gone, one before it is there: block time decides', () => {
  const at = 1_000_000;
  const bench = new Bench();
  bench.createVault(10);
  bench.run([write('doc:1#viewer@user:a', { expiresAt: at })], 20);
  bench.run([write('doc:2#viewer@user:a')], at - 1);
  expect(bench.has('doc:1#viewer@user:a')).toBe(true);
  bench.apply([], at + 500); // an entry without a block moves the group's time, not the vault's
  expect(bench.state.lastTime).toBe(at + 500);
  expect(bench.has('doc:1#viewer@user:a')).toBe(true);
  bench.run([write('doc:3#viewer@user:a')], at + 700);
  expect(bench.has('doc:1#viewer@user:a')).toBe(false);
  expect(vaultOf(bench).leaves.hasTuple({ resource: 'doc:1', relation: 'viewer', subject: 'user:a' })).toBe(true);
});

test('a check that was answered before follows every later write and delete', () => {
  const bench = new Bench();
  bench.createVault(10);
  const tuple = { resource: 'doc:1', relation: 'viewer', subject: 'user:a' };
  const live = (): boolean => vaultOf(bench).isTupleLive(tuple);
  bench.run([write('doc:2#viewer@user:a')], 20); // so that the index does not know everything
  expect(live()).toBe(false);
  bench.run([write('doc:1#viewer@user:a')], 30);
  expect(live()).toBe(true);
  bench.run([remove('doc:1#viewer@user:a')], 40);
  expect(live()).toBe(false);
  bench.run([write('doc:1#viewer@user:a', { expiresAt: 60 })], 50);
  expect(live()).toBe(true);
  bench.run([write('doc:3#viewer@user:a')], 70);
  expect(live()).toBe(false);
});

test('what a refused or ignored transaction found expired, no later read finds alive (swarm seeds 6, 12, 46)', () => {
  const bench = new Bench();
  bench.createVault(10);
  bench.run([write('doc:1#viewer@user:a', { expiresAt: 500 })], 20);
  const refused = bench.run([remove('doc:1#viewer@user:a')], 600);
  expect(refused).toMatchObject({ outcome: { ok: false, code: 'tuple_missing' }, anchor: { height: 3 } });
  expect(bench.has('doc:1#viewer@user:a')).toBe(false);
  bench.run([set('k', 'v', { expiresAt: 700 })], 610);
  const absent = { op: 'deleteEntity', key: 'k', condition: undefined } as const;
  expect(bench.run([absent], 800)).toMatchObject({ outcome: { ok: true, changed: false }, anchor: { height: 5 } });
  expect(bench.run([remove('doc:9#viewer@user:a')], 900)).toMatchObject({ anchor: { height: 5 } }); // nothing was due: no block
});

test('expire removes what expired by the block time, makes a block, and changes no answer', () => {
  const bench = new Bench();
  bench.createVault(10);
  bench.run(
    [write('doc:1#viewer@user:a', { expiresAt: 500 }), set('k', 'v', { expiresAt: 501 }), write('doc:2#viewer@user:a')],
    20,
  );
  expect(bench.state.nextExpiry()).toEqual({ vault: VAULT, at: 500 });
  expect(bench.one({ kind: 'expire', vault: VAULT }, 499)).toMatchObject({ outcome: { ok: true, changed: false, height: 2 } });
  expect(bench.one({ kind: 'expire', vault: VAULT }, 500)).toMatchObject({ outcome: { ok: true, changed: true, height: 3 } });
  expect(bench.state.nextExpiry()).toEqual({ vault: VAULT, at: 501 });
  expect(vaultOf(bench).leaves.tree.size).toBe(3);
  bench.one({ kind: 'expire', vault: VAULT }, 501);
  expect(bench.state.nextExpiry()).toBeUndefined();
  expect(vaultOf(bench).leaves.tree.size).toBe(2);
  expect(auditVault(vaultOf(bench))).toBeUndefined();
});

test('a write over an expired tuple takes its place and its place in the expiry index', () => {
  const bench = new Bench();
  bench.createVault(10);
  bench.run([write('doc:1#viewer@user:a', { expiresAt: 500 })], 20);
  bench.run([write('doc:1#viewer@user:a', { expiresAt: 900 })], 600);
  expect(bench.state.nextExpiry()).toEqual({ vault: VAULT, at: 900 });
  expect(bench.has('doc:1#viewer@user:a')).toBe(true);
  expect(auditVault(vaultOf(bench))).toBeUndefined();
});

test('every bucket that changed has its hash in the bucket history', () => {
  const bench = new Bench();
  bench.createVault();
  bench.run([write('doc:1#viewer@user:a')]);
  const { rows, tree, keys } = vaultOf(bench).leaves;
  const changed = Array.from({ length: 256 }, (_, bucket) => rows.get(keys.bucketHistory(bucket, 2 as Height)));
  expect(changed.filter((hash) => hash !== undefined)).toHaveLength(2);
  changed.forEach((hash, bucket) => {
    if (hash !== undefined) expect(hash).toEqual(tree.bucketHash(bucket));
  });
});

test('an observer sees each block once, with its bytes', () => {
  const seen: string[] = [];
  const bench = new Bench({
    observer: { onBlock: (block) => void seen.push(`${block.height}@${block.index}:${block.transactions.length}`) },
  });
  bench.createVault();
  bench.apply([bench.transact([write('doc:1#viewer@user:a')]), bench.transact([write('doc:2#viewer@user:a')])]);
  bench.run([write('doc:2#viewer@user:a')]);
  expect(seen).toEqual(['1@2:1', '2@3:2']);
  expect(bench.state.lastTime).toBeGreaterThan(0 as Micros);
});
