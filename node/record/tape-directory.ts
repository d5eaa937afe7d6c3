/**
 * The directory of `--record`: one file for each life of a node, `<node id>-<number>.tape`, readable by its owner alone. Nodes may share
 * a directory; each counts, and removes, its own tapes only.
 *
 * The limit is for all tapes of a node together. A tape cannot lose its beginning, without which it means nothing, so room is made at the
 * start of a new one: the oldest tapes go until half of the limit is free. What is left is the new one's; when it has used that up, it
 * ends (core/recording/recorder.ts).
 */
import { closeSync, existsSync, openSync, readdirSync, realpathSync, rmSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { StorageError } from '../../core/errors.ts';
import type { NodeId } from '../../core/ids.ts';
import type { TapeSink } from '../../core/recording/recorder.ts';
import { makeDirectory } from '../local/make-directory.ts';

const OWNER_ONLY = 0o600;
const NUMBER_DIGITS = 8;

export interface TapeFile extends TapeSink {
  readonly path: string;
  /** Gives the file free, without waiting for the device: a node that serves does not stand still for its tape. */
  close(): void;
}

export interface OpenedTape {
  readonly file: TapeFile;
  /** What the tape may have of the limit, bytes. */
  readonly limitBytes: number;
  /** Names of tapes that were removed to make room. */
  readonly removed: readonly string[];
}

export interface TapePlace {
  readonly directory: string;
  readonly node: NodeId;
  /** Of all tapes of this node in the directory. */
  readonly limitBytes: number;
  /** The node's data directory, which lists whatever lies in it as its own. */
  readonly data: string;
}

/** Makes a new tape, and the directory where it is missing. Throws StorageError with a sentence for the operator. */
export function openTapeFile(place: TapePlace): OpenedTape {
  const directory = resolve(place.directory);
  try {
    refuseInside(directory, place.data);
    makeDirectory(directory);
    const { removed, usedBytes, next } = makeRoom(place, directory);
    const path = join(directory, `${place.node}-${String(next).padStart(NUMBER_DIGITS, '0')}.tape`);
    return { file: create(path), limitBytes: place.limitBytes - usedBytes, removed };
  } catch (error) {
    if (error instanceof StorageError) throw error;
    throw unusable(directory, (error as NodeJS.ErrnoException).code ?? 'EIO');
  }
}

/** The sentence for a directory that takes no tape. */
export function unusable(directory: string, reason: string): StorageError {
  const advice = 'Name a directory that this node may write to with --record, or leave it out.';
  return new StorageError('recording_unusable', `No tape can be written to ${directory}: ${reason}. ${advice}`);
}

function refuseInside(directory: string, data: string): void {
  const [inner, outer] = [realPath(directory), realpathSync(data)];
  if (inner !== outer && !inner.startsWith(outer + sep)) return;
  throw new StorageError(
    'recording_inside_data',
    `The directory of --record (${directory}) lies in the data directory (${data}), where only a node's own files may be. Name another one.`,
  );
}

/** Of a path that may end in names that are to be made yet. */
function realPath(path: string): string {
  return existsSync(path) || dirname(path) === path ? realpathSync(path) : join(realPath(dirname(path)), basename(path));
}

/** Removes the oldest tapes of this node until they leave half of the limit. */
function makeRoom(
  { node, limitBytes }: TapePlace,
  directory: string,
): { readonly removed: readonly string[]; readonly usedBytes: number; readonly next: number } {
  const own = new RegExp(`^${node}-([0-9]{${NUMBER_DIGITS}})\\.tape$`);
  const tapes = readdirSync(directory)
    .filter((name) => own.test(name))
    .sort()
    .map((name) => ({ name, sizeBytes: statSync(join(directory, name)).size }));
  let usedBytes = tapes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const removed: string[] = [];
  for (const { name, sizeBytes } of tapes) {
    if (usedBytes <= limitBytes / 2) break;
    rmSync(join(directory, name));
    usedBytes -= sizeBytes;
    removed.push(name);
  }
  return { removed, usedBytes, next: 1 + Number(own.exec(tapes.at(-1)?.name ?? '')?.[1] ?? 0) };
}

/** Never one that is there. Why written in place: 2 to 5 µs into the page cache, and what was written survives the process. */
function create(path: string): TapeFile {
  const descriptor = openSync(path, 'wx', OWNER_ONLY);
  return {
    path,
    append(bytes) {
      for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
    },
    close: () => closeSync(descriptor),
  };
}
