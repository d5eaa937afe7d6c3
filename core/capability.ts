/**
 * What the core is given instead of importing it (C10). `@noble/*` is the portable default; the node runtime injects
 * native ones; a property test holds them equal. The simulator draws the hasher as a printed knob.
 */
export interface Hasher {
  /** 'native', 'portable', or the name of a non-cryptographic stand-in. */
  readonly name: string;
  /**
   * Writes the 32-byte digest of input[start, end) at out[outOffset, outOffset + 32). In and out may be the same array.
   * Why not return a new array: one short-lived Uint8Array object per hash costs as much as the hash.
   */
  digest(input: Uint8Array, start: number, end: number, out: Uint8Array, outOffset: number): void;
}

/** Source of unpredictable bytes for ids and salts: the operating system, or seeded in the simulator. */
export interface Entropy {
  /** Fills out[offset, offset + length). */
  fill(out: Uint8Array, offset: number, length: number): void;
}

/** buggify sites: production compiles to `false`; the simulator answers with a labelled draw. */
export type Buggify = (site: string) => boolean;

/** Production's buggify. */
export const neverBuggify: Buggify = () => false;

declare const keyBrand: unique symbol;
/** A key inside a cipher. Whoever holds the handle can use the key; nobody reads its bytes, so they reach no state, digest or tape. */
export interface KeyHandle {
  readonly [keyBrand]: true;
}

/** Bytes of a wrapped data key (RFC 3394: the key and one 8-byte check). */
export const WRAPPED_KEY_BYTES: number = 40;
/** Bytes that a sealed text is longer by. */
export const TAG_BYTES: number = 16;
/** Bytes of a nonce. */
export const NONCE_BYTES: number = 12;

/**
 * Authenticated encryption under keys that it draws, keeps and never shows. It holds one master key, given where it is made.
 * The node runtime injects AES-256-GCM, HKDF-SHA-256 and AES key wrap; the simulator a stand-in that keeps the same promises.
 */
export interface Cipher {
  readonly name: string;
  /** Eight bytes that tell one master key from another, and nothing else of it. */
  readonly masterKeyId: Uint8Array;
  /** A new data key. */
  drawKey(): KeyHandle;
  /** The key under the master key, WRAPPED_KEY_BYTES long. */
  wrap(key: KeyHandle): Uint8Array;
  /** undefined: this master key did not wrap it. */
  unwrap(wrapped: Uint8Array): KeyHandle | undefined;
  /** A key that follows from another one, a salt and what it is for. */
  derive(key: KeyHandle, salt: Uint8Array, info: Uint8Array): KeyHandle;
  /** Ciphertext, then the tag. A nonce is used once under one key: the caller's promise. @param aad is bound to it, not hidden */
  seal(key: KeyHandle, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** undefined: not what was sealed under this key, nonce and aad. */
  open(key: KeyHandle, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
}

/** Bytes of an Ed25519 public key, and of a signature. */
export const PUBLIC_KEY_BYTES: number = 32;
export const SIGNATURE_BYTES: number = 64;

/** One Ed25519 key that signs. Whoever holds it can sign; nobody reads the secret. Source: RFC 8032, 5.1.6. */
export interface Signer {
  /** PUBLIC_KEY_BYTES long. */
  readonly publicKey: Uint8Array;
  /** SIGNATURE_BYTES long. Deterministic: one key and one message have one signature. */
  sign(message: Uint8Array): Uint8Array;
}

/** Makes keys that sign and checks what they signed. The node runtime injects OpenSSL's; the simulator this or a stand-in. */
export interface SigningKeys {
  readonly name: string;
  readonly verifier: SignatureVerifier;
  /** Bytes of a secret key. */
  readonly secretBytes: number;
  /** A new secret key. Drawn here and not from Entropy, so that it stands on no tape; it is written to the data directory only. */
  drawSecret(): Uint8Array;
  /** The key of a secret, which is copied. */
  signer(secret: Uint8Array): Signer;
}

/**
 * Checks Ed25519 signatures. Every implementation answers alike on every input (core/note/ed25519.ts says how), never throws,
 * and refuses keys and signatures of another length.
 */
export interface SignatureVerifier {
  /** 'native', 'portable', or the name of a stand-in. */
  readonly name: string;
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}
