/**
 * A backup of the whole cluster as a stream: GLOBAL first, then every group that the directory knew by then, each at or behind
 * a linearizable read that began after the backup was asked for. Groups are read one after the other: at every moment one state
 * of this node is kept readable for it.
 */
import { BackupWriter } from '../../core/backup/writer.ts';
import type { NodeStatus } from '../../core/client/protocol.ts';
import { GLOBAL_GROUP, type GroupId, type Micros, type NodeId } from '../../core/ids.ts';
import { encodeManifest, type GroupMembers, groupsOf, type Manifest, presentMembers } from '../../core/replica/manifest.ts';
import { decodeSnapshotHeader, SNAPSHOT_HEADER_BYTES, type SnapshotPlace } from '../../core/snapshot/file.ts';
import { HttpError } from '../http/errors.ts';
import type { Runtime } from '../runtime.ts';
import { type GroupStream, groupOfOthers, ownGroup, quarantined } from './group-stream.ts';
import { runningSha256 } from './running-hash.ts';

export interface BackupSourceOptions {
  readonly self: NodeId;
  readonly runtime: Pick<Runtime, 'newExport' | 'export' | 'endExport'>;
  readonly status: () => NodeStatus;
  readonly manifest: () => Manifest | undefined;
  /** Of this Vouch. */
  readonly version: () => string;
  /** Whether this node keeps its files encrypted. */
  readonly isEncrypted: boolean;
  /** Told of what nobody foresaw. */
  readonly trouble: (error: unknown) => void;
}

/** A stream whose first bytes are there: whatever was wrong with it so far has been thrown. */
export interface OpenedStream {
  readonly stream: AsyncGenerator<Uint8Array, void>;
}

export class BackupSource {
  private readonly options: BackupSourceOptions;

  constructor(options: BackupSourceOptions) {
    this.options = options;
  }

  get isEncrypted(): boolean {
    return this.options.isEncrypted;
  }

  /** The bytes of a backup. Once it flows, trouble is said within it (`failed`, core/backup/format.ts). @throws HttpError */
  async cluster(): Promise<OpenedStream> {
    this.demandReady();
    const time = (Date.now() * 1000) as Micros;
    const directory = await begun(ownGroup(this.options.runtime, GLOBAL_GROUP));
    const manifest = this.options.manifest() as Manifest;
    return { stream: this.whole(manifest, time, directory) };
  }

  /** The bytes of one group's snapshot. @throws HttpError */
  async group(group: GroupId): Promise<OpenedStream> {
    this.demandReady(group);
    return { stream: await begun(ownGroup(this.options.runtime, group)) };
  }

  /** @param only the group that is wanted; undefined: all of them */
  private demandReady(only?: GroupId): void {
    const { cluster, removed, groups } = this.options.status();
    if (cluster === undefined)
      throw new HttpError(503, 'unavailable', 'This node belongs to no cluster yet: there is nothing to back up.');
    if (removed)
      throw new HttpError(503, 'unavailable', 'This node was removed from its cluster: take the backup from another one.');
    const broken = groups.find((each) => each.quarantined && (only === undefined || each.group === only));
    if (broken !== undefined) throw quarantined(broken.group);
  }

  private async *whole(manifest: Manifest, time: Micros, directory: GroupStream): GroupStream {
    const writer = new BackupWriter(runningSha256());
    let open: GroupStream | undefined = directory;
    try {
      yield* writer.begin({ time, version: this.options.version(), manifest: encodeManifest(manifest) });
      for (const founding of groupsOf(manifest)) {
        open ??= this.streamOf(founding, manifest);
        yield* framed(writer, open, founding.group);
        open = undefined;
      }
      yield writer.end();
    } catch (error) {
      yield writer.failed(error instanceof HttpError ? error.message : 'The node failed; its log says how.');
      if (!(error instanceof HttpError)) this.options.trouble(error);
    } finally {
      await open?.return();
    }
  }

  private streamOf({ group }: GroupMembers, manifest: Manifest): GroupStream {
    if (this.options.status().groups.some((here) => here.group === group)) return ownGroup(this.options.runtime, group);
    const voters = manifest.placed.find((placed) => placed.group === group)?.voters; // a group of the founding is everywhere
    const holders = presentMembers(manifest).filter(({ id }) => id !== this.options.self && voters?.includes(id) !== false);
    return groupOfOthers(
      group,
      holders.map(({ address }) => address),
    );
  }
}

/** Waits for the first piece, and gives it again. */
async function begun(stream: GroupStream): Promise<GroupStream> {
  const first = await stream.next();
  async function* again(): GroupStream {
    try {
      if (first.done !== true) yield first.value;
      yield* stream;
    } finally {
      await stream.return();
    }
  }
  return again();
}

/** A group's snapshot with what stands in front of it. */
async function* framed(writer: BackupWriter, stream: GroupStream, group: GroupId): GroupStream {
  let head: Uint8Array | undefined = new Uint8Array(0);
  for await (const bytes of stream) {
    if (head === undefined) {
      yield writer.part(bytes);
      continue;
    }
    head = joined(head, bytes);
    if (head.length < SNAPSHOT_HEADER_BYTES) continue;
    yield writer.group(placeOf(head, group));
    yield writer.part(head);
    head = undefined;
  }
  if (head !== undefined) throw new HttpError(503, 'unavailable', `Group ${group} ended before it began.`);
}

function placeOf(head: Uint8Array, group: GroupId): SnapshotPlace {
  const place = decodeSnapshotHeader(head);
  if (place === undefined || place.group !== group) {
    throw new HttpError(503, 'unavailable', `Group ${group} came in another format: all nodes must run the same Vouch.`);
  }
  return place;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
