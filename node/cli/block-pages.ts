/** A vault's blocks from a running cluster, page by page, each page asked for again while there is hope. */
import { setTimeout as delay } from 'node:timers/promises';
import { equalBytes } from '../../core/bytes/compare.ts';
import { decodeBlockPage } from '../../core/chain/block-bytes.ts';
import { blockHash, decodeHeader } from '../../core/chain/header.ts';
import type { KeptBlock } from '../../core/client/chain-protocol.ts';
import { nativeHasher } from '../hasher.ts';
import { CliFailure } from './failure.ts';
import type { Interruption } from './interruption.ts';
import type { Remote } from './remote.ts';

/** How long a page may fail before the command gives up. Why a minute: elections, restarts and deployments take seconds. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 500;

export interface BlockPage {
  /** Height of the newest block when the page was made. */
  readonly newest: number;
  readonly blocks: readonly KeptBlock[];
}

export class BlockPages {
  private readonly remote: Remote;
  private readonly store: string;
  private readonly interruption: Interruption;
  private previousHash: Uint8Array = new Uint8Array(32);

  /** @param store the vault's id */
  constructor(remote: Remote, store: string, interruption: Interruption) {
    this.remote = remote;
    this.store = store;
    this.interruption = interruption;
  }

  /** The page that begins at a height, each block following the one before. Heights are to be asked for in order, from 1. */
  async from(height: number): Promise<BlockPage> {
    const bytes = await this.page(height);
    const decoded = decodeBlockPage(bytes);
    if (!decoded.ok)
      throw new CliFailure(`${this.remote.address} sent a page of blocks that does not decode (${decoded.reason}).`);
    const { newest, blocks } = decoded.value;
    if (blocks.length === 0) throw new CliFailure(`${this.remote.address} sent no block from height ${height} on.`);
    blocks.forEach((block, at) => {
      this.follow(block, height + at);
    });
    return { newest, blocks };
  }

  private follow({ header }: KeptBlock, height: number): void {
    const decoded = decodeHeader(header);
    if (!decoded.ok || decoded.value.height !== height || !equalBytes(decoded.value.previousHash, this.previousHash)) {
      throw new CliFailure(`${this.remote.address} sent something for block ${height} that does not follow the block before it.`);
    }
    this.previousHash = blockHash(nativeHasher, header);
  }

  private async page(height: number): Promise<Uint8Array> {
    const until = performance.now() + PATIENCE_MS;
    for (;;) {
      const answer = await this.remote.bytes(`/v1/stores/${this.store}/log/blocks?from=${height}`);
      if (answer.ok) return answer.bytes;
      // Before the first page nothing is lost: then it is said at once.
      if (!answer.mayPass || height === 1 || performance.now() > until) throw answer.failure;
      await delay(RETRY_MS, undefined, { signal: this.interruption.signal });
    }
  }
}
