/** File calls of a real run end the process, fail and dawdle as ordered, and at no other time. */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { type FileSystem, operatingSystem } from '../../../node/disk/file-system.ts';
import { OrderedFaults } from '../../../node/real/ordered-faults.ts';
import { giveOrder, OrderReader } from '../../../node/real/orders.ts';
import { HeldWrites } from '../../../node/torture/held-writes.ts';

const scratch: string = mkdtempSync(join(tmpdir(), 'vouch-ordered-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let files = 0;
let path = '';
let deaths: string[] = [];
let faults: OrderedFaults;
let calls: FileSystem;
let descriptor = 0;

beforeEach(() => {
  files += 1;
  path = join(scratch, `file-${files}`);
  deaths = [];
  faults = new OrderedFaults({ below: { ...operatingSystem }, syncMs: 0, die: (how) => deaths.push(how) });
  calls = faults.fileSystem;
  descriptor = calls.open(path, 'create');
});

const write = (): number => calls.write(descriptor, Uint8Array.of(1, 2), 0);
const sync = (): Promise<string> =>
  new Promise((resolve) => calls.sync(descriptor, 'file', (error) => resolve(error === null ? 'done' : (error.code ?? 'error'))));

describe('the end of a process', () => {
  test('comes at once where nothing is to happen before', () => {
    faults.obey({ order: 'die', after: 0, fromNextWrite: false, how: 'crash' });
    expect(deaths).toEqual(['crash']);
  });

  test('comes after so many more calls, and once', async () => {
    faults.obey({ order: 'die', after: 2, fromNextWrite: false, how: 'powerLoss' });
    write();
    await sync();
    expect(deaths).toEqual([]);
    write();
    write();
    expect(deaths).toEqual(['powerLoss']);
  });

  test('is counted from the next write where that was asked for', async () => {
    faults.obey({ order: 'die', after: 1, fromNextWrite: true, how: 'crash' });
    await sync();
    await sync();
    write();
    expect(deaths).toEqual([]);
    await sync();
    expect(deaths).toEqual(['crash']);
  });

  test('does not come when it was taken back', () => {
    faults.obey({ order: 'die', after: 1, fromNextWrite: false, how: 'crash' });
    faults.obey({ order: 'live' });
    for (let times = 0; times < 5; times += 1) write();
    expect(deaths).toEqual([]);
  });
});

describe('a disk', () => {
  test('refuses one sync, and no write', async () => {
    faults.obey({ order: 'refuse', error: 'EIO' });
    expect(write()).toBe(2);
    expect(await sync()).toBe('EIO');
    expect(await sync()).toBe('done');
  });

  test('refuses one write, and no sync', async () => {
    faults.obey({ order: 'refuse', error: 'ENOSPC' });
    expect(await sync()).toBe('done');
    expect(write).toThrow('ENOSPC');
    expect(write()).toBe(2);
  });

  test('refuses nothing once that was taken back', async () => {
    faults.obey({ order: 'refuse', error: 'EIO' });
    faults.obey({ order: 'refuse', error: null });
    expect(await sync()).toBe('done');
  });

  test('takes its time for every sync', async () => {
    faults.obey({ order: 'slow', syncMs: 60 });
    const before = performance.now();
    expect(await sync()).toBe('done');
    expect(performance.now() - before).toBeGreaterThanOrEqual(55);
  });
});

test('orders are read once, whole lines only, and none from before', () => {
  const file = join(scratch, 'orders');
  giveOrder(file, { order: 'live' });
  const reader = new OrderReader(file);
  expect(reader.take()).toEqual([]);
  giveOrder(file, { order: 'slow', syncMs: 5 });
  appendFileSync(file, '{"order":"li');
  expect(reader.take()).toEqual([{ order: 'slow', syncMs: 5 }]);
  appendFileSync(file, 've"}\n');
  expect(reader.take()).toEqual([{ order: 'live' }]);
  expect(reader.take()).toEqual([]);
});

test('a crash leaves what was written, a loss of power does not: release lets everything reach its file', () => {
  const directory = mkdtempSync(join(scratch, 'data-'));
  const held = new HeldWrites({
    below: { ...operatingSystem },
    directory,
    heldDirectory: `${directory}.held`,
    holds: () => true,
  });
  const { fileSystem } = held;
  const file = join(directory, 'a');
  const open = fileSystem.open(file, 'create');
  fileSystem.write(open, Uint8Array.of(7, 8, 9), 0);
  expect(existsSync(file)).toBe(false);
  held.release();
  expect([...readFileSync(file)]).toEqual([7, 8, 9]);
});
