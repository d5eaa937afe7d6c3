/** How often each kind of fault really happened in a run: what the vacuity rule and the reports look at. */

/** Every kind the simulator can inject by now, in the order of reports. */
export const FAULT_KINDS: readonly FaultKind[] = [
  'crash',
  'powerLoss',
  'blackout',
  'restart',
  'pause',
  'slowNode',
  'partition',
  'oneWay',
  'isolate',
  'bridge',
  'ring',
  'flapping',
  'swizzle',
  'succession',
  'loss',
  'duplicate',
  'echo',
  'impossibleMessage',
  'reorder',
  'delay',
  'bottleneck',
  'overflow',
  'lostWrite',
  'tornWrite',
  'slowDisk',
  'syncFailure',
  'diskFull',
  'bitRot',
  'badSector',
  'misdirectedWrite',
  'pageRot',
  'signingLoss',
  'damagedCopy',
  'tamperedState',
  'forgedCheckpoint',
  'wallStep',
  'wallDrift',
  'wallFreeze',
  'clockRate',
  'wipe',
  'regionLoss',
  'straggler',
  'misdirectedRead',
  'shortRead',
  'mixedWire',
  'mixedCore',
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
  /** The process stutters: it runs, but late. */
  | 'slowNode'
  | 'partition'
  | 'oneWay'
  | 'isolate'
  /** Two sides that only one node can reach both of. */
  | 'bridge'
  /** Every node reaches its two neighbours only. */
  | 'ring'
  | 'flapping'
  /** Nodes are cut off one after another, and come back in another order. */
  | 'swizzle'
  /** Leaders are cut off in turn, each coming back as the next one goes. */
  | 'succession'
  | 'loss'
  | 'duplicate'
  /** Frames sent a while ago arrive once more, after elections and restarts. */
  | 'echo'
  /** A damaged frame, or a message that no correct node sends. */
  | 'impossibleMessage'
  | 'reorder'
  | 'delay'
  /** Links hold few frames at a time. */
  | 'bottleneck'
  /** A frame found its link full. */
  | 'overflow'
  | 'lostWrite'
  | 'tornWrite'
  | 'slowDisk'
  /** A sync fails once, and the operating system forgets that the pages were dirty. */
  | 'syncFailure'
  /** A write fails half-way. */
  | 'diskFull'
  /** Bits of an older log record flip. */
  | 'bitRot'
  /** A sector of the log cannot be read any more. */
  | 'badSector'
  /** A write lands in another place of the log. */
  | 'misdirectedWrite'
  | 'pageRot'
  /** What a node has signed is lost while it is without power: the file is gone, rotten or unreadable. */
  | 'signingLoss'
  /** A copy of a node's directory is damaged and opened. */
  | 'damagedCopy'
  /** A vault on one node gets a tuple that no command wrote, as a wrong step or a flipped bit in memory would leave it. */
  | 'tamperedState'
  /** A checkpoint that is not of the chain, signed by a node that lies, arrived at a client. */
  | 'forgedCheckpoint'
  | 'wallStep'
  | 'wallDrift'
  | 'wallFreeze'
  /** The monotonic clock changes its speed, within its bounds. */
  | 'clockRate'
  /** A disk is gone for good, and the node with it. */
  | 'wipe'
  /** All machines of a region are without power, or out of reach. */
  | 'regionLoss'
  /** A node is away until it needs a snapshot, and something happens while it fetches. */
  | 'straggler'
  /** A running node reads another page where it asks for one. */
  | 'misdirectedRead'
  /** A start got less of a file than is there. */
  | 'shortRead'
  /** A node runs a build that speaks another version on its links. */
  | 'mixedWire'
  /** A node runs a build that decides as an older one did. */
  | 'mixedCore';

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
