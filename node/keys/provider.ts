/**
 * Where the master key comes from. It wraps the data keys of the directories of a region and never stands in one of them.
 * A provider of another kind (a key management service) implements KeyProvider; it is asked once, before the directory is opened.
 */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Cipher } from '../../core/capability.ts';
import { StorageError } from '../../core/errors.ts';
import { MASTER_KEY_BYTES, nativeCipher } from './native-cipher.ts';

export const MASTER_KEY_VARIABLE: string = 'VOUCH_MASTER_KEY';

export interface KeyProvider {
  /** For messages: 'the key file /etc/vouch/master.key'. Never a key. */
  readonly name: string;
  /** 32 bytes, the caller's own. Rejects with a StorageError: a sentence for the operator. */
  masterKey(): Promise<Uint8Array>;
}

const MAKE_ONE = 'Make one: head -c 32 /dev/urandom | base64';

/** 32 bytes as 64 hex digits or 44 characters of base64; white space around them does not count. */
function decodeKey(text: string): Uint8Array | undefined {
  const trimmed = text.trim();
  if (/^[0-9a-fA-F]{64}$/.test(trimmed)) return Uint8Array.from(Buffer.from(trimmed, 'hex'));
  if (/^[A-Za-z0-9+/]{43}=$/.test(trimmed)) return Uint8Array.from(Buffer.from(trimmed, 'base64'));
  return undefined;
}

/** The key in an environment variable. @param variable its name; @param text its value */
export function environmentKey(variable: string, text: string): KeyProvider {
  const name = `the environment variable ${variable}`;
  return {
    name,
    async masterKey() {
      const key = decodeKey(text);
      if (key === undefined) {
        throw new StorageError('master_key_malformed', `${name} is no key of 32 bytes in hex or base64. ${MAKE_ONE}`);
      }
      return key;
    },
  };
}

/**
 * The key in a file: 32 bytes, or their text. @param data the directory that it opens: a key must not lie in it, because whoever
 * copies the directory would have both.
 */
export function fileKey(path: string, data?: string): KeyProvider {
  const name = `the key file ${path}`;
  return {
    name,
    async masterKey() {
      let bytes: Uint8Array;
      try {
        refuseInside(path, data);
        const { mode } = statSync(path);
        if ((mode & 0o077) !== 0) {
          throw new StorageError('master_key_exposed', `${name} can be read by others: chmod 600 ${path}`);
        }
        bytes = Uint8Array.from(readFileSync(path));
      } catch (error) {
        if (error instanceof StorageError) throw error;
        const code = (error as NodeJS.ErrnoException).code ?? 'EIO';
        throw new StorageError(
          'master_key_unreadable',
          `${name} cannot be read: ${code}. ${MAKE_ONE} > ${path}; chmod 600 ${path}`,
        );
      }
      const key = bytes.length === MASTER_KEY_BYTES ? bytes : decodeKey(new TextDecoder().decode(bytes));
      if (key === undefined) {
        throw new StorageError(
          'master_key_malformed',
          `${name} holds no key: 32 bytes, or as hex or base64. ${MAKE_ONE} > ${path}`,
        );
      }
      return key;
    },
  };
}

function refuseInside(path: string, data: string | undefined): void {
  if (data === undefined) return;
  let directory: string;
  try {
    directory = realpathSync(data);
  } catch {
    return; // it is to be made yet: nothing lies in it
  }
  if (!join(realpathSync(path)).startsWith(directory + sep)) return;
  throw new StorageError(
    'master_key_inside',
    `The key file ${path} lies in the data directory that it is to protect. Keep it elsewhere.`,
  );
}

/** Where a command is told of a master key. An empty variable is one that was not set. */
export interface KeySources {
  readonly keyFile: string | undefined;
  /** Name and value of an environment variable. */
  readonly variable: string;
  readonly text: string | undefined;
  /** The directory that it opens. */
  readonly data: string | undefined;
}

/** What the sources name; undefined: nothing. Throws StorageError where they name two. */
export function providerOf({ keyFile, variable, text, data }: KeySources): KeyProvider | undefined {
  const isInEnvironment = text !== undefined && text !== '';
  if (keyFile === undefined) return isInEnvironment ? environmentKey(variable, text) : undefined;
  if (!isInEnvironment) return fileKey(keyFile, data);
  throw new StorageError('two_master_keys', `Both a key file (${keyFile}) and ${variable} name a master key: give one of them.`);
}

/** The cipher under a provider's master key. */
export async function cipherOf(provider: KeyProvider | undefined): Promise<Cipher | undefined> {
  return provider === undefined ? undefined : nativeCipher(await provider.masterKey());
}
