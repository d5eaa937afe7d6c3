/** The next sync fails, or the next write ends half-way: the node must stop, and a restart must not believe what was not synced. */
import type { InjectedError } from '../virtual-disk.ts';
import type { FaultKind } from './counts.ts';
import { downCount, drawVictim, type Fault, type FaultRequest } from './fault.ts';

/** Within this time a disk has told its node of a refusal, microseconds. Far above any simulated latency. */
const REFUSAL_MICROS = 1_000_000;

function inject(request: FaultRequest, error: InjectedError): (() => void) | undefined {
  const { target, downMax } = request;
  const node = drawVictim(request);
  if (!target.isRunning(node) || downCount(target) >= downMax) return undefined;
  target.disk(node).failNext(error);
  return () => {
    target.disk(node).failNext(undefined);
    target.restart(node);
    // The refusal may still be under way to the node, which then stops after the fault is over.
    target.at(target.now + REFUSAL_MICROS, () => target.restart(node));
  };
}

function fault(kind: FaultKind, error: InjectedError): Fault {
  return { kind, counts: [kind, 'restart'], inject: (request) => inject(request, error) };
}

export const syncFailureFault: Fault = fault('syncFailure', 'EIO');
export const diskFullFault: Fault = fault('diskFull', 'ENOSPC');
