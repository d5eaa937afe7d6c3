/** Known bugs of snapshots, checkpoints and the log they stand for. */
import type { Mutant } from './mutant.ts';

export const SNAPSHOT_MUTANTS: readonly Mutant[] = [
  {
    id: 'S4',
    title: 'a snapshot is acknowledged before it is durable',
    file: 'core/replica/group.ts',
    find: '    this.lastSeq = this.sink.record(recordsOfInstall(this, meta));\n    this.current = state;\n    this.raft.snapshotInstalled(now, meta);\n    this.pump(now);\n',
    replace:
      '    const seq = this.sink.record(recordsOfInstall(this, meta));\n    this.current = state;\n    this.raft.snapshotInstalled(now, meta);\n    this.pump(now);\n    this.lastSeq = seq;\n',
  },
  {
    id: 'S5',
    title: 'the session table is not in the snapshot',
    file: 'core/snapshot/serialise.ts',
    find: '  yield* sessionsOf(capture, chunkBytes);\n',
    replace: '',
  },
  {
    id: 'S6',
    title: 'the log is reclaimed though the checkpoint was never synced',
    file: 'core/replica/checkpoint-job.ts',
    find: "      { op: 'sync', file: writing },\n",
    replace: '',
  },
  {
    id: 'S7',
    title: 'a chunk is not compared with the manifest',
    file: 'core/snapshot/manifest.ts',
    find: '  return leafHash(hasher, bytes);\n',
    replace: '  return leafHash(hasher, bytes.subarray(0, 0));\n',
  },
  {
    id: 'S8',
    title: 'one segment too many is reclaimed',
    file: 'core/wal/wal.ts',
    find: '    return Math.max(oldest, this.floor);\n',
    replace: '    return Math.max(Math.min(oldest + 1, this.segment), this.floor);\n',
  },
  {
    id: 'X1',
    title: 'the session table is kept in memory only',
    file: 'core/snapshot/restore.ts',
    find: 'this.state.restoreSession({ index, floor, lastUsed, kept })',
    replace: '(index > 0 && floor > 0 && lastUsed >= 0)',
  },
];
