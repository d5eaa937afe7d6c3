/**
 * What a durable write costs without the commitment: the entry in the write-ahead log, synced, then applied to the rows of the
 * vault (tuple, reverse, transaction). No commitment tree, no roots, no header, no session.
 */
import { BTree } from '../../core/btree/tree.ts';
import { ulidFrom } from '../../core/chain/ulid.ts';
import type { GroupId, Height, LogIndex, Micros, OrganizationId, Term, VaultId } from '../../core/ids.ts';
import { PageSpace } from '../../core/page/space.ts';
import { MemoryPageStore } from '../../core/page/store.ts';
import { EntryKind } from '../../core/raft/message.ts';
import type { Command } from '../../core/state/command.ts';
import { decodeEntryData, encodeEntryData } from '../../core/state/entry-data.ts';
import { KeyBuilder } from '../../core/state/keys.ts';
import { PathCache } from '../../core/state/path-cache.ts';
import { encodeTupleRow } from '../../core/state/rows.ts';
import type { Operation } from '../../core/state/transaction.ts';
import { recoverWal } from '../../core/wal/recover.ts';
import type { Wal } from '../../core/wal/wal.ts';
import { FileDisk } from '../../node/disk/file-disk.ts';
import { systemEntropy } from '../../node/entropy.ts';
import { nativeHasher } from '../../node/hasher.ts';

const GROUP = 1 as GroupId;
const ORGANIZATION = ulidFrom(1_700_000_000_000, new Uint8Array(10).fill(1)) as OrganizationId;
const VAULT = ulidFrom(1_700_000_000_000, new Uint8Array(10).fill(2)) as VaultId;

export class LogAndRows {
  private readonly disk: FileDisk;
  private readonly wal: Wal;
  private readonly rows: BTree = new BTree(new PageSpace(new MemoryPageStore()));
  private readonly keys: KeyBuilder = new KeyBuilder(new PathCache(nativeHasher));
  private index: number = 0;

  private constructor(disk: FileDisk, wal: Wal) {
    this.disk = disk;
    this.wal = wal;
  }

  static async open(path: string): Promise<LogAndRows> {
    const disk = await FileDisk.open(path);
    const { wal, repairs } = recoverWal(disk);
    await disk.execute(repairs);
    return new LogAndRows(disk, wal);
  }

  async transact(operations: readonly Operation[]): Promise<void> {
    this.index += 1;
    const ref = { session: { group: GROUP, index: 1 as LogIndex }, sequence: this.index, lowestUnanswered: this.index };
    const transaction = { actor: '', reason: '', operations };
    const command: Command = { kind: 'transact', ref, organization: ORGANIZATION, vault: VAULT, transaction };
    const { data } = encodeEntryData({ wall: (Date.now() * 1000) as Micros, commands: [command], entropy: systemEntropy });
    const entry = { term: 1 as Term, index: this.index as LogIndex, kind: EntryKind.normal, data };
    const ops = this.wal.plan([{ group: GROUP, kind: 'entries', entries: [entry] }]);
    const number = this.wal.lastNumber;
    await this.disk.execute(ops);
    this.wal.reportDurable(number);
    this.apply(data);
  }

  private apply(data: Uint8Array): void {
    const decoded = decodeEntryData(data);
    if (!decoded.ok) throw new Error('an entry decodes');
    const version = this.index as Height;
    const row = encodeTupleRow({ conditionName: '', conditionContext: '', expiresAt: 0, version });
    for (const { commands } of decoded.value.sections) {
      for (const { command, transactionBytes } of commands) {
        if (command.kind !== 'transact') continue;
        for (const operation of command.transaction.operations) {
          if (operation.op !== 'writeTuple') continue;
          const key = this.keys.tuple(operation.tuple);
          if (this.rows.has(key)) continue;
          this.rows.set(key, row);
          this.rows.set(this.keys.reverse(operation.tuple), row);
        }
        this.rows.set(this.keys.transaction(version, 0), transactionBytes);
      }
    }
  }

  close(): Promise<void> {
    return this.disk.close();
  }
}
