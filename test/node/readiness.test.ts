/** When a node should get traffic. Every reason is one that was met in the life of a node. */
import { expect, test } from 'vitest';
import type { GroupStatus, NodeStatus } from '../../core/client/protocol.ts';
import type { ClusterId, GroupId, LogIndex, NodeId, Term } from '../../core/ids.ts';
import { reasonsAgainst } from '../../node/readiness.ts';

const NODE = 'a'.repeat(32) as NodeId;
const HEALTHY: GroupStatus = {
  group: 1 as GroupId,
  role: 'follower',
  term: 1 as Term,
  leader: NODE,
  commitIndex: 5000 as LogIndex,
  lastApplied: 4990 as LogIndex,
  lastIndex: 5000 as LogIndex,
  quarantined: false,
  asleep: false,
  voters: [NODE],
  learners: [],
};

function status(groups: readonly GroupStatus[], cluster: ClusterId | undefined = 'c'.repeat(32) as ClusterId): NodeStatus {
  return { node: NODE, cluster, members: [], removed: false, groups, droppedFrames: 0 };
}

test('a member that knows its leaders and has little to apply is ready', () => {
  expect(reasonsAgainst(status([HEALTHY]))).toEqual([]);
});

test.each([
  ['before init', { ...status([]), cluster: undefined }, /no cluster yet/],
  ['while the log is opened', status([]), /being opened/],
  ['once removed', { ...status([HEALTHY]), removed: true }, /removed from the cluster/],
  ['without a leader', status([HEALTHY, { ...HEALTHY, group: 2 as GroupId, leader: undefined }]), /group 2 knows no leader/],
  ['far behind', status([{ ...HEALTHY, lastApplied: 1 as LogIndex }]), /4999 entries to catch up/],
  ['quarantined', status([{ ...HEALTHY, quarantined: true }]), /group 1 is quarantined/],
])('%s it is not', (_when, given, reason) => {
  expect(reasonsAgainst(given)).toEqual([expect.stringMatching(reason)]);
});
