/**
 * What the log says of a fetched snapshot. Where the group was damaged, one batch ends that: the hard state, which may have been
 * lost, and behind it the mark that heals; what survives of the batch alone changes nothing.
 */
import { INDEX_ZERO } from '../ids.ts';
import type { SnapshotMeta } from '../raft/message.ts';
import type { WalRecord } from '../wal/record.ts';
import type { ReplicaGroup } from './group.ts';

export function recordsOfInstall({ id, raft, quarantined }: ReplicaGroup, meta: SnapshotMeta): readonly WalRecord[] {
  const mark = { kind: 'snapshotMark', group: id, index: meta.index, term: meta.term } as const;
  if (!quarantined) return [{ ...mark, log: raft.entry(meta.index)?.term === meta.term ? 'continues' : 'restarts' }];
  const { term, votedFor } = raft;
  return [
    { kind: 'hardState', group: id, hardState: { term, votedFor, commitIndex: INDEX_ZERO } },
    { ...mark, log: 'healed' },
  ];
}
