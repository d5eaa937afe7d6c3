/**
 * What nodes say to each other stays in proportion to what happens: no answer causes several questions that cause several
 * answers each. A storm of that kind grows until something breaks, so it is enough to bound the steps of a short while.
 */
import type { Replica } from '../../core/replica/replica.ts';
import { type Observer, Violation } from '../observer.ts';
import type { SimInput } from '../protocol.ts';
import type { VouchShape } from '../vouch.ts';
import type { VouchNode } from './raft/watch.ts';

/** Frames that all nodes together may take within that while. Why 20,000: the busiest quiet world takes some hundreds. */
const FRAMES_MAX = 20_000;
const WHILE_MICROS = 100_000;

export class NoMessageStorm implements Observer<VouchShape, Replica> {
  readonly name: string = 'no-message-storm';
  readonly claim: string = 'Nodes never take more than 20,000 frames of each other within 100 ms.';
  private readonly trueTime: () => number;
  private since: number = 0;
  private frames: number = 0;

  constructor(trueTime: () => number) {
    this.trueTime = trueTime;
  }

  stepped(node: VouchNode, input: SimInput<VouchShape>): void {
    if (input.kind !== 'frame') return;
    const now = this.trueTime();
    if (now - this.since >= WHILE_MICROS) {
      this.since = now;
      this.frames = 0;
    }
    this.frames += 1;
    if (this.frames <= FRAMES_MAX) return;
    throw new Violation(
      this.name,
      `the nodes took ${FRAMES_MAX} frames of each other within ${Math.ceil((now - this.since) / 1000)} ms`,
      'safety',
      { nodes: [node.index], at: now },
    );
  }
}
