/** The disk contract on the simulated disk, and on the real one with the shadow layer under it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { Random } from '../../core/random.ts';
import { FileDisk } from '../../node/disk/file-disk.ts';
import { SimDisk } from '../../sim/disk.ts';
import { type DiskUnderTest, diskContract } from './contract.ts';
import { type Below, Shadow } from './shadow.ts';

let scratch = '';
let directories = 0;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'vouch-contract-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** SimDisk: 0 keeps the latest; the largest draw goes back to what was durable. */
function simDisk(): DiskUnderTest {
  const random = Random.stream([7, 0, 0, 0], 'contract');
  let below: Below = () => 0;
  const disk = new SimDisk({ below: (bound) => below(bound) });
  const under: DiskUnderTest = {
    reader: disk,
    run: async (ops) => {
      for (const op of ops) {
        const refused = disk.execute(op);
        if (refused !== undefined) return refused;
      }
      return undefined;
    },
    powerLoss: async (keep) => {
      below = keep === 'all' ? () => 0 : keep === 'nothing' ? (bound) => bound - 1 : (bound) => random.below(bound);
      disk.powerLoss();
      return under;
    },
    close: async () => undefined,
  };
  return under;
}

/** FileDisk over the shadow, in a directory that is durable already. A refused operation ends a pipeline, so each run is a process. */
async function fileDisk(directory: string): Promise<DiskUnderTest> {
  const random = Random.stream([7, 0, 0, 0], 'contract');
  await (await FileDisk.open(directory)).close();
  const shadow = new Shadow(directory);
  let disk = await FileDisk.open(directory, { fileSystem: shadow.session().files });
  return {
    reader: {
      list: () => disk.list(),
      size: (file) => disk.size(file),
      read: (file, offset, length) => disk.read(file, offset, length),
    },
    run: async (ops) => {
      try {
        await disk.execute(ops);
        return undefined;
      } catch (error) {
        await disk.close();
        disk = await FileDisk.open(directory, { fileSystem: shadow.session().files });
        return (error as { code: string }).code;
      }
    },
    powerLoss: async (keep) => {
      await disk.close();
      directories += 1;
      const next = join(scratch, `after-${directories}`);
      const below: Below = keep === 'drawn' ? (bound) => random.below(bound) : () => (keep === 'all' ? 1 : 0);
      shadow.rebuild(shadow.position, below, next);
      return fileDisk(next);
    },
    close: () => disk.close(),
  };
}

diskContract('SimDisk', async () => simDisk());
diskContract('FileDisk', async () => {
  directories += 1;
  return fileDisk(join(scratch, `data-${directories}`));
});
