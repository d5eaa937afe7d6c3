/** Deleting a vault as the gateway asks for it: the data first, then the name, and whatever was interrupted is completed. */
import { expect, test } from 'vitest';
import type { LogicalRequest, OperationOutcome } from '../../core/client/operation.ts';
import type { Anchor, VaultEntry } from '../../core/client/protocol.ts';
import type { GroupId, Height, Micros, OrganizationId, VaultId } from '../../core/ids.ts';
import { Ledger } from '../../node/ledger.ts';

const VAULT: VaultEntry = {
  id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' as VaultId,
  organization: '01ARZ3NDEKTSV4RRFFQ69G5FAW' as OrganizationId,
  organizationName: 'acme',
  name: 'docs',
  group: 1 as GroupId,
  createdAt: 0 as Micros,
};
const HASH = new Uint8Array(32);
const ANCHOR: Anchor = { height: 1 as Height, blockHash: HASH, stateRoot: HASH, treeRoot: HASH, header: new Uint8Array(196) };
const GONE: OperationOutcome = { ok: true, answer: { kind: 'vaultDeleted', vault: VAULT.id } };
const DELETED: OperationOutcome = { ok: false, code: 'vault_deleted', message: 'this vault was deleted' };

function ledgerOf(answer: (request: LogicalRequest) => OperationOutcome): { readonly ledger: Ledger; readonly asked: string[] } {
  const asked: string[] = [];
  const ledger = new Ledger(async (request) => {
    asked.push(request.kind === 'directory' ? request.body.kind : request.kind);
    return answer(request);
  });
  return { ledger, asked };
}

test('the data goes first, then the name; and the name stays where the data could not be deleted', async () => {
  const { ledger, asked } = ledgerOf(() => GONE);
  await ledger.deleteStore(VAULT);
  expect(asked).toEqual(['deleteVault', 'releaseVault']);
  const failing = ledgerOf(() => ({ ok: false, code: 'unknown_outcome', message: '' }));
  await expect(failing.ledger.deleteStore(VAULT)).rejects.toMatchObject({ status: 504 });
  expect(failing.asked).toEqual(['deleteVault']);
});

test('a name that leads to a deleted vault is given free by the next creation', async () => {
  let isFree = false;
  const { ledger, asked } = ledgerOf((request) => {
    if (request.kind === 'query') return DELETED;
    if (request.kind === 'createVault') return { ok: true, answer: { kind: 'vaultCreated', anchor: ANCHOR } };
    if (request.kind !== 'directory') return GONE;
    if (request.body.kind === 'reserveVault') return { ok: true, answer: { kind: 'vault', vault: VAULT, created: isFree } };
    isFree = true;
    return GONE;
  });
  expect(await ledger.createStore('acme', 'docs')).toEqual(VAULT);
  expect(asked).toEqual(['reserveVault', 'query', 'deleteVault', 'releaseVault', 'reserveVault', 'createVault']);
});

test('a store that another node deleted is found to be deleted by who asks what there is, remembered or not', async () => {
  let isThere = true;
  const { ledger } = ledgerOf(() => (isThere ? { ok: true, answer: { kind: 'vault', vault: VAULT, created: false } } : DELETED));
  expect(await ledger.findStore(VAULT.id)).toEqual(VAULT);
  isThere = false;
  await expect(ledger.lookupStore(VAULT.id)).rejects.toMatchObject({ status: 404, code: 'store_id_not_found' });
  expect(await ledger.lookupStore('nonsense')).toBeUndefined();
});
