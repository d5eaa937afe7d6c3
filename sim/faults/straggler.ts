/**
 * A node is away for so long that the log it needs is gone, and has hardly begun to fetch a snapshot when something happens to it, or to whom
 * it fetches from: one of the two dies while it writes, the leader stands still, or the link between them breaks.
 */
import { blockAll, downCount, type Fault, type FaultRequest } from './fault.ts';

/** Parts of its time, of which it is away for all but the last. */
const PARTS = 4;
/** Effects behind the next persist after which a death falls at the latest. */
const EFFECTS_MAX = 4;

export const stragglerFault: Fault = {
  kind: 'straggler',
  counts: ['straggler', 'crash', 'powerLoss', 'restart', 'lostWrite', 'tornWrite', 'pause'],
  lasts: PARTS,
  inject: (request: FaultRequest): (() => void) | undefined => {
    const { target, draws, durationMicros } = request;
    if (target.nodeCount < 2) return undefined;
    // Every other time whoever leads: it takes entries until it gives up, and comes back with some that nobody else has.
    const away = draws.below(2) === 0 ? target.focus() : draws.below(target.nodeCount);
    const directions: (readonly [number, number])[] = [];
    for (let peer = 0; peer < target.nodeCount; peer += 1) if (peer !== away) directions.push([away, peer], [peer, away]);
    target.counts.add('straggler');
    const open = blockAll(target, directions);
    let isOver = false;
    let isBack = false;
    let mend = (): void => undefined;
    const part = Math.ceil(durationMicros / PARTS);
    target.at(target.now + (PARTS - 1) * part, () => {
      if (isOver) return;
      isBack = true;
      open();
      target.at(target.now + draws.below(part), () => {
        if (!isOver) mend = strike(request, away);
      });
    });
    return () => {
      isOver = true;
      if (!isBack) open();
      mend();
    };
  },
};

/** @returns how to undo it */
function strike({ target, draws, durationMicros, downMax }: FaultRequest, away: number): () => void {
  const source = target.focus();
  const how = draws.below(4);
  const effects = draws.below(EFFECTS_MAX);
  const part = Math.ceil(durationMicros / PARTS);
  if (how === 0 && source !== away) {
    return blockAll(target, [
      [away, source],
      [source, away],
    ]);
  }
  if (how === 1 && target.isRunning(source)) {
    target.counts.add('pause');
    target.pause(source, part);
    return () => undefined;
  }
  const victim = how === 2 ? away : source;
  if (!target.isRunning(victim) || downCount(target) >= downMax) return () => undefined;
  target.planCrash(victim, { effects, fromNextPersist: true, how: draws.below(2) === 0 ? 'crash' : 'powerLoss' });
  return () => target.restart(victim);
}
