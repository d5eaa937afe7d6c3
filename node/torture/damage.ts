/**
 * Damages a file of a stopped node: flips bits where something is written, or cuts the file off. It knows nothing of formats: whatever
 * is in the directory may be hit, but for the small files that say who the node is (30-storage: a node that does not know who it is must not start).
 */
import {
  closeSync,
  copyFileSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../core/random.ts';
import { CLUSTER_FILE, IDENTITY_FILE } from '../../core/replica/directory.ts';
import { SIGNING_FILE } from '../../core/signing/record-file.ts';

const SECTOR_BYTES = 512;
const BITS_MAX = 4;
const TRIES_MAX = 2000;
/** One damage in so many may hit the record of what was signed: it is small, and beside a log and a page file it would be every third. */
const SIGNING_SHARE = 8;
const SPARED: readonly string[] = [IDENTITY_FILE, CLUSTER_FILE, 'NODE'];

export interface Damage {
  readonly file: string;
  readonly how: 'bits' | 'cut';
  readonly offset: number;
  /** Where a copy of the file from before stands, for an operator who has one. */
  readonly copy: string;
}

/** @param copies a directory beside the data. @returns undefined where there is nothing to damage. */
export function damageIn(directory: string, copies: string, random: Random): Damage | undefined {
  const names = readdirSync(directory).filter(
    (name) => !name.startsWith('lock') && !SPARED.some((spared) => name.startsWith(spared)),
  );
  const files = names.sort().filter((name) => statSync(join(directory, name)).size > 0);
  const seldom = files.filter((name) => name !== SIGNING_FILE);
  const drawn = random.below(SIGNING_SHARE) === 0 ? files : seldom;
  const file = drawn[random.below(Math.max(drawn.length, 1))];
  if (file === undefined) return undefined;
  const path = join(directory, file);
  const { size } = statSync(path);
  const copy = join(copies, file);
  const isCut = random.below(3) === 0;
  const used = writtenSector(path, size, random);
  if (used === undefined) return undefined;
  copyFileSync(path, copy);
  if (isCut) {
    truncateSync(path, used + random.below(Math.min(SECTOR_BYTES, size - used)));
    return { file, how: 'cut', offset: used, copy };
  }
  flip(path, { offset: used, bytes: Math.min(SECTOR_BYTES, size - used), bits: 1 + random.below(BITS_MAX) }, random);
  return { file, how: 'bits', offset: used, copy };
}

/** Whether it is a page file, or a sentence about one: those are read in pieces, and not when their node starts. */
export function isOfPageFile(text: string): boolean {
  return text.includes('pages-');
}

/** The operator's way out: the file as it was before it was damaged. The node must not run. */
export function restore(directory: string, { file, copy }: Damage): void {
  copyFileSync(copy, join(directory, `${file}.restoring`));
  renameSync(join(directory, `${file}.restoring`), join(directory, file));
}

export function forget({ copy }: Damage): void {
  rmSync(copy, { force: true });
}

/** Offset of a drawn 512-byte piece that is not all zeros: most of a preallocated file is. */
function writtenSector(path: string, size: number, random: Random): number | undefined {
  const descriptor = openSync(path, 'r');
  try {
    const bytes = new Uint8Array(SECTOR_BYTES);
    let sectors = Math.ceil(size / SECTOR_BYTES);
    for (let tries = 0; tries < TRIES_MAX && sectors > 0; tries += 1) {
      const sector = random.below(sectors);
      const count = readSync(descriptor, bytes, 0, SECTOR_BYTES, sector * SECTOR_BYTES);
      if (bytes.subarray(0, count).some((byte) => byte !== 0)) return sector * SECTOR_BYTES;
      if (tries % 8 === 7) sectors = Math.max(Math.ceil(sectors / 2), 1); // what is written stands at the beginning
    }
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}

function flip(
  path: string,
  where: { readonly offset: number; readonly bytes: number; readonly bits: number },
  random: Random,
): void {
  const descriptor = openSync(path, 'r+');
  try {
    const byte = new Uint8Array(1);
    for (let i = 0; i < where.bits; i += 1) {
      const at = where.offset + random.below(where.bytes);
      readSync(descriptor, byte, 0, 1, at);
      byte[0] = (byte[0] as number) ^ (1 << random.below(8));
      writeSync(descriptor, byte, 0, 1, at);
    }
  } finally {
    closeSync(descriptor);
  }
}
