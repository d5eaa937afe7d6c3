/** What a replica is put together from, besides its groups: made once, when its directory is opened. */
import { defined } from '../assert.ts';
import type { ClientResult } from '../client/protocol.ts';
import type { PeerMessage } from '../codec/envelope.ts';
import type { Clocks, DirectoryReader, Effect, FileOp } from '../effect.ts';
import type { GroupId, NodeId, RequestId, Seq } from '../ids.ts';
import { PAGE_CACHE_BYTES, SEGMENT_BYTES } from '../limits.ts';
import { PageCache } from '../page/cache.ts';
import { Signing } from '../signing/signing.ts';
import type { StateObserver } from '../state/block-observer.ts';
import { recoverWal, type WalRecovery } from '../wal/recover.ts';
import { mismatchOf } from './directory.ts';
import { DivergenceNote } from './divergence-note.ts';
import { Exports } from './exports.ts';
import type { ReplicaGroup } from './group.ts';
import { GroupOpening } from './group-opening.ts';
import type { GroupSink } from './group-ports.ts';
import { Hibernation, type HibernationHost } from './hibernation.ts';
import type { ReplicaOptions } from './options.ts';
import { RecoveryHelp } from './recovery-help.ts';
import type { Roster } from './roster.ts';
import { Sealing } from './sealing.ts';
import { type SnapshotHost, snapshotLimits } from './snapshot-host.ts';
import { SnapshotStore } from './snapshot-store.ts';
import { Snapshots } from './snapshots.ts';

/** What the parts ask of the replica. */
export interface PartsHost {
  readonly id: NodeId;
  readonly options: ReplicaOptions;
  readonly roster: Roster;
  /** Of the present step. */
  readonly clocks: () => Clocks;
  /** Ascending by id; empty before the node has started. */
  readonly groups: () => readonly ReplicaGroup[];
  readonly group: (id: GroupId) => ReplicaGroup | undefined;
  /** Runs something of a group; an invariant that breaks stops the group and nothing else. */
  readonly guarded: (group: ReplicaGroup, work: () => void) => void;
  readonly send: (to: NodeId, group: GroupId, message: PeerMessage) => void;
  readonly writeFiles: (ops: readonly FileOp[]) => Seq;
  readonly fatal: (group: GroupId, code: string, detail: string) => void;
  readonly effect: (effect: Effect) => void;
  /** The sequence of the present step's persist. */
  readonly nextSeq: () => Seq;
  readonly reply: (id: RequestId, after: Seq, result: ClientResult) => void;
  readonly sendAfter: (to: NodeId, group: GroupId, after: Seq, message: PeerMessage) => void;
  readonly sink: GroupSink;
}

export interface Parts {
  readonly recovery: WalRecovery;
  readonly sealing: Sealing;
  readonly cache: PageCache;
  readonly store: SnapshotStore;
  readonly snapshots: Snapshots;
  readonly exports: Exports;
  readonly opening: GroupOpening;
  readonly hibernation: Hibernation;
  readonly help: RecoveryHelp;
  /** undefined: the node signs nothing. */
  readonly signing: Signing | undefined;
}

/** Throws StorageError, with a sentence for the operator, where the directory must not be used. */
export function openParts(reader: DirectoryReader, host: PartsHost): Parts {
  const { id: self, options, roster, clocks, guarded, groups, group, send } = host;
  const { hasher, buggify, probe, entropy, cipher } = options;
  const mark = (name: string): void => probe?.mark(name);
  const note = new DivergenceNote(reader);
  const sealing = new Sealing(reader, { cipher, hasher, entropy });
  const segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
  const recovery = recoverWal(reader, { segmentBytes, buggify, mark, sealer: sealing.entries });
  const mismatch = mismatchOf(self, roster.current, recovery);
  if (mismatch !== undefined) throw mismatch;
  const { wal } = recovery;
  const cache = new PageCache(options.pageCacheBytes ?? PAGE_CACHE_BYTES);
  const store = new SnapshotStore(reader, hasher, cache, sealing);
  const now = (): Clocks['now'] => clocks().now;
  const snapshotHost: SnapshotHost = {
    self,
    reader,
    hasher,
    sealer: sealing.chunks,
    buggify,
    limits: snapshotLimits(options.snapshots),
    now,
    mark,
    write: host.writeFiles,
    send,
    newState: (id, origin) => opening.newState(id, { kind: 'new', origin }),
  };
  const snapshots = new Snapshots({ host: snapshotHost, store, wal, groups, group, guarded });
  const exports = new Exports({
    host: snapshotHost,
    wal,
    guarded,
    read: (each, id, body) => guarded(each, () => each.read(now(), clocks().wall, id, body)),
    effect: host.effect,
  });
  const hibernationHost: HibernationHost = { self, timing: options.timing, now, group, guarded, send, mark };
  const hibernation = new Hibernation(hibernationHost);
  const signing = openSigning(reader, host, sealing);
  const opening = new GroupOpening({
    self,
    options: signing === undefined ? options : { ...options, observer: { onBlock: observed(signing, options.observer) } },
    reader,
    cache,
    sealing,
    recovery,
    store,
    snapshots,
    roster,
    clocks,
    fatal: host.fatal,
    liveness: (id) => ({
      leaderConfirmedAt: () => hibernation.confirmedAt(id),
      heardAt: (peer) => hibernation.heardAt(peer),
    }),
    send,
    sink: host.sink,
    divergence: (id) => ({
      noted: note.of(id),
      note: (vaults) => void host.writeFiles(note.set(id, vaults)),
      alarm: (code, detail) => host.effect({ kind: 'alarm', group: id, code, detail }),
      send: (to, message) => send(to, id, message),
      copyFor: (above) => snapshots.copyFor(id, above),
      baseIndex: () => store.baseOf(id),
      fetch: (from, manifest) => {
        const each = group(id);
        return each !== undefined && snapshots.beginRebuild(each, from, manifest);
      },
    }),
  });
  const help = new RecoveryHelp(hibernationHost, snapshots, () => clocks().wall);
  return { recovery, sealing, cache, store, snapshots, exports, opening, hibernation, help, signing };
}

function openSigning(reader: DirectoryReader, host: PartsHost, sealing: Sealing): Signing | undefined {
  const { id: self, options, roster, clocks, groups, group, guarded, nextSeq, reply } = host;
  const { hasher, signing: keys, timing, checkpointMicros: everyMicros, probe } = options;
  if (keys === undefined) return undefined;
  return new Signing({
    self,
    reader,
    hasher,
    keys,
    sealer: sealing.secret,
    timing,
    everyMicros,
    now: () => clocks().now,
    wall: () => clocks().wall,
    cluster: () => defined(roster.current, 'who signs is a member of a cluster').cluster,
    groups,
    group,
    guarded,
    send: host.sendAfter,
    nextSeq,
    write: host.writeFiles,
    reply,
    mark: (name) => probe?.mark(name),
  });
}

function observed(signing: Signing, observer: StateObserver | undefined): StateObserver['onBlock'] {
  return (block) => {
    signing.sealed(block.group, block.vault, block.height);
    observer?.onBlock(block);
  };
}
