/** Audit files and pinned keys: whose checkpoint the chain has to end in, and who must have signed it. */
import { describe, expect, test } from 'vitest';
import type { AuditResult } from '../../core/audit/audit-file.ts';
import { AUDIT_HEADER_BYTES, AUDIT_RECORD_BYTES, auditRecordBytes } from '../../core/audit/format.ts';
import { leafHash, MerkleLog } from '../../core/chain/merkle-log.ts';
import { encodeUlid } from '../../core/chain/ulid.ts';
import { encodeCheckpoint } from '../../core/note/checkpoint.ts';
import { vaultOrigin } from '../../core/note/names.ts';
import { encodeNote } from '../../core/note/note.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { nativeVerifier } from '../../node/keys/native-ed25519.ts';
import { blocksOf, chainOf, ORGANIZATION_BYTES, VAULT_BYTES } from '../chain/history.ts';
import { CLUSTER, node, noteOf, type Party, policyOf, policyText } from '../note/support.ts';
import { set } from '../state/support.ts';
import { audit, fileOf, verdictOf } from './support.ts';

const NODES = [node(1), node(2), node(3)];
const blocks = blocksOf(chainOf(9));
const organization = encodeUlid(ORGANIZATION_BYTES);
const ORIGIN = vaultOrigin({ cluster: CLUSTER, organization, vault: encodeUlid(VAULT_BYTES) });
const policy = policyOf(policyText(2, NODES).replace(/^origin .*$/m, `origin vouch/${CLUSTER}/*`));

/** Root of the log of the first so many blocks. */
function rootAt(size: number): Uint8Array {
  const log = new MerkleLog(nativeHasher);
  for (const { header } of blocks.slice(0, size)) log.append(leafHash(nativeHasher, header));
  return log.root();
}

interface Noted {
  readonly size?: number;
  readonly root?: Uint8Array;
  readonly origin?: string;
  readonly by?: readonly Party[];
}

function noteText({
  size = blocks.length,
  root = rootAt(Math.min(size, blocks.length)),
  origin = ORIGIN,
  by = NODES,
}: Noted): string {
  return encodeNote(noteOf(encodeCheckpoint({ origin, size, root, extension: [] }), by));
}

/** Verified under the policy. @param held in the file @param given by the reader */
function verify(held: string | undefined, given?: string): AuditResult {
  const file = fileOf(blocks, held === undefined ? {} : { note: held });
  return audit(file, { signed: { policy, verifier: nativeVerifier, note: given } });
}

describe('under a policy', () => {
  test('the chain is authenticated by the checkpoint in the file, and the signers are named', () => {
    const result = verify(noteText({ by: NODES.slice(1) }));
    if (!result.ok) throw new Error(result.refusal.message);
    expect(result.report.chain.authenticated).toEqual({ height: blocks.length, by: 'checkpoint' });
    expect(result.report.signed?.signers?.map(({ witness }) => witness.name)).toEqual(['n2', 'n3']);
  });

  test('a checkpoint of fewer blocks authenticates those, and a given one takes the place of the one in the file', () => {
    const older = verify(noteText({}), noteText({ size: 4 }));
    if (!older.ok) throw new Error(older.refusal.message);
    expect(older.report.chain.authenticated).toEqual({ height: 4, by: 'checkpoint' });
    expect(verdictOf(verify(undefined, noteText({})))).toBe('verified');
    // The one in the file is then of no account, whatever it says.
    expect(verdictOf(verify(noteText({ root: new Uint8Array(32) }), noteText({})))).toBe('verified');
  });

  test.each<readonly [string, Noted, string]>([
    ['too few have signed', { by: NODES.slice(2) }, 'signatures'],
    ['strangers have signed', { by: [node(8), node(9)] }, 'signatures'],
    ['it is of another vault', { origin: ORIGIN.replace(organization, '0'.repeat(26)) }, 'checkpoint'],
    ['it is of another cluster', { origin: ORIGIN.replace(CLUSTER, 'f'.repeat(32)) }, 'signatures'],
    ['it is of more blocks than there are', { size: blocks.length + 1 }, `checkpoint at ${blocks.length}`],
    ['it has another root', { root: rootAt(3) }, `checkpoint at ${blocks.length}`],
    ['its root is that of another size', { size: 4, root: rootAt(5) }, `checkpoint at ${blocks.length}`],
  ])('is refused where %s', (_, noted, verdict) => {
    expect(verdictOf(verify(noteText(noted)))).toBe(verdict);
    expect(verdictOf(verify(undefined, noteText(noted)))).toBe(verdict);
  });

  test('is refused where there is no checkpoint, or none that reads', () => {
    expect(verdictOf(verify(undefined))).toBe('checkpoint');
    expect(verdictOf(verify(undefined, 'size 5'))).toBe('checkpoint');
    expect(verdictOf(verify('size 5'))).toBe('checkpoint');
  });

  test('a chain that was forged from block 1 on is refused, however well it agrees with itself', () => {
    const bench = chainOf(8);
    bench.run([set('k0', 'forged')]);
    const other = blocksOf(bench);
    expect(other).toHaveLength(blocks.length);
    expect(verdictOf(audit(fileOf(other)))).toBe('verified');
    const forged = audit(fileOf(other, { note: noteText({}) }), { signed: { policy, verifier: nativeVerifier } });
    expect(verdictOf(forged)).toBe(`checkpoint at ${other.length}`);
  });
});

test('without a policy the checkpoint in the file must fit its blocks, and authenticates nothing', () => {
  const result = audit(fileOf(blocks, { note: noteText({ by: [node(9)] }) }));
  if (!result.ok) throw new Error(result.refusal.message);
  expect(result.report.chain.authenticated).toEqual({ height: 0, by: 'nothing' });
  expect(result.report.signed).toMatchObject({ checkpoint: { size: blocks.length }, signers: undefined });
  expect(verdictOf(audit(fileOf(blocks, { note: noteText({ root: rootAt(2) }) })))).toBe(`checkpoint at ${blocks.length}`);
});

test('a file with any byte of its checkpoint changed is damaged', () => {
  const [signed, bare] = [fileOf(blocks, { note: noteText({}) }), fileOf(blocks)];
  const vault = auditRecordBytes(signed.subarray(AUDIT_HEADER_BYTES, AUDIT_HEADER_BYTES + AUDIT_RECORD_BYTES)) ?? 0;
  const at = AUDIT_HEADER_BYTES + vault;
  for (let offset = at; offset < at + signed.length - bare.length; offset += 1) {
    const spoilt = signed.slice();
    spoilt[offset] = (spoilt[offset] as number) ^ 1;
    expect([offset, verdictOf(audit(spoilt))]).toEqual([offset, expect.stringMatching(/^(damaged|incomplete)$/)]);
  }
});
