/**
 * The golden vectors of the commitment format, read at test time: from VOUCH_VECTORS (a folder), else ../shared/vectors
 * beside the repository. Without them a vector test is reported as skipped, with the reason.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { canonicalJson } from '../../core/bytes/canonical-json.ts';
import { fromHex, toUtf8 } from '../../core/bytes/text.ts';
import { type U64, u64FromBigInt } from '../../core/bytes/u64.ts';
import { hashOf } from '../../core/hasher.ts';
import { encodeValue, type LeafValue, valuePath } from '../../core/merkle/value.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { root } from './sources.ts';

/** Fields by kind; u64 fields are decimal texts. */
export interface LeafDescriptor {
  readonly kind: 'tuple' | 'reverse' | 'entity' | 'model';
  readonly resource: string;
  readonly relation: string;
  readonly subject: string;
  readonly key: string;
  readonly id: string;
  readonly value_utf8: string;
  readonly model: unknown;
  readonly condition?: { readonly name: string; readonly context?: unknown };
  readonly expires_at: string;
  readonly version: string;
}

export interface TreeVector {
  readonly name: string;
  readonly leaves: readonly LeafDescriptor[];
  /** By two hex digits; EMPTY ones are left out. */
  readonly bucket_hashes: Readonly<Record<string, string>>;
  readonly state_root: string;
  readonly tree_root: string;
}

export interface ProofVector {
  readonly name: string;
  readonly tree: string | null;
  readonly tree_root?: string;
  readonly targets: readonly string[];
  readonly proof: string;
  readonly results: readonly (readonly { readonly path: string; readonly value: string }[])[];
}

export interface Vectors {
  readonly paths: readonly (LeafDescriptor & { readonly name: string; readonly path: string })[];
  readonly values: readonly {
    readonly leaf: LeafDescriptor;
    readonly path: string;
    readonly value: string;
    readonly value_hash: string;
    readonly leaf_hash: string;
  }[];
  readonly inner: readonly { readonly bit: number; readonly left: string; readonly right: string; readonly inner: string }[];
  readonly empty: string;
  readonly trees: readonly TreeVector[];
  readonly proofs: readonly ProofVector[];
  readonly invalid: readonly {
    readonly name: string;
    readonly tree_root: string;
    readonly targets: readonly string[];
    readonly proof: string;
    readonly stage: string;
  }[];
  readonly headers: readonly Readonly<Record<string, string>>[];
  readonly logs: readonly {
    readonly size: number;
    readonly leaf_data?: string;
    readonly leaf_hash?: string;
    readonly root: string;
    readonly inclusion?: readonly (readonly string[])[];
    readonly consistency?: Readonly<Record<string, readonly string[]>>;
  }[];
  readonly invalid_logs: readonly {
    readonly name: string;
    readonly kind: 'inclusion' | 'consistency';
    readonly path: readonly string[];
    readonly index: number;
    readonly size: number;
    readonly leaf_hash: string;
    readonly root: string;
    readonly size1: number;
    readonly size2: number;
    readonly root1: string;
    readonly root2: string;
  }[];
  readonly live: readonly { readonly expires_at: string; readonly time: string; readonly live: boolean }[];
}

const folder = process.env.VOUCH_VECTORS ?? join(root, '..', 'shared', 'vectors');
const file = join(folder, 'commitment.json');
const vectors: Vectors | undefined = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Vectors) : undefined;

if (vectors === undefined) console.warn(`SKIPPED: no golden vectors at ${file}; VOUCH_VECTORS names their folder`);

/** A test over the golden vectors. */
export function vectorTest(name: string, run: (vectors: Vectors) => void): void {
  test(name, (context) => {
    if (vectors === undefined) return context.skip(`no golden vectors at ${file}`);
    run(vectors);
  });
}

/** Bytes of lower-case hex. */
export function hex(text: string): Uint8Array {
  const bytes = fromHex(text);
  if (bytes === undefined) throw new Error(`not hex: ${text}`);
  return bytes;
}

/** A u64 from its decimal text. */
export function u64(text: string): U64 {
  return u64FromBigInt(BigInt(text));
}

function canonical(value: unknown): string {
  const result = canonicalJson(value);
  if (!result.ok) throw new Error(`not canonical: ${result.reason}`);
  return result.text;
}

/** The value that a descriptor describes; of a reverse leaf, with the hash of its forward tuple. */
export function leafValueOf(leaf: LeafDescriptor): LeafValue {
  const { resource, relation, subject } = leaf;
  const [expiresAt, version] = [u64(leaf.expires_at), u64(leaf.version)];
  switch (leaf.kind) {
    case 'tuple': {
      const conditionName = leaf.condition?.name ?? '';
      const conditionContext = leaf.condition === undefined ? '' : canonical(leaf.condition.context ?? {});
      return { kind: 'tuple', resource, relation, subject, conditionName, conditionContext, expiresAt, version };
    }
    case 'reverse': {
      const forward = encodeValue(leafValueOf({ ...leaf, kind: 'tuple' }));
      return { kind: 'reverse', resource, relation, subject, forwardHash: hashOf(nativeHasher, forward), expiresAt, version };
    }
    case 'entity':
      return { kind: 'entity', key: leaf.key, value: toUtf8(leaf.value_utf8) as Uint8Array, expiresAt, version };
    case 'model':
      return { kind: 'model', id: leaf.id, model: canonical(leaf.model), expiresAt: 0, version };
  }
}

/** A leaf ready to be put into a tree. */
export interface BuiltLeaf {
  readonly path: Uint8Array;
  readonly value: Uint8Array;
  readonly valueHash: Uint8Array;
}

export function buildLeaf(leaf: LeafDescriptor): BuiltLeaf {
  const value = leafValueOf(leaf);
  const bytes = encodeValue(value);
  return { path: valuePath(nativeHasher, value), value: bytes, valueHash: hashOf(nativeHasher, bytes) };
}
