/**
 * One process of a real run: started over the fault layer, killed, paused, told to fail, and started again, whatever order the script asks for
 * it in. A process takes its time to end and to come up; what is asked for meanwhile is done when it can be.
 */
import { rmSync } from 'node:fs';
import { ChildNode, type ChildNodeOptions } from '../local/child-node.ts';
import { packageFile } from '../package-file.ts';
import { beginOrders, type DeathKind, giveOrder, isDeathConfirmed, type Order } from './orders.ts';

export interface RealNodeEvents {
  /** The process is gone, as was asked for. */
  died(how: DeathKind): void;
  /** It was started after that. */
  restarted(): void;
  /** It ended by itself, and no fault explains it. how: its last words. */
  endedByItself(how: string): void;
}

export interface CrashPlan {
  readonly effects: number;
  readonly fromNextPersist: boolean;
  readonly how: DeathKind;
}

const LAYER = packageFile('dist/node/real/fault-layer.js');
/** A process that was told to end and has not by then is killed. Why so long: a machine may be busy. */
const OBEY_MS = 400;
/** Often, so that checkpoints are written, interrupted and started from. */
const ENVIRONMENT = { VOUCH_CHECKPOINT_LOG_BYTES: String(1 << 16) } as const;

export class RealNode {
  readonly child: ChildNode;
  private readonly events: RealNodeEvents;
  private readonly drawSeed: () => number;
  private readonly ordersFile: string;
  /** Whether it is to run, and nobody has ended it. */
  private wanted: boolean = false;
  /** How it is about to end, or may end at any time. */
  private death: { readonly how: DeathKind; readonly isPlanned: boolean } | undefined = undefined;
  /** A planned death that was called off, maybe too late. */
  private calledOff: DeathKind | undefined = undefined;
  /** A disk that refused something: the node has to stop itself (C6). */
  private mayStop: boolean = false;
  private awake: NodeJS.Timeout | undefined = undefined;
  private asleepUntil: number = 0;
  private syncMs: number;

  /** @param disk what each sync takes, milliseconds; and what seeds each life's losses of power. */
  constructor(
    options: ChildNodeOptions,
    disk: { readonly syncMs: number; readonly drawSeed: () => number },
    events: RealNodeEvents,
  ) {
    this.child = new ChildNode(options);
    this.events = events;
    this.drawSeed = disk.drawSeed;
    this.syncMs = disk.syncMs;
    this.ordersFile = `${options.data}.orders`;
    this.child.onUnexpectedExit = (how) => this.ended(how);
  }

  /** Whether it runs, as far as the script is concerned: a process that was told to end does not. */
  get running(): boolean {
    return this.wanted;
  }

  get paused(): boolean {
    return this.awake !== undefined;
  }

  start(): void {
    if (this.wanted) return;
    this.wanted = true;
    if (!this.child.running) this.launch();
  }

  /** The script wants it back: what was planned for it is off. */
  restart(): void {
    if (this.death?.isPlanned === true) {
      this.calledOff = this.death.how;
      this.death = undefined;
      this.order({ order: 'live' });
    }
    if (this.wanted) return;
    this.events.restarted();
    this.start();
  }

  crash(how: DeathKind): void {
    if (!this.wanted) return;
    this.wanted = false;
    const death = { how, isPlanned: false };
    this.death = death;
    if (how === 'powerLoss' || this.paused) return void this.kill();
    this.order({ order: 'die', after: 0, fromNextWrite: false, how });
    setTimeout(() => {
      if (this.death === death) void this.kill();
    }, OBEY_MS);
  }

  planCrash({ effects, fromNextPersist, how }: CrashPlan): void {
    if (!this.wanted) return;
    this.death = { how, isPlanned: true };
    // One call at least: an order to end now would be a crash between two turns.
    this.order({ order: 'die', after: effects + 1, fromNextWrite: fromNextPersist, how });
  }

  refuseNext(error: 'EIO' | 'ENOSPC' | undefined): void {
    if (error !== undefined) this.mayStop = true;
    this.order({ order: 'refuse', error: error ?? null });
  }

  slowDown(syncMs: number): void {
    this.syncMs = syncMs;
    this.order({ order: 'slow', syncMs });
  }

  /** Stops the process for that long; shorter than what is left of another pause changes nothing. */
  pause(milliseconds: number): void {
    if (!this.wanted || this.child.pid === undefined) return;
    const until = performance.now() + milliseconds;
    if (until <= this.asleepUntil) return;
    this.asleepUntil = until;
    clearTimeout(this.awake);
    this.awake = setTimeout(() => this.resume(), milliseconds);
    signal(this.child.pid, 'SIGSTOP');
  }

  resume(): void {
    clearTimeout(this.awake);
    this.awake = undefined;
    this.asleepUntil = 0;
    if (this.child.pid !== undefined) signal(this.child.pid, 'SIGCONT');
  }

  /** Ends it for good. */
  async end(): Promise<void> {
    this.wanted = false;
    clearTimeout(this.awake);
    await this.child.kill();
  }

  private async kill(): Promise<void> {
    await this.child.kill();
    this.afterDeath();
  }

  /** The process ended, and this side did not kill it. */
  private ended(how: string): void {
    if (this.death === undefined && this.calledOff !== undefined && isDeathConfirmed(this.ordersFile)) {
      this.death = { how: this.calledOff, isPlanned: false };
      this.events.restarted();
    }
    const isExpected = this.death !== undefined || this.mayStop;
    if (!isExpected) {
      this.wanted = false;
      this.events.endedByItself(how);
      return;
    }
    if (this.death?.isPlanned === true || (this.death === undefined && this.mayStop)) this.wanted = false;
    this.afterDeath();
  }

  private afterDeath(): void {
    const { death } = this;
    this.death = undefined;
    this.mayStop = false;
    clearTimeout(this.awake);
    this.awake = undefined;
    this.asleepUntil = 0;
    if (death !== undefined) this.events.died(death.how);
    if (this.wanted && !this.child.running) this.launch();
  }

  private launch(): void {
    const { data } = this.child.options;
    const held = `${data}.held`;
    rmSync(held, { recursive: true, force: true });
    beginOrders(this.ordersFile);
    this.calledOff = undefined;
    const layer = new URL(LAYER);
    const seed = String(this.drawSeed());
    const sync = String(this.syncMs);
    layer.search = new URLSearchParams({ directory: data, held, seed, orders: this.ordersFile, sync }).toString();
    this.child.start(['--import', layer.href], ENVIRONMENT);
  }

  private order(order: Order): void {
    if (this.child.running) giveOrder(this.ordersFile, order);
  }
}

/** A process may be gone a moment before this side hears of it. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
