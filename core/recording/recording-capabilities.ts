/**
 * The capabilities of a core with a recorder in between: what the core was answered stands on the tape, in the order in which it asked.
 * Of keys there is nothing that could be used without the master key: a data key as that wraps it, of a signing key the public half and
 * what it signed; what is read of SIGNING is noted without the secret.
 */
import type { Cipher, Entropy, SigningKeys } from '../capability.ts';
import type { DirectoryReader } from '../effect.ts';
import { StorageError } from '../errors.ts';
import { SIGNING_FILE, withoutSecret } from '../signing/record-file.ts';
import type { Recorder } from './recorder.ts';
import { RecordKind } from './tape-format.ts';

export function recordingReader(inner: DirectoryReader, recorder: Recorder): DirectoryReader {
  const asked = <T>(file: string, read: () => T): T => {
    try {
      return read();
    } catch (error) {
      if (error instanceof StorageError) {
        const { code, message } = error;
        recorder.answer(RecordKind.refused, (out) => [file, code, message].forEach((text) => void out.text(text)));
      }
      throw error;
    }
  };
  return {
    list(): readonly string[] {
      const names = asked('', () => inner.list());
      recorder.answer(RecordKind.list, (out) => {
        out.u32(names.length);
        for (const name of names) out.text(name);
      });
      return names;
    },
    size(file: string): number | undefined {
      const size = asked(file, () => inner.size(file));
      recorder.answer(RecordKind.size, (out) => {
        out.text(file);
        out.u8(size === undefined ? 0 : 1);
        out.u64(size ?? 0);
      });
      return size;
    },
    read(file: string, offset: number, lengthBytes: number): Uint8Array {
      const bytes = asked(file, () => inner.read(file, offset, lengthBytes));
      recorder.answer(RecordKind.read, (out) => {
        const noted = file.startsWith(SIGNING_FILE) ? withoutSecret(bytes) : bytes;
        out.text(file);
        out.u64(offset);
        out.u32(lengthBytes);
        out.u32(noted.length);
        out.blob(noted.subarray(0, endOf(noted)));
      });
      return bytes;
    },
  };
}

/** Behind the last byte that is not zero: a segment is mostly zeros. */
function endOf(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return end;
}

export function recordingEntropy(inner: Entropy, recorder: Recorder): Entropy {
  return {
    fill(out: Uint8Array, offset: number, length: number): void {
      inner.fill(out, offset, length);
      recorder.answer(RecordKind.entropy, (tape) => tape.blob(out.subarray(offset, offset + length)));
    },
  };
}

export function recordingSigning(inner: SigningKeys, recorder: Recorder): SigningKeys {
  const { name, verifier, secretBytes } = inner;
  return {
    name,
    verifier,
    secretBytes,
    drawSecret() {
      recorder.answer(RecordKind.secret, () => undefined);
      return inner.drawSecret();
    },
    signer(secret) {
      const { publicKey, ...signer } = inner.signer(secret);
      recorder.answer(RecordKind.signer, (out) => out.blob(publicKey));
      return {
        publicKey,
        sign(message) {
          const signature = signer.sign(message);
          recorder.answer(RecordKind.signature, (out) => out.blob(signature));
          return signature;
        },
      };
    },
  };
}

/** All else that a cipher does follows from its keys and what it is given. */
export function recordingCipher(inner: Cipher, recorder: Recorder): Cipher {
  return {
    ...inner,
    drawKey() {
      const key = inner.drawKey();
      recorder.answer(RecordKind.key, (out) => out.blob(inner.wrap(key)));
      return key;
    },
  };
}
