/**
 * File calls that fail, and end the process, as they are ordered to: after so many calls, so that a node dies in the middle of what it was
 * doing and not between two of its turns. The calls below are those of held-writes.ts, which makes of a death a loss of power.
 */
import type { FileSystem } from '../disk/file-system.ts';
import type { DeathKind, Order } from './orders.ts';

export interface OrderedFaultsOptions {
  readonly below: FileSystem;
  /** What every sync takes, milliseconds, until ordered otherwise. */
  readonly syncMs: number;
  /** Ends the process. Does not return, in a process. */
  readonly die: (how: DeathKind) => void;
}

interface Death {
  left: number;
  waitsForWrite: boolean;
  readonly how: DeathKind;
}

export class OrderedFaults {
  private readonly options: OrderedFaultsOptions;
  private death: Death | undefined = undefined;
  private refusal: 'EIO' | 'ENOSPC' | null = null;
  private syncMs: number;

  constructor(options: OrderedFaultsOptions) {
    this.options = options;
    this.syncMs = options.syncMs;
  }

  obey(order: Order): void {
    switch (order.order) {
      case 'die':
        if (order.after === 0 && !order.fromNextWrite) return this.options.die(order.how);
        this.death = { left: order.after, waitsForWrite: order.fromNextWrite, how: order.how };
        return;
      case 'live':
        this.death = undefined;
        return;
      case 'refuse':
        this.refusal = order.error;
        return;
      case 'slow':
        this.syncMs = order.syncMs;
        return;
    }
  }

  /** The calls, for FileDisk. */
  get fileSystem(): FileSystem {
    const { below } = this.options;
    return {
      ...below,
      open: (path, mode) => {
        if (mode === 'create') this.count('name');
        return below.open(path, mode);
      },
      write: (descriptor, bytes, position) => {
        this.count('write');
        this.refuseWrite();
        return below.write(descriptor, bytes, position);
      },
      writeLater: (descriptor, bytes, position, done) => {
        this.count('write');
        if (this.refusal !== 'ENOSPC') return below.writeLater(descriptor, bytes, position, done);
        this.refusal = null;
        setImmediate(() => done(refusalOf('ENOSPC'), 0));
      },
      rename: (from, to) => {
        this.count('name');
        below.rename(from, to);
      },
      unlink: (path) => {
        this.count('name');
        below.unlink(path);
      },
      sync: (descriptor, site, done) => {
        this.count('sync');
        if (this.refusal === 'EIO') {
          this.refusal = null;
          setImmediate(() => done(refusalOf('EIO')));
          return;
        }
        this.afterWait(() => below.sync(descriptor, site, done));
      },
      syncDirectory: (path, site, done) => {
        this.count('sync');
        this.afterWait(() => below.syncDirectory(path, site, done));
      },
    };
  }

  /** A disk takes its time before anything of the sync is done: what it is to cover may be lost until then. */
  private afterWait(sync: () => void): void {
    if (this.syncMs === 0) sync();
    else setTimeout(sync, this.syncMs);
  }

  private refuseWrite(): void {
    if (this.refusal !== 'ENOSPC') return;
    this.refusal = null;
    throw refusalOf('ENOSPC');
  }

  private count(kind: 'write' | 'name' | 'sync'): void {
    const { death } = this;
    if (death === undefined) return;
    if (death.waitsForWrite && kind !== 'write') return;
    death.waitsForWrite = false;
    if (death.left > 0) death.left -= 1;
    else {
      this.death = undefined;
      this.options.die(death.how);
    }
  }
}

function refusalOf(code: 'EIO' | 'ENOSPC'): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: refused by a fault of the run`), { code });
}
