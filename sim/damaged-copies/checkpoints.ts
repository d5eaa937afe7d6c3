/** Snapshots, which a start may begin with, that are torn, unreadable, of another log, or of a state that is none. */
import { defined } from '../../core/assert.ts';
import type { Hasher } from '../../core/capability.ts';
import { MerkleLog } from '../../core/chain/merkle-log.ts';
import { parsePageFileName } from '../../core/checkpoint/file.ts';
import { findCheckpoint } from '../../core/checkpoint/open.ts';
import type { DirectoryReader } from '../../core/effect.ts';
import type { GroupId, LogIndex, Term } from '../../core/ids.ts';
import { plus } from '../../core/ids.ts';
import {
  encodeChunkRecord,
  encodeManifestRecord,
  encodeSnapshotHeader,
  parseSnapshotName,
  type SnapshotPlace,
  scanSnapshot,
} from '../../core/snapshot/file.ts';
import {
  chunkHash,
  encodeSnapshotManifest,
  SECTIONS,
  type Section,
  type SnapshotManifest,
} from '../../core/snapshot/manifest.ts';
import type { SnapshotIndex } from '../../core/snapshot/snapshot-index.ts';
import { recoverWal } from '../../core/wal/recover.ts';
import { type CopiedDirectory, contentOf, withBitFlipped } from './copy.ts';
import { both, type Damage, type Judge, quarantines, type Scene } from './damage.ts';
import type { LivingCopy } from './opening.ts';

/** A whole checkpoint that a group would begin with. */
export interface Checkpoint {
  readonly name: string;
  readonly place: SnapshotPlace;
  readonly index: SnapshotIndex;
  readonly manifest: SnapshotManifest;
}

export function checkpointOf(hasher: Hasher, reader: DirectoryReader, name: string): Checkpoint | undefined {
  const place = parseSnapshotName(name);
  if (place?.stage !== 'whole') return undefined;
  const steps = scanSnapshot(hasher, reader, name, place);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  const index = step.value;
  return index?.manifest === undefined || !index.isWhole() ? undefined : { name, place, index, manifest: index.manifest };
}

/** The checkpoints of every group that its log leads to, oldest first. */
export function usable({ reader, hasher }: Pick<Scene, 'reader' | 'hasher'>): ReadonlyMap<GroupId, readonly Checkpoint[]> {
  const { groups } = recoverWal(reader);
  const found = new Map<GroupId, Checkpoint[]>();
  for (const name of reader.list()) {
    const checkpoint = checkpointOf(hasher, reader, name);
    if (checkpoint === undefined) continue;
    const { group, index, term } = checkpoint.manifest;
    if (groups.get(group)?.continues({ index, term }) !== true) continue;
    found.set(group, [...(found.get(group) ?? []), checkpoint]);
  }
  return found;
}

export function chunksOf(reader: DirectoryReader, { index, manifest }: Checkpoint): readonly (readonly Uint8Array[])[] {
  return SECTIONS.map((section) => {
    const { chunks } = defined(manifest.sections[section], 'a manifest has every section');
    return Array.from({ length: chunks }, (_, number) =>
      defined(index.read(reader, section, number), 'a whole file has its chunks'),
    );
  });
}

/** A snapshot of other chunks, as a checkpoint writes it. Everything in it proves everything else. */
export function writeSnapshot(
  hasher: Hasher,
  base: Pick<SnapshotManifest, 'group' | 'index' | 'term' | 'time' | 'chunkBytes' | 'configuration'>,
  chunks: readonly (readonly Uint8Array[])[],
): { readonly manifest: SnapshotManifest; readonly manifestBytes: Uint8Array; readonly bytes: Uint8Array } {
  const place = { group: base.group, index: base.index };
  const parts: Uint8Array[] = [encodeSnapshotHeader(place)];
  let end = (parts[0] as Uint8Array).length;
  const add = (part: Uint8Array): void => {
    parts.push(part);
    end += part.length;
  };
  const sections = SECTIONS.map((section: Section) => {
    const log = new MerkleLog(hasher);
    let sizeBytes = 0;
    for (const [number, bytes] of (chunks[section] ?? []).entries()) {
      add(encodeChunkRecord(place, end, { section, number, bytes }));
      log.append(chunkHash(hasher, bytes));
      sizeBytes += bytes.length;
    }
    return { bytes: sizeBytes, chunks: log.size, root: log.root() };
  });
  const { group, index, term, time, chunkBytes, configuration } = base;
  const manifest = { group, index, term, time, chunkBytes, configuration, sections };
  const manifestBytes = encodeSnapshotManifest(manifest);
  add(encodeManifestRecord(place, end, manifestBytes));
  return { manifest, manifestBytes, bytes: concat(parts, end) };
}

/** The same as a fetch writes it, the manifest first; nobody looks whether the chunks are its own. */
export function fetchedFile(
  place: SnapshotPlace,
  manifestBytes: Uint8Array,
  chunks: readonly (readonly Uint8Array[])[],
): Uint8Array {
  const parts: Uint8Array[] = [encodeSnapshotHeader(place)];
  let end = (parts[0] as Uint8Array).length;
  const add = (part: Uint8Array): void => {
    parts.push(part);
    end += part.length;
  };
  add(encodeManifestRecord(place, end, manifestBytes));
  for (const section of SECTIONS) {
    for (const [number, bytes] of (chunks[section] ?? []).entries()) {
      add(encodeChunkRecord(place, end, { section, number, bytes }));
    }
  }
  return concat(parts, end);
}

function concat(parts: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Bytes that no section takes for its own, in the place of a chunk; undefined where there is none. */
export function withNonsense(
  chunks: readonly (readonly Uint8Array[])[],
  draw: (bound: number) => number,
): typeof chunks | undefined {
  const filled = SECTIONS.filter((section) => (chunks[section]?.length ?? 0) > 0);
  if (filled.length === 0) return undefined;
  const victim = filled[draw(filled.length)] as Section;
  const number = draw(chunks[victim]?.length ?? 1);
  return chunks.map((list, section) =>
    section === victim ? list.map((bytes, i) => (i === number ? new Uint8Array(bytes.length).fill(0xff) : bytes)) : list,
  );
}

interface Change {
  readonly what: string;
  readonly content?: Uint8Array | undefined;
  readonly readable?: number;
}

/** A group's newest checkpoint is none any more: it begins with an older one, or with a whole log, or not at all. */
export function damageCheckpoint(scene: Scene, clean: LivingCopy): Damage | undefined {
  const { reader, draws } = scene;
  const known = [...usable(scene)];
  if (known.length === 0) return undefined;
  const [group, checkpoints] = known[draws.below(known.length)] as (typeof known)[number];
  const newest = defined(checkpoints.at(-1), 'the group has a checkpoint');
  const change = drawChange(scene, newest, clean.directory);
  if (change === undefined) return undefined;
  const isComplete = recoverWal(reader).groups.get(group)?.isComplete === true;
  const standsIn = checkpoints.length > 1 || isComplete || hasPageFile(reader, group);
  const judge = standsIn ? passesOver(newest, clean, change) : quarantines([group], 'checkpoint_damaged');
  const what = `the checkpoint ${newest.name} ${change.what}`;
  if (change.readable !== undefined)
    return { what, files: new Map(), readable: new Map([[newest.name, change.readable]]), judge };
  return { what, files: new Map([[newest.name, change.content]]), judge };
}

/** Whether the group has a checkpoint on pages: it is never older than a snapshot that was fetched. */
function hasPageFile(reader: DirectoryReader, group: GroupId): boolean {
  return reader.list().some((name) => {
    return parsePageFileName(name)?.group === group && typeof findCheckpoint(reader, name, group) !== 'string';
  });
}

function drawChange({ reader, draws, hasher }: Scene, checkpoint: Checkpoint, read: CopiedDirectory): Change | undefined {
  const bytes = defined(contentOf(reader, checkpoint.name), 'the checkpoint is there');
  const { manifest } = checkpoint;
  switch (draws.below(7)) {
    case 0:
      return { what: 'missing', content: undefined };
    case 1: {
      const cut = draws.below(bytes.length);
      return { what: `cut to ${cut} bytes`, content: bytes.slice(0, cut) };
    }
    case 2:
      return { what: 'with a bit flipped', content: withBitFlipped(bytes.slice(0, checkpoint.index.end), draws) };
    case 3: {
      const reads = draws.below(read.reads.get(checkpoint.name) ?? 1);
      return { what: `unreadable after ${reads} reads`, readable: reads };
    }
    case 4: {
      const other = { ...manifest, term: plus(manifest.term, 1) as Term };
      return { what: 'of another term', content: writeSnapshot(hasher, other, chunksOf(reader, checkpoint)).bytes };
    }
    case 5: {
      const index = plus(manifest.index, 1 + draws.below(9)) as LogIndex;
      return {
        what: 'of another index',
        content: writeSnapshot(hasher, { ...manifest, index }, chunksOf(reader, checkpoint)).bytes,
      };
    }
    default: {
      const chunks = withNonsense(chunksOf(reader, checkpoint), (bound) => draws.below(bound));
      return chunks === undefined
        ? undefined
        : { what: 'of a state that is none', content: writeSnapshot(hasher, manifest, chunks).bytes };
    }
  }
}

/** The log is as long as it was, and the node gives the useless file up. */
function passesOver({ name, place: { group } }: Checkpoint, clean: LivingCopy, change: Change): Judge {
  const before = clean.replica.group(group)?.status();
  const begins: Judge = (opening) => {
    if (opening.kind === 'refused') return 'not with an older state';
    const after = opening.node.replica.group(group)?.status();
    if (after === undefined || opening.node.fatals.length > 0) return 'not with an older state';
    const isSame = after.lastIndex === before?.lastIndex && after.term === before.term;
    return isSame ? undefined : 'not with the whole log';
  };
  const isThere = change.content !== undefined || change.readable !== undefined;
  const givesUp: Judge = (opening) =>
    !isThere || (opening.kind === 'opened' && opening.node.removed.includes(name)) ? undefined : 'not with its removal';
  return both(begins, givesUp);
}
