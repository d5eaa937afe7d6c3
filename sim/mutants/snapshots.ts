/** Known bugs of snapshots, checkpoints and the log they stand for. */
import type { Mutant } from './mutant.ts';

export const SNAPSHOT_MUTANTS: readonly Mutant[] = [
  {
    id: 'S4',
    title: 'a snapshot is acknowledged before it is durable',
    file: 'core/replica/group.ts',
    find: '    this.lastSeq = this.sink.record(recordsOfInstall(this, meta));\n    this.current.close();\n    this.current = state;\n    this.raft.snapshotInstalled(now, meta);\n    this.divergence.stateReplaced(now);\n    this.pump(now);\n',
    replace:
      '    const seq = this.sink.record(recordsOfInstall(this, meta));\n    this.current.close();\n    this.current = state;\n    this.raft.snapshotInstalled(now, meta);\n    this.divergence.stateReplaced(now);\n    this.pump(now);\n    this.lastSeq = seq;\n',
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
    file: 'core/checkpoint/checkpoint.ts',
    find: 'this.host.write([sync, ...block, sync, ...name])',
    replace: 'this.host.write([...block, ...name])',
  },
  {
    id: 'D7',
    title: 'the superblock is overwritten in place',
    file: 'core/page/superblock.ts',
    find: '  return 2 * (number % 2);\n',
    replace: '  return number > 0 ? 0 : 0;\n',
  },
  {
    id: 'D8',
    title: 'the superblock of a checkpoint is written before its pages are durable',
    file: 'core/checkpoint/checkpoint.ts',
    find: 'this.host.write([sync, ...block, sync, ...name])',
    replace: 'this.host.write([...block, sync, ...name])',
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
    file: 'core/checkpoint/open.ts',
    find: 'state.restoreSession(session)',
    replace: 'session.index > 0',
  },
  {
    id: 'S1',
    title: 'a snapshot discards the suffix that matches it: the log is noted to begin anew behind it',
    file: 'core/replica/group.ts',
    find: "group: this.id, index, term, log: 'continues' }",
    replace: "group: this.id, index, term, log: 'restarts' }",
  },
  {
    id: 'S3',
    title: 'a snapshot that the log has overtaken is installed, and what is applied falls back',
    file: 'core/replica/group.ts',
    find: " && this.raft.role !== 'leader' && index > this.raft.commitIndex;",
    replace: " && this.raft.role !== 'leader' && index > 0;",
  },
  {
    id: 'S9',
    title: 'deleted vaults are not in the snapshot',
    file: 'core/snapshot/serialise.ts',
    find: '  for (const deleted of capture.deleted) {',
    replace: '  for (const deleted of capture.deleted.slice(0, 0)) {',
  },
  {
    id: 'V4',
    title: 'the order of a map leaks into apply: which session ends first depends on whether a snapshot was installed',
    file: 'core/state/sessions.ts',
    find: '    this.order = [...sessions];',
    replace: '    this.order = [...sessions].sort(([a], [b]) => a - b);',
  },
];
