/** Frames a backup as its parts arrive: keeps the offset, the hash and the count of groups. Moves no bytes: it returns them. */
import { assert } from '../assert.ts';
import type { Micros } from '../ids.ts';
import type { SnapshotPlace } from '../snapshot/file.ts';
import { type BackupRecord, encodeBackupHeader, encodeBackupRecord } from './format.ts';
import type { RunningHash } from './scan.ts';

export class BackupWriter {
  private readonly hash: RunningHash;
  private offset: number = 0;
  private groups: number = 0;

  /** @param hash a new one. */
  constructor(hash: RunningHash) {
    this.hash = hash;
  }

  /** Header and first record. @param cluster.manifest the file CLUSTER */
  begin(cluster: { readonly time: Micros; readonly version: string; readonly manifest: Uint8Array }): readonly Uint8Array[] {
    assert(this.offset === 0, 'a backup begins once');
    return [this.part(encodeBackupHeader()), this.record({ kind: 'cluster', ...cluster })];
  }

  /** What stands before a group's snapshot. */
  group({ group, index }: SnapshotPlace): Uint8Array {
    this.groups += 1;
    return this.record({ kind: 'group', group, index });
  }

  /** Bytes of that snapshot's file. @returns the same */
  part(bytes: Uint8Array): Uint8Array {
    this.offset += bytes.length;
    this.hash.update(bytes);
    return bytes;
  }

  end(): Uint8Array {
    const { offset, groups } = this;
    return encodeBackupRecord(offset, { kind: 'end', groups, bytes: offset, sha256: this.hash.digest() });
  }

  /** In place of whatever should come next. @param why a sentence of at most 4096 bytes */
  failed(why: string): Uint8Array {
    return this.record({ kind: 'failed', why });
  }

  private record(record: BackupRecord): Uint8Array {
    return this.part(encodeBackupRecord(this.offset, record));
  }
}
