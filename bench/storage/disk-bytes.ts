/**
 * Bytes that go to the disk and stay there, in steady state: transactions of 100, half deletes and half writes of what was
 * deleted before, so that the number of tuples stays. Written bytes are those that a process hands to the file system: of Vouch
 * counted by its disk layer, zeros that allocate the log included; of the peer by the kernel (wchar of /proc/self/io, which is
 * shown for Vouch, too). Why not write_bytes: it counts whole folios, up to a MiB for a log record of a few KiB.
 */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKPOINT_REPLAY_BYTES } from '../../core/limits.ts';
import type { Operation } from '../../core/state/transaction.ts';
import { writesOf } from './commits.ts';
import { LedgerDirectory } from './ledger-directory.ts';
import { openSqlite } from './peers.ts';
import type { Section } from './section.ts';
import { keyOf, ROW, shuffled, tupleOf } from './tuples.ts';

const BATCH = 100;
const LOAD_BATCH = 1000;
/** Log behind which a checkpoint is due, where one is wanted at once; and an entity whose writes are that much. */
const SOON = 1 << 16;
const FILLING: Uint8Array = new Uint8Array(SOON);

/** Draws what a steady transaction deletes and writes: in the long run every tuple, all equally often. */
class Turnover {
  private readonly order: Uint32Array;
  private readonly out: number[] = [];
  private at: number = 0;

  constructor(count: number) {
    this.order = shuffled(count);
  }

  /** Half of a batch to delete, and, from the second call on, as many to write. */
  next(): { readonly deleted: readonly number[]; readonly written: readonly number[] } {
    const written = this.out.splice(0);
    for (let i = 0; i < BATCH / 2; i += 1) {
      this.out.push(this.order[this.at] as number);
      this.at = (this.at + 1) % this.order.length;
    }
    return { deleted: [...this.out], written };
  }

  /** What is out at the moment. */
  rest(): readonly number[] {
    return this.out.splice(0);
  }
}

/** Bytes this process gave to write calls; undefined where the system does not say. */
function kernelBytes(): number | undefined {
  try {
    return Number(/^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

function operationsOf(deleted: readonly number[], written: readonly number[]): readonly Operation[] {
  return [
    ...written.flatMap((n) => writesOf(n, 1)),
    ...deleted.map((n): Operation => ({ op: 'deleteTuple', tuple: tupleOf(n), onMissing: 'error' })),
  ];
}

/** Size of the state's files once a checkpoint holds everything. */
async function checkpointedBytes(path: string): Promise<number> {
  const ledger = await LedgerDirectory.open(path, { checkpointLogBytes: SOON });
  await ledger.quiet();
  for (let i = 0; i < 2; i += 1) {
    await ledger.transact([{ op: 'setEntity', key: 'filling', value: FILLING, expiresAt: 0, condition: undefined }]);
  }
  await ledger.quiet();
  const bytes = ledger.stateBytes();
  await ledger.close();
  return bytes;
}

async function load(path: string, count: number, checkpointLogBytes: number | undefined): Promise<void> {
  const ledger = await LedgerDirectory.open(path, { checkpointLogBytes });
  for (let first = 0; first < count; first += LOAD_BATCH) {
    await ledger.transact(writesOf(first, Math.min(LOAD_BATCH, count - first)));
  }
  await ledger.quiet();
  await ledger.close();
}

/** Checkpoints among the steady changes that are counted, and how much longer they take: the last one is to be whole. */
const CHECKPOINTS = 8;
const LONGER = 0.1;

interface Written {
  readonly changes: number;
  /** Bytes of a change. */
  readonly counted: number;
}

/**
 * A little more than some periods between checkpoints, until the disk is quiet again: so many checkpoints are in it, whose bytes
 * are those of whole periods' changes.
 */
async function steady(path: string, count: number, checkpointLogBytes: number | undefined): Promise<Written> {
  const ledger = await LedgerDirectory.open(path, { checkpointLogBytes });
  const periods = CHECKPOINTS * (checkpointLogBytes ?? CHECKPOINT_REPLAY_BYTES);
  await ledger.quiet();
  const { written } = ledger.files;
  const before = { kernel: kernelBytes(), ...written };
  const turnover = new Turnover(count);
  let changes = 0;
  const transact = async (deleted: readonly number[], added: readonly number[]): Promise<void> => {
    await ledger.transact(operationsOf(deleted, added));
    changes += deleted.length + added.length;
  };
  while (written.log - before.log < periods * (1 + LONGER / CHECKPOINTS)) {
    const turn = turnover.next();
    await transact(turn.deleted, turn.written);
  }
  await transact([], turnover.rest());
  await ledger.quiet();
  const kernel = kernelBytes();
  const part = (name: 'log' | 'zeros' | 'state'): number => (written[name] - before[name]) / changes;
  const logged = part('log');
  const state = part('state') * ((written.log - before.log) / periods);
  const counted = logged + part('zeros') + state;
  const parts = `log ${logged.toFixed(0)} B, its zeros ${part('zeros').toFixed(0)} B, state ${state.toFixed(0)} B`;
  const perChange = kernel === undefined || before.kernel === undefined ? '?' : ((kernel - before.kernel) / changes).toFixed(0);
  console.log(
    `  vouch wrote, a change: ${parts}; ${(written.syncs - before.syncs).toLocaleString('en-US')} syncs for ${changes.toLocaleString('en-US')} changes; wchar ${perChange} B`,
  );
  await ledger.close();
  return { changes, counted };
}

function steadySqlite(path: string, count: number, transactions: number): number | undefined {
  const row = Buffer.from(ROW);
  const database = openSqlite(path, 'FULL');
  const insert = database.prepare('INSERT INTO tuples VALUES (?, ?)');
  const remove = database.prepare('DELETE FROM tuples WHERE key = ?');
  const apply = database.transaction((written: readonly number[], deleted: readonly number[]) => {
    for (const n of written) insert.run(Buffer.from(keyOf(n)), row);
    for (const n of deleted) remove.run(Buffer.from(keyOf(n)));
  });
  const order = shuffled(count);
  for (let at = 0; at < count; at += 10_000) apply([...order.subarray(at, at + 10_000)], []);
  database.pragma('wal_checkpoint(TRUNCATE)');
  const turnover = new Turnover(count);
  const before = kernelBytes();
  let changes = 0;
  for (let i = 0; i < transactions; i += 1) {
    const { deleted, written } = turnover.next();
    apply(written, deleted);
    changes += deleted.length + written.length;
  }
  const after = kernelBytes();
  database.close();
  return before === undefined || after === undefined ? undefined : (after - before) / changes;
}

interface Opening {
  readonly seconds: number;
  /** Of the processor, in them. */
  readonly cpuSeconds: number;
}

/** From nothing to the first answer, in a process that has just begun. */
function openingOf(path: string): Promise<Opening> {
  return new Promise((resolve, reject) => {
    const child = fork(process.argv[1] as string, ['--section', 'open', path]);
    let opening: Opening | undefined;
    child.once('message', (answer) => {
      opening = answer as Opening;
    });
    // Not before it has given the directory free.
    child.once('exit', (code) => {
      if (code === 0 && opening !== undefined) resolve(opening);
      else reject(new Error(`the opening process ended with ${code}`));
    });
  });
}

/** What that process does. */
export async function openOnce(path: string): Promise<void> {
  const start = performance.now();
  const before = process.cpuUsage();
  const ledger = await LedgerDirectory.open(path);
  if (!(await ledger.holds(tupleOf(0)))) throw new Error('the first tuple is not there');
  const { user, system } = process.cpuUsage(before);
  process.send?.({ seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6 });
  await ledger.close();
}

export async function diskBytesSection({ sizes, directory, bar }: Section): Promise<void> {
  const { onDisk: count, checkpointLogBytes } = sizes;
  const isJudged = count === 1_000_000;
  const label = count.toLocaleString('en-US');
  const path = join(directory, 'ledger');
  console.log(`\nbytes on disk and opening, ${label} tuples, transactions of ${BATCH}`);
  await load(path, count, checkpointLogBytes);
  const live = await checkpointedBytes(path);
  console.log(`  state files with ${label} tuples and nothing else: ${(live / count).toFixed(0)} B a tuple`);
  const own = await steady(path, count, checkpointLogBytes);
  const opening = await openingOf(path);
  const withHistory = await checkpointedBytes(path);
  console.log(
    `  first answer after ${opening.seconds.toFixed(2)} s, ${opening.cpuSeconds.toFixed(2)} s of the processor (warm page cache, up to ${((checkpointLogBytes ?? CHECKPOINT_REPLAY_BYTES) / 2 ** 20).toFixed(0)} MiB of log behind the checkpoint)`,
  );
  const peer = steadySqlite(join(directory, 'sqlite.db'), count, sizes.peerTransactions);
  if (peer === undefined) {
    console.log('  written bytes: this system has no /proc/self/io, so there is no comparison');
  } else {
    console.log(`  written a change: vouch ${own.counted.toFixed(0)} B, better-sqlite3 ${peer.toFixed(0)} B`);
    const what = `${label}: bytes written a change, in parts of better-sqlite3`;
    bar({ what, measured: own.counted / peer, unit: 'x', sense: 'at most', bar: 1.5, isJudged });
  }
  const each = (bytes: number, things: number): number => bytes / things;
  bar({ what: `${label}: on disk, a live tuple`, measured: each(live, count), unit: 'B', sense: 'at most', bar: 250, isJudged });
  const history = each(withHistory - live, own.changes);
  bar({ what: `${label}: on disk, a historical change`, measured: history, unit: 'B', sense: 'at most', bar: 120, isJudged });
  bar({
    what: `${label}: opening, to the first answer`,
    measured: opening.seconds,
    unit: 's',
    sense: 'at most',
    bar: 2,
    isJudged,
  });
}
