/** Encryption at rest on real nodes: what a search of every file finds, with and without it, before and after a deletion. */
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Cipher } from '../../core/capability.ts';
import { parsePageFileName } from '../../core/checkpoint/file.ts';
import { findCheckpoint } from '../../core/checkpoint/open.ts';
import type { DirectoryReader } from '../../core/effect.ts';
import type { GroupId, VaultId } from '../../core/ids.ts';
import { connect, type VouchClient } from '../../net/client/client.ts';
import { nativeCipher } from '../../node/keys/native-cipher.ts';
import { LocalCluster } from '../../node/local/local-cluster.ts';
import { filesWith, openedText, opensWithAnyKey, sealedTextsOf, vaultsWithKeys } from '../seal/search.ts';
import { binary, cleanUp, eventually, freePorts, temporary, vouch } from './support/vouch.ts';

/** A directory of a node that may be running: read only, and not locked. */
class DirectoryOnDisk implements DirectoryReader {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  list(): readonly string[] {
    return readdirSync(this.path)
      .filter((name) => !name.startsWith('lock'))
      .sort();
  }

  size(file: string): number | undefined {
    return statSync(join(this.path, file), { throwIfNoEntry: false })?.size;
  }

  read(file: string, offset: number, lengthBytes: number): Uint8Array {
    const descriptor = openSync(join(this.path, file), 'r');
    try {
      const bytes = new Uint8Array(lengthBytes);
      return bytes.subarray(0, readSync(descriptor, bytes, 0, lengthBytes, offset));
    } finally {
      closeSync(descriptor);
    }
  }
}

const clusters: LocalCluster[] = [];
afterAll(async () => {
  for (const cluster of clusters) await cluster.down();
  await cleanUp();
});

/** 64 random bytes each, as a search of the files looks for them. */
const MARKERS: readonly string[] = Array.from({ length: 16 }, () => randomBytes(64).toString('latin1'));

function masterKey(path: string): Cipher {
  return nativeCipher(Uint8Array.from(Buffer.from(readFileSync(path, 'utf8'), 'base64')));
}

async function begin(nodes: number, keyFile: string | undefined): Promise<LocalCluster> {
  const cluster = new LocalCluster({
    binary,
    directory: join(temporary(), 'c'),
    nodes,
    port: await freePorts(nodes),
    keyFile,
    groups: 1,
  });
  clusters.push(cluster);
  await cluster.up();
  return cluster;
}

function directoriesOf(cluster: LocalCluster): readonly DirectoryReader[] {
  return cluster.nodes.map(({ options }) => new DirectoryOnDisk(options.data));
}

/** Writes the markers to one vault, and deletes another, which makes every node write a checkpoint. @returns the vault's id */
async function fill(cluster: LocalCluster, client: VouchClient): Promise<VaultId> {
  const vault = await client.createVault('secret');
  for (const [i, marker] of MARKERS.entries()) await vault.setEntity(`key-${i}`, Uint8Array.from(Buffer.from(marker, 'latin1')));
  await client.createVault('brief');
  await client.createVault('neighbour');
  await client.deleteVault('brief');
  await eventually('every node has written a checkpoint', () =>
    directoriesOf(cluster).every((directory) => {
      const name = directory.list().find((each) => parsePageFileName(each)?.group === 1);
      return name !== undefined && typeof findCheckpoint(directory, name, 1 as GroupId) !== 'string';
    }),
  );
  return vault.entry.id;
}

/** A node made from a backup: what it begins with is a snapshot. */
function restored(backup: string, ...options: readonly string[]): DirectoryOnDisk {
  const path = join(temporary(), 'restored');
  expect(vouch(['restore', backup, '--dir', path, ...options])).toMatchObject({ status: 0, stderr: '' });
  return new DirectoryOnDisk(path);
}

function holdsMarkers(path: string): boolean {
  const text = readFileSync(path, 'latin1');
  return MARKERS.some((marker) => text.includes(marker));
}

test('without encryption a search finds the markers, in the log, in checkpoints, backups and snapshots: the control', {
  timeout: 90_000,
}, async () => {
  const cluster = await begin(1, undefined);
  const client = await connect({ endpoints: [cluster.nodes[0]?.options.address as string], organization: 'default' });
  await fill(cluster, client);
  await client.close();
  const backup = join(temporary(), 'clear.backup');
  expect(vouch(['backup', '--host', cluster.nodes[0]?.options.address as string, '--out', backup]).status).toBe(0);
  expect(holdsMarkers(backup)).toBe(true);
  expect(filesWith(restored(backup), MARKERS)).toEqual([expect.stringMatching(/^snap-/)]);
  const [directory] = directoriesOf(cluster) as [DirectoryReader];
  const found = new Set(filesWith(directory, MARKERS).map((name) => name.slice(0, 4)));
  expect(found).toEqual(new Set(['wal-', 'page']));
  await cluster.down();
  const keyFile = join(temporary(), 'master.key');
  vouch(['keys', 'create', keyFile]);
  const data = cluster.nodes[0]?.options.data as string;
  expect(vouch(['start', '--data', data, '--key-file', keyFile])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('was made without encryption'),
  });
});

test('with it none is found; after a deletion no key that is left opens anything of the vault, on any node', {
  timeout: 180_000,
}, async () => {
  const folder = temporary();
  const [keyFile, nextFile] = [join(folder, 'master.key'), join(folder, 'next.key')];
  for (const path of [keyFile, nextFile]) expect(vouch(['keys', 'create', path]).status).toBe(0);
  const cluster = await begin(3, keyFile);
  const cipher = masterKey(keyFile);
  const host = cluster.nodes[0]?.options.address as string;
  const client = await connect({ endpoints: [host], organization: 'default' });
  const secret = await fill(cluster, client);
  const sealedBefore: number[] = [];
  for (const directory of directoriesOf(cluster)) {
    expect(filesWith(directory, MARKERS)).toEqual([]);
    const texts = sealedTextsOf(directory, secret);
    expect(texts.length).toBeGreaterThan(MARKERS.length); // in the log and in the checkpoint
    expect(opensWithAnyKey(directory, cipher, secret, texts)).toBe(texts.length); // the control of what comes below
    const text = openedText(directory, cipher);
    for (const marker of MARKERS) expect(text).toContain(marker);
    sealedBefore.push(texts.length);
  }

  const backup = join(folder, 'sealed.backup');
  const take = ['backup', '--host', host, '--out', backup];
  expect(vouch(take)).toMatchObject({ status: 2, stderr: expect.stringContaining('--backup-key-file') });
  expect(existsSync(backup)).toBe(false);
  const backupKey = join(folder, 'backup.key');
  expect(vouch(['keys', 'create', backupKey]).status).toBe(0);
  expect(vouch([...take, '--backup-key-file', backupKey])).toMatchObject({ status: 0, stderr: '' });
  expect(holdsMarkers(backup)).toBe(false);
  expect(vouch(['backup', 'verify', backup])).toMatchObject({ status: 2, stderr: expect.stringContaining('is sealed') });
  expect(vouch(['backup', 'verify', backup, '--backup-key-file', nextFile])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('Give that key'),
  });
  expect(vouch(['backup', 'verify', backup, '--backup-key-file', backupKey])).toMatchObject({ status: 0, stderr: '' });
  const again = restored(backup, '--backup-key-file', backupKey, '--key-file', nextFile);
  expect(filesWith(again, MARKERS)).toEqual([]);
  expect(vouch(['fsck', again.path, '--key-file', nextFile])).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/whole\n$/),
  });
  const opened = openedText(again, masterKey(nextFile));
  for (const marker of MARKERS) expect(opened).toContain(marker);

  expect(vouch(['vault', 'delete', 'secret', '--host', host]).stderr).toContain('--yes');
  expect(vouch(['vault', 'delete', 'secret', '--host', host, '--yes'])).toMatchObject({ status: 0, stderr: '' });
  await eventually('every node has destroyed the key', () =>
    directoriesOf(cluster).every((directory) => !vaultsWithKeys(directory).includes(secret)),
  );
  for (const directory of directoriesOf(cluster)) {
    expect(vaultsWithKeys(directory)).toHaveLength(1); // the neighbour's
    const texts = sealedTextsOf(directory, secret);
    expect(texts.length).toBeGreaterThanOrEqual(MARKERS.length); // they are all still there, in the log
    expect(opensWithAnyKey(directory, cipher, secret, texts)).toBe(0);
    const text = openedText(directory, cipher);
    for (const marker of MARKERS) expect(text).not.toContain(marker);
    expect(filesWith(directory, MARKERS)).toEqual([]);
  }
  await expect(client.vault('secret')).rejects.toMatchObject({ code: 'vault_missing' });
  await expect(client.vaultById(secret)).rejects.toMatchObject({ code: 'vault_deleted' });
  const newSecret = await client.createVault('secret');
  expect(newSecret.entry.id).not.toBe(secret);
  await client.close();
  await cluster.down();

  // What an operator meets: no key, another key, a key that is rotated.
  const data = cluster.nodes[0]?.options.data as string;
  expect(vouch(['start', '--data', data])).toMatchObject({ status: 1, stderr: expect.stringContaining('--key-file') });
  expect(vouch(['start', '--data', data, '--key-file', nextFile])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('another master key'),
  });
  expect(vouch(['fsck', data, '--key-file', keyFile])).toMatchObject({ status: 0, stdout: expect.stringMatching(/whole\n$/) });
  for (const { options } of cluster.nodes) {
    const rotated = vouch(['keys', 'rotate', options.data, '--key-file', keyFile, '--new-key-file', nextFile]);
    expect(rotated).toMatchObject({ status: 0, stdout: expect.stringContaining('Wrapped 3 keys anew') });
  }
  expect(vouch(['start', '--data', data, '--key-file', keyFile])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('another master key'),
  });
  const later = new LocalCluster({ binary, directory: join(data, '..'), nodes: 3, port: 1, keyFile: nextFile });
  clusters.push(later);
  await later.up();
  const reader = await connect({ endpoints: [later.nodes[0]?.options.address as string], organization: 'default' });
  await expect(reader.vaultById(secret)).rejects.toMatchObject({ code: 'vault_deleted' });
  expect((await reader.vault('neighbour')).entry.name).toBe('neighbour');
  await reader.close();
});

test('a key is made once, named once, and never shown', () => {
  const folder = temporary();
  const keyFile = join(folder, 'master.key');
  vouch(['keys', 'create', keyFile]);
  expect(vouch(['keys', 'create', keyFile])).toMatchObject({ status: 1, stderr: expect.stringContaining('is there already') });
  const shown = vouch(['config', '--key-file', keyFile, '--data', folder.concat('/d')]);
  expect(shown.stdout).toMatch(/keyFile +\S*master\.key +\(the flag --key-file\)/);
  expect(shown.stdout).toContain(`masterKey  (the key file ${keyFile})`);
  const secret = '00'.repeat(32);
  const fromEnvironment = vouch(['config', '--json'], { VOUCH_MASTER_KEY: secret });
  expect(fromEnvironment.stdout).toContain('the environment variable VOUCH_MASTER_KEY');
  expect(fromEnvironment.stdout).not.toContain(secret);
  expect(vouch(['config', '--key-file', keyFile], { VOUCH_MASTER_KEY: secret })).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('give one of them'),
  });
});
