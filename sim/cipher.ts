/**
 * The simulator's stand-in for a cipher: no secrecy, the same promises. What was sealed opens under the same key, nonce and
 * additional data and no others; a key leaves only wrapped. And it does what no real one does: it remembers every nonce, and a
 * second text under one key and nonce is a defect that stops the run. Keys are drawn from a labelled stream.
 */
import { concatBytes, equalBytes } from '../core/bytes/compare.ts';
import { toHex } from '../core/bytes/text.ts';
import { type Cipher, type Entropy, type KeyHandle, TAG_BYTES } from '../core/capability.ts';
import { hashOf } from '../core/hasher.ts';
import { fastHasher } from './hasher.ts';
import { Violation } from './observer.ts';

const NONCES_ARE_FRESH: string = 'nonces-are-fresh';

const KEY_BYTES = 32;
const CHECK_BYTES = 8;

class SimulatedKey {
  readonly bytes: Uint8Array;
  readonly nonces: Set<string> = new Set();
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** @param master any text: one master key. @param entropy keys are drawn from it */
export function simulatedCipher(master: Uint8Array, entropy: Entropy): Cipher {
  /** One object per key, however it was come by: so a nonce used twice is seen across openings, too. */
  const known = new Map<string, SimulatedKey>();
  const keyOf = (handle: KeyHandle): SimulatedKey => handle as unknown as SimulatedKey;
  const handleOf = (bytes: Uint8Array): KeyHandle => {
    const name = toHex(bytes);
    const key = known.get(name) ?? new SimulatedKey(bytes);
    known.set(name, key);
    return key as unknown as KeyHandle;
  };
  const pad = digest('wrap', master);
  return {
    name: 'simulated',
    masterKeyId: digest('id', master).slice(0, 8),
    drawKey() {
      const bytes = new Uint8Array(KEY_BYTES);
      entropy.fill(bytes, 0, KEY_BYTES);
      return handleOf(bytes);
    },
    wrap(key) {
      const { bytes } = keyOf(key);
      return concatBytes(mixed(bytes, pad), digest('check', pad, bytes).slice(0, CHECK_BYTES));
    },
    unwrap(wrapped) {
      const bytes = mixed(wrapped.subarray(0, KEY_BYTES), pad);
      const check = digest('check', pad, bytes).subarray(0, CHECK_BYTES);
      return equalBytes(check, wrapped.subarray(KEY_BYTES)) ? handleOf(bytes) : undefined;
    },
    derive: (key, salt, info) => handleOf(digest('derive', keyOf(key).bytes, salt, info)),
    seal(key, nonce, aad, plaintext) {
      const { bytes, nonces } = keyOf(key);
      const name = toHex(nonce);
      if (nonces.has(name)) throw new Violation(NONCES_ARE_FRESH, 'two texts were sealed under one key and nonce');
      nonces.add(name);
      const body = mixed(plaintext, digest('stream', bytes, nonce));
      return concatBytes(body, tagOf(bytes, nonce, aad, body));
    },
    open(key, nonce, aad, sealed) {
      const { bytes } = keyOf(key);
      const body = sealed.subarray(0, Math.max(sealed.length - TAG_BYTES, 0));
      const isIt = equalBytes(tagOf(bytes, nonce, aad, body), sealed.subarray(body.length));
      return isIt ? mixed(body, digest('stream', bytes, nonce)) : undefined;
    },
  };
}

function digest(label: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const lengths = Uint8Array.from(parts, (part) => part.length & 255);
  return hashOf(
    fastHasher,
    concatBytes(
      Uint8Array.from(label, (character) => character.charCodeAt(0)),
      lengths,
      ...parts,
    ),
  );
}

function tagOf(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, body: Uint8Array): Uint8Array {
  return digest('tag', key, nonce, aad, body).slice(0, TAG_BYTES);
}

/** Exclusive or with a stream that repeats: enough that a marker is not found, and no more than that. */
function mixed(bytes: Uint8Array, stream: Uint8Array): Uint8Array {
  return bytes.map((byte, i) => byte ^ (stream[i % stream.length] as number));
}
