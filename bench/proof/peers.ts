/**
 * The trees that Vouch's is measured beside, in memory: `@ethereumjs/mpt`, a Merkle Patricia trie by key, with SHA-256 in the place of
 * its own hash; and `@chainsafe/persistent-merkle-tree`, a binary tree by index: it proves what stands at a place, knows no keys,
 * and so no absence. Both hold as many keys as there are tuples; Vouch's has a reverse leaf for each beside it.
 */
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { sha256 } from '@noble/hashes/sha2.js';
import { folderOf, load } from '../storage/peers.ts';

type Sha = (bytes: Uint8Array) => Uint8Array;
/** With the engine's own hash, and with the portable one. */
export const SHA: Readonly<Record<'native' | 'portable', Sha>> = {
  native: (bytes) => hash('sha256', bytes, 'buffer'),
  portable: sha256,
};

interface Trie {
  put(key: Uint8Array, value: Uint8Array): Promise<void>;
  root(): Uint8Array;
}
interface MptModule {
  readonly MerklePatriciaTrie: new (options: object) => Trie;
  createMerkleProof(trie: Trie, key: Uint8Array): Promise<readonly Uint8Array[]>;
  verifyMerkleProof(key: Uint8Array, proof: readonly Uint8Array[], options: object): Promise<Uint8Array | null>;
}

/** A Merkle Patricia trie. Its hash may be exchanged: every one is SHA-256. */
export class Mpt {
  sha: Sha = SHA.native;
  private readonly module: MptModule = load('@ethereumjs/mpt') as MptModule;
  private readonly trie: Trie;

  constructor() {
    const { MapDB } = load('@ethereumjs/util') as { readonly MapDB: new () => object };
    const useKeyHashingFunction: Sha = (bytes) => this.sha(bytes);
    this.trie = new this.module.MerklePatriciaTrie({ db: new MapDB(), valueEncoding: 'bytes', useKeyHashingFunction });
  }

  /** Each put computes a root. */
  put(key: Uint8Array, value: Uint8Array): Promise<void> {
    return this.trie.put(key, value);
  }
  root(): Uint8Array {
    return this.trie.root();
  }
  prove(key: Uint8Array): Promise<readonly Uint8Array[]> {
    return this.module.createMerkleProof(this.trie, key);
  }
  verify(key: Uint8Array, proof: readonly Uint8Array[]): Promise<Uint8Array | null> {
    return this.module.verifyMerkleProof(key, proof, { useKeyHashingFunction: this.sha });
  }
}

interface PmtNode {
  readonly root: Uint8Array;
}
interface SingleProof {
  readonly witnesses: readonly Uint8Array[];
}
interface PmtModule {
  readonly LeafNode: { fromRoot(root: Uint8Array): PmtNode };
  setHasher(hasher: unknown): void;
  subtreeFillToContents(nodes: PmtNode[], depth: number): PmtNode;
  setNodesAtDepth(root: PmtNode, depth: number, indexes: number[], nodes: PmtNode[]): PmtNode;
  toGindex(depth: number, index: bigint): bigint;
  createProof(root: PmtNode, input: { readonly type: 'single'; readonly gindex: bigint }): SingleProof;
  createNodeFromProof(proof: SingleProof): PmtNode;
}

/** Its own native hasher, and its portable one. */
const PMT_HASHERS = { native: 'hashtree', portable: 'noble' } as const;

/** A binary tree by index. */
export class PersistentMerkleTree {
  private readonly module: PmtModule;
  private readonly hashers: Readonly<Record<'native' | 'portable', unknown>>;
  private readonly depth: number;
  private node: PmtNode;

  private constructor(
    module: PmtModule,
    hashers: Readonly<Record<'native' | 'portable', unknown>>,
    leaves: readonly Uint8Array[],
  ) {
    this.module = module;
    this.hashers = hashers;
    this.depth = Math.ceil(Math.log2(leaves.length));
    this.use('native');
    this.node = module.subtreeFillToContents(
      leaves.map((leaf) => module.LeafNode.fromRoot(leaf)),
      this.depth,
    );
    this.root();
  }

  static async open(leaves: readonly Uint8Array[]): Promise<PersistentMerkleTree> {
    const at = (path: string): Promise<unknown> =>
      import(pathToFileURL(join(folderOf('@chainsafe/persistent-merkle-tree'), 'lib', path)).href);
    const hasher = async (name: string): Promise<unknown> => {
      const { hasher: found } = (await at(`hasher/${name}.js`)) as { hasher: { initialize?: () => Promise<void> } };
      await found.initialize?.();
      return found;
    };
    const hashers = { native: await hasher(PMT_HASHERS.native), portable: await hasher(PMT_HASHERS.portable) };
    return new PersistentMerkleTree((await at('index.js')) as PmtModule, hashers, leaves);
  }

  use(name: 'native' | 'portable'): void {
    this.module.setHasher(this.hashers[name]);
  }
  /** @param indexes grow, without doubles. */
  set(indexes: number[], leaves: readonly Uint8Array[]): void {
    const nodes = leaves.map((leaf) => this.module.LeafNode.fromRoot(leaf));
    this.node = this.module.setNodesAtDepth(this.node, this.depth, indexes, nodes);
  }
  root(): Uint8Array {
    return this.node.root;
  }
  prove(index: number): SingleProof {
    return this.module.createProof(this.node, { type: 'single', gindex: this.module.toGindex(this.depth, BigInt(index)) });
  }
  verify(proof: SingleProof): Uint8Array {
    return this.module.createNodeFromProof(proof).root;
  }
}
