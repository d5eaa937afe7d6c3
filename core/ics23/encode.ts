/**
 * ICS-23 proofs as others read them: protobuf bytes, and the JSON of the same messages. Both are written by hand, because a
 * protobuf library would be a thousand times their size; only what an export holds is written, in the order of its field numbers.
 *
 *   CommitmentProof     1 exist, 2 nonexist          ExistenceProof  1 key, 2 value, 3 leaf, 4 path (repeated)
 *   NonExistenceProof   2 left, 3 right              InnerOp         1 hash, 2 prefix, 3 suffix
 *   LeafOp              1 hash, 2 prehash_key, 3 prehash_value, 4 length, 5 prefix
 *
 * Source: cosmos/ics23, proofs.proto; protobuf's encoding and ProtoJSON pages.
 */
import { toBase64 } from '../bytes/base64.ts';
import { concatBytes } from '../bytes/compare.ts';
import type { CommitmentProof, ExistenceProof, InnerOp } from './proof.ts';

/** HashOp and LengthOp of the messages. LengthOp.NO_PREFIX is 0, which protobuf leaves out. */
const SHA256: number = 1;
const LEAF_PREFIX: Uint8Array = new Uint8Array([0]);

/**
 * The specification that a verifier is given, by its own names: every leaf and every step is as it says. JSON form; a child's order
 * and size, and the length of a step's prefix without hashes.
 */
export const ICS23_SPEC = {
  leafSpec: { hash: 'SHA256', prehashKey: 'SHA256', prehashValue: 'SHA256', length: 'NO_PREFIX', prefix: 'AA==' },
  innerSpec: { childOrder: [0, 1], childSize: 32, minPrefixLength: 4, maxPrefixLength: 4, hash: 'SHA256' },
} as const;

function varint(value: number): Uint8Array {
  const out: number[] = [];
  let rest = value;
  while (rest >= 128) {
    out.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
  return Uint8Array.from(out);
}

/** A field of bytes, or a message in a message; wire type 2. */
function bytesField(number: number, bytes: Uint8Array): Uint8Array {
  return concatBytes(varint(number * 8 + 2), varint(bytes.length), bytes);
}

/** A field with a number; wire type 0. */
function numberField(number: number, value: number): Uint8Array {
  return concatBytes(varint(number * 8), varint(value));
}

const LEAF_OP: Uint8Array = concatBytes(
  numberField(1, SHA256),
  numberField(2, SHA256),
  numberField(3, SHA256),
  bytesField(5, LEAF_PREFIX),
);

function encodeInner({ prefix, suffix }: InnerOp): Uint8Array {
  const end = suffix.length === 0 ? new Uint8Array(0) : bytesField(3, suffix);
  return concatBytes(numberField(1, SHA256), bytesField(2, prefix), end);
}

function encodeExistence({ key, value, path }: ExistenceProof): Uint8Array {
  const steps = path.map((step) => bytesField(4, encodeInner(step)));
  return concatBytes(bytesField(1, key), bytesField(2, value), bytesField(3, LEAF_OP), ...steps);
}

/** Protobuf bytes of an `ics23.CommitmentProof`. */
export function encodeIcs23(proof: CommitmentProof): Uint8Array {
  if (proof.kind === 'exist') return bytesField(1, encodeExistence(proof.exist));
  const side = (number: number, of: ExistenceProof | undefined): Uint8Array =>
    of === undefined ? new Uint8Array(0) : bytesField(number, encodeExistence(of));
  return bytesField(2, concatBytes(side(2, proof.left), side(3, proof.right)));
}

/** The same message as a JSON object: bytes in base64, enumerations by name. */
export interface ExistenceJson {
  readonly key: string;
  readonly value: string;
  readonly leaf: typeof ICS23_SPEC.leafSpec;
  readonly path: readonly { readonly hash: 'SHA256'; readonly prefix: string; readonly suffix?: string }[];
}

export type CommitmentProofJson =
  | { readonly exist: ExistenceJson }
  | { readonly nonexist: { readonly left?: ExistenceJson; readonly right?: ExistenceJson } };

function existenceJson({ key, value, path }: ExistenceProof): ExistenceJson {
  return {
    key: toBase64(key),
    value: toBase64(value),
    leaf: ICS23_SPEC.leafSpec,
    path: path.map(({ prefix, suffix }) => ({
      hash: 'SHA256',
      prefix: toBase64(prefix),
      ...(suffix.length === 0 ? {} : { suffix: toBase64(suffix) }),
    })),
  };
}

/** ProtoJSON of an `ics23.CommitmentProof`. */
export function ics23Json(proof: CommitmentProof): CommitmentProofJson {
  if (proof.kind === 'exist') return { exist: existenceJson(proof.exist) };
  const { left, right } = proof;
  return {
    nonexist: {
      ...(left === undefined ? {} : { left: existenceJson(left) }),
      ...(right === undefined ? {} : { right: existenceJson(right) }),
    },
  };
}
