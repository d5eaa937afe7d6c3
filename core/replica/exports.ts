/**
 * States on their way out of the cluster: a group's applied state as the bytes of a snapshot's file, for a backup. Begun at or
 * behind a linearizable read, so that whatever was acknowledged before it was asked for is inside, on any node that has the group.
 *
 * The receiver sets the pace: a piece is built when it is asked for. While one is being read no checkpoint of the group begins
 * (a state has one capture at a time), so an export that nobody goes on with, or that takes too much log, is given up.
 */
import { assert, defined } from '../assert.ts';
import type { ClientResult } from '../client/protocol.ts';
import type { Effect, ExportAsk } from '../effect.ts';
import { type Micros, minOf, NEVER, plus, type RequestId, SEQ_ZERO } from '../ids.ts';
import { EXPORT_IDLE_MICROS, EXPORT_PIECE_BYTES, EXPORTS_MAX } from '../limits.ts';
import { SnapshotBuilder } from '../snapshot/builder.ts';
import { encodeChunkRecord, encodeManifestRecord, encodeSnapshotHeader, type SnapshotPlace } from '../snapshot/file.ts';
import { encodeSnapshotManifest } from '../snapshot/manifest.ts';
import type { StateQuery } from '../state/group-state.ts';
import type { Wal } from '../wal/wal.ts';
import type { ReplicaGroup } from './group.ts';
import { errorResult, quarantinedResult, RETRY_AFTER_MS } from './results.ts';
import type { SnapshotHost } from './snapshot-host.ts';

/** Any linearizable read will do: what it answers is not looked at, and one that needs no vault is answered by every group. */
const BARRIER: StateQuery = { kind: 'listMembers', consistency: 'linearizable' };
const OVERLOADED = errorResult('overloaded', 'This node exports as many groups as it can; ask again later.', RETRY_AFTER_MS);
const TOO_SLOW = errorResult(
  'timeout',
  'The state was taken away too slowly: it held back the log of its group, or nobody asked for the next piece in time.',
);

const DIVERGED = errorResult('vault_diverged', 'A vault of this group is diverged on this node; export it on another one.');
const DELETED_MEANWHILE = errorResult('unavailable', 'A vault of this group was deleted meanwhile; begin again.', RETRY_AFTER_MS);

/** What the replica does for its exports. */
export interface ExportsOptions {
  readonly host: Pick<SnapshotHost, 'hasher' | 'buggify' | 'limits' | 'now'>;
  readonly wal: Pick<Wal, 'writtenBytes'>;
  /** Runs something of a group; an invariant that breaks stops the group and nothing else. */
  readonly guarded: (group: ReplicaGroup, work: () => void) => void;
  /** Lets a group take a read; it is answered through `answered`. */
  readonly read: (group: ReplicaGroup, id: RequestId, body: StateQuery) => void;
  readonly effect: (effect: Effect) => void;
}

/** A state that is being read. */
interface Reading {
  readonly builder: SnapshotBuilder;
  readonly place: SnapshotPlace;
  /** Where the next record stands in the file. */
  end: number;
  /** Built and not given away yet. */
  pending: Uint8Array[];
  pendingBytes: number;
  readonly begunAtBytes: number;
}

interface Export {
  readonly id: RequestId;
  readonly group: ReplicaGroup;
  /** asked: its read is not confirmed. waiting: for another capture to end. */
  phase: 'asked' | 'waiting' | 'reading';
  /** Whether a piece is owed. */
  wanted: boolean;
  /** When it is given up unless a piece is asked for. */
  idleAt: Micros;
  reading: Reading | undefined;
}

export class Exports {
  private readonly options: ExportsOptions;
  /** In the order in which they began. */
  private readonly exports: Map<RequestId, Export> = new Map();

  constructor(options: ExportsOptions) {
    this.options = options;
  }

  /** Begins one: its first piece, or why not, is given under the id. */
  begin(id: RequestId, group: ReplicaGroup): void {
    if (group.quarantined) return this.refuse(id, quarantinedResult());
    if (group.divergence.hasIsolated) return this.refuse(id, DIVERGED);
    if (this.exports.size >= EXPORTS_MAX) return this.refuse(id, OVERLOADED);
    this.exports.set(id, { id, group, phase: 'asked', wanted: true, idleAt: NEVER, reading: undefined });
    this.options.read(group, id, BARRIER);
  }

  /** The next piece is wanted, or nothing more. */
  goOn(id: RequestId, ask: Exclude<ExportAsk, 'begin'>): void {
    const known = this.exports.get(id);
    if (ask === 'end') {
      if (known !== undefined) this.drop(known);
      return;
    }
    if (known === undefined) return this.refuse(id, TOO_SLOW);
    assert(!known.wanted, 'one piece is asked for at a time');
    known.wanted = true;
    known.idleAt = NEVER;
  }

  /** A read was answered. @returns whether it was one of an export's, which nobody else is to hear of. */
  answered(id: RequestId, result: ClientResult): boolean {
    const known = this.exports.size === 0 ? undefined : this.exports.get(id);
    if (known === undefined) return false;
    const isConfirmed = result.kind === 'members' || (result.kind === 'error' && result.code === 'group_missing');
    if (known.phase === 'asked' && isConfirmed) {
      known.phase = 'waiting';
      return true;
    }
    this.exports.delete(id);
    return false;
  }

  /** A vault was deleted: what reads the group's state may meet pages of it that nobody can open any more. */
  vaultDeleted(group: ReplicaGroup): void {
    for (const each of [...this.exports.values()]) {
      if (each.group === group && each.phase === 'reading') this.fail(each, DELETED_MEANWHILE);
    }
  }

  nextDeadline(): Micros {
    let next = NEVER;
    for (const each of this.exports.values()) {
      if (each.phase === 'reading' && each.wanted) return this.options.host.now();
      next = minOf(next, each.idleAt);
    }
    return next;
  }

  /** One slice of each that has a piece to build, and what was waited for too long. */
  deadline(): void {
    for (const each of [...this.exports.values()]) {
      if (each.idleAt <= this.options.host.now()) this.drop(each);
      else if (each.phase === 'reading' && each.wanted) this.options.guarded(each.group, () => this.work(each));
    }
  }

  /** At the end of a step: begins what may begin, and ends what must. */
  settle(): void {
    if (this.exports.size === 0) return;
    for (const each of [...this.exports.values()]) {
      if (each.group.quarantined) this.fail(each, quarantinedResult());
      else if (each.group.divergence.hasIsolated) this.fail(each, DIVERGED);
      else if (each.phase === 'waiting' && !each.group.state.isCaptured)
        this.options.guarded(each.group, () => this.capture(each));
      else if (this.isTooSlow(each)) this.fail(each, TOO_SLOW);
    }
  }

  private capture(each: Export): void {
    const { host, wal } = this.options;
    const { hasher, buggify, limits } = host;
    const { capture, meta } = each.group.capture('whole');
    const place = { group: each.group.id, index: meta.index };
    const { term, configuration } = meta;
    const builder = new SnapshotBuilder(capture, {
      hasher,
      buggify,
      group: place.group,
      term,
      configuration,
      chunkBytes: limits.chunkBytes,
      sliceRecords: limits.sliceRecords,
    });
    each.reading = { builder, place, end: 0, pending: [], pendingBytes: 0, begunAtBytes: wal.writtenBytes };
    each.phase = 'reading';
    append(each.reading, encodeSnapshotHeader(place));
  }

  private work(each: Export): void {
    const reading = defined(each.reading, 'an export that reads has begun');
    const { builder, place } = reading;
    for (const chunk of builder.work()) append(reading, encodeChunkRecord(place, reading.end, chunk));
    if (builder.done) {
      append(reading, encodeManifestRecord(place, reading.end, encodeSnapshotManifest(builder.manifest())));
      this.exports.delete(each.id);
    } else if (reading.pendingBytes < EXPORT_PIECE_BYTES) return;
    each.wanted = false;
    each.idleAt = plus(this.options.host.now(), EXPORT_IDLE_MICROS);
    this.options.effect({ kind: 'exported', id: each.id, piece: { bytes: takePending(reading), last: builder.done } });
  }

  private isTooSlow({ reading }: Export): boolean {
    const { wal, host } = this.options;
    return reading !== undefined && wal.writtenBytes - reading.begunAtBytes > host.limits.exportLogBytes;
  }

  /** Ends it, and says why to whoever waits; who asks later hears that it is gone. */
  private fail(each: Export, why: ClientResult): void {
    this.drop(each);
    if (each.wanted) this.refuse(each.id, why);
  }

  private refuse(id: RequestId, result: ClientResult): void {
    this.options.effect({ kind: 'reply', id, after: SEQ_ZERO, result });
  }

  private drop(each: Export): void {
    this.exports.delete(each.id);
    each.reading?.builder.abandon();
  }
}

function append(reading: Reading, bytes: Uint8Array): void {
  reading.pending.push(bytes);
  reading.pendingBytes += bytes.length;
  reading.end += bytes.length;
}

function takePending(reading: Reading): Uint8Array {
  const out = new Uint8Array(reading.pendingBytes);
  let at = 0;
  for (const bytes of reading.pending) {
    out.set(bytes, at);
    at += bytes.length;
  }
  reading.pending = [];
  reading.pendingBytes = 0;
  return out;
}
