/**
 * A log that never was, and agrees with itself: the vault's own blocks up to a fork, and from there on blocks over a tree of the
 * liar's making, each header chained to the one before. Whoever looks at nothing else finds no fault in it; only signatures, and
 * what was remembered, tell.
 */
import { assert, defined } from '../../core/assert.ts';
import { toHex } from '../../core/bytes/text.ts';
import type { Hasher } from '../../core/capability.ts';
import { blockHash, decodeHeader, encodeHeader } from '../../core/chain/header.ts';
import { MerkleLog } from '../../core/chain/merkle-log.ts';
import type { Anchor } from '../../core/client/protocol.ts';
import { hashOf } from '../../core/hasher.ts';
import type { Height } from '../../core/ids.ts';
import { tuplePath } from '../../core/merkle/path.ts';
import { prove } from '../../core/merkle/prove.ts';
import { CommitmentTree } from '../../core/merkle/tree.ts';
import { encodeValue } from '../../core/merkle/value.ts';
import { type Question, targetOf } from '../../core/proof/statement.ts';
import type { TupleKey } from '../../core/state/transaction.ts';
import type { Vault } from '../../core/state/vault.ts';

export class FalseLog {
  readonly log: MerkleLog;
  /** Blocks of the vault's own that it begins with. */
  readonly fork: number;
  private readonly hasher: Hasher;
  private readonly tree: CommitmentTree;
  private readonly values: Map<string, Uint8Array> = new Map();
  /** From fork + 1 on. */
  private readonly anchors: Anchor[] = [];

  /** @param options.granted the tuples that its blocks hold, and nothing else */
  constructor(options: {
    readonly hasher: Hasher;
    readonly vault: Vault;
    readonly fork: number;
    readonly granted: readonly TupleKey[];
  }) {
    const { hasher, vault, fork, granted } = options;
    assert(fork < vault.height, 'a false log goes another way than the vault did');
    this.hasher = hasher;
    this.fork = fork;
    this.log = new MerkleLog(hasher);
    for (let index = 0; index < fork; index += 1) this.log.append(vault.log.leaf(index));
    this.tree = new CommitmentTree(hasher);
    for (const tuple of granted) {
      const condition = { conditionName: '', conditionContext: '', expiresAt: 0 } as const;
      const value = encodeValue({ kind: 'tuple', ...tuple, ...condition, version: fork + 1 });
      const path = tuplePath(hasher, tuple);
      this.values.set(toHex(path), value);
      this.tree.set(path, hashOf(hasher, value));
    }
    this.extend(vault);
  }

  /** Blocks in it. */
  get size(): number {
    return this.log.size;
  }

  /** Becomes as long as the vault is by now. What it has stays as it is. */
  extend(vault: Vault): void {
    for (let height = this.size + 1; height <= vault.height; height += 1) {
      const genuine = decodeHeader(vault.anchorAt(height as Height).header);
      assert(genuine.ok, 'a vault keeps headers that decode');
      const stateRoot = this.tree.stateRoot();
      const treeRoot = this.tree.treeRoot();
      const previousHash = height === 1 ? genuine.value.previousHash : this.log.leaf(height - 2);
      const header = encodeHeader({ ...genuine.value, previousHash, stateRoot, treeRoot });
      const hash = blockHash(this.hasher, header);
      this.log.append(hash);
      this.anchors.push({ height: height as Height, blockHash: hash, stateRoot, treeRoot, header });
    }
  }

  /** One of its own blocks. @param height above the fork */
  anchorAt(height: number): Anchor {
    return defined(this.anchors[height - this.fork - 1], 'a false block lies above the fork');
  }

  /** A proof that holds under the header of any of its own blocks. */
  prove(questions: readonly Question[]): Uint8Array {
    const targets = questions.map((question) => targetOf(this.hasher, question));
    return prove(this.tree, targets, (path) => defined(this.values.get(toHex(path)), 'every leaf has its value'));
  }
}
