/**
 * The signing record on a disk that loses power: whatever was reported durable is remembered, nothing else than what was signed is,
 * and no loss of power makes the record look damaged. Rot does, or the record says at least what it said.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { MerkleLog } from '../../core/chain/merkle-log.ts';
import { ulidFrom } from '../../core/chain/ulid.ts';
import { portableHasher } from '../../core/hasher.ts';
import type { NodeId, Seq, VaultId } from '../../core/ids.ts';
import { Random } from '../../core/random.ts';
import { encodeSigningHeader, SIGNING_FILE } from '../../core/signing/record-file.ts';
import { SigningRecord } from '../../core/signing/signing-record.ts';
import { SimDisk } from '../../sim/disk.ts';

const NODE = 'a1'.repeat(16) as NodeId;
const HEAD = encodeSigningHeader({
  node: NODE,
  publicKey: new Uint8Array(32).fill(7),
  form: 'clear',
  secret: new Uint8Array(32).fill(8),
});
const VAULTS = Array.from({ length: 20 }, (_, i) => ulidFrom(1000 + i, new Uint8Array(10).fill(i)) as VaultId);
const LOGS = VAULTS.map((_, vault) => {
  const log = new MerkleLog(portableHasher);
  for (let leaf = 0; leaf < 400; leaf += 1) log.append(new Uint8Array(32).fill(leaf + vault));
  return log;
});

/** How many vaults are signed in a step, how far each goes on, and how much of it the disk carries out before power goes. */
const steps = fc.array(
  fc.record({
    vaults: fc.array(fc.nat(VAULTS.length - 1), { minLength: 1, maxLength: 20 }),
    by: fc.integer({ min: 1, max: 3 }),
    crash: fc.option(fc.record({ operations: fc.nat(6), power: fc.boolean() }), { nil: undefined, freq: 4 }),
  }),
  { maxLength: 60 },
);

function open(disk: SimDisk): SigningRecord {
  const opened = SigningRecord.open(disk, NODE);
  if (typeof opened === 'string') throw new Error(opened);
  return opened.record;
}

test('what is durable is remembered, whatever a loss of power takes of the rest', () => {
  fc.assert(
    fc.property(steps, fc.nat(), fc.boolean(), (all, seed, isHalfWritten) => {
      const disk = new SimDisk(Random.stream([seed, 1, 2, 3], 'disk'), isHalfWritten);
      let record = SigningRecord.begin(HEAD, disk);
      let seq = 0;
      const signed = new Map<number, number>();
      const durable = new Map<number, number>();
      let isThere = false;
      for (const { vaults, by, crash } of all) {
        seq += 1;
        for (const vault of new Set(vaults)) {
          const size = Math.min((signed.get(vault) ?? 0) + by, 400);
          const log = LOGS[vault] as MerkleLog;
          const wanted = { size, root: log.root(size) };
          expect(record.judge(VAULTS[vault] as VaultId, log, wanted).kind).toBe('sign');
          record.sign({ vault: VAULTS[vault] as VaultId, ...wanted }, seq as Seq);
          signed.set(vault, size);
        }
        const ops = record.isChanged ? record.takeOps(seq as Seq) : [];
        const carried = ops.slice(0, crash?.operations ?? ops.length);
        for (const op of carried) expect(disk.execute(op)).toBeUndefined();
        if (crash === undefined || carried.length === ops.length) {
          record.persisted(seq as Seq);
          for (const [vault, size] of signed) durable.set(vault, size);
          isThere = true;
        }
        if (crash === undefined) continue;
        const torn = crash.power ? disk.powerLoss().tornWrites : 0;
        // What a dead process has written, a later loss of power may still take: the first persist after an opening syncs it.
        if (disk.size('SIGNING') !== undefined) disk.execute({ op: 'sync', file: 'SIGNING' });
        disk.execute({ op: 'syncDirectory' });
        if (!isThere && disk.size('SIGNING') === undefined) {
          record = SigningRecord.begin(HEAD, disk);
          signed.clear();
          continue;
        }
        // Half of a block cannot be told from rot: the key goes, and nothing is forgotten.
        if (isHalfWritten && torn > 0 && SigningRecord.open(disk, NODE) === 'damaged') return;
        record = open(disk);
        isThere = true;
        for (const [vault, id] of VAULTS.entries()) {
          const size = record.sizeOf(id);
          expect(size).toBeGreaterThanOrEqual(durable.get(vault) ?? 0);
          expect(size).toBeLessThanOrEqual(signed.get(vault) ?? 0);
          if (size === 0) signed.delete(vault);
          else signed.set(vault, size);
          if (size > 0)
            expect(record.judge(id, LOGS[vault] as MerkleLog, { size, root: LOGS[vault]?.root(size) as Uint8Array }).kind).toBe(
              'sign',
            );
        }
        for (const [vault, size] of signed) durable.set(vault, size);
      }
    }),
    { numRuns: 100 },
  );
});

test('a byte that rots in what was written ends the record', () => {
  const disk = new SimDisk(Random.stream([1, 1, 2, 3], 'disk'));
  const record = SigningRecord.begin(HEAD, disk);
  for (let step = 1; step <= 3; step += 1) {
    record.sign({ vault: VAULTS[0] as VaultId, size: step, root: new Uint8Array(32).fill(step) }, step as Seq);
    for (const op of record.takeOps(step as Seq)) disk.execute(op);
    record.persisted(step as Seq);
  }
  expect(open(disk).sizeOf(VAULTS[0] as VaultId)).toBe(3);
  for (let at = 0; at < 4 * 512; at += 1) {
    disk.corrupt('SIGNING', at, 0x10);
    expect(SigningRecord.open(disk, NODE)).toBe('damaged');
    disk.corrupt('SIGNING', at, 0x10);
  }
  // A block of zeros where a later one says that one was there.
  const block = disk.read('SIGNING', 2 * 512, 512);
  disk.misdirect('SIGNING', 2 * 512, new Uint8Array(512));
  expect(SigningRecord.open(disk, NODE)).toBe('damaged');
  disk.misdirect('SIGNING', 2 * 512, block);
  disk.misdirect('SIGNING', 3 * 512, block);
  expect(SigningRecord.open(disk, NODE)).toBe('damaged');
  disk.misdirect('SIGNING', 3 * 512, new Uint8Array(512));
  expect(SigningRecord.open(disk, 'b2'.repeat(16) as NodeId)).toBe('foreign');
});

test('the rule: nothing smaller, nothing else of the same size, nothing on a log that is not the one that was signed', () => {
  const [vault, log] = [VAULTS[0] as VaultId, LOGS[0] as MerkleLog];
  const record = SigningRecord.begin(HEAD);
  const wanted = (size: number, of = log) => ({ size, root: of.root(size) });
  expect(record.judge(vault, log, wanted(10))).toEqual({ kind: 'sign' });
  record.sign({ vault, ...wanted(10) }, 1 as Seq);
  expect(record.judge(vault, log, wanted(10))).toEqual({ kind: 'sign' });
  expect(record.judge(vault, log, wanted(9))).toEqual({ kind: 'passed', size: 10 });
  expect(record.judge(vault, log, { size: 11, root: log.root(10) })).toEqual({ kind: 'differs' });
  expect(record.judge(vault, log, { size: 401, root: log.root(10) })).toEqual({ kind: 'wait' });
  const foreign = LOGS[1] as MerkleLog;
  expect(record.judge(vault, foreign, wanted(10, foreign))).toEqual({ kind: 'contradicted', size: 10 });
  expect(record.judge(vault, foreign, wanted(11, foreign))).toEqual({ kind: 'contradicted', size: 10 });
});

test('what was read back is written again as far as no later block says that it is durable: behind a failed sync it may be in a cache alone', () => {
  const disk = new SimDisk(Random.stream([1, 2, 3, 4], 'disk'));
  const record = SigningRecord.begin(HEAD, disk);
  const [vault, log] = [VAULTS[0] as VaultId, LOGS[0] as MerkleLog];
  for (let size = 1; size <= 3; size += 1) {
    record.sign({ vault, size, root: log.root(size) }, size as Seq);
    for (const op of record.takeOps(size as Seq)) {
      if (size < 3 || op.op !== 'sync') disk.execute(op);
      else {
        disk.failNext('EIO');
        expect(disk.execute(op)).toBe('EIO');
      }
    }
    if (size < 3) record.persisted(size as Seq);
  }
  const again = open(disk);
  expect(again.sizeOf(vault)).toBe(3);
  for (const op of again.writeAgain()) disk.execute(op);
  const written = again.writeAgain().map((op) => (op.op === 'write' ? op.bytes.length : 0));
  expect(written).toEqual([512]); // it says of those before it that they are durable
  disk.execute({ op: 'sync', file: SIGNING_FILE });
  disk.powerLoss();
  expect(open(disk).sizeOf(vault)).toBe(3);
});

test('a record that its disk gives half of is refused, and not taken for one of less', () => {
  const disk = new SimDisk(Random.stream([1, 2, 3, 4], 'disk'));
  const record = SigningRecord.begin(HEAD, disk);
  const [vault, log] = [VAULTS[0] as VaultId, LOGS[0] as MerkleLog];
  record.sign({ vault, size: 1, root: log.root(1) }, 1 as Seq);
  for (const op of record.takeOps(1 as Seq)) disk.execute(op);
  disk.shortenRead(0);
  expect(() => SigningRecord.open(disk, NODE)).toThrow(/its disk gave \d+ of them/);
  expect(open(disk).sizeOf(vault)).toBe(1);
});
