/**
 * What a node has signed of each vault's log with its present key, on its disk before any note leaves, and the rule that follows:
 * a size and root are signed only where they go on from what was signed last, so that no key says two things of one log.
 * Format: record-file.ts. Why a file of its own and not the log: docs/decisions/0065-the-signing-record.md
 */
import { assert } from '../assert.ts';
import { equalBytes } from '../bytes/compare.ts';
import type { MerkleLog } from '../chain/merkle-log.ts';
import type { KeyLoss } from '../client/protocol.ts';
import type { DirectoryReader, FileOp } from '../effect.ts';
import { StorageError } from '../errors.ts';
import { type NodeId, SEQ_ZERO, type Seq, type VaultId } from '../ids.ts';
import { replaceFile, TEMPORARY_SUFFIX } from '../replica/directory.ts';
import { readWhole } from '../whole-read.ts';
import {
  checksumOf,
  decodeSigningBlock,
  decodeSigningHeader,
  encodeSigningBlock,
  SIGNING_BLOCK_BYTES,
  SIGNING_FILE,
  SIGNING_ROWS,
  type SignedRow,
  type SigningHeader,
} from './record-file.ts';

/** Blocks that a new file has room for besides what it holds. Why 127: with the key's, 64 KiB, written anew after so many steps that sign. */
const ROOM_BLOCKS = 127;

/** What may be done about a size and root that somebody wants signed. */
export type Judgement =
  | { readonly kind: 'sign' }
  /** This node has not applied so many blocks yet. */
  | { readonly kind: 'wait' }
  /** It has signed a larger size. */
  | { readonly kind: 'passed'; readonly size: number }
  /** Its own log has another root at that size. */
  | { readonly kind: 'differs' }
  /** Its own log is not the one that it signed: the key must go. */
  | { readonly kind: 'contradicted'; readonly size: number };

/** Why a directory has no record that can be believed; `missing`: it has none at all. */
export type LostRecord = Exclude<KeyLoss, 'contradicted'>;

interface Signed {
  readonly size: number;
  readonly root: Uint8Array;
  /** When it is durable. */
  readonly seq: Seq;
}

export class SigningRecord {
  /** The key's block. */
  private readonly head: Uint8Array;
  private readonly signed: Map<VaultId, Signed> = new Map();
  /** Signed in this step. */
  private news: Map<VaultId, SignedRow> = new Map();
  /** Blocks in the file, the key's included, and how many of them are durable. */
  private blocks: number = 1;
  private durableBlocks: number = 0;
  private capacity: number = 0;
  /** Writes under way, oldest first. */
  private readonly writes: { readonly seq: Seq; readonly blocks: number }[] = [];
  /** Whether the file must be written anew: there is none of this key yet, or it has a gap. */
  private isNew: boolean;
  /** Whether a file under the temporary name is in the way. */
  private isStale: boolean;
  /** Blocks that were read, and may be on no disk. */
  private unproven: { readonly offset: number; readonly bytes: Uint8Array } = { offset: 0, bytes: new Uint8Array(0) };

  private constructor(head: Uint8Array, options: { readonly isNew: boolean; readonly isStale: boolean }) {
    this.head = head;
    this.isNew = options.isNew;
    this.isStale = options.isStale;
  }

  /** That of a new key. @param head its block */
  static begin(head: Uint8Array, reader?: DirectoryReader): SigningRecord {
    return new SigningRecord(head, { isNew: true, isStale: isStale(reader) });
  }

  /** Reads the file of a directory. Whatever cannot be believed as a whole is not believed at all. */
  static open(
    reader: DirectoryReader,
    node: NodeId,
  ): { readonly record: SigningRecord; readonly header: SigningHeader } | LostRecord {
    const bytes = readFile(reader);
    if (!(bytes instanceof Uint8Array)) return bytes;
    const blockOf = (number: number): Uint8Array =>
      bytes.subarray(number * SIGNING_BLOCK_BYTES, (number + 1) * SIGNING_BLOCK_BYTES);
    const head = blockOf(0).slice();
    const header = decodeSigningHeader(head);
    if (header === undefined) return 'damaged';
    if (header.node !== node) return 'foreign';
    const record = new SigningRecord(head, { isNew: false, isStale: isStale(reader) });
    record.capacity = Math.floor(bytes.length / SIGNING_BLOCK_BYTES);
    const empty: number[] = [];
    let durable = 1;
    for (let number = 1; number < record.capacity; number += 1) {
      const block = decodeSigningBlock(blockOf(number));
      if (block === 'empty') {
        empty.push(number);
        continue;
      }
      if (block === undefined || block.number !== number || block.key !== checksumOf(head)) return 'damaged';
      durable = Math.max(durable, block.durable);
      record.blocks = number + 1;
      for (const row of block.rows) if (!record.restore(row)) return 'damaged';
    }
    // A block that a later one calls durable was there.
    if (empty.some((number) => number < durable)) return 'damaged';
    record.isNew = empty.some((number) => number < record.blocks);
    record.unproven = {
      offset: durable * SIGNING_BLOCK_BYTES,
      bytes: bytes.slice(durable * SIGNING_BLOCK_BYTES, record.blocks * SIGNING_BLOCK_BYTES),
    };
    return { record, header };
  }

  /**
   * Writes the blocks again of which no later one says that they are durable. A sync alone is not enough: behind one that failed the operating
   * system may take the pages for clean, and what was read is in its cache alone (core/wal/recover.ts).
   */
  writeAgain(): readonly FileOp[] {
    const { offset, bytes } = this.unproven;
    return bytes.length === 0 ? [] : [{ op: 'write', file: SIGNING_FILE, offset, bytes }];
  }

  /** The size that was signed last, 0 = none. */
  sizeOf(vault: VaultId): number {
    return this.signed.get(vault)?.size ?? 0;
  }

  /** @param log the vault's own, as far as it is applied */
  judge(vault: VaultId, log: MerkleLog, wanted: { readonly size: number; readonly root: Uint8Array }): Judgement {
    const last = this.signed.get(vault);
    if (last !== undefined && wanted.size < last.size) return { kind: 'passed', size: last.size };
    if (wanted.size > log.size) return { kind: 'wait' };
    if (last !== undefined && !equalBytes(log.root(last.size), last.root)) return { kind: 'contradicted', size: last.size };
    return equalBytes(log.root(wanted.size), wanted.root) ? { kind: 'sign' } : { kind: 'differs' };
  }

  /** It is being signed in this step, as `judge` allowed. @param seq of the step's persist. @returns when the note may leave */
  sign({ vault, size, root }: SignedRow, seq: Seq): Seq {
    const last = this.signed.get(vault);
    assert(last === undefined || size >= last.size, 'a log grows');
    if (last?.size === size) return last.seq;
    const row = { vault, size, root: root.slice() };
    this.signed.set(vault, { ...row, seq });
    this.news.set(vault, row);
    return seq;
  }

  /** Whether `takeOps` has something. */
  get isChanged(): boolean {
    return this.isNew || this.news.size > 0;
  }

  /**
   * Operations for what was signed in this step: one write and one sync, or a new file, without vaults whose ids never come back.
   * @param seq of the persist that carries them
   */
  takeOps(seq: Seq, isDeleted: (vault: VaultId) => boolean = () => false): readonly FileOp[] {
    const needed = Math.ceil(this.news.size / SIGNING_ROWS);
    const ops = this.isNew || this.blocks + needed > this.capacity ? this.rewrite(isDeleted) : this.append(needed);
    this.news = new Map();
    this.writes.push({ seq, blocks: this.blocks });
    return ops;
  }

  persisted(seq: Seq): void {
    let first = this.writes[0];
    while (first !== undefined && first.seq <= seq) {
      this.durableBlocks = first.blocks;
      this.writes.shift();
      first = this.writes[0];
    }
  }

  private restore({ vault, size, root }: SignedRow): boolean {
    const last = this.signed.get(vault);
    if (last !== undefined && size <= last.size) return false;
    this.signed.set(vault, { size, root, seq: SEQ_ZERO });
    return true;
  }

  private append(count: number): readonly FileOp[] {
    const offset = this.blocks * SIGNING_BLOCK_BYTES;
    const bytes = new Uint8Array(count * SIGNING_BLOCK_BYTES);
    this.fill(bytes, [...this.news.values()]);
    return [
      { op: 'write', file: SIGNING_FILE, offset, bytes },
      { op: 'sync', file: SIGNING_FILE },
    ];
  }

  /** The key, one row for each vault, and room. */
  private rewrite(isDeleted: (vault: VaultId) => boolean): readonly FileOp[] {
    for (const vault of [...this.signed.keys()]) if (isDeleted(vault)) this.signed.delete(vault);
    const rows = [...this.signed].map(([vault, { size, root }]) => ({ vault, size, root }));
    const needed = Math.ceil(rows.length / SIGNING_ROWS);
    this.capacity = 1 + 2 * needed + ROOM_BLOCKS;
    this.blocks = 1;
    this.durableBlocks = 0;
    this.writes.length = 0;
    const bytes = new Uint8Array(this.capacity * SIGNING_BLOCK_BYTES);
    bytes.set(this.head);
    this.fill(bytes.subarray(SIGNING_BLOCK_BYTES), rows);
    const ops = replaceFile(SIGNING_FILE, bytes, this.isStale);
    [this.isNew, this.isStale] = [false, false];
    return ops;
  }

  private fill(into: Uint8Array, rows: readonly SignedRow[]): void {
    const key = checksumOf(this.head);
    for (let at = 0, block = 0; at < rows.length; at += SIGNING_ROWS, block += 1) {
      const place = { number: this.blocks, durable: this.durableBlocks, key };
      into.set(encodeSigningBlock({ ...place, rows: rows.slice(at, at + SIGNING_ROWS) }), block * SIGNING_BLOCK_BYTES);
      this.blocks += 1;
    }
  }
}

function isStale(reader: DirectoryReader | undefined): boolean {
  return reader?.size(SIGNING_FILE + TEMPORARY_SUFFIX) !== undefined;
}

function readFile(reader: DirectoryReader): Uint8Array | LostRecord {
  const size = reader.size(SIGNING_FILE);
  if (size === undefined) return 'missing';
  try {
    return readWhole(reader, SIGNING_FILE, size);
  } catch (error) {
    // Half a record would be one of less; and the whole one may come with the next start, so the key is not given up either.
    if (error instanceof StorageError && error.code !== 'short_read') return 'unreadable';
    throw error;
  }
}
