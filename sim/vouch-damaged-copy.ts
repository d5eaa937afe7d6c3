/**
 * Damaged copies of a Vouch data directory, and what must become of each: refused with the right code, or opened with the
 * damage reported and what it concerns taking no part. Never opened as if nothing were missing, and never ended by anything but a
 * StorageError. The families of damages stand in damaged-copies/, each with what it expects.
 */
import type { Hasher } from '../core/capability.ts';
import type { Clocks, DirectoryReader } from '../core/effect.ts';
import { StorageError } from '../core/errors.ts';
import { CLUSTER_FILE } from '../core/replica/directory.ts';
import { decodeManifest } from '../core/replica/manifest.ts';
import { damageCheckpoint } from './damaged-copies/checkpoints.ts';
import { CopiedDirectory, contentOf, UnalignedReader } from './damaged-copies/copy.ts';
import { type Damage, outcomeOf, type Scene } from './damaged-copies/damage.ts';
import { hostileFetch } from './damaged-copies/fetches.ts';
import { hostilePeer, newGroup, refusingDisk } from './damaged-copies/hostile-peer.ts';
import { leaveFiles } from './damaged-copies/leftovers.ts';
import { contradictingRecord, unreadableRecord } from './damaged-copies/log-records.ts';
import { cleanCopy, forgottenLater, type LivingCopy, open } from './damaged-copies/opening.ts';
import { damagePageFile } from './damaged-copies/page-files.ts';
import { contradictingSegment, damageSegments } from './damaged-copies/segments.ts';
import { damageIdentity, damageManifest, damageManifestBytes, olderManifest } from './damaged-copies/small-files.ts';
import { fastHasher } from './hasher.ts';
import type { Draws } from './tape.ts';

type Family = (scene: Scene, clean: LivingCopy) => Damage | undefined;

/** By name, for a test that asks for one of them. */
export const FAMILIES: Readonly<Record<string, Family>> = {
  identity: damageIdentity,
  manifestBytes: damageManifestBytes,
  manifest: damageManifest,
  olderManifest,
  segments: damageSegments,
  contradictingSegment,
  contradictingRecord,
  unreadableRecord,
  checkpoint: damageCheckpoint,
  pageFile: damagePageFile,
  leftovers: leaveFiles,
  hostilePeer,
  hostileFetch,
  refusingDisk,
  newGroup,
};

export interface CopyOptions {
  /** The nodes'. */
  readonly hasher?: Hasher;
  /** Told of rare branches; half of the copies are opened without. */
  readonly mark?: (name: string) => void;
  /** How the damage is put over the original; a test passes one that forgets it. */
  readonly copy?: (original: DirectoryReader, damage: Damage) => CopiedDirectory;
  /** Which of FAMILIES to draw from. */
  readonly families?: readonly string[];
}

/** Opens a copy with a drawn damage. @returns what was wrong about how it went. */
export function openDamagedCopy(
  reader: DirectoryReader,
  clocks: Clocks,
  draws: Draws,
  options: CopyOptions = {},
): string | undefined {
  const { hasher = fastHasher, mark, copy = copyOf, families = Object.keys(FAMILIES) } = options;
  const probe = mark !== undefined && draws.below(2) === 0 ? { mark, stepped: () => undefined } : undefined;
  const drawn = drawDamage(reader, { clocks, draws, hasher, probe }, families);
  if (drawn === undefined) return undefined;
  const { scene, damage } = drawn;
  const wrap = damage.isUnaligned === true ? (directory: CopiedDirectory) => new UnalignedReader(directory) : undefined;
  const opening = open(copy(reader, damage), scene, wrap);
  const complaint = damage.judge(opening);
  if (complaint !== undefined) return `a copy with ${damage.what} was met with "${outcomeOf(opening)}", ${complaint}`;
  if (opening.kind === 'refused') return undefined;
  const forgotten = forgottenLater(opening.node, damage, scene);
  return forgotten === undefined ? undefined : `of a copy with ${damage.what}, ${forgotten}`;
}

function copyOf(original: DirectoryReader, { files, readable }: Damage): CopiedDirectory {
  return new CopiedDirectory(original, files, readable);
}

/** @returns undefined where there is nothing to damage: no member yet, or a disk that is damaged itself, or cannot be read. */
function drawDamage(
  reader: DirectoryReader,
  { clocks, draws, hasher, probe }: Pick<Scene, 'clocks' | 'draws' | 'hasher' | 'probe'>,
  families: readonly string[],
): { readonly scene: Scene; readonly damage: Damage } | undefined {
  try {
    const manifestBytes = contentOf(reader, CLUSTER_FILE);
    const manifest = manifestBytes === undefined ? undefined : decodeManifest(manifestBytes);
    if (manifest?.ok !== true) return undefined;
    const scene = { reader, manifest: manifest.value, clocks, draws, hasher, probe };
    const family = FAMILIES[families[draws.below(families.length)] as string];
    const clean = cleanCopy(scene);
    const damage = clean === undefined ? undefined : family?.(scene, clean);
    return damage === undefined ? undefined : { scene, damage };
  } catch (error) {
    if (error instanceof StorageError) return undefined;
    throw error;
  }
}
