/**
 * While a machine is without power, its disk decays: bits of an older log record flip, a sector becomes unreadable, a copy of
 * other bytes lies where the record was. The atlas says where that takes nothing that was promised.
 */
import type { PagePlace, Place } from '../atlas.ts';
import { contentOf } from '../page-damage.ts';
import type { FaultKind } from './counts.ts';
import { downCount, drawVictim, type Fault, type FaultRequest, type FaultTarget } from './fault.ts';

/** What happens to a record. @returns what the atlas is to know of it. */
type Destroy = (target: FaultTarget, node: number, place: Place, request: FaultRequest) => 'changed' | 'unreadable';

function inject(request: FaultRequest, kind: FaultKind, destroy: Destroy): (() => void) | undefined {
  const { target, draws, downMax } = request;
  const node = drawVictim(request);
  // Without power, so that whatever proves the record durable is itself durable. A damaged node is down already.
  const isAllowed = downCount(target) < downMax || !target.atlas.isWhole(node);
  if (!target.isRunning(node) || !isAllowed) return undefined;
  target.crash(node, 'powerLoss');
  const place = target.atlas.choose(node, draws);
  if (place !== undefined) {
    target.counts.add(kind);
    target.atlas.destroyed(node, place, destroy(target, node, place, request));
  }
  return () => target.restart(node);
}

function fault(kind: FaultKind, destroy: Destroy): Fault {
  const counts: readonly FaultKind[] = [kind, 'powerLoss', 'restart', 'lostWrite', 'tornWrite'];
  return { kind, counts, inject: (request) => inject(request, kind, destroy) };
}

export const bitRotFault: Fault = fault('bitRot', (target, node, place, { draws }) => {
  target.disk(node).corrupt(place.file, place.offset + draws.below(place.lengthBytes), 1 << draws.below(8));
  return 'changed';
});

export const badSectorFault: Fault = fault('badSector', (target, node, place) => {
  target.disk(node).spoil(place.file, place.offset);
  return 'unreadable';
});

/** The bytes of another place of the log: whole records with checksums that hold, only not here. */
export const misdirectedWriteFault: Fault = fault('misdirectedWrite', (target, node, place, { draws }) => {
  const disk = target.disk(node);
  const there = disk.read(place.file, place.offset, place.lengthBytes);
  let other = there;
  for (let tries = 0; tries < 4 && equal(other, there); tries += 1) {
    const from = target.atlas.choose(node, draws) ?? place;
    other = disk.read(from.file, from.offset, place.lengthBytes);
  }
  if (equal(other, there)) other = there.map((byte) => byte ^ 1);
  disk.misdirect(place.file, place.offset, other);
  return 'changed';
});

/** A page of a checkpoint: bits flip, a sector of it becomes unreadable, or another page lies in its place. */
export const pageRotFault: Fault = {
  kind: 'pageRot',
  counts: ['pageRot', 'powerLoss', 'restart', 'lostWrite', 'tornWrite'],
  inject: (request) => {
    const { target, draws, downMax } = request;
    const node = drawVictim(request);
    const isAllowed = downCount(target) < downMax || !target.atlas.isWhole(node);
    if (!target.isRunning(node) || !isAllowed) return undefined;
    target.crash(node, 'powerLoss');
    const place = target.atlas.choosePage(node, draws);
    if (place !== undefined) {
      target.counts.add('pageRot');
      destroyPage(target, node, place, request);
      target.atlas.pageDestroyed(node, place);
    }
    return () => target.restart(node);
  },
};

function destroyPage(target: FaultTarget, node: number, { file, offset, lengthBytes }: PagePlace, { draws }: FaultRequest): void {
  const disk = target.disk(node);
  const other = target.atlas.choosePage(node, draws);
  switch (draws.below(3)) {
    case 0:
      return disk.spoil(file, offset + draws.below(lengthBytes));
    case 1:
      if (other !== undefined && other.offset !== offset && other.lengthBytes === lengthBytes) {
        const stranger = contentOf(disk, other); // undefined where the disk has destroyed that, too
        if (stranger !== undefined) return disk.misdirect(file, offset, stranger);
      }
      return disk.corrupt(file, offset + draws.below(lengthBytes), 1 << draws.below(8));
    default:
      return disk.corrupt(file, offset + draws.below(lengthBytes), 1 << draws.below(8));
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
