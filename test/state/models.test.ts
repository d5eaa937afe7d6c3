/** Authorization models in a vault's state: their ids, which one is the newest when, and that they stay what they are. */
import { expect, test } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { decodeHeader } from '../../core/chain/header.ts';
import { decodeUlid } from '../../core/chain/ulid.ts';
import type { ClientResult } from '../../core/client/protocol.ts';
import { portableHasher } from '../../core/hasher.ts';
import type { Height, Micros } from '../../core/ids.ts';
import { findingsOf } from '../../core/proof/findings.ts';
import type { Entry } from '../../core/raft/message.ts';
import { auditVault } from '../../core/state/audit.ts';
import type { GroupState } from '../../core/state/group-state.ts';
import { modelIdOf } from '../../core/state/model-id.ts';
import { CompiledModels, listModels, modelAt, newestModelId } from '../../core/state/models.ts';
import type { Vault } from '../../core/state/vault.ts';
import { VaultView } from '../../core/state/vault-view.ts';
import { CheckpointHost } from '../checkpoint/host.ts';
import { restore, snapshotOf } from '../snapshot/support.ts';
import { Bench, GROUP, modelText, remove, set, VAULT, write, writeModel } from './support.ts';

function vaultOf(bench: Bench): Vault {
  return bench.state.vault(VAULT) as Vault;
}

function idOf(result: ClientResult | undefined): string {
  if (result?.kind !== 'transacted' || !result.outcome.ok) throw new Error(JSON.stringify(result));
  return result.outcome.model;
}

function view(bench: Bench, height: number = vaultOf(bench).height): VaultView {
  return new VaultView(vaultOf(bench), height as Height);
}

/** Heights 2 to 4: a model, something else, two models. */
function withModels(): { readonly bench: Bench; readonly ids: readonly string[] } {
  const bench = new Bench();
  bench.createVault(1000);
  const first = idOf(bench.run([writeModel('a')], 2500));
  bench.run([set('k', 'v')], 3000);
  const both = bench.apply(
    [bench.transact([write('doc:1#viewer@user:a')]), bench.transact([writeModel('b')]), bench.transact([writeModel('c')])],
    4_000_123,
  );
  return { bench, ids: [first, idOf(both[1]), idOf(both[2])] };
}

test('the id of a model has exactly these bytes: the time of the block, the place in it, and a hash of where that is', () => {
  const vault = decodeUlid(VAULT) as Uint8Array;
  const place = { vault, height: 7 as Height, time: 1_700_000_000_123_456 as Micros, position: 3 };
  const id = modelIdOf(portableHasher, place);
  expect(Buffer.from(decodeUlid(id) as Uint8Array).toString('hex')).toBe('018bcfe5687b' + '01c8' + '0003' + 'e976c5dfbcb1');
  expect(id).toBe('01HF7YAT3V074000Z9EV2XZF5H');
});

test('ids sort in the order of writing, and what applied a model says which it wrote', () => {
  const { ids } = withModels();
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(3);
  const other = new Bench();
  other.createVault(1000);
  expect(idOf(other.run([set('k', 'v')]))).toBe('');
});

test('the newest model is the newest as of the block that is asked about', () => {
  const { bench, ids } = withModels();
  expect([1, 2, 3, 4].map((height) => newestModelId(view(bench, height)))).toEqual(['', ids[0], ids[0], ids[2]]);
  expect(modelAt(view(bench, 3), '')).toMatchObject({ id: ids[0], json: modelText('a'), version: 2 });
  expect(modelAt(view(bench, 3), ids[1] as string)).toBeUndefined();
  expect([...(modelAt(view(bench), ids[1] as string)?.model.types.keys() ?? [])]).toEqual(['b']);
  expect(bench.query({ kind: 'model', id: '' }, false, { kind: 'height', height: 1 as Height })).toMatchObject({
    id: '',
    model: undefined,
  });
});

test('models are listed from the newest on, page by page', () => {
  const { bench, ids } = withModels();
  const page = (after: string, limit: number, height: number = 4): ClientResult =>
    bench.query({ kind: 'models', limit, after }, false, { kind: 'height', height: height as Height });
  const first = page('', 2);
  expect(first).toMatchObject({
    kind: 'models',
    models: [{ id: ids[2], version: 4, writtenAt: 4_000_123 }, { id: ids[1] }],
    next: ids[1],
  });
  expect(page(ids[1] as string, 2)).toMatchObject({ models: [{ id: ids[0], version: 2, writtenAt: 2500 }], next: '' });
  expect(page(ids[0] as string, 2)).toMatchObject({ models: [], next: '' });
  expect(page('', 100, 3)).toMatchObject({ models: [{ id: ids[0] }], next: '' });
});

test('a model is proven, and so is that there is none of an id, now and at a past height', () => {
  const { bench, ids } = withModels();
  for (const [id, height, found] of [
    [ids[0] as string, 4, { model: modelText('a'), version: 2 }],
    [ids[2] as string, 4, { model: modelText('c'), version: 4 }],
    [ids[2] as string, 3, undefined],
    [VAULT, 4, undefined],
    [ids[0] as string, 2, { model: modelText('a'), version: 2 }],
  ] as const) {
    const result = bench.query({ kind: 'model', id }, true, { kind: 'height', height: height as Height });
    if (result.kind !== 'model') throw new Error(JSON.stringify(result));
    expect(result.model).toBe(found?.model);
    const header = decodeHeader(result.anchor.header);
    if (!header.ok) throw new Error(header.reason);
    const findings = findingsOf(portableHasher, header.value, [{ kind: 'model', id }], result.proof);
    expect(findings).toEqual({ ok: true, findings: [{ kind: 'model', found }] });
  }
});

test('a repeated command names the model that it wrote the first time', () => {
  const bench = new Bench();
  bench.createVault();
  const command = bench.transact([writeModel('a')]);
  const id = idOf(bench.one(command));
  expect(idOf(bench.one(command))).toBe(id);
  expect(bench.query({ kind: 'models', limit: 10, after: '' })).toMatchObject({ models: [{ id }] });
});

test('a transaction that is refused writes no model, and the next one gets an id of its own', () => {
  const bench = new Bench();
  bench.createVault();
  expect(bench.run([writeModel('a'), remove('doc:1#viewer@user:a')])).toMatchObject({ outcome: { ok: false, operation: 1 } });
  expect(newestModelId(view(bench))).toBe('');
  const id = idOf(bench.run([writeModel('b')]));
  expect(bench.query({ kind: 'model', id })).toMatchObject({ model: modelText('b') });
});

test('models are in checkpoints and snapshots, with their order, and more can be written there', () => {
  const host = new CheckpointHost({ pageBytes: 512, cacheBytes: 4096 });
  const bench = new Bench({ pages: host.begin() });
  bench.createVault(1000);
  const ids = ['a', 'b', 'c'].map((type) => idOf(bench.run([writeModel(type), set(type, type)])));
  const restored = restore(snapshotOf(bench.state));
  expect(host.finish(host.checkpoint(bench.state))).toBe(true);
  const reopened = host.open({ group: GROUP, hasher: portableHasher, dataGroups: [GROUP] })?.state;
  const [, entry] = [bench.run([writeModel('d')]), bench.entries.at(-1) as Entry];
  for (const state of [bench.state, restored as GroupState, reopened as GroupState]) {
    if (state !== bench.state) state.apply(entry);
    const vault = state.vault(VAULT) as Vault;
    expect(auditVault(vault)).toBeUndefined();
    expect(toHex(vault.anchor.blockHash)).toBe(toHex(vaultOf(bench).anchor.blockHash));
    const found = listModels(new VaultView(vault, vault.height), { kind: 'models', limit: 10, after: '' });
    expect(found).toMatchObject({ models: [{ version: 5 }, ...[...ids].reverse().map((id) => ({ id }))] });
  }
});

test('an index of models that drifts from them is found', () => {
  const { bench, ids } = withModels();
  const { rows, keys } = vaultOf(bench).leaves;
  rows.delete(keys.modelOrder(decodeUlid(ids[1] as string) as Uint8Array));
  expect(auditVault(vaultOf(bench))).toBe('there are not as many places in the order as models');
});

test('what was compiled is kept within a bound, and compiled again', () => {
  const { bench, ids } = withModels();
  const vault = vaultOf(bench);
  const bytes = modelText('a').length;
  const models = new CompiledModels(2 * bytes);
  const get = (id: string): unknown => models.find(vault, id) ?? models.add(vault, id, vault.leaves.model(id) as never);
  const [a, b, c] = ids as readonly [string, string, string];
  const first = get(a);
  expect(get(a)).toBe(first);
  get(b);
  expect(get(a)).toBe(first); // used again: b is the oldest now
  get(c);
  expect(get(a)).toBe(first);
  const again = get(b); // a or c goes
  expect(again).toMatchObject({ id: b });
  models.forget(vault);
  expect(get(a)).not.toBe(first);
});
