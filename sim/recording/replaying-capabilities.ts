/**
 * The capabilities of a core that lives from a tape: what it asks for is answered with what stands there, and a question that is not
 * the one that was asked then ends the replay. Counterpart of core/recording/recording-capabilities.ts.
 */
import type { Cipher, Entropy, SignatureVerifier, SigningKeys } from '../../core/capability.ts';
import type { DirectoryReader } from '../../core/effect.ts';
import { StorageError } from '../../core/errors.ts';
import { RecordKind } from '../../core/recording/tape-format.ts';
import type { TapeRecord } from '../../core/recording/tape-reader.ts';
import { Departure } from './departure.ts';

/** Gives the next answer of the tape, which must be of that kind. */
export interface Answers {
  /** @param kinds what may answer it. @param question for the sentence that says what differs */
  take(kinds: readonly RecordKind[], question: string): TapeRecord;
}

const BLOB_BYTES_MAX = 0xffff_ffff;
const TEXT_BYTES_MAX = 1 << 20;

export function replayingReader(answers: Answers): DirectoryReader {
  const ask = (kind: RecordKind, question: string): TapeRecord => {
    const record = answers.take([kind, RecordKind.refused], question);
    if (record.kind !== RecordKind.refused) return record;
    record.body.text(TEXT_BYTES_MAX); // the file's name
    throw new StorageError(record.body.text(TEXT_BYTES_MAX), record.body.text(TEXT_BYTES_MAX));
  };
  const same = (question: string, recorded: string, asked: string): void => {
    if (recorded !== asked) throw new Departure(question, recorded, asked);
  };
  return {
    list(): readonly string[] {
      const { body } = ask(RecordKind.list, 'a list of the directory');
      return Array.from({ length: body.u32() }, () => body.text(TEXT_BYTES_MAX));
    },
    size(file: string): number | undefined {
      const { body } = ask(RecordKind.size, `the size of ${file}`);
      same('the file whose size is asked for', body.text(TEXT_BYTES_MAX), file);
      const isKnown = body.u8() === 1;
      const size = body.u64();
      return isKnown ? size : undefined;
    },
    read(file: string, offset: number, lengthBytes: number): Uint8Array {
      const { body } = ask(RecordKind.read, `bytes of ${file}`);
      const recorded = `${body.text(TEXT_BYTES_MAX)} at ${body.u64()}, ${body.u32()} bytes`;
      same('what is read', recorded, `${file} at ${offset}, ${lengthBytes} bytes`);
      const bytes = new Uint8Array(body.u32());
      bytes.set(body.blob(BLOB_BYTES_MAX));
      return bytes;
    },
  };
}

export function replayingEntropy(answers: Answers): Entropy {
  return {
    fill(out: Uint8Array, offset: number, length: number): void {
      const drawn = answers.take([RecordKind.entropy], `${length} bytes of entropy`).body.blob(BLOB_BYTES_MAX);
      if (drawn.length !== length) throw new Departure('how much entropy is drawn', `${drawn.length} bytes`, `${length} bytes`);
      out.set(drawn, offset);
    },
  };
}

/** @param verifier answers as every other one does: it needs no tape */
export function replayingSigning(answers: Answers, verifier: SignatureVerifier, secretBytes: number): SigningKeys {
  return {
    name: 'recorded',
    verifier,
    secretBytes,
    drawSecret() {
      answers.take([RecordKind.secret], 'a new signing key');
      return new Uint8Array(secretBytes); // a substitute: digests pass over it
    },
    signer() {
      const publicKey = answers.take([RecordKind.signer], 'a signing key').body.blobCopy(BLOB_BYTES_MAX);
      return {
        publicKey,
        sign: () => answers.take([RecordKind.signature], 'a signature').body.blobCopy(BLOB_BYTES_MAX),
      };
    },
  };
}

/** @param cipher under the master key of then: given the same keys it does the same */
export function replayingCipher(answers: Answers, cipher: Cipher): Cipher {
  return {
    ...cipher,
    drawKey() {
      const wrapped = answers.take([RecordKind.key], 'a new data key').body.blobCopy(BLOB_BYTES_MAX);
      const key = cipher.unwrap(wrapped);
      if (key === undefined) throw new Departure('the data key that is drawn', 'one that this master key wraps', 'another one');
      return key;
    },
  };
}
