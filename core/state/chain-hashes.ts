/**
 * The hashes of a vault's log of blocks, on the vault's own pages. Subtrees of 256 blocks and more are rows (table 10); what is
 * beneath them follows from the headers, and is worked out again for the run of 256 that is asked for. So a vault of a million
 * blocks opens without reading them, and takes no more memory for its log than one of a hundred.
 */
import { assert, defined } from '../assert.ts';
import type { BTree } from '../btree/tree.ts';
import type { Hasher } from '../capability.ts';
import { blockHash } from '../chain/header.ts';
import { type LogHashes, nodeHash } from '../chain/merkle-log.ts';
import type { Height } from '../ids.ts';
import type { KeyBuilder } from './keys.ts';

/** Subtrees from this level on are rows. Why 8: a row for 256 blocks costs nothing, and 256 headers are hashed in 0.2 ms. */
const ROW_LEVEL = 8;
const RUN = 1 << ROW_LEVEL;

/** The hashes beneath one subtree of 256 blocks, as far as there are blocks. */
class Run {
  readonly number: number;
  /** Level by level. */
  readonly levels: Uint8Array[][] = Array.from({ length: ROW_LEVEL }, () => []);

  constructor(number: number) {
    this.number = number;
  }
}

export class ChainHashes implements LogHashes {
  private readonly hasher: Hasher;
  private readonly rows: BTree;
  private readonly keys: KeyBuilder;
  /** The run that grows; undefined until it is asked for. */
  private newest: Run | undefined = undefined;
  /** The run that was asked for last besides. */
  private other: Run | undefined = undefined;
  /** Leaves there are. */
  private size: number;

  constructor(vault: { readonly hasher: Hasher; readonly rows: BTree; readonly keys: KeyBuilder; readonly height: number }) {
    this.hasher = vault.hasher;
    this.rows = vault.rows;
    this.keys = vault.keys;
    this.size = vault.height;
  }

  put(level: number, index: number, hash: Uint8Array): void {
    if (level >= ROW_LEVEL) return this.rows.set(this.keys.chain(level, index), hash);
    if (level === 0) {
      assert(index === this.size, 'a log grows at its end');
      if (index % RUN === 0) this.newest = new Run(index >>> ROW_LEVEL);
      this.newest ??= this.read(index >>> ROW_LEVEL);
      this.size += 1;
    }
    const run = defined(this.newest, 'a leaf comes before the nodes it completes');
    (run.levels[level] as Uint8Array[])[index - run.number * (RUN >> level)] = hash;
  }

  get(level: number, index: number): Uint8Array {
    if (level >= ROW_LEVEL) return defined(this.rows.get(this.keys.chain(level, index)), 'a complete subtree has its row');
    const run = this.run(Math.floor(index / (RUN >> level)));
    return defined(
      (run.levels[level] as Uint8Array[])[index - run.number * (RUN >> level)],
      'a complete subtree is there',
    ).slice();
  }

  private run(number: number): Run {
    if (this.newest?.number === number) return this.newest;
    if (this.other?.number === number) return this.other;
    const run = this.read(number);
    if (number === Math.floor((this.size - 1) / RUN)) this.newest = run;
    else this.other = run;
    return run;
  }

  /** From the headers. */
  private read(number: number): Run {
    const run = new Run(number);
    const leaves = run.levels[0] as Uint8Array[];
    const end = Math.min(this.size, (number + 1) * RUN);
    for (let index = number * RUN; index < end; index += 1) {
      const header = this.rows.get(this.keys.header((index + 1) as Height));
      leaves.push(blockHash(this.hasher, defined(header, 'a block has its header row')));
    }
    for (let level = 1; level < ROW_LEVEL; level += 1) {
      const below = run.levels[level - 1] as Uint8Array[];
      const nodes = run.levels[level] as Uint8Array[];
      for (let at = 0; at + 1 < below.length; at += 2) {
        nodes.push(nodeHash(this.hasher, below[at] as Uint8Array, below[at + 1] as Uint8Array));
      }
    }
    return run;
  }
}
