/** A checkpoint without a node around it: its operations go to a simulated disk, one persist after the other. */
import { Checkpoint } from '../../core/checkpoint/checkpoint.ts';
import { findCheckpoint, type OpenedCheckpoint, openCheckpoint } from '../../core/checkpoint/open.ts';
import type { FileOp } from '../../core/effect.ts';
import { portableHasher } from '../../core/hasher.ts';
import type { Micros, NodeId, Seq, Term } from '../../core/ids.ts';
import { PageCache } from '../../core/page/cache.ts';
import type { PageSealer } from '../../core/page/page-sealer.ts';
import { StatePages } from '../../core/page/state-pages.ts';
import type { ReplicaGroup } from '../../core/replica/group.ts';
import { type SnapshotHost, snapshotLimits } from '../../core/replica/snapshot-host.ts';
import { GroupState, type GroupStateOptions } from '../../core/state/group-state.ts';
import { SimDisk } from '../../sim/disk.ts';
import { CONFIGURATION } from '../snapshot/support.ts';

export const FILE = 'pages-0000000000-0000000000000000';

export interface HostOptions {
  readonly pageBytes: number;
  readonly cacheBytes: number;
}

export class CheckpointHost {
  readonly disk: SimDisk;
  readonly ops: FileOp[] = [];
  private readonly cacheBytes: number;
  private readonly pageBytes: number;
  cache: PageCache;
  /** Of its pages; undefined: they stand in clear. */
  sealer: PageSealer | undefined = undefined;
  private seq: number = 0;

  constructor({ pageBytes, cacheBytes }: HostOptions, disk: SimDisk = new SimDisk({ below: () => 0 })) {
    this.disk = disk;
    this.pageBytes = pageBytes;
    this.cacheBytes = cacheBytes;
    this.cache = new PageCache(cacheBytes);
  }

  /** Pages of a state that begins. */
  begin(): StatePages {
    return StatePages.begin(this.disk, { name: FILE, pageBytes: this.pageBytes, cache: this.cache, sealer: this.sealer });
  }

  /** What a start would open. */
  open(options: Omit<GroupStateOptions, 'pages'>): OpenedCheckpoint | undefined {
    const block = findCheckpoint(this.disk, FILE, options.group);
    if (typeof block === 'string') return undefined;
    this.cache = new PageCache(this.cacheBytes);
    return openCheckpoint(this.disk, FILE, block, (pages) => new GroupState({ ...options, pages }), {
      cache: this.cache,
      sealer: this.sealer,
    });
  }

  /** Begins a checkpoint of the state as it is. */
  checkpoint(state: GroupState): Checkpoint {
    const meta = { index: state.lastApplied, term: 1 as Term, configuration: CONFIGURATION };
    const group = { id: state.group, state, markSnapshot: () => this.write([]) } as unknown as ReplicaGroup;
    const isStale = this.disk.list().includes(FILE) && state.pages.backing?.number === 0;
    return new Checkpoint(this.host(), group, { capture: state.captureChanges(), meta, isStale });
  }

  /** Works at a checkpoint to its end. @param between called after every slice and every persist. @returns whether it became durable */
  finish(checkpoint: Checkpoint, between: () => void = () => undefined): boolean {
    for (let steps = 0; steps < 100_000; steps += 1) {
      if (checkpoint.canWork) checkpoint.work();
      between();
      for (const op of this.ops.splice(0)) this.carryOut(op);
      if (checkpoint.persisted(this.seq as Seq)) return true;
      this.cache.trim();
    }
    return false;
  }

  /** Everything that was carried out, for who carries it out again. */
  readonly done: FileOp[] = [];

  private carryOut(op: FileOp): void {
    this.done.push(op.op === 'write' ? { ...op, bytes: op.bytes.slice() } : op);
    const error = this.disk.execute(op);
    if (error !== undefined) throw new Error(`${op.op}: ${error}`);
  }

  private host(): SnapshotHost {
    return {
      self: '0'.repeat(32) as NodeId,
      reader: this.disk,
      hasher: portableHasher,
      sealer: undefined,
      buggify: (site) => site === 'snapshot.short-slice',
      limits: snapshotLimits(),
      now: () => 0 as Micros,
      mark: () => undefined,
      write: (ops) => this.write(ops),
      send: () => undefined,
      newState: () => {
        throw new Error('nothing is fetched');
      },
    };
  }

  private write(ops: readonly FileOp[]): Seq {
    this.ops.push(...ops);
    this.seq += 1;
    return this.seq as Seq;
  }
}
