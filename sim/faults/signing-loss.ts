/**
 * While a machine is without power, its signing record goes: the file is taken away, a bit of it flips, or a sector of it becomes unreadable.
 * The node must notice, and sign with another key from then on. Not injected: an older copy of the file, which nobody can tell from the file.
 */
import { SIGNING_FILE } from '../../core/signing/record-file.ts';
import { downCount, drawVictim, type Fault } from './fault.ts';

export const signingLossFault: Fault = {
  kind: 'signingLoss',
  counts: ['signingLoss', 'powerLoss', 'restart', 'lostWrite', 'tornWrite'],
  inject: (request) => {
    const { target, draws, downMax } = request;
    const node = drawVictim(request);
    if (!target.isRunning(node) || downCount(target) >= downMax) return undefined;
    target.crash(node, 'powerLoss');
    const disk = target.disk(node);
    const size = disk.size(SIGNING_FILE) ?? 0;
    if (size > 0) {
      target.counts.add('signingLoss');
      switch (draws.below(3)) {
        case 0:
          disk.execute({ op: 'remove', file: SIGNING_FILE });
          disk.execute({ op: 'syncDirectory' });
          break;
        case 1:
          disk.spoil(SIGNING_FILE, draws.below(size));
          break;
        default:
          disk.corrupt(SIGNING_FILE, draws.below(size), 1 << draws.below(8));
      }
    }
    return () => target.restart(node);
  },
};
