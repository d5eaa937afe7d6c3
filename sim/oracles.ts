/** All oracles of a run on Vouch, wired to its world. */
import type { Answer } from '../core/client/operation.ts';
import type { ReadPoint, VaultEntry } from '../core/client/protocol.ts';
import type { GroupId } from '../core/ids.ts';
import type { Replica } from '../core/replica/replica.ts';
import { AnswersInOrder } from './check/clients/answers-in-order.ts';
import { AnswersStayTrue } from './check/clients/answers-stay-true.ts';
import { BoundedReads } from './check/clients/bounded-reads.ts';
import { CLOSED_TIMES, ClosedTimes } from './check/clients/closed-times.ts';
import { demandLinearizable, LINEARIZABLE } from './check/clients/linearizable-history.ts';
import { PROOFS, ProofOracle } from './check/clients/proofs.ts';
import { demandReadsMatchBlocks, READS_MATCH_BLOCKS } from './check/clients/reads-match-blocks.ts';
import { ReadsSeeCommits } from './check/clients/reads-see-commits.ts';
import { DamageIsContained } from './check/damage-is-contained.ts';
import { DamageIsReported } from './check/damage-is-reported.ts';
import { FailedDiskStops, NoDivergence, NoFatal } from './check/no-fatal.ts';
import { NoMessageStorm } from './check/no-message-storm.ts';
import { raftWatch } from './check/raft/all.ts';
import { LeaseExclusive } from './check/raft/lease-exclusive.ts';
import type { RaftWatch } from './check/raft/watch.ts';
import { RecoveryIsFinal } from './check/recovery-is-final.ts';
import { AppliedMonotone } from './check/state/applied-monotone.ts';
import { BlocksAgree, ExactlyOnce } from './check/state/blocks-agree.ts';
import { DeletedIsShredded } from './check/state/deleted-is-shredded.ts';
import { IndexesAgree } from './check/state/indexes-agree.ts';
import { ReplicasAgree, VaultsAgree } from './check/state/replicas-agree.ts';
import { RetentionKept } from './check/state/retention-kept.ts';
import { Signatures } from './check/state/signatures.ts';
import { fastHasher } from './hasher.ts';
import type { Observer } from './observer.ts';
import type { VouchProtocol, VouchShape } from './vouch.ts';
import { WalAtlas } from './wal-atlas.ts';
import { type Asked, type History, isLinearizable, type ReadMode } from './workload/history.ts';
import type { World } from './world.ts';

/** True times of a question and its answer, and how it was asked. */
export interface AnsweredWhen {
  readonly invokedAt: number;
  readonly time: number;
  readonly mode: ReadMode;
}

export interface OracleOptions {
  readonly groups: readonly GroupId[];
  /** Names of oracles that are switched off, to show what each one is for. */
  readonly without: readonly string[];
  /** Whether nodes join the cluster and leave it. */
  readonly members: 'stay' | 'change';
}

export class Oracles {
  readonly watch: RaftWatch;
  private readonly answers: AnswersStayTrue;
  private readonly order: AnswersInOrder | undefined;
  private readonly proofs: ProofOracle | undefined;
  private readonly once: ExactlyOnce;
  private readonly judgesLinearizability: boolean;
  private readonly judgesBlocks: boolean;
  private readonly closed: ClosedTimes | undefined;
  private readonly retention: RetentionKept | undefined;

  constructor(world: World<VouchShape, Replica>, protocol: VouchProtocol, options: OracleOptions) {
    const { groups, without } = options;
    const { members } = options;
    const atlas = new WalAtlas(
      world.nodes.map(({ disk }) => disk),
      members,
    );
    world.atlas = atlas;
    const ids = world.nodes.map((node) => node.id);
    const { watch } = raftWatch({ ids, groups, without, isRenewed: (node, group) => atlas.takeRenewed(node, group) });
    this.watch = watch;
    this.answers = new AnswersStayTrue(world.nodes, atlas);
    this.order = without.includes('answers-in-order') ? undefined : new AnswersInOrder();
    const once = new ExactlyOnce(!without.includes('exactly-once'));
    this.once = once;
    const closed = without.includes(CLOSED_TIMES) ? undefined : new ClosedTimes();
    this.closed = closed;
    const retention = new RetentionKept(world.nodes, groups, atlas);
    this.retention = without.includes(retention.name) ? undefined : retention;
    const { hasher, cluster, signingKeys: keys } = protocol;
    const signatures =
      keys === undefined
        ? undefined
        : new Signatures({ hasher, keys, cluster, committedIn: (group): number => watch.committedIn(group) });
    const blocks = new BlocksAgree((block): void => {
      once.sealed(block);
      closed?.sealed(block.vault, block.header);
      retention.sealed(block);
      signatures?.sealed(block);
    }, !without.includes('blocks-agree'));
    const trueTime = (): number => world.now;
    const committedIn = (group: GroupId): number => watch.committedIn(group);
    const bounded = new BoundedReads({ committedIn, trueTime, ratePpm: () => world.clockRatePpmMax });
    watch.onCommit = (group): void => bounded.committed(group);
    const observers: readonly Observer<VouchShape, Replica>[] = [
      new ReadsSeeCommits(committedIn),
      bounded,
      watch,
      new LeaseExclusive(world.nodes, trueTime),
      new RecoveryIsFinal(atlas),
      new NoFatal(() => world.atlas),
      new FailedDiskStops(),
      new NoDivergence(() => world.counts.of('impossibleMessage') > 0),
      new NoMessageStorm(trueTime),
      new DamageIsReported(atlas),
      new DamageIsContained(atlas),
      blocks,
      once,
      new AppliedMonotone(),
      new DeletedIsShredded(world.nodes, groups),
      new IndexesAgree(world.nodes, groups, atlas),
      new ReplicasAgree(world.nodes, groups, atlas),
      new VaultsAgree(world.nodes, groups, atlas),
      retention,
      this.answers,
      ...(signatures === undefined ? [] : [signatures]),
    ];
    for (const observer of observers) if (!without.includes(observer.name)) world.observe(observer);
    protocol.onBlock = (node, block): void => blocks.sealed(node, block);
    const judgesProofs = protocol.hasher !== fastHasher && !without.includes(PROOFS);
    this.proofs = judgesProofs ? new ProofOracle(protocol.hasher, world.choices.under('proof/mutation')) : undefined;
    this.judgesLinearizability = !without.includes(LINEARIZABLE);
    this.judgesBlocks = !without.includes(READS_MATCH_BLOCKS);
  }

  /** A client got a definite answer. */
  answered(asked: Asked, vault: VaultEntry, answer: Answer, when: AnsweredWhen): void {
    if (!('anchor' in answer)) return;
    const { mode, invokedAt, time } = when;
    const mayBeOld = !isLinearizable(mode);
    this.order?.told({ vault: vault.id, height: answer.anchor.height, invokedAt, time, mayBeOld });
    if (mode.at.kind === 'time') this.closed?.told(vault.id, mode.at.time, answer.anchor);
    const executed =
      answer.kind === 'transacted' && answer.outcome.ok && answer.outcome.changed && asked.kind === 'transact'
        ? { mark: asked.mark, height: answer.outcome.height }
        : undefined;
    this.answers.told({ group: vault.group, vault: vault.id, anchor: answer.anchor, executed });
    const isProven = answer.kind === 'tuple' || answer.kind === 'entity' || answer.kind === 'model' || answer.kind === 'proof';
    if (isProven && answer.proof.length > 0) this.proofs?.judge(asked, answer);
  }

  /** A client was told that what it asked for is not kept. @param oldest what it was told to be the oldest height */
  refused(vault: VaultEntry, at: ReadPoint, oldest: number | undefined): void {
    this.retention?.toldPruned(vault, at, oldest);
  }

  /** The run is over: the whole history is judged. */
  judge(history: History): void {
    if (this.judgesBlocks) demandReadsMatchBlocks(history, (mark) => this.once.placeOf(mark));
    if (this.judgesLinearizability) demandLinearizable(history, (mark) => this.once.placeOf(mark));
  }
}
