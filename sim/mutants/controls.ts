/** Harmless changes: an oracle that complains about one of these is wrong. */
import type { Mutant } from './mutant.ts';

export const CONTROLS: readonly Mutant[] = [
  {
    id: 'K1',
    title: 'election timeouts are 10% longer',
    file: 'core/raft/state.ts',
    find: 'this.electionTimeoutMicros = this.options.random.between(electionTimeoutMinMicros, electionTimeoutMaxMicros);',
    replace:
      'this.electionTimeoutMicros = Math.floor(this.options.random.between(electionTimeoutMinMicros, electionTimeoutMaxMicros) * 1.1);',
    isControl: true,
  },
  {
    id: 'K2',
    title: 'heartbeats come twice as often',
    file: 'core/raft/heartbeat.ts',
    find: 'plus(state.now, state.options.timing.heartbeatMicros)',
    replace: 'plus(state.now, Math.ceil(state.options.timing.heartbeatMicros / 2))',
    isControl: true,
  },
  {
    id: 'K3',
    title: 'batches are smaller',
    file: 'core/replica/group.ts',
    find: 'this.commands.takeBatch(batchMax, BATCH_BYTES_MAX)',
    replace: 'this.commands.takeBatch(Math.max(1, batchMax >> 1), BATCH_BYTES_MAX)',
    isControl: true,
  },
  {
    id: 'K4',
    title: 'a new leader appends two no-ops',
    file: 'core/raft/replication.ts',
    find: '  appendOwn(state, { kind: EntryKind.noop, data: state.options.noopData() });',
    replace:
      '  appendOwn(state, { kind: EntryKind.noop, data: state.options.noopData() });\n  appendOwn(state, { kind: EntryKind.noop, data: state.options.noopData() });',
    isControl: true,
  },
  {
    id: 'K5',
    title: 'changed buckets are hashed from the last to the first',
    file: 'core/merkle/tree.ts',
    find: '    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {\n      if (this.dirtyBuckets[bucket] === 0) continue;',
    replace:
      '    for (let bucket = BUCKETS - 1; bucket >= 0; bucket -= 1) {\n      if (this.dirtyBuckets[bucket] === 0) continue;',
    isControl: true,
  },
  {
    id: 'K6',
    title: 'one more sync per write',
    file: 'core/wal/wal.ts',
    find: "    this.write(run, ops);\n    ops.push({ op: 'sync', file: this.file });\n    return ops;",
    replace:
      "    this.write(run, ops);\n    ops.push({ op: 'sync', file: this.file });\n    ops.push({ op: 'sync', file: this.file });\n    return ops;",
    isControl: true,
  },
];
