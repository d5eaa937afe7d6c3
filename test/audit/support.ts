/** Audit files in memory, and blocks that somebody tampered with, who computes checksums, roots and links as well. */
import { createHash } from 'node:crypto';
import { type AuditOptions, type AuditResult, auditFile } from '../../core/audit/audit-file.ts';
import { AuditWriter } from '../../core/audit/writer.ts';
import type { BackupFile, RunningHash } from '../../core/backup/scan.ts';
import { concatBytes } from '../../core/bytes/compare.ts';
import { blockHash, decodeHeader, encodeHeader, type Header } from '../../core/chain/header.ts';
import { transactionsRoot } from '../../core/chain/merkle-log.ts';
import type { KeptBlock } from '../../core/client/chain-protocol.ts';
import type { VaultId } from '../../core/ids.ts';
import type { StateObserver } from '../../core/state/block-observer.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { ORGANIZATION_BYTES, VAULT_BYTES } from '../chain/history.ts';

export function runningHash(): RunningHash {
  const hash = createHash('sha256');
  return { update: (bytes) => void hash.update(bytes), digest: () => new Uint8Array(hash.digest()) };
}

class MemoryFile implements BackupFile {
  readonly size: number;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.size = bytes.length;
  }

  read(offset: number, lengthBytes: number): Uint8Array {
    return this.bytes.slice(offset, offset + lengthBytes);
  }
}

/** The file of these blocks, sealed as the export seals it. @param first the lowest height with transactions */
export function fileOf(
  blocks: readonly KeptBlock[],
  options: { readonly first?: number; readonly vault?: Uint8Array; readonly note?: string } = {},
): Uint8Array {
  const writer = new AuditWriter(nativeHasher, runningHash());
  const { first = 1, vault = VAULT_BYTES } = options;
  const about = { organization: ORGANIZATION_BYTES, vault, blocks: blocks.length, first, version: '1.2.3' };
  const parts = [...writer.begin(about, options.note)];
  for (const block of blocks) parts.push(writer.block(block));
  parts.push(writer.end().bytes);
  return concatBytes(...parts);
}

export function audit(bytes: Uint8Array, options: Partial<Pick<AuditOptions, 'pins' | 'signed' | 'partial'>> = {}): AuditResult {
  const { pins = {}, signed, partial = 'refuse' } = options;
  const steps = auditFile(new MemoryFile(bytes), { hasher: nativeHasher, running: runningHash(), pins, signed, partial });
  for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value;
}

/** Code and height of a refusal, or 'verified'. */
export function verdictOf(result: AuditResult): string {
  if (result.ok) return 'verified';
  const { code, height } = result.refusal;
  return height === undefined ? code : `${code} at ${height}`;
}

/** Blocks as they are sealed, transactions and all, whatever is pruned later. */
export class Collector implements StateObserver {
  private readonly blocks: Map<VaultId, KeptBlock[]> = new Map();

  onBlock({ vault, header, transactions }: Parameters<StateObserver['onBlock']>[0]): void {
    const blocks = this.blocks.get(vault) ?? [];
    this.blocks.set(vault, blocks);
    blocks.push({ header, transactions });
  }

  of(vault: VaultId): readonly KeptBlock[] {
    return this.blocks.get(vault) ?? [];
  }
}

export function headerOf({ header }: KeptBlock): Header {
  const decoded = decodeHeader(header);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.value;
}

/** A block with something else in its header. */
export function withHeader(block: KeptBlock, changed: Partial<Header>): KeptBlock {
  return { ...block, header: encodeHeader({ ...headerOf(block), ...changed }) };
}

/** A block with other transactions, and the tx_root of those. */
export function withTransactions(block: KeptBlock, transactions: readonly Uint8Array[]): KeptBlock {
  return withHeader({ ...block, transactions }, { transactionsRoot: transactionsRoot(nativeHasher, transactions) });
}

/** The same blocks, each naming the one before it by its hash: what a forger does last. */
export function linked(blocks: readonly KeptBlock[]): readonly KeptBlock[] {
  let previousHash: Uint8Array = new Uint8Array(32);
  return blocks.map((block) => {
    const next = withHeader(block, { previousHash });
    previousHash = blockHash(nativeHasher, next.header);
    return next;
  });
}

export function replaced<T>(list: readonly T[], at: number, item: T): readonly T[] {
  return list.map((each, index) => (index === at ? item : each));
}
