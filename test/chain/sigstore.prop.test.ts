/**
 * The logs of Vouch against a verifier that this project did not write, npm `@sigstore/verify`: a block header's inclusion in the
 * log of its vault, under a checkpoint with a plain Ed25519 line (type 01).
 *
 * Its public `Verifier` reads what a leaf holds as an entry of Sigstore's own, so headers are given to the function that it
 * calls for inclusion (`verifyTLogInclusion`); with leaves of the kind that it knows, the whole public way is gone.
 */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { type SignedEntity, type TrustMaterial, toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { verifyTLogInclusion } from '@sigstore/verify/dist/tlog/index.js';
import * as fc from 'fast-check';
import { describe, expect } from 'vitest';
import { blockHash, encodeHeader } from '../../core/chain/header.ts';
import { leafHash, MerkleLog } from '../../core/chain/merkle-log.ts';
import { encodeCheckpoint } from '../../core/note/checkpoint.ts';
import { encodeNote } from '../../core/note/note.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { checkpointOf, noteOf, type Party, node as partyOf } from '../note/support.ts';
import { world } from '../support/answers.ts';
import { checkpointText, type NoteKey, noteKey, signatureLine } from '../support/checkpoint-note.ts';
import { propertyRuns } from '../support/property.ts';

type Entry = SignedEntity['tlogEntries'][number];
type TrustedRoot = Parameters<typeof toTrustMaterial>[0];
type Bundle = Parameters<typeof toSignedEntity>[0];

const ORIGIN = 'vouch.example/01ARZ3NDEKTSV4RRFFQ69G5FAV';
const node: NoteKey = noteKey('n1.vouch.example');
const stranger: NoteKey = noteKey('n1.vouch.example');
/** Signs what is logged in the way that Sigstore does. */
const artifactKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });

function trustOf(key: Pick<NoteKey, 'name' | 'keyId' | 'spki'>): TrustMaterial {
  const publicKey = { rawBytes: key.spki, keyDetails: 7, validFor: undefined };
  const root = {
    mediaType: '',
    certificateAuthorities: [],
    timestampAuthorities: [],
    ctlogs: [],
    tlogs: [
      { baseUrl: `https://${key.name}`, hashAlgorithm: 1, publicKey, logId: { keyId: key.keyId }, checkpointKeyId: undefined },
    ],
  };
  const spki = artifactKey.publicKey.export({ type: 'spki', format: 'der' });
  return toTrustMaterial(root as unknown as TrustedRoot, { artifact: { rawBytes: spki, keyDetails: 5 } as never });
}
const trust = trustOf(node);

/** DER of an Ed25519 SubjectPublicKeyInfo up to the key. Source: RFC 8410. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
/** A node's plain key as a reader pins it. */
function pinned({ name, plain }: Party): Pick<NoteKey, 'name' | 'keyId' | 'spki'> {
  const keyId = Buffer.alloc(4);
  keyId.writeUInt32BE(plain.id);
  return { name, keyId, spki: Buffer.concat([SPKI, plain.publicKey]) };
}

/** A log, its leaves' data, and what it says of one of them at one of its sizes. */
interface Told {
  readonly leaf: Uint8Array;
  readonly index: number;
  readonly path: readonly Uint8Array[];
  readonly note: string;
}

function tell(leaves: readonly Uint8Array[], index: number, size: number, key: NoteKey = node): Told {
  const log = new MerkleLog(nativeHasher);
  for (const data of leaves) log.append(leafHash(nativeHasher, data));
  const text = checkpointText(ORIGIN, size, log.root(size));
  const note = `${text}\n${signatureLine(stranger, text)}${signatureLine(key, text)}`;
  return { leaf: leaves[index] as Uint8Array, index, path: log.inclusion(index, size), note };
}

function entryOf({ leaf, index, path, note }: Told): Entry {
  return {
    logIndex: String(index),
    logId: { keyId: node.keyId },
    kindVersion: { kind: 'hashedrekord', version: '0.0.1' },
    integratedTime: '0',
    inclusionPromise: undefined,
    inclusionProof: {
      logIndex: String(index),
      rootHash: Buffer.alloc(32),
      treeSize: '0',
      hashes: path.map((hash) => Buffer.from(hash)),
      checkpoint: { envelope: note },
    },
    canonicalizedBody: Buffer.from(leaf),
  };
}

function isIncluded(told: Told, by: TrustMaterial = trust): boolean {
  try {
    verifyTLogInclusion(entryOf(told), by.tlogs);
    return true;
  } catch {
    return false;
  }
}

/** A chain of headers. */
function headers(count: number): readonly Uint8Array[] {
  const { header } = world([]);
  const chain: Uint8Array[] = [];
  for (let height = 1; height <= count; height += 1) {
    const before = chain[height - 2];
    const previousHash = before === undefined ? new Uint8Array(32) : blockHash(nativeHasher, before);
    chain.push(encodeHeader({ ...header, height, previousHash, time: Number(header.time) + height }));
  }
  return chain;
}
const chain = headers(130);

const places = fc
  .integer({ min: 1, max: chain.length })
  .chain((size) => fc.record({ size: fc.constant(size), index: fc.nat({ max: size - 1 }) }));

/** A leaf as Sigstore's log keeps it, and the bundle that claims it. */
function bundleOf(artifact: Buffer): { readonly body: Uint8Array; readonly bundle: (told: Told) => Bundle } {
  const signature = sign('sha256', artifact, artifactKey.privateKey);
  const digest = createHash('sha256').update(artifact).digest();
  const spec = {
    signature: { content: signature.toString('base64') },
    data: { hash: { algorithm: 'sha256', value: digest.toString('hex') } },
  };
  const body = Buffer.from(JSON.stringify({ apiVersion: '0.0.1', kind: 'hashedrekord', spec }));
  const bundle = (told: Told): Bundle =>
    ({
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: {
        content: { $case: 'publicKey', publicKey: { hint: 'artifact' } },
        tlogEntries: [entryOf(told)],
        timestampVerificationData: undefined,
      },
      content: { $case: 'messageSignature', messageSignature: { messageDigest: { algorithm: 1, digest }, signature } },
    }) as unknown as Bundle;
  return { body, bundle };
}

function flipped(bytes: Uint8Array, at: number, change: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] as number) ^ change;
  return copy;
}

describe('the log of a vault, verified by @sigstore/verify', () => {
  propertyRuns(150, 'every header is included at every size from its height on', places, ({ size, index }) => {
    expect(isIncluded(tell(chain.slice(0, size), index, size))).toBe(true);
  });

  propertyRuns(
    12,
    'a change of header, path, index, checkpoint or key is refused',
    places,
    fc.integer({ min: 1, max: 255 }),
    ({ size, index }, change) => {
      const told = tell(chain, index, size);
      expect(isIncluded(told)).toBe(true);
      for (let at = 0; at < told.leaf.length; at += 1) {
        expect(isIncluded({ ...told, leaf: flipped(told.leaf, at, change) })).toBe(false);
      }
      told.path.forEach((hash, i) => {
        for (let at = 0; at < hash.length; at += 1) {
          const path = told.path.map((one, j) => (j === i ? flipped(hash, at, change) : one));
          expect(isIncluded({ ...told, path })).toBe(false);
        }
      });
      expect(isIncluded({ ...told, path: [...told.path, told.path[0] ?? new Uint8Array(32)] })).toBe(false);
      expect(isIncluded({ ...told, path: told.path.slice(1) })).toBe(told.path.length === 0);
      if (size > 1) expect(isIncluded({ ...told, index: (index + 1) % size })).toBe(false);
      expect(isIncluded({ ...told, index: size })).toBe(false);
      // The signature covers every character of the text.
      const end = told.note.indexOf('\n\n') + 1;
      for (let at = 0; at < end; at += 1) {
        const other = told.note[at] === 'A' ? 'B' : 'A';
        expect(isIncluded({ ...told, note: told.note.slice(0, at) + other + told.note.slice(at + 1) })).toBe(false);
      }
      expect(isIncluded(told, trustOf(stranger))).toBe(true); // its line is there, too
      expect(isIncluded(told, trustOf(noteKey('n2.vouch.example')))).toBe(false);
      expect(isIncluded(tell(chain, index, size, noteKey('n1.vouch.example')))).toBe(false);
    },
  );

  propertyRuns(
    60,
    'the checkpoints that nodes write are verified by the plain line of each, and by no other key',
    places,
    fc.integer({ min: 1, max: 200 }),
    ({ size, index }, seed) => {
      const parties = [partyOf(seed), partyOf(seed + 1)];
      const log = new MerkleLog(nativeHasher);
      for (const header of chain) log.append(blockHash(nativeHasher, header));
      const note = encodeNote(noteOf(encodeCheckpoint(checkpointOf(log, size)), parties));
      const told = { leaf: chain[index] as Uint8Array, index, path: log.inclusion(index, size), note };
      for (const party of parties) expect(isIncluded(told, trustOf(pinned(party)))).toBe(true);
      expect(isIncluded(told, trustOf(pinned(partyOf(seed + 2))))).toBe(false);
      // The timed line is over another text: under its key id the same key does not verify it.
      for (const { timed, ...party } of parties)
        expect(isIncluded(told, trustOf(pinned({ ...party, timed, plain: timed })))).toBe(false);
      expect(isIncluded({ ...told, leaf: flipped(told.leaf, 20, 1) }, trustOf(pinned(parties[0] as Party)))).toBe(false);
    },
  );

  propertyRuns(
    40,
    'through the public verifier, an artifact that stands in a log beside headers is accepted, and no other claim',
    places,
    fc.uint8Array({ minLength: 1, maxLength: 40 }),
    ({ size, index }, content) => {
      const artifact = Buffer.from(content);
      const { body, bundle } = bundleOf(artifact);
      const leaves = chain.slice(0, size).map((header, i) => (i === index ? body : header));
      const told = tell(leaves, index, size);
      const verify = (one: Told, of: Buffer = artifact): void => {
        new Verifier(trust, { timestampThreshold: 0 }).verify(toSignedEntity(bundle(one), of));
      };
      expect(() => verify(told)).not.toThrow();
      expect(() => verify(told, Buffer.concat([artifact, Buffer.from([0])]))).toThrow('signature verification failed');
      expect(() => verify({ ...told, index: size })).toThrow('invalid index');
      if (size > 1) expect(() => verify({ ...told, path: told.path.slice(1) })).toThrow('invalid hash count');
      const other = tell(chain, index, size);
      expect(() => verify({ ...told, note: other.note })).toThrow('calculated root hash does not match inclusion proof');
      // Of a header it accepts the inclusion, and then cannot read it as an entry of its own.
      expect(() => verify(other)).toThrow(SyntaxError);
    },
  );
});
