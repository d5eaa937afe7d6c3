/** The hashes that a log needs to grow and to know its root, and no more: of each level the last two. What an audit keeps of a chain. */
import { assert } from '../assert.ts';
import type { LogHashes } from '../chain/merkle-log.ts';

interface Last {
  readonly index: number;
  readonly hash: Uint8Array;
  /** Of the node before it. */
  readonly before: Uint8Array | undefined;
}

/** Roots are of the whole log, and there are no proofs: asking for anything older is a mistake of the caller. */
export class FrontierHashes implements LogHashes {
  private readonly levels: Last[] = [];

  put(level: number, index: number, hash: Uint8Array): void {
    this.levels[level] = { index, hash, before: this.levels[level]?.hash };
  }

  get(level: number, index: number): Uint8Array {
    const last = this.levels[level];
    const hash = last?.index === index ? last.hash : last?.index === index + 1 ? last.before : undefined;
    assert(hash !== undefined, 'a frontier is asked for its edge');
    return hash.slice();
  }
}
