/** Which faults of the simulator there are on real processes, and why not the others. */
import type { FaultKind } from '../../../sim/faults/counts.ts';
import type { Fault } from '../../../sim/faults/fault.ts';
import type { NemesisKnobs } from '../../../sim/faults/nemesis.ts';

/** Kinds that happen to real processes. Writes that are lost and torn by a loss of power do, too; nobody is left to count them. */
export const PLAYED: readonly FaultKind[] = [
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
  'regionLoss',
  'straggler',
  'flapping',
  'swizzle',
  'succession',
  'loss',
  'duplicate',
  'echo',
  'reorder',
  'delay',
  'bottleneck',
  'overflow',
  'slowDisk',
  'syncFailure',
  'diskFull',
];

/** Why the script leaves a kind out, as it is told. */
const REASONS: Partial<Record<FaultKind, string>> = {
  impossibleMessage: 'the relays forge no messages',
  bitRot: 'which record may be destroyed is known of simulated disks only',
  badSector: 'which record may be destroyed is known of simulated disks only',
  misdirectedWrite: 'which record may be destroyed is known of simulated disks only',
  pageRot: 'which page may be destroyed is known of simulated disks only',
  misdirectedRead: 'which page may be read is known of simulated disks only',
  shortRead: 'the layer under the file calls gives what is there',
  wipe: 'no node is lost for good',
  mixedWire: 'all processes are of one build',
  mixedCore: 'all processes are of one build',
  signingLoss: 'what a node has signed is known of simulated disks only',
  damagedCopy: 'copies are opened inside of the simulator',
  tamperedState: 'nobody reaches into the memory of a process',
  forgedCheckpoint: 'no node lies',
  wallStep: 'all processes share the clock of the machine',
  wallDrift: 'all processes share the clock of the machine',
  wallFreeze: 'all processes share the clock of the machine',
  clockRate: 'all processes share the clock of the machine',
};

export class NotPlayed {
  private readonly counts: Map<FaultKind, number> = new Map();

  add(kind: FaultKind): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  /** How often the script asked for each kind that there is not. */
  report(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.counts].sort(([a], [b]) => a.localeCompare(b)));
  }
}

export function isPlayed(kind: FaultKind): boolean {
  return PLAYED.includes(kind);
}

/** @returns why a kind is left out. */
export function reasonOf(kind: string): string {
  return REASONS[kind as FaultKind] ?? 'it has no counterpart';
}

/** The same episodes at the same times; what cannot happen is noted instead. */
export function withCounterparts(knobs: NemesisKnobs, notPlayed: NotPlayed): NemesisKnobs {
  const stand = (fault: Fault): Fault => ({
    ...fault,
    inject: () => {
      notPlayed.add(fault.kind);
      return undefined;
    },
  });
  return {
    ...knobs,
    weights: knobs.weights.map(({ fault, weight }) => ({ fault: isPlayed(fault.kind) ? fault : stand(fault), weight })),
  };
}
