/**
 * A backup under a key of its own, sealed in order (the STREAM construction; Hoang, Reyhanitabar, Rogaway, Vizár, "Online
 * Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", 2015): each chunk with its number and whether it is the last,
 * so that none is moved, left out or added unseen.
 *
 *   OFFSET SIZE
 *        0    8  'VOUCHSBK'
 *        8    2  format = 1
 *       10    2  zero
 *       12    4  bytes of a chunk in clear = 65536
 *       16    8  id of the backup key
 *       24   40  the file's own key, drawn for it, wrapped under the backup key (RFC 3394)
 *       64    …  chunks: ciphertext ‖ tag 16. Nonce: u64 number from 0 ‖ u32, 1 = the last. Additional data: the header's 64 bytes
 *
 * Every chunk but the last is full; the last one holds 1 to 65536 bytes, or none where nothing is sealed. Big-endian.
 */
import type { BackupFile } from '../../core/backup/scan.ts';
import { equalBytes } from '../../core/bytes/compare.ts';
import { Reader } from '../../core/bytes/reader.ts';
import { toHex, toUtf8 } from '../../core/bytes/text.ts';
import { Writer } from '../../core/bytes/writer.ts';
import { type Cipher, type KeyHandle, NONCE_BYTES, TAG_BYTES, WRAPPED_KEY_BYTES } from '../../core/capability.ts';
import { StorageError } from '../../core/errors.ts';

const MAGIC: Uint8Array = toUtf8('VOUCHSBK') as Uint8Array;
const FORMAT = 1;
const CHUNK_BYTES: number = 64 << 10;
const SLOT_BYTES: number = CHUNK_BYTES + TAG_BYTES;
const KEY_ID_BYTES = 8;
const HEADER_BYTES: number = MAGIC.length + 2 + 2 + 4 + KEY_ID_BYTES + WRAPPED_KEY_BYTES;

function nonceOf(number: number, isLast: boolean): Uint8Array {
  const nonce = new Writer(NONCE_BYTES);
  nonce.u64(number);
  nonce.u32(isLast ? 1 : 0);
  return nonce.take();
}

/** Seals what is given to it, piece by piece. */
export class BackupSealer {
  private readonly cipher: Cipher;
  private readonly key: KeyHandle;
  private readonly header: Uint8Array;
  private readonly chunk: Uint8Array = new Uint8Array(CHUNK_BYTES);
  private used: number = 0;
  private number: number = 0;

  /** @param cipher under the backup key */
  constructor(cipher: Cipher) {
    this.cipher = cipher;
    this.key = cipher.drawKey();
    const header = new Writer(HEADER_BYTES);
    header.raw(MAGIC);
    header.u16(FORMAT);
    header.u16(0);
    header.u32(CHUNK_BYTES);
    header.raw(cipher.masterKeyId);
    header.raw(cipher.wrap(this.key));
    this.header = header.take();
  }

  /** What the file begins with. */
  begin(): Uint8Array {
    return this.header;
  }

  /** @returns what is to be written now. A full chunk waits until it is known not to be the last. */
  *add(bytes: Uint8Array): Generator<Uint8Array, void> {
    for (let at = 0; at < bytes.length; ) {
      if (this.used === CHUNK_BYTES) yield this.seal(false);
      const part = bytes.subarray(at, at + CHUNK_BYTES - this.used);
      this.chunk.set(part, this.used);
      this.used += part.length;
      at += part.length;
    }
  }

  /** The last chunk. Nothing is added behind it. */
  end(): Uint8Array {
    return this.seal(true);
  }

  private seal(isLast: boolean): Uint8Array {
    const sealed = this.cipher.seal(this.key, nonceOf(this.number, isLast), this.header, this.chunk.subarray(0, this.used));
    this.number += 1;
    this.used = 0;
    return sealed;
  }
}

/** Whether a file begins as a sealed backup does, of whatever format. */
export function isSealedBackup(file: BackupFile): boolean {
  return equalBytes(file.read(0, MAGIC.length), MAGIC);
}

/** A sealed backup as the backup that is in it. */
export class OpenedSeal implements BackupFile {
  readonly size: number;
  private readonly file: BackupFile;
  private readonly name: string;
  private readonly cipher: Cipher;
  private readonly key: KeyHandle;
  private readonly header: Uint8Array;
  private readonly chunks: number;
  /** The chunk that was opened last: files are read in order, nearly. */
  private latest: { readonly number: number; readonly bytes: Uint8Array } | undefined = undefined;

  /** @param name for messages. Throws StorageError where this key does not open it. */
  constructor(file: BackupFile, name: string, cipher: Cipher) {
    this.file = file;
    this.name = name;
    this.cipher = cipher;
    this.header = file.read(0, HEADER_BYTES);
    this.key = this.keyOf();
    const body = file.size - HEADER_BYTES;
    this.chunks = Math.max(Math.ceil(body / SLOT_BYTES), 1);
    if (body < this.chunks * TAG_BYTES) throw this.damaged('it is cut off');
    this.size = body - this.chunks * TAG_BYTES;
    this.chunk(this.chunks - 1); // it says that it is the last: else the length of the file would be believed
  }

  read(offset: number, lengthBytes: number): Uint8Array {
    const end = Math.min(offset + lengthBytes, this.size);
    const out = new Uint8Array(Math.max(end - offset, 0));
    for (let at = offset; at < end; ) {
      const number = Math.floor(at / CHUNK_BYTES);
      const part = this.chunk(number).subarray(at - number * CHUNK_BYTES, end - number * CHUNK_BYTES);
      out.set(part, at - offset);
      at += part.length;
    }
    return out;
  }

  private chunk(number: number): Uint8Array {
    if (this.latest?.number === number) return this.latest.bytes;
    const sealed = this.file.read(HEADER_BYTES + number * SLOT_BYTES, SLOT_BYTES);
    const bytes = this.cipher.open(this.key, nonceOf(number, number === this.chunks - 1), this.header, sealed);
    if (bytes === undefined) throw this.damaged(`its chunk ${number} is not what was sealed there, or the file was cut off`);
    this.latest = { number, bytes };
    return bytes;
  }

  private keyOf(): KeyHandle {
    if (this.header.length < HEADER_BYTES) throw this.damaged('it is cut off');
    const reader = new Reader(this.header, MAGIC.length);
    const format = reader.u16();
    if (format !== FORMAT) {
      const message = `${this.name} is a sealed backup of format ${format}; this version of Vouch reads format ${FORMAT}: use a newer one.`;
      throw new StorageError('newer_format', message);
    }
    if (reader.u16() !== 0 || reader.u32() !== CHUNK_BYTES) throw this.damaged('its header is not one');
    const id = reader.raw(KEY_ID_BYTES);
    const key = this.cipher.unwrap(reader.raw(WRAPPED_KEY_BYTES));
    if (key !== undefined) return key;
    if (equalBytes(id, this.cipher.masterKeyId)) throw this.damaged('its key is not what was wrapped there');
    const message = `${this.name} was sealed under the backup key with the id ${toHex(id)}; the given one has the id ${toHex(this.cipher.masterKeyId)}. Give that key.`;
    throw new StorageError('backup_key_wrong', message);
  }

  private damaged(why: string): StorageError {
    return new StorageError('backup_damaged', `${this.name} is refused: ${why}. Use another copy.`);
  }
}
