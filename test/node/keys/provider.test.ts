/** Master keys from files and the environment, and every way to get them wrong. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { environmentKey, fileKey, type KeyProvider, providerOf } from '../../../node/keys/provider.ts';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'vouch-keys-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const BYTES = Uint8Array.from({ length: 32 }, (_, i) => i);
const HEX = Buffer.from(BYTES).toString('hex');
const BASE64 = Buffer.from(BYTES).toString('base64');

async function refusal(provider: KeyProvider): Promise<string> {
  return provider.masterKey().then(
    () => 'accepted',
    (error: Error & { code: string }) => `${error.code}: ${error.message}`,
  );
}

function file(name: string, contents: string | Uint8Array, mode: number = 0o600): string {
  const path = join(root, name);
  writeFileSync(path, contents);
  chmodSync(path, mode);
  return path;
}

test('a key is 32 bytes, raw in a file, or as hex or base64 anywhere', async () => {
  const providers = [
    environmentKey('K', HEX),
    environmentKey('K', `${BASE64}\n`),
    fileKey(file('raw', BYTES)),
    fileKey(file('hex', `${HEX}\n`)),
    fileKey(file('base64', BASE64)),
  ];
  for (const provider of providers) expect(await provider.masterKey()).toEqual(BYTES);
});

test('what is no key is refused by name, and the message shows nothing of it', async () => {
  const short = HEX.slice(2);
  const refused = await refusal(environmentKey('VOUCH_MASTER_KEY', short));
  expect(refused).toMatch(/^master_key_malformed: the environment variable VOUCH_MASTER_KEY/);
  expect(refused).not.toContain(short);
  expect(await refusal(fileKey(file('short', short)))).toMatch(/^master_key_malformed/);
  expect(await refusal(fileKey(join(root, 'nowhere')))).toMatch(/^master_key_unreadable.*ENOENT/);
});

test('a key file that others can read, or that lies in the data directory, is refused', async () => {
  expect(await refusal(fileKey(file('open', HEX, 0o644)))).toMatch(/^master_key_exposed.*chmod 600/);
  const data = join(root, 'data');
  mkdirSync(data);
  expect(await refusal(fileKey(file('data/key', HEX), data))).toMatch(/^master_key_inside/);
  expect(await refusal(fileKey(file('beside', HEX), data))).toBe('accepted');
});

test('one source is enough, none is no encryption, two are refused', () => {
  const sources = { keyFile: undefined, variable: 'V', text: undefined, data: undefined };
  expect(providerOf(sources)).toBeUndefined();
  expect(providerOf({ ...sources, text: '' })).toBeUndefined();
  expect(providerOf({ ...sources, text: HEX })?.name).toBe('the environment variable V');
  expect(providerOf({ ...sources, keyFile: '/k', text: '' })?.name).toBe('the key file /k');
  expect(() => providerOf({ ...sources, keyFile: '/k', text: HEX })).toThrow(/give one of them/);
});
