/** What `vouch start` says of a directory, and that it changes nothing in one that is not its own. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDataDirectory } from '../../node/data-directory.ts';
import { systemEntropy } from '../../node/entropy.ts';

let root = '';
let count = 0;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'vouch-data-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const FIRST = { listen: '127.0.0.1:7400', join: undefined };
const LATER = { listen: undefined, join: undefined };

function fresh(): string {
  count += 1;
  return join(root, `d${count}`);
}

async function make(): Promise<string> {
  const path = fresh();
  const { disk } = await openDataDirectory(path, FIRST, systemEntropy);
  await disk.close();
  return path;
}

/** The sentence a start ends with. */
async function refusal(path: string, first: Parameters<typeof openDataDirectory>[1] = LATER): Promise<string> {
  try {
    const { disk } = await openDataDirectory(path, first, systemEntropy);
    await disk.close();
  } catch (error) {
    return (error as Error).message;
  }
  return 'opened';
}

function image(path: string): Record<string, string> {
  return Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name), 'latin1')]));
}

describe('data directory', () => {
  test('a new directory gets an identity that a later start finds, with the listen address', async () => {
    const path = await make();
    const identity = image(path).IDENTITY;
    const { disk, file, ignored } = await openDataDirectory(path, LATER, systemEntropy);
    expect([file.listen, ignored, image(path).IDENTITY]).toEqual(['127.0.0.1:7400', [], identity]);
    await disk.close();
  });

  test('two new directories are two nodes', async () => {
    expect(image(await make()).IDENTITY).not.toBe(image(await make()).IDENTITY);
  });

  test('first-boot settings that differ are ignored and named; equal ones are not worth a word', async () => {
    const path = await make();
    const again = await openDataDirectory(path, { listen: '127.0.0.1:9', join: ['127.0.0.1:8'] }, systemEntropy);
    expect(again.file.listen).toBe('127.0.0.1:7400');
    expect(again.ignored).toEqual(['--listen 127.0.0.1:9 (it is 127.0.0.1:7400)', '--join 127.0.0.1:8']);
    await again.disk.close();
    const same = await openDataDirectory(path, FIRST, systemEntropy);
    expect(same.ignored).toEqual([]);
    await same.disk.close();
  });

  test('what the first start was told of addresses and of who may come stands in NODE, for starts that are told nothing', async () => {
    const path = fresh();
    const told = { listen: '0.0.0.0:7400', join: ['b:1'], advertise: 'a.example:7400', insecure: true };
    await (await openDataDirectory(path, told, systemEntropy)).disk.close();
    const { disk, file, ignored } = await openDataDirectory(path, { ...LATER, advertise: 'c:1' }, systemEntropy);
    expect(file).toEqual({ format: 1, ...told });
    expect(ignored).toEqual(['--advertise c:1 (it is a.example:7400)']);
    await disk.close();
  });

  test('an empty directory without --listen is a sentence', async () => {
    expect(await refusal(fresh())).toMatch(/holds no node yet: the first start also needs --listen/);
  });

  test('a foreign directory is refused and unchanged', async () => {
    const path = fresh();
    mkdirSync(path);
    writeFileSync(join(path, 'thesis.tex'), 'all my work');
    const before = image(path);
    expect(await refusal(path, FIRST)).toMatch(/is not empty and not a Vouch data directory \(it holds "thesis.tex"\)/);
    expect(image(path)).toEqual(before);
  });

  test('a directory that another process has open is refused', async () => {
    const path = fresh();
    const { disk } = await openDataDirectory(path, FIRST, systemEntropy);
    expect(await refusal(path)).toMatch(/is already open in this process|is in use by/);
    await disk.close();
    expect(await refusal(path)).toBe('opened');
  });

  test.each([
    ['damaged', (bytes: Buffer) => bytes.subarray(0, 20), /IDENTITY is damaged/],
    [
      'of a newer format',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 8), Buffer.from([9]), bytes.subarray(9)]),
      /newer Vouch/,
    ],
    ['of another program', () => Buffer.from('not ours at all, really not ours'), /was not written by Vouch/],
  ])('an identity that is %s is a sentence, and nothing is changed', async (_name, change, sentence) => {
    const path = await make();
    writeFileSync(join(path, 'IDENTITY'), change(readFileSync(join(path, 'IDENTITY'))));
    const before = image(path);
    expect(await refusal(path, FIRST)).toMatch(sentence);
    expect(image(path)).toEqual(before);
  });

  test.each([
    ['{"format":2}', /newer Vouch/],
    ['{"format":1}', /incomplete/],
    ['x', /not JSON/],
  ])('the settings %j are a sentence', async (text, sentence) => {
    const path = await make();
    writeFileSync(join(path, 'NODE'), text);
    expect(await refusal(path)).toMatch(sentence);
  });

  test('a file where the directory should be is a sentence', async () => {
    const path = fresh();
    writeFileSync(path, '');
    expect(await refusal(path, FIRST)).toMatch(/not a directory/);
  });

  test('a directory without permission is a sentence', async (context) => {
    context.skip(process.getuid?.() === 0, 'root may read everything');
    const path = fresh();
    mkdirSync(path);
    chmodSync(path, 0);
    expect(await refusal(path, FIRST)).toMatch(/permission denied/);
    chmodSync(path, 0o700);
  });

  test.each([['NODE'], ['NODE.new'], ['IDENTITY.new'], ['NODE', 'IDENTITY.new']])(
    'creation that stopped after writing %s and %s is finished by the next start',
    async (...names) => {
      const made = await make();
      const path = fresh();
      mkdirSync(path);
      const given: (string | undefined)[] = names;
      for (const name of given) {
        if (name !== undefined)
          writeFileSync(join(path, name), readFileSync(join(made, name.replace('.new', ''))).subarray(0, 10));
      }
      expect(await refusal(path, FIRST)).toBe('opened');
      expect(await refusal(path)).toBe('opened');
    },
  );
});
