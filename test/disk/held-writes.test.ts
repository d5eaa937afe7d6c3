/** The layer that gives real processes power cuts keeps the disk contract: what is synced stays, what is not may go piece by piece. */
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { FileOp } from '../../core/effect.ts';
import { Random } from '../../core/random.ts';
import { FileDisk } from '../../node/disk/file-disk.ts';
import { operatingSystem } from '../../node/disk/file-system.ts';
import { HeldWrites } from '../../node/torture/held-writes.ts';
import { type DiskUnderTest, diskContract } from './contract.ts';

const scratch: string = mkdtempSync(join(tmpdir(), 'vouch-held-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const random: Random = Random.stream([9, 9, 9, 9], 'held');
let directories = 0;

async function process(directory: string, holds: () => boolean): Promise<FileDisk> {
  const heldDirectory = `${directory}.held`;
  rmSync(heldDirectory, { recursive: true, force: true });
  const { fileSystem } = new HeldWrites({ below: { ...operatingSystem }, directory, heldDirectory, holds });
  return FileDisk.open(directory, { fileSystem });
}

/** A copy of what an earlier life left; an empty directory at first. */
function copyOf(base: string | undefined): string {
  directories += 1;
  const directory = join(scratch, `data-${directories}`);
  if (base !== undefined) cpSync(base, directory, { recursive: true, filter: (path) => !basename(path).startsWith('lock') });
  return directory;
}

/** A life in which the layer decides as told; it ends as a process does that is killed. @returns what it leaves. */
async function live(base: string | undefined, runs: readonly (readonly FileOp[])[], holds: () => boolean): Promise<string> {
  const directory = copyOf(base);
  for (const ops of runs) {
    const disk = await process(directory, holds);
    await disk.execute(ops).catch(() => undefined);
    await disk.close();
  }
  return directory;
}

/** The layer decides at each write and the contract asks at the end: so what was done is done again under what it asks for. */
async function open(base: string | undefined): Promise<DiskUnderTest> {
  let disk = await process(copyOf(base), () => random.below(2) === 0);
  const ran: FileOp[] = [];
  return {
    reader: {
      list: () => disk.list(),
      size: (file) => disk.size(file),
      read: (file, offset, length) => disk.read(file, offset, length),
    },
    run: async (ops) => {
      try {
        await disk.execute(ops);
        ran.push(...ops);
        return undefined;
      } catch (error) {
        await disk.close();
        disk = await process(await live(base, [ran], () => false), () => true);
        return (error as { code: string }).code;
      }
    },
    powerLoss: async (keep) => {
      await disk.close();
      return open(await live(base, [ran], () => (keep === 'drawn' ? random.below(2) === 0 : keep === 'nothing')));
    },
    close: () => disk.close(),
  };
}

diskContract('FileDisk over held writes', () => open(undefined));

test('what no sync covers is in no file of the directory while it is held', async () => {
  const directory = join(scratch, 'held');
  const disk = await process(directory, () => true);
  await disk.execute([
    { op: 'create', file: 'a', sizeBytes: 0 },
    { op: 'write', file: 'a', offset: 0, bytes: Uint8Array.of(1) },
  ]);
  expect([...disk.list(), readdirSync(directory).filter((name) => !name.startsWith('lock')).length]).toEqual(['a', 0]);
  await disk.execute([{ op: 'sync', file: 'a' }, { op: 'syncDirectory' }]);
  expect(operatingSystem.size(join(directory, 'a'))).toBe(1);
  await disk.close();
});
