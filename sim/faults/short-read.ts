/**
 * A node starts, and its disk gives less of a file than the directory says is there: part of a log, of the node's name, of its keys. It must
 * not take that for all there is, and a later start must find everything where it was.
 */
import { downCount, drawVictim, type Fault, type FaultRequest } from './fault.ts';

/** A start reads its small files and the segments of its log: one of the first of these. */
const READS_MAX = 6;
/** Behind the start that met it, somebody starts the node once more, microseconds. */
const AGAIN_MICROS = 50_000;

export const shortReadFault: Fault = {
  kind: 'shortRead',
  counts: ['shortRead', 'crash', 'restart'],
  inject: (request: FaultRequest): (() => void) | undefined => {
    const { target, draws, downMax } = request;
    const node = drawVictim(request);
    if (!target.isRunning(node) || downCount(target) >= downMax) return undefined;
    target.crash(node, 'crash');
    return () => {
      if (target.isRunning(node)) return;
      const disk = target.disk(node);
      disk.shortenRead(draws.below(READS_MAX));
      target.restart(node);
      if (disk.hasCutRead) target.counts.add('shortRead');
      target.at(target.now + AGAIN_MICROS, () => target.restart(node));
    };
  },
};
