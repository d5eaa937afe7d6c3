/** Where a setting comes from, and what is said of a bad one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadSettings } from '../../../node/config/load.ts';
import { SETTINGS } from '../../../node/config/schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'vouch-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(text: string): string {
  const path = join(folder, 'vouch.json');
  writeFileSync(path, text);
  return path;
}

function refusal(sources: Parameters<typeof loadSettings>[0]): string {
  const loaded = loadSettings(sources);
  return loaded.ok ? 'accepted' : loaded.message;
}

describe('settings', () => {
  test('a flag wins over the environment, the environment over the file', () => {
    const path = file('{"listen": "127.0.0.1:1", "data": "from-file", "logLevel": "warn"}');
    const env = { VOUCH_LISTEN: '127.0.0.1:2', VOUCH_DATA: 'from-env' };
    const loaded = loadSettings({ flags: { listen: '127.0.0.1:3' }, env, file: path });
    expect(loaded).toMatchObject({ ok: true, settings: { listen: '127.0.0.1:3', data: 'from-env', logLevel: 'warn' } });
    expect(loaded.ok && [...loaded.sources.values()]).toEqual(['the flag --listen', 'the environment variable VOUCH_DATA', path]);
  });

  test('text from flags and environment becomes lists, flags and numbers', () => {
    const env = { VOUCH_JOIN: '127.0.0.1:1, 127.0.0.1:2', VOUCH_INSECURE: '1', VOUCH_BATCH_MAX: '7' };
    expect(loadSettings({ flags: {}, env, file: undefined })).toMatchObject({
      ok: true,
      settings: { join: ['127.0.0.1:1', '127.0.0.1:2'], insecure: true, batchMax: 7 },
    });
  });

  test('a bad value is named with its source and with what would be right', () => {
    expect(refusal({ flags: { listen: 'nowhere' }, env: {}, file: undefined })).toBe(
      'the flag --listen is "nowhere"; listen is HOST:PORT, for example 127.0.0.1:7400.',
    );
    expect(refusal({ flags: {}, env: { VOUCH_BATCH_MAX: '1e9' }, file: undefined })).toMatch(
      /^the environment variable VOUCH_BATCH_MAX/,
    );
    expect(refusal({ flags: { logLevel: 'loud' }, env: {}, file: undefined })).toMatch(/error, warn, info, debug/);
  });

  test('a file that is missing, not JSON, no object, or has an unknown key is refused by a sentence', () => {
    expect(refusal({ flags: {}, env: {}, file: join(folder, 'none.json') })).toMatch(/cannot be read/);
    expect(refusal({ flags: {}, env: {}, file: file('{"listen":') })).toMatch(/is not JSON/);
    expect(refusal({ flags: {}, env: {}, file: file('[]') })).toMatch(/holds no JSON object/);
    expect(refusal({ flags: {}, env: {}, file: file('{"lisen": "127.0.0.1:1"}') })).toMatch(/unknown key "lisen"/);
  });

  test('every setting names its environment variable after itself', () => {
    for (const { name, env } of SETTINGS)
      expect(env).toBe(`VOUCH_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`);
  });
});
