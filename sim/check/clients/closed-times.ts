/**
 * A time that was read is closed: whoever asked for a vault at time t was shown the last block it will ever have with a time
 * at or before t. A block that comes later with such a time breaks the promise, whoever seals it and whenever.
 */
import type { Anchor } from '../../../core/client/protocol.ts';
import { Violation } from '../../observer.ts';
import { headerTime } from '../../workload/header-time.ts';

export const CLOSED_TIMES: string = 'closed-times';
export const CLOSED_TIMES_CLAIM: string = 'A read at a time shows the last block that the vault will ever have up to that time.';

interface Chain {
  /** Times of its blocks by height - 1. */
  readonly times: number[];
  /** The latest time for which each block was shown as the last one, by height - 1. */
  readonly closed: number[];
}

export class ClosedTimes {
  private readonly chains: Map<string, Chain> = new Map();

  /** A block was sealed for the first time. */
  sealed(vault: string, header: Uint8Array): void {
    const chain = this.chainOf(vault);
    chain.times.push(headerTime(header));
    this.judge(vault, chain, chain.times.length - 1);
  }

  /** A client asked for the vault at a time and was shown a block. */
  told(vault: string, time: number, anchor: Anchor): void {
    const shown = headerTime(anchor.header);
    if (shown > time)
      throw new Violation(
        CLOSED_TIMES,
        `vault ${vault}: asked for time ${time}, a read was answered at block ${anchor.height} of ${shown}`,
      );
    const chain = this.chainOf(vault);
    const at = anchor.height - 1;
    chain.closed[at] = Math.max(chain.closed[at] ?? 0, time);
    this.judge(vault, chain, anchor.height);
  }

  /** Whether the block at that position, if it is there, lies behind the time for which its predecessor was the last. */
  private judge(vault: string, { times, closed }: Chain, position: number): void {
    const time = times[position];
    const promised = closed[position - 1];
    if (time === undefined || promised === undefined || time > promised) return;
    throw new Violation(
      CLOSED_TIMES,
      `vault ${vault}: block ${position} was shown as the last one up to ${promised}, but block ${position + 1} is of ${time}`,
    );
  }

  private chainOf(vault: string): Chain {
    let chain = this.chains.get(vault);
    if (chain === undefined) {
      chain = { times: [], closed: [] };
      this.chains.set(vault, chain);
    }
    return chain;
  }
}
