/**
 * What every disk promises, whatever it is made of: the file operations of core/effect.ts, what can be read back at once,
 * and what power loss may and may not take. Runs on the simulated and on the real disk (contract.test.ts).
 */
import { describe, expect, test } from 'vitest';
import type { DirectoryReader, FileOp } from '../../core/effect.ts';

/** One disk under test. */
export interface DiskUnderTest {
  readonly reader: DirectoryReader;
  /** Carries out operations; resolves to the code of the first refusal, or undefined. */
  run(ops: readonly FileOp[]): Promise<string | undefined>;
  /** Power loss, then a new process. Keeps everything unsynced, nothing of it, or what is drawn. */
  powerLoss(keep: 'all' | 'nothing' | 'drawn'): Promise<DiskUnderTest>;
  close(): Promise<void>;
}

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);
const write = (file: string, offset: number, data: Uint8Array): FileOp => ({ op: 'write', file, offset, bytes: data });
const create = (file: string, sizeBytes: number = 0): FileOp => ({ op: 'create', file, sizeBytes });
const sync = (file: string): FileOp => ({ op: 'sync', file });
const rename = (from: string, to: string): FileOp => ({ op: 'rename', from, to });
const remove = (file: string): FileOp => ({ op: 'remove', file });
const syncDirectory: FileOp = { op: 'syncDirectory' };

export function diskContract(name: string, open: () => Promise<DiskUnderTest>): void {
  const check = (claim: string, body: (disk: DiskUnderTest) => Promise<DiskUnderTest | undefined>): void => {
    test(claim, async () => {
      const disk = await open();
      await ((await body(disk)) ?? disk).close();
    });
  };

  describe(name, () => {
    check('a new directory is empty', async ({ reader }) => {
      expect(reader.list()).toEqual([]);
      expect(reader.size('a')).toBeUndefined();
      return undefined;
    });

    check('a created file has its size, in zeros, and names are listed sorted', async ({ reader, run }) => {
      expect(await run([create('b', 1000), create('a'), create('B', 1)])).toBeUndefined();
      expect(reader.list()).toEqual(['B', 'a', 'b']);
      expect([reader.size('b'), reader.size('a')]).toEqual([1000, 0]);
      expect(reader.read('b', 0, 2000)).toEqual(new Uint8Array(1000));
      return undefined;
    });

    check('a write is read back at once, overwrites, and extends over a gap of zeros', async ({ reader, run }) => {
      await run([create('a', 4), write('a', 1, bytes(1, 2, 3)), write('a', 2, bytes(9)), write('a', 6, bytes(7))]);
      expect(reader.read('a', 0, 100)).toEqual(bytes(0, 1, 9, 3, 0, 0, 7));
      expect(reader.size('a')).toBe(7);
      return undefined;
    });

    check('a read ends with the file, and its result is the reader’s own', async ({ reader, run }) => {
      await run([create('a'), write('a', 0, bytes(1, 2, 3))]);
      expect(reader.read('a', 2, 5)).toEqual(bytes(3));
      expect(reader.read('a', 3, 5)).toEqual(bytes());
      expect(reader.read('a', 9, 5)).toEqual(bytes());
      reader.read('a', 0, 3).fill(0xff);
      expect(reader.read('a', 0, 3)).toEqual(bytes(1, 2, 3));
      return undefined;
    });

    check('reading a file that is not there throws a StorageError', async ({ reader }) => {
      expect(() => reader.read('missing', 0, 1)).toThrow(expect.objectContaining({ name: 'StorageError' }));
      return undefined;
    });

    check('creating a name that exists is refused', async ({ run }) => {
      await run([create('a')]);
      expect(await run([create('a')])).toBe('EEXIST');
      return undefined;
    });

    for (const [what, op] of [
      ['writing', write('a', 0, bytes(1))],
      ['syncing', sync('a')],
      ['renaming', rename('a', 'b')],
      ['removing', remove('a')],
    ] as const) {
      check(`${what} a file that is not there is refused, and nothing behind it happens`, async ({ run, reader }) => {
        expect(await run([op, create('behind')])).toBe('ENOENT');
        expect(reader.list()).toEqual([]);
        return undefined;
      });
    }

    check('a rename replaces what had the name', async ({ reader, run }) => {
      await run([create('a'), write('a', 0, bytes(1)), create('b'), write('b', 0, bytes(2)), rename('a', 'b')]);
      expect(reader.list()).toEqual(['b']);
      expect(reader.read('b', 0, 9)).toEqual(bytes(1));
      expect(await run([write('b', 1, bytes(3)), create('a'), write('a', 0, bytes(4))])).toBeUndefined();
      expect([reader.read('b', 0, 9), reader.read('a', 0, 9)]).toEqual([bytes(1, 3), bytes(4)]);
      return undefined;
    });

    check('a removed name is gone and may be created again, empty', async ({ reader, run }) => {
      await run([create('a'), write('a', 0, bytes(1)), remove('a'), create('a', 2)]);
      expect(reader.read('a', 0, 9)).toEqual(bytes(0, 0));
      return undefined;
    });

    check('what was synced survives power loss: contents, size and name', async (disk) => {
      await disk.run([create('a', 2000), write('a', 700, bytes(1, 2)), sync('a'), syncDirectory]);
      const after = await disk.powerLoss('nothing');
      expect(after.reader.list()).toEqual(['a']);
      expect([after.reader.size('a'), after.reader.read('a', 700, 2)]).toEqual([2000, bytes(1, 2)]);
      return after;
    });

    check('a file whose name was not synced may be gone, though its contents were', async (disk) => {
      await disk.run([create('a'), write('a', 0, bytes(1)), sync('a')]);
      const after = await disk.powerLoss('nothing');
      expect(after.reader.list()).toEqual([]);
      return after;
    });

    check('an unsynced write may be gone, what it overwrote is back', async (disk) => {
      await disk.run([create('a'), write('a', 0, bytes(1, 1)), sync('a'), syncDirectory, write('a', 0, bytes(2, 2, 2))]);
      const after = await disk.powerLoss('nothing');
      expect(after.reader.read('a', 0, 9)).toEqual(bytes(1, 1));
      return after;
    });

    check('an unsynced rename or removal may not have happened', async (disk) => {
      await disk.run([create('a'), create('b'), syncDirectory, rename('a', 'c'), remove('b')]);
      const after = await disk.powerLoss('nothing');
      expect(after.reader.list()).toEqual(['a', 'b']);
      return after;
    });

    check('unsynced writes and names may have happened all the same', async (disk) => {
      await disk.run([create('a', 3), create('b'), syncDirectory, write('a', 1, bytes(5)), rename('b', 'c')]);
      const after = await disk.powerLoss('all');
      expect(after.reader.list()).toEqual(['a', 'c']);
      expect(after.reader.read('a', 0, 9)).toEqual(bytes(0, 5, 0));
      return after;
    });

    check('unsynced sectors are kept or lost each on its own, never in part; synced ones stay', async (disk) => {
      const old = new Uint8Array(64 * 512).fill(1);
      await disk.run([create('a'), write('a', 0, old), sync('a'), syncDirectory]);
      await disk.run([write('a', 100, new Uint8Array(40 * 512).fill(2))]);
      const after = await disk.powerLoss('drawn');
      const found = after.reader.read('a', 0, old.length);
      const fates = new Set<string>();
      for (let sector = 0; sector < 64; sector += 1) {
        const from = Math.max(sector * 512, 100);
        const within = found.subarray(from, Math.min((sector + 1) * 512, 100 + 40 * 512));
        const values = [...new Set(within)];
        expect(values.length).toBeLessThanOrEqual(1);
        if (values.length === 1) fates.add(String(values[0]));
      }
      expect([...fates].sort()).toEqual(['1', '2']);
      expect(new Set(found.subarray(41 * 512))).toEqual(new Set([1]));
      return after;
    });

    check('what power loss left is durable: a second one changes nothing', async (disk) => {
      await disk.run([create('a', 512 * 20), syncDirectory, write('a', 0, new Uint8Array(512 * 20).fill(3))]);
      const once = await disk.powerLoss('drawn');
      const found = once.reader.list().map((file) => once.reader.read(file, 0, 20_000));
      const twice = await once.powerLoss('nothing');
      expect(twice.reader.list().map((file) => twice.reader.read(file, 0, 20_000))).toEqual(found);
      return twice;
    });
  });
}
