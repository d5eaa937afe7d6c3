/** How often each kind of fault really happened in a run: what the vacuity rule and the reports look at. */

/** Every kind the simulator can inject by now, in the order of reports. */
export const FAULT_KINDS: readonly FaultKind[] = [
  'crash',
  'powerLoss',
  'blackout',
  'restart',
  'pause',
  'partition',
  'oneWay',
  'isolate',
  'flapping',
  'loss',
  'duplicate',
  'reorder',
  'delay',
  'overflow',
  'lostWrite',
  'tornWrite',
  'slowDisk',
  'wallStep',
];

export type FaultKind =
  /** The process dies between two effects; what it wrote stays in the operating system's cache. */
  | 'crash'
  /** The machine dies: unsynced writes are lost, torn or reordered. */
  | 'powerLoss'
  /** Every machine loses power at once. */
  | 'blackout'
  | 'restart'
  /** The process stands still while its clock runs. */
  | 'pause'
  | 'partition'
  | 'oneWay'
  | 'isolate'
  | 'flapping'
  | 'loss'
  | 'duplicate'
  | 'reorder'
  | 'delay'
  | 'overflow'
  | 'lostWrite'
  | 'tornWrite'
  | 'slowDisk'
  | 'wallStep';

/** Told of every fault as it happens: how a recorder sees the faults. */
export interface FaultWatch {
  counted(kind: FaultKind, times: number): void;
  /** What was counted just now lasts until `ended` is called with the same time. */
  began(kind: FaultKind, since: number): void;
  ended(kind: FaultKind, since: number): void;
}

export class FaultCounts {
  private readonly happened: Map<FaultKind, number> = new Map(FAULT_KINDS.map((kind) => [kind, 0]));
  /** Frames swallowed by partitions; a consequence, so not a kind of its own. */
  blockedFrames: number = 0;
  /** Undefined unless the run is recorded. */
  watch: FaultWatch | undefined = undefined;

  add(kind: FaultKind, times: number = 1): void {
    this.happened.set(kind, this.of(kind) + times);
    if (times > 0) this.watch?.counted(kind, times);
  }

  of(kind: FaultKind): number {
    return this.happened.get(kind) ?? 0;
  }

  /** Counts of the kinds given, in the order of FAULT_KINDS. */
  report(kinds: readonly FaultKind[]): Record<string, number> {
    return Object.fromEntries(FAULT_KINDS.filter((kind) => kinds.includes(kind)).map((kind) => [kind, this.of(kind)]));
  }
}
