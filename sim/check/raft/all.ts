/** Every Raft oracle of a run, wired together. */
import type { GroupId, NodeId } from '../../../core/ids.ts';
import { AcknowledgedIsHeld } from './acknowledged-is-held.ts';
import { Commitments } from './commitments.ts';
import { CommittedIsDurable } from './committed-is-durable.ts';
import { CommittedIsImmutable } from './committed-is-immutable.ts';
import { ConfigurationFollowsLog } from './configuration-follows-log.ts';
import { ConfigurationsOverlap } from './configurations-overlap.ts';
import { CountersMonotone } from './counters-monotone.ts';
import { ElectedByQuorum } from './elected-by-quorum.ts';
import { ElectionTimeoutsVary } from './election-timeouts-vary.ts';
import { LeaderCommitsOwnTerm } from './leader-commits-own-term.ts';
import { LeaderCompleteness } from './leader-completeness.ts';
import { LogMatching } from './log-matching.ts';
import { MatchIndexMonotone } from './match-index-monotone.ts';
import { MatchIndexTruthful } from './match-index-truthful.ts';
import { OneLeaderPerTerm } from './one-leader-per-term.ts';
import { OneVotePerTerm } from './one-vote-per-term.ts';
import { RecoveryIsLegal } from './recovery-is-legal.ts';
import { RetriesCarryEntries } from './retries-carry-entries.ts';
import { StaleAskerIsTold } from './stale-asker-is-told.ts';
import type { GroupView } from './view.ts';
import { VotesForUpToDate } from './votes-for-up-to-date.ts';
import { type RaftOracle, RaftWatch } from './watch.ts';

/** The watch with all oracles but those switched off by name. */
export function raftWatch(options: {
  readonly ids: readonly NodeId[];
  readonly groups: readonly GroupId[];
  readonly without: readonly string[];
  /** Whether a group was damaged on a node and healed since: what it had may be gone. */
  readonly isRenewed: (node: number, group: GroupId) => boolean;
}): { readonly watch: RaftWatch; readonly oracles: readonly RaftOracle[] } {
  const commitments = new Commitments();
  const replicas = (group: number): readonly GroupView[] => watch.replicas(group as GroupId);
  const all: readonly RaftOracle[] = [
    new RecoveryIsLegal(),
    new OneVotePerTerm(),
    new VotesForUpToDate(),
    new AcknowledgedIsHeld(),
    new LogMatching(),
    new CountersMonotone(),
    new OneLeaderPerTerm(),
    new ElectedByQuorum(replicas),
    new LeaderCompleteness(commitments),
    new LeaderCommitsOwnTerm(),
    new CommittedIsImmutable(commitments),
    new CommittedIsDurable(commitments, replicas),
    new ConfigurationFollowsLog(),
    new ConfigurationsOverlap((group) => watch.committedIn(group as GroupId)),
    new MatchIndexTruthful(replicas),
    new MatchIndexMonotone(),
    new RetriesCarryEntries(replicas),
    new StaleAskerIsTold(),
    new ElectionTimeoutsVary(),
  ];
  const oracles = all.filter((oracle) => !options.without.includes(oracle.name));
  const watch = new RaftWatch({ ids: options.ids, groups: options.groups, oracles, commitments, isRenewed: options.isRenewed });
  return { watch, oracles };
}
