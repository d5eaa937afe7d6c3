/**
 * A node is stopped and started with another build, and later with the one it had: a rolling upgrade that went no further, or was taken
 * back. A build that speaks another version on its links is cut off from this one, which must refuse its frames and cannot be led by it; a
 * build that decides as an older one did takes part, and nothing that is promised may rest on everybody deciding alike.
 */
import type { Build } from '../build.ts';
import { THIS_BUILD } from '../build.ts';
import type { FaultKind } from './counts.ts';
import { downCount, drawVictim, type Fault, type FaultRequest } from './fault.ts';

/** How long the process is gone for the exchange, microseconds. */
const EXCHANGE_MICROS = 20_000;

function exchange({ target }: FaultRequest, node: number, build: Build): void {
  target.crash(node, 'crash');
  target.install(node, build);
  target.at(target.now + EXCHANGE_MICROS, () => target.restart(node));
}

function fault(kind: FaultKind, build: Build): Fault {
  return {
    kind,
    counts: [kind, 'crash', 'restart'],
    lasts: 3,
    inject: (request) => {
      const { target, downMax } = request;
      const node = drawVictim(request);
      if (!target.isRunning(node) || downCount(target) >= downMax) return undefined;
      target.counts.add(kind);
      exchange(request, node, build);
      return () => exchange(request, node, THIS_BUILD);
    },
  };
}

export const mixedWireFault: Fault = fault('mixedWire', 'otherWire');
export const mixedCoreFault: Fault = fault('mixedCore', 'olderCore');
