/**
 * How a group comes up on a node: from its newest checkpoint and the log behind it, else from the founders' configuration and
 * directory with whatever log there is; quarantined where neither leads to a state. Once at the start of the node, and later
 * where members speak of a group that the node has no replica of yet.
 */
import { type PageFilePlace, pageFileName } from '../checkpoint/file.ts';
import type { PeerMessage } from '../codec/envelope.ts';
import type { Clocks, DirectoryReader, FileOp } from '../effect.ts';
import { type GroupId, INDEX_ZERO, maxOf, type NodeId, TERM_ZERO, type Term } from '../ids.ts';
import { BATCH_COMMANDS_MAX, HIBERNATE_MICROS } from '../limits.ts';
import type { PageCache } from '../page/cache.ts';
import { StatePages } from '../page/state-pages.ts';
import { PAGE_BYTES_DEFAULT } from '../page/store.ts';
import { configurationOf } from '../raft/message.ts';
import type { Liveness } from '../raft/options.ts';
import { Raft } from '../raft/raft.ts';
import { Random } from '../random.ts';
import { encodeEntryData } from '../state/entry-data.ts';
import type { GroupState } from '../state/group-state.ts';
import type { WalRecovery } from '../wal/recover.ts';
import { EMPTY_HARD_STATE } from '../wal/wal.ts';
import type { DivergencePorts } from './divergence.ts';
import { ReplicaGroup } from './group.ts';
import type { GroupSink } from './group-ports.ts';
import type { GroupMembers } from './manifest.ts';
import { newGroupState, type StatePlace } from './new-state.ts';
import type { ReplicaOptions } from './options.ts';
import { Recovering } from './recovering.ts';
import type { Roster } from './roster.ts';
import type { Sealing } from './sealing.ts';
import type { Beginning, SnapshotStore } from './snapshot-store.ts';
import type { Snapshots } from './snapshots.ts';

const NONCES = 2 ** 48;
/** In a heartbeat interval, of a commit index that no append carries. */
const ANNOUNCEMENTS = 6;
const LOG_DAMAGED = 'The log of this group is damaged in the middle, and what is here of it is left as it is';
const CHECKPOINT_DAMAGED =
  'No checkpoint of this group can be read, its log does not reach back to the beginning, and what is here of it is left as it is';
const IS_FETCHED = 'it takes no part until its state is fetched again from its peers, which begins now.';
const IS_LOST =
  'it takes no part, and no other node of this cluster could give it back. If files are missing, put them back; else see vouch fsck, and restore the node from a backup: vouch restore.';

export interface GroupOpeningOptions {
  readonly self: NodeId;
  readonly options: ReplicaOptions;
  readonly reader: DirectoryReader;
  readonly cache: PageCache;
  readonly sealing: Pick<Sealing, 'pagesOf'>;
  readonly recovery: WalRecovery;
  readonly store: SnapshotStore;
  readonly snapshots: Pick<Snapshots, 'offerOf' | 'isFetching'>;
  readonly roster: Pick<Roster, 'current' | 'members'>;
  /** Of the present step. */
  readonly clocks: () => Clocks;
  /** Tells the operator of a group that takes no part. */
  readonly fatal: (group: GroupId, code: string, detail: string) => void;
  /** What this node knows of others while a group sleeps. */
  readonly liveness: (group: GroupId) => Liveness;
  readonly sink: GroupSink;
  readonly send: (to: NodeId, group: GroupId, message: PeerMessage) => void;
  readonly divergence: (group: GroupId) => DivergencePorts;
}

export class GroupOpening {
  private readonly node: GroupOpeningOptions;
  /** Snapshots that no log leads to, or that cannot be read. */
  private readonly unusable: Set<string> = new Set();

  constructor(node: GroupOpeningOptions) {
    this.node = node;
  }

  /** Brings a group up, or quarantines it. */
  open(founding: GroupMembers): ReplicaGroup {
    const { recovery, store, options, fatal } = this.node;
    const id = founding.group;
    const log = recovery.groups.get(id);
    const isDamaged = recovery.quarantined.includes(id) || (recovery.allQuarantined && log === undefined);
    const unusable = new Set<string>();
    const newState = (place: StatePlace): GroupState => this.newState(id, place);
    const found = log === undefined || isDamaged ? undefined : store.begin(id, log, newState, unusable);
    const beginning = found?.beginning;
    const group = this.create(founding, beginning);
    const isWhole = beginning !== undefined || log === undefined || log.isComplete;
    if (!isDamaged && isWhole) {
      for (const name of unusable) this.unusable.add(name);
      if ((found?.passedOver ?? 0) > 0) options.probe?.mark('checkpoint.passed-over');
      recovery.wal.keepBehind(id, store.baseOf(id));
      return group;
    }
    options.probe?.mark(isDamaged ? 'replica.group-quarantined-at-start' : 'checkpoint.none-left');
    group.quarantine();
    group.recovering = this.recoveringOf(id, isDamaged && (log === undefined || recovery.forgetful.includes(id)));
    const then = group.recovering === undefined ? IS_LOST : IS_FETCHED;
    if (isDamaged) fatal(id, 'log_damaged', `${LOG_DAMAGED}: ${then}`);
    else fatal(id, 'checkpoint_damaged', `${CHECKPOINT_DAMAGED}: ${then}`);
    return group;
  }

  /** The way back of a damaged group; undefined where there is nobody to ask. @param term the newest that it has known since it started */
  recoveringOf(id: GroupId, isForgetful: boolean, term: Term = TERM_ZERO): Recovering | undefined {
    const { self, options, recovery, roster, snapshots, send } = this.node;
    const { seed, timing, probe } = options;
    const others = (): readonly NodeId[] => roster.members.map((member) => member.id).filter((member) => member !== self);
    if (others().length === 0) return undefined;
    const log = recovery.groups.get(id);
    const lastTerm = log?.entries.at(-1)?.term ?? TERM_ZERO;
    return new Recovering({
      term: maxOf(maxOf(log?.hardState.term ?? TERM_ZERO, lastTerm), term),
      isForgetful,
      others,
      nonce: Random.stream(seed, `recovering/${id}`).below(NONCES),
      askMicros: timing.electionTimeoutMaxMicros,
      isFetching: () => snapshots.isFetching(id),
      send: (to, message) => send(to, id, message),
      mark: (name) => probe?.mark(name),
    });
  }

  /** When every group is up. @returns operations that remove the snapshots that are of no use. */
  sweep(): readonly FileOp[] {
    return this.node.store.startingSweep(this.unusable);
  }

  /** A state with nothing applied; GLOBAL's knows the founders. */
  newState(group: GroupId, place: StatePlace): GroupState {
    const { options, roster } = this.node;
    const { pageBytes = PAGE_BYTES_DEFAULT } = options;
    const pages = place.kind === 'stored' ? place.pages : this.beginPages({ group, origin: place.origin }, pageBytes);
    return newGroupState(group, roster.current, { ...options, pages });
  }

  private beginPages(place: PageFilePlace, pageBytes: number): StatePages {
    const { reader, cache, sealing } = this.node;
    return StatePages.begin(reader, { name: pageFileName(place), pageBytes, cache, sealer: sealing.pagesOf(place) });
  }

  private create({ group: id, voters }: GroupMembers, beginning: Beginning | undefined): ReplicaGroup {
    const { self, options, recovery, snapshots, clocks, liveness, sink } = this.node;
    const { entropy, conditions, timing, buggify, seed, probe, leaseClockRatePpm, limits = {}, preVote = true } = options;
    const log = recovery.groups.get(id);
    const meta = beginning?.meta;
    // Of a log that leads nowhere only the votes count: the group is quarantined.
    const entries = meta !== undefined || log?.isComplete === true ? log?.entriesBehind(meta?.index ?? INDEX_ZERO) : undefined;
    const raft = new Raft(
      {
        id: self,
        timing,
        announceDelayMicros: Math.floor(timing.heartbeatMicros / ANNOUNCEMENTS),
        preVote,
        checkQuorum: true,
        ...(leaseClockRatePpm === undefined ? {} : { leaseClockRatePpm }),
        liveness: liveness(id),
        random: Random.stream(seed, `raft/${id}`),
        buggify,
        ...(probe === undefined ? {} : { probe }),
        limits,
        snapshotToOffer: () => snapshots.offerOf(id),
        noopData: () => encodeEntryData({ wall: clocks().wall, commands: [], entropy }).data,
      },
      {
        hardState: log?.hardState ?? EMPTY_HARD_STATE,
        entries: entries ?? [],
        configuration: configurationOf(voters),
        snapshot: meta,
      },
      clocks().now,
    );
    return new ReplicaGroup({
      group: id,
      raft,
      state: beginning?.state ?? this.newState(id, { kind: 'new', origin: INDEX_ZERO }),
      entropy,
      conditions,
      buggify,
      mark: probe === undefined ? undefined : (name) => probe.mark(name),
      batchMax: options.batchMax ?? BATCH_COMMANDS_MAX,
      limits,
      timing,
      hibernateMicros: options.hibernateMicros ?? HIBERNATE_MICROS,
      self,
      sink,
      divergence: this.node.divergence(id),
    });
  }
}
