/**
 * For a while a running node reads another page of a checkpoint where it asks for one: a whole page with a checksum that holds, only not
 * here. The medium is as it was. Reads of the log happen at openings alone; misdirectedWrite shows what becomes of those.
 */
import { contentOf } from '../page-damage.ts';
import { downCount, drawVictim, type Fault, type FaultRequest } from './fault.ts';

export const misdirectedReadFault: Fault = {
  kind: 'misdirectedRead',
  counts: ['misdirectedRead'],
  inject: (request: FaultRequest): (() => void) | undefined => {
    const { target, draws, downMax } = request;
    const { atlas } = target;
    const node = drawVictim(request);
    const isAllowed = downCount(target) < downMax || !atlas.isWhole(node);
    if (!target.isRunning(node) || !isAllowed) return undefined;
    const place = atlas.choosePage(node, draws);
    const other = atlas.choosePage(node, draws);
    if (place === undefined || other === undefined) return undefined;
    const isElsewhere = other.file !== place.file || other.offset !== place.offset;
    if (!isElsewhere || other.lengthBytes !== place.lengthBytes) return undefined;
    const disk = target.disk(node);
    const stranger = contentOf(disk, other);
    if (stranger === undefined) return undefined;
    target.counts.add('misdirectedRead');
    disk.misread(place.file, place.offset, stranger);
    atlas.pageDestroyed(node, place);
    return () => disk.misread(place.file, place.offset, undefined);
  },
};
