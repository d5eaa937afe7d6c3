/** The chains of a real run as each node serves its own copy, read through the SDK's driver from that node and no other. */
import { equalBytes } from '../../../core/bytes/compare.ts';
import { blockHash, decodeHeader } from '../../../core/chain/header.ts';
import { NEWEST, type VaultEntry } from '../../../core/client/protocol.ts';
import { type Height, INDEX_ZERO } from '../../../core/ids.ts';
import type { SealedBlock } from '../../../core/state/block-observer.ts';
import { ClientDriver } from '../../../net/client/driver.ts';
import { socketLinks } from '../../../net/client/endpoint-link.ts';
import { openNodeSocket } from '../../../net/client/node-socket.ts';
import { Violation } from '../../../sim/observer.ts';
import { nativeHasher } from '../../hasher.ts';

const DEADLINE_MS = 20_000;

/** Blocks of each vault, in the order of the layout, by height - 1. */
export type Chains = readonly (readonly SealedBlock[])[];

/** @param nodes HOST:PORT of each node. @returns by node. @throws Violation where a node does not serve its copy */
export async function readChains(nodes: readonly string[], vaults: readonly VaultEntry[]): Promise<readonly Chains[]> {
  const endpoints = nodes.map((address) => ({ address }));
  const driver = new ClientDriver({ endpoints, openLink: socketLinks(openNodeSocket, 'ws'), deadlineMs: DEADLINE_MS });
  try {
    return await Promise.all(
      nodes.map(async (endpoint) => {
        const chains: (readonly SealedBlock[])[] = [];
        for (const vault of vaults) chains.push(await readChain(driver, endpoint, vault));
        return chains;
      }),
    );
  } finally {
    await driver.close();
  }
}

async function readChain(driver: ClientDriver, endpoint: string, entry: VaultEntry): Promise<readonly SealedBlock[]> {
  const { group, organization, id: vault } = entry;
  const blocks: SealedBlock[] = [];
  for (;;) {
    const query = { kind: 'blocks', from: (blocks.length + 1) as Height } as const;
    const request = {
      kind: 'query',
      group,
      organization,
      vault,
      query,
      consistency: 'eventual',
      at: NEWEST,
      proof: false,
    } as const;
    const outcome = await driver.ask(request, { route: { kind: 'only', endpoint } });
    if (!outcome.ok) {
      if (outcome.code === 'height_missing') return blocks; // nobody has written to it
      throw new Violation('liveness', `a node does not serve the blocks of vault ${entry.name}: ${outcome.message}`, 'liveness');
    }
    if (outcome.answer.kind !== 'blocks') throw new Error(`asked for blocks, answered ${outcome.answer.kind}`);
    for (const { header, transactions } of outcome.answer.blocks) {
      const hash = blockHash(nativeHasher, header);
      demandFollowing(entry, blocks, header);
      const height = (blocks.length + 1) as Height;
      blocks.push({ group, vault, height, header, blockHash: hash, transactions: transactions ?? [], index: INDEX_ZERO });
    }
    if (blocks.length >= outcome.answer.anchor.height) return blocks;
  }
}

/** A header names its own height and the hash of the block before it. */
function demandFollowing(entry: VaultEntry, before: readonly SealedBlock[], header: Uint8Array): void {
  const decoded = decodeHeader(header);
  const previous = before.at(-1)?.blockHash ?? new Uint8Array(32);
  if (decoded.ok && decoded.value.height === before.length + 1 && equalBytes(decoded.value.previousHash, previous)) return;
  throw new Violation('blocks-agree', `vault ${entry.name}: block ${before.length + 1} does not follow the block before it`);
}
