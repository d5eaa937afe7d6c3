/** Frames an audit file as its blocks arrive: keeps the offset, the hash and the log's edge. Moves no bytes: it returns them. */
import { assert } from '../assert.ts';
import type { RunningHash } from '../backup/scan.ts';
import type { Hasher } from '../capability.ts';
import { blockHash } from '../chain/header.ts';
import { MerkleLog } from '../chain/merkle-log.ts';
import type { KeptBlock } from '../client/chain-protocol.ts';
import { type AuditedVault, type AuditRecord, encodeAuditHeader, encodeAuditRecord } from './format.ts';
import { FrontierHashes } from './frontier.ts';

/** What was written. */
export interface WrittenAudit {
  readonly blockHash: Uint8Array;
  readonly logRoot: Uint8Array;
  /** Of the file up to its end record: what the file itself says. */
  readonly sha256: Uint8Array;
}

export class AuditWriter {
  private readonly hasher: Hasher;
  private readonly hash: RunningHash;
  private readonly log: MerkleLog;
  private offset: number = 0;
  private transactions: number = 0;
  private newest: Uint8Array = new Uint8Array(32);

  /** @param hash a new one. */
  constructor(hasher: Hasher, hash: RunningHash) {
    this.hasher = hasher;
    this.hash = hash;
    this.log = new MerkleLog(hasher, new FrontierHashes());
  }

  /** Header and first records. @param note a signed checkpoint of the vault, no larger than its blocks; undefined: none */
  begin(vault: AuditedVault, note: string | undefined): readonly Uint8Array[] {
    assert(this.offset === 0, 'an audit file begins once');
    const parts = [this.part(encodeAuditHeader()), this.record({ kind: 'vault', ...vault })];
    return note === undefined ? parts : [...parts, this.record({ kind: 'note', text: note })];
  }

  /** The next block. */
  block(block: KeptBlock): Uint8Array {
    this.newest = blockHash(this.hasher, block.header);
    this.log.append(this.newest);
    this.transactions += block.transactions?.length ?? 0;
    return this.record({ kind: 'block', block });
  }

  end(): { readonly bytes: Uint8Array; readonly written: WrittenAudit } {
    const { offset, transactions, newest } = this;
    const written = { blockHash: newest, logRoot: this.log.root(), sha256: this.hash.digest() };
    const end: AuditRecord = { kind: 'end', blocks: this.log.size, transactions, bytes: offset, ...written };
    return { bytes: encodeAuditRecord(offset, end), written };
  }

  private part(bytes: Uint8Array): Uint8Array {
    this.offset += bytes.length;
    this.hash.update(bytes);
    return bytes;
  }

  private record(record: AuditRecord): Uint8Array {
    return this.part(encodeAuditRecord(this.offset, record));
  }
}
