/**
 * The persist pipeline: persists run in order, one operation at a time; while a sync waits for the device, further persists
 * queue up, and the syncs that core/wal/coalesce.ts allows are shared (group commit).
 * After the first failure nothing is carried out any more (C6): a sync that failed once is never tried again and believed.
 */
import { assert, defined } from '../../core/assert.ts';
import type { FileOp } from '../../core/effect.ts';
import type { Seq } from '../../core/ids.ts';
import { lastSyncIsCovered } from '../../core/wal/coalesce.ts';
import type { Operations } from './operations.ts';

export interface PersistListener {
  /** Everything up to and including seq is durable. Called outside `submit`, not for every seq. */
  persisted(seq: Seq): void;
  /** The persist failed, and with it every later one. Called once. */
  failed(seq: Seq, code: string): void;
}

interface Persist {
  readonly ops: readonly FileOp[];
  readonly seq: Seq | undefined;
  readonly settle: (error: Error | undefined) => void;
}

function nothing(): void {
  // A submitted persist is reported through the listener.
}

export class Pipeline {
  private readonly operations: Operations;
  private listener: PersistListener | undefined = undefined;
  private queue: Persist[] = [];
  /** Done but for a last sync that the persist behind them carries out. */
  private carried: Persist[] = [];
  /** Next operation of the first persist in the queue. */
  private position: number = 0;
  private running: boolean = false;
  private failure: Error | undefined = undefined;
  /** Syncs that were shared instead of carried out. */
  syncsShared: number = 0;

  constructor(operations: Operations) {
    this.operations = operations;
  }

  listen(listener: PersistListener): void {
    this.listener = listener;
  }

  submit(seq: Seq, ops: readonly FileOp[]): void {
    assert(this.listener !== undefined, 'somebody listens before the first submit');
    if (this.failure !== undefined) return; // the core has been told
    this.enqueue({ ops, seq, settle: nothing });
  }

  /** Carries operations out behind everything submitted. Rejects with the error of the operating system. */
  execute(ops: readonly FileOp[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.failure !== undefined) return reject(this.failure);
      this.enqueue({ ops, seq: undefined, settle: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  }

  private enqueue(persist: Persist): void {
    this.queue.push(persist);
    if (this.running) return;
    this.running = true;
    // Behind the present turn: persists submitted in it share a sync, and no listener is called inside submit.
    queueMicrotask(() => this.advance());
  }

  /** Runs until an operation waits for the device or nothing is left. */
  private advance(): void {
    while (this.queue.length > 0) {
      const persist = defined(this.queue[0], 'the queue is not empty');
      if (this.position === persist.ops.length) {
        this.finish();
        continue;
      }
      const isLast = this.position === persist.ops.length - 1;
      const behind = this.queue[1];
      if (isLast && behind !== undefined && lastSyncIsCovered(persist.ops, behind.ops)) {
        this.carry();
        continue;
      }
      if (!this.carryOut(defined(persist.ops[this.position], 'position lies within the persist'))) return;
    }
    this.running = false;
  }

  /** @returns whether the operation is over; else `advance` is called again when it is. */
  private carryOut(op: FileOp): boolean {
    let inPlace = true;
    let over = false;
    this.operations.start(op, (error) => {
      if (error) this.fail(error);
      else this.position += 1;
      over = true;
      if (!inPlace) this.advance();
    });
    inPlace = false;
    return over;
  }

  private carry(): void {
    this.syncsShared += 1;
    this.carried.push(defined(this.queue.shift(), 'the queue is not empty'));
    this.position = 0;
  }

  private finish(): void {
    const done = [...this.carried, defined(this.queue.shift(), 'the queue is not empty')];
    this.carried = [];
    this.position = 0;
    let newest: Seq | undefined;
    for (const persist of done) {
      newest = persist.seq ?? newest;
      persist.settle(undefined);
    }
    if (newest !== undefined) this.listener?.persisted(newest);
  }

  private fail(error: NodeJS.ErrnoException): void {
    this.failure = error;
    const lost = [...this.carried, ...this.queue];
    this.carried = [];
    this.queue = [];
    const first = lost.find((persist) => persist.seq !== undefined)?.seq;
    for (const persist of lost) persist.settle(error);
    if (first !== undefined) this.listener?.failed(first, error.code ?? 'EIO');
  }
}
