/**
 * Lives of one data directory: processes append through FileDisk over the shadow, are killed or lose power at drawn moments,
 * and recover. After each life the directory is rebuilt as power loss at many other moments would have left it, and read.
 * Claims checked at every cut: nothing acknowledged is missing, what is there is a prefix of what was planned, and nothing
 * is reported damaged, because no disk in this test damages anything.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { FileOp } from '../../core/effect.ts';
import type { Seq } from '../../core/ids.ts';
import { Random } from '../../core/random.ts';
import type { WalRecord } from '../../core/wal/record.ts';
import { recoverWal } from '../../core/wal/recover.ts';
import { FileDisk } from '../../node/disk/file-disk.ts';
import { type FileSystem, operatingSystem, type SyncSite } from '../../node/disk/file-system.ts';
import { describe, fold, WalModel } from '../wal/model.ts';
import { Shadow } from './shadow.ts';

/** Every sync that core/wal plans, by its purpose. */
export type PlannedSync =
  /** Repairs: the tail and its name, which a killed process may have left unsynced. */
  | 'recovered file'
  | 'recovered name'
  /** The end of a plan. */
  | 'append'
  /** Before the next segment is created. */
  | 'full segment'
  | 'segment header'
  | 'segment name';

export interface PowerCutOptions {
  readonly seed: number;
  readonly lives: number;
  readonly cutsPerLife: number;
  /** How often a killed process is followed by another without a power cut between; half of the lives by default. */
  readonly kills?: 'always';
  readonly without?: SyncSite;
  readonly withoutPlanned?: PlannedSync;
}

export interface PowerCutResult {
  cuts: number;
  /** Acknowledged records over all cuts, to show that the claim is not empty. */
  acknowledged: number;
  readonly failures: string[];
}

const SEGMENT_BYTES = 4096;

/** Reads a rebuilt directory; how its syncs go does not matter. */
const withoutDevice: FileSystem = {
  ...operatingSystem,
  sync: (_descriptor, _site, done) => done(null),
  syncDirectory: (_path, _site, done) => done(null),
};

interface Acknowledged {
  readonly position: number;
  readonly number: number;
}

/** One life: everything a shadow saw, what was planned in it, and what was acknowledged when. */
class Life {
  readonly shadow: Shadow;
  readonly acknowledged: Acknowledged[];
  /** What the log may hold, one list per process. */
  readonly histories: WalRecord[][] = [];
  private readonly model: WalModel;
  private readonly random: Random;
  private readonly options: PowerCutOptions;

  constructor(
    directory: string,
    model: WalModel,
    start: { readonly acknowledged: number },
    random: Random,
    options: PowerCutOptions,
  ) {
    this.shadow = new Shadow(directory, options.without === undefined ? {} : { without: options.without });
    this.acknowledged = [{ position: 0, number: start.acknowledged }];
    this.model = model;
    this.random = random;
    this.options = options;
  }

  /** One process from open to its end, which is a kill if `calls` is given. */
  async process(persists: number, calls: number | undefined): Promise<void> {
    const { files, gone } = this.shadow.session();
    if (calls !== undefined) this.shadow.killBefore(this.shadow.position + calls);
    let over = false;
    const process = this.run({ files, gone }, persists).finally(() => {
      over = true;
    });
    process.catch(() => undefined);
    while (!over && !gone()) await new Promise((turn) => setImmediate(turn));
    if (!gone()) await process;
    this.shadow.end();
    rmSync(join(this.shadow.directory, 'lock'), { force: true }); // a killed process of ours has our pid
  }

  private async run(session: ReturnType<Shadow['session']>, persists: number): Promise<void> {
    const disk = await FileDisk.open(this.shadow.directory, { fileSystem: session.files });
    await this.append(disk, persists, session.gone);
    await disk.close();
  }

  private async append(disk: FileDisk, persists: number, gone: () => boolean): Promise<void> {
    const { wal, repairs } = recoverWal(disk, { segmentBytes: SEGMENT_BYTES });
    this.model.cutTo(wal.lastNumber);
    this.histories.push(this.model.records);
    const numbers: number[] = [wal.lastNumber];
    let durable = 0;
    disk.listen({
      persisted: (seq: Seq) => {
        durable = seq;
        const number = numbers[seq - 1] ?? 0;
        wal.reportDurable(number);
        this.acknowledged.push({ position: this.shadow.position, number });
      },
      failed: () => undefined,
    });
    disk.submit(1 as Seq, this.planned(repairs, 'repairs'));
    for (let i = 0; i < persists; i += 1) {
      const ops = this.planned(wal.plan(this.model.next(300)), 'plan');
      numbers.push(wal.lastNumber);
      disk.submit(numbers.length as Seq, ops);
      for (let turns = this.random.below(6); turns > 0 && !gone(); turns -= 1) await new Promise((turn) => setImmediate(turn));
      if (gone()) return;
    }
    while (durable < numbers.length && !gone()) await new Promise((turn) => setImmediate(turn));
  }

  private planned(ops: readonly FileOp[], from: 'repairs' | 'plan'): readonly FileOp[] {
    const removed = this.options.withoutPlanned;
    return removed === undefined ? ops : ops.filter((_, at) => purpose(ops, at, from) !== removed);
  }

  acknowledgedAt(cut: number): number {
    let number = 0;
    for (const ack of this.acknowledged) if (ack.position <= cut) number = ack.number;
    return number;
  }
}

function purpose(ops: readonly FileOp[], at: number, from: 'repairs' | 'plan'): PlannedSync | undefined {
  const op = ops[at];
  const creates = ops.some((other) => other.op === 'create');
  if (op?.op === 'syncDirectory') return creates ? 'segment name' : 'recovered name';
  if (op?.op !== 'sync') return undefined;
  if (ops[at + 1]?.op === 'create') return 'full segment';
  if (ops[at + 1]?.op === 'syncDirectory') return creates ? 'segment header' : 'recovered file';
  return from === 'plan' ? 'append' : undefined;
}

/** Lives of one directory below `scratch`, an empty directory of the caller. Stops at the first failure. */
export async function powerCuts(scratch: string, options: PowerCutOptions): Promise<PowerCutResult> {
  const random = Random.stream([options.seed, 1, 2, 3], 'power-cut');
  const below = (bound: number): number => random.below(bound);
  const result: PowerCutResult = { cuts: 0, acknowledged: 0, failures: [] };
  const model = new WalModel(random, 3);
  let directory = join(scratch, 'data');
  let acknowledged = 0;
  for (let number = 0; number < options.lives; number += 1) {
    const life = new Life(directory, model, { acknowledged }, random, options);
    if (options.kills === 'always' || random.below(2) === 0) {
      await life.process(30, random.below(60));
      await life.process(random.below(4), undefined);
    } else await life.process(30, undefined);
    let next = { directory, acknowledged };
    for (let i = 0; i < options.cutsPerLife; i += 1) {
      // Half of the cuts shortly before the end: where a killed process was just followed by another.
      const end = life.shadow.position;
      const cut = random.below(2) === 0 ? random.below(end + 1) : Math.max(end - random.below(12), 0);
      const path = join(scratch, `cut-${number}-${i}`);
      life.shadow.rebuild(cut, below, path);
      const failure = await check(path, life, cut);
      result.cuts += 1;
      result.acknowledged += life.acknowledgedAt(cut);
      if (failure !== undefined) {
        result.failures.push(`seed ${options.seed}, life ${number}, cut at call ${cut}: ${failure}`);
        return result;
      }
      if (i < options.cutsPerLife - 1) rmSync(path, { recursive: true, force: true });
      else next = { directory: path, acknowledged: life.acknowledgedAt(cut) };
    }
    ({ directory, acknowledged } = next);
  }
  return result;
}

async function check(path: string, life: Life, cut: number): Promise<string | undefined> {
  const disk = await FileDisk.open(path, { fileSystem: withoutDevice });
  const { wal, groups, damage, quarantined, allQuarantined } = recoverWal(disk, { segmentBytes: SEGMENT_BYTES });
  await disk.close();
  const acknowledged = life.acknowledgedAt(cut);
  const number = wal.lastNumber;
  if (number < acknowledged) return `${acknowledged} records were acknowledged, ${number} recovered`;
  if (damage.length > 0 || quarantined.length > 0 || allQuarantined) return `false damage: ${JSON.stringify(damage)}`;
  const found = describe(groups);
  const isPrefix = life.histories.some(
    (records) => number <= records.length && describe(fold(records.slice(0, number))) === found,
  );
  return isPrefix ? undefined : `the ${number} recovered records are no prefix of what was planned`;
}
