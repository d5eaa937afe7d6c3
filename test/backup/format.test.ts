/** Golden bytes of a backup: format 1. And what is refused: every flipped byte, every cut, and what a sealed file may not say. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { BACKUP_END_BYTES, BACKUP_HEADER_BYTES, encodeBackupHeader, encodeBackupRecord } from '../../core/backup/format.ts';
import { BackupWriter } from '../../core/backup/writer.ts';
import { concatBytes } from '../../core/bytes/compare.ts';
import { fromHex, toHex } from '../../core/bytes/text.ts';
import { GLOBAL_GROUP, type GroupId, type LogIndex, type Micros } from '../../core/ids.ts';
import { encodeManifest, type Manifest } from '../../core/replica/manifest.ts';
import { TestCluster, type TestNode } from '../replica/harness.ts';
import { createVault, expectKind, writeRequest } from '../replica/vaults.ts';
import { backupOf, compose, exportGroup, scan, sha256, verify } from './support.ts';

const TIME = 1_700_000_000_000_000 as Micros;

function cluster(): TestCluster {
  const made = new TestCluster(1, 1);
  made.boot();
  const { vault, session } = createVault(made);
  expectKind(made.ask(made.leader(1), writeRequest(vault, session, 2)), 'transacted');
  return made;
}

function nodeOf(made: TestCluster): TestNode {
  return made.nodes[0] as TestNode;
}

describe('a backup', () => {
  test('has records with the bytes of format 1', () => {
    const sha = new Uint8Array(32).fill(0xab);
    expect(toHex(encodeBackupHeader())).toMatchInlineSnapshot(`"564f55434842414b0001000000000000"`);
    const manifest = fromHex('c0ffee') as Uint8Array;
    expect(toHex(encodeBackupRecord(16, { kind: 'cluster', time: TIME, version: '0.1.0', manifest }))).toMatchInlineSnapshot(
      `"9371948c010000000000001800060a24181e400000000005302e312e3000000003c0ffee"`,
    );
    expect(toHex(encodeBackupRecord(99, { kind: 'group', group: 1 as GroupId, index: 3 as LogIndex }))).toMatchInlineSnapshot(
      `"c103f4d7020000000000000c000000010000000000000003"`,
    );
    expect(toHex(encodeBackupRecord(1000, { kind: 'end', groups: 2, bytes: 1000, sha256: sha }))).toMatchInlineSnapshot(
      `"c88fc80d030000000000002c0000000200000000000003e8abababababababababababababababababababababababababababababababab"`,
    );
    expect(toHex(encodeBackupRecord(16, { kind: 'failed', why: 'no' }))).toMatchInlineSnapshot(
      `"721c657c0400000000000006000000026e6f"`,
    );
  });

  test('of one small cluster has these bytes', () => {
    const made = cluster();
    const bytes = backupOf(made, nodeOf(made));
    expect([bytes.length, createHash('sha256').update(bytes).digest('hex')]).toMatchInlineSnapshot(`
      [
        2994,
        "f510208524399d9d74e959dfeaf1f9e35f5fc9b52963394de2999c6c84d7d775",
      ]
    `);
    expect(toHex(bytes, 0, 64)).toMatchInlineSnapshot(
      `"564f55434842414b00010000000000000c5f0e4d01000000000000cf00060a24181e400000000005302e312e30000000ba564f554348434c5503cccccccccccc"`,
    );
  });

  test('is read back, group by group', () => {
    const made = cluster();
    const result = verify(backupOf(made, nodeOf(made)));
    if (!result.ok) throw new Error(result.fault.message);
    const { contents, groups, passedOver } = result.value;
    expect(contents).toMatchObject({ time: TIME, version: '0.1.0', manifest: { cluster: made.manifest.cluster } });
    expect(groups.map(({ group }) => group)).toEqual([0, 1]);
    expect(passedOver).toEqual([]);
    const vault = nodeOf(made).replica.group(1 as GroupId)?.state;
    expect(groups[1]?.vaults).toMatchObject([
      {
        names: { organization: 'acme', vault: 'main' },
        height: 2,
        blockHash: vault?.vault(vault.vaultIds()[0] as never)?.anchor.blockHash,
      },
    ]);
  });
});

describe('what is refused', () => {
  test('every flipped byte', () => {
    const made = cluster();
    const bytes = backupOf(made, nodeOf(made));
    for (let at = 0; at < bytes.length; at += 1) {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
      expect([at, scan(flipped).ok]).toEqual([at, false]);
    }
  });

  test('every cut, and a byte too many', () => {
    const made = cluster();
    const bytes = backupOf(made, nodeOf(made));
    for (let length = 0; length < bytes.length; length += 1) {
      const result = scan(bytes.subarray(0, length));
      expect([length, result.ok]).toEqual([length, false]);
      if (!result.ok) expect(result.fault.code).toBe(length < BACKUP_HEADER_BYTES ? 'foreign' : 'incomplete');
    }
    expect(scan(concatBytes(bytes, new Uint8Array(1))).ok).toBe(false);
  });

  /** Sealed by somebody who can compute hashes, as if it were whole. */
  function forged(bytes: Uint8Array, edit: (body: Uint8Array) => void): Uint8Array {
    const body = bytes.slice(0, bytes.length - BACKUP_END_BYTES);
    edit(body);
    const hash = new Uint8Array(createHash('sha256').update(body).digest());
    return concatBytes(body, encodeBackupRecord(body.length, { kind: 'end', groups: 2, bytes: body.length, sha256: hash }));
  }

  test('every flipped byte of a file that was sealed anew: checksums and roots find it without the hash over all', () => {
    const made = cluster();
    const bytes = backupOf(made, nodeOf(made));
    for (let at = 10; at < bytes.length - BACKUP_END_BYTES; at += 1) {
      const result = verify(
        forged(bytes, (body) => {
          body[at] = (body[at] as number) ^ 0x10;
        }),
      );
      // The six zero bytes of the header are covered by the hash alone.
      expect([at, result.ok]).toEqual([at, at < BACKUP_HEADER_BYTES]);
    }
  });

  test('a newer format, another file, a writer that gave up: each by its own sentence', () => {
    const made = cluster();
    const bytes = backupOf(made, nodeOf(made));
    const newer = bytes.slice();
    newer[9] = 2;
    expect(scan(newer)).toMatchObject({ ok: false, fault: { code: 'newer_format' } });
    expect(scan(new Uint8Array(1000))).toMatchObject({ ok: false, fault: { code: 'foreign' } });

    const manifest = nodeOf(made).replica.manifest() as Manifest;
    const snapshot = exportGroup(made, nodeOf(made), GLOBAL_GROUP);
    for (const cut of [0, 100, snapshot.length]) {
      const writer = new BackupWriter(sha256());
      const parts = [...writer.begin({ time: TIME, version: '0.1.0', manifest: encodeManifest(manifest) })];
      parts.push(writer.group({ group: GLOBAL_GROUP, index: 3 as LogIndex }), writer.part(snapshot.subarray(0, cut)));
      parts.push(writer.failed('group 1 is quarantined'));
      const result = scan(concatBytes(...parts));
      expect([cut, result]).toMatchObject([cut, { ok: false, fault: { code: 'failed', message: 'group 1 is quarantined' } }]);
    }
  });

  test('a group that is missing, or out of order, or there twice', () => {
    const made = cluster();
    const manifest = nodeOf(made).replica.manifest() as Manifest;
    const [directory, data] = [exportGroup(made, nodeOf(made), GLOBAL_GROUP), exportGroup(made, nodeOf(made), 1 as GroupId)];
    expect(verify(compose(manifest, [directory]))).toMatchObject({ fault: { message: 'The backup lacks group 1.' } });
    expect(verify(compose(manifest, [data]))).toMatchObject({ fault: { message: expect.stringContaining('out of order') } });
    expect(verify(compose(manifest, [directory, data, data]))).toMatchObject({
      fault: { message: expect.stringContaining('out of order') },
    });
    expect(verify(compose(manifest, []))).toMatchObject({ fault: { message: 'The backup lacks group 0.' } });
  });
});
