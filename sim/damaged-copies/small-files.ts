/** Damages of the two small files, IDENTITY and CLUSTER. */
import { crc32c } from '../../core/bytes/crc32c.ts';
import { drawId } from '../../core/bytes/hex-id.ts';
import { Writer } from '../../core/bytes/writer.ts';
import { GLOBAL_GROUP, type GroupId, plus } from '../../core/ids.ts';
import { CLUSTER_FILE, IDENTITY_FILE } from '../../core/replica/directory.ts';
import { encodeManifest, type GroupMembers, groupsOf, type Manifest } from '../../core/replica/manifest.ts';
import { entropyFrom } from '../entropy.ts';
import { contentOf, withBitFlipped, withByte } from './copy.ts';
import { type Damage, opensAs, refusedAs, type Scene } from './damage.ts';
import type { LivingCopy } from './opening.ts';

/** Far larger than any file that Vouch reads whole. */
const LARGE_BYTES = 1 << 22;
/** Where CLUSTER says its format (core/replica/manifest.ts). */
const FORMAT_AT = 8;

export function damageIdentity({ reader, draws }: Scene): Damage {
  const bytes = contentOf(reader, IDENTITY_FILE) as Uint8Array;
  const changed = (what: string, content: Uint8Array | undefined, code: string): Damage => ({
    what: `IDENTITY ${what}`,
    files: new Map([[IDENTITY_FILE, content]]),
    judge: refusedAs(code),
  });
  switch (draws.below(5)) {
    case 0:
      return changed('missing', undefined, 'no_identity');
    case 1:
      return changed('of another program', withByte(bytes, 0, 0x50), 'foreign_directory');
    case 2:
      return changed('of a newer format', withByte(bytes, 8, 2 + draws.below(200)), 'newer_format');
    case 3:
      return changed('far too large', new Uint8Array(LARGE_BYTES), 'foreign_directory');
    default:
      return changed('with a bit flipped', withBitFlipped(bytes, draws, 9), 'identity_damaged');
  }
}

export function damageManifestBytes({ reader, draws }: Scene): Damage {
  const bytes = contentOf(reader, CLUSTER_FILE) as Uint8Array;
  const changed = (what: string, content: Uint8Array): Damage => ({
    what: `CLUSTER ${what}`,
    files: new Map([[CLUSTER_FILE, content]]),
    judge: refusedAs('cluster_damaged', 'newer_format'),
  });
  switch (draws.below(4)) {
    case 0:
      return changed('cut', bytes.slice(0, draws.below(bytes.length)));
    case 1:
      return changed('of another program', withByte(bytes, draws.below(8), 0));
    case 2:
      return changed('of a newer format', withByte(bytes, FORMAT_AT, 4 + draws.below(200)));
    default:
      return changed('with a bit flipped', withBitFlipped(bytes, draws));
  }
}

/** The manifest as a version before wrote it, where that knew everything that there is: it says the same. */
export function olderManifest({ manifest, draws }: Scene, clean: LivingCopy): Damage | undefined {
  if (manifest.placed.length > 0) return undefined;
  const isOldest = manifest.revision === 0 && draws.below(2) === 0;
  const writer = new Writer();
  // Without the number of later groups and the checksum; of the oldest format without revision and number of members, too.
  if (isOldest) writer.raw(withByte(encodeManifest({ ...manifest, members: [] }).subarray(0, -20), FORMAT_AT, 1));
  else writer.raw(withByte(encodeManifest(manifest).subarray(0, -8), FORMAT_AT, 2));
  writer.u32(crc32c(writer.peek()));
  const content = writer.finish();
  return { what: 'CLUSTER of the format before', files: new Map([[CLUSTER_FILE, content]]), judge: opensAs(clean) };
}

/** A manifest whose checksum holds and whose content makes no sense: written by something that is not Vouch. */
export function damageManifest({ manifest, draws }: Scene): Damage {
  const { members, groups } = manifest;
  const stranger = drawId<'NodeId'>(entropyFrom(draws));
  const first = groups[0] as GroupMembers;
  const changes: readonly (readonly [string, Partial<Manifest>])[] = [
    ['a member twice', { members: [...members, ...members.slice(-1)] }],
    ['no group', { groups: [] }],
    ['no GLOBAL group', { groups: groups.filter(({ group }) => group !== GLOBAL_GROUP) }],
    ['a group twice', { groups: [...groups, ...groups.slice(-1)] }],
    ['a voter that is no member', { groups: [{ ...first, voters: [stranger] }, ...groups.slice(1)] }],
    ['a voter twice', { groups: [{ ...first, voters: [...first.voters, ...first.voters.slice(-1)] }, ...groups.slice(1)] }],
    ['a group without voters', { groups: [{ ...first, voters: [] }, ...groups.slice(1)] }],
  ];
  const change = changes[draws.below(changes.length + 3)];
  const what = change === undefined ? 'more members than there may be' : change[0];
  const content = change === undefined ? ofManyMembers(manifest) : encodeManifest({ ...manifest, ...change[1] });
  return { what: `CLUSTER with ${what}`, files: new Map([[CLUSTER_FILE, content]]), judge: refusedAs('cluster_damaged') };
}

/** Claims more members than a manifest may have, and holds none of them; the checksum is right. */
function ofManyMembers(manifest: Manifest): Uint8Array {
  const bytes = encodeManifest({ ...manifest, members: [], groups: [] });
  const writer = new Writer();
  writer.raw(bytes.subarray(0, 25));
  writer.u32(0xffff_ffff);
  writer.u32(crc32c(writer.peek()));
  return writer.finish();
}

/** The manifest with one group more, of which this node has no log. @param isHere whether it is a founder of it. */
export function withGroup(manifest: Manifest, isHere: (voter: string) => boolean): Manifest {
  const group = plus(newestGroup(manifest), 1);
  const voters = manifest.founders.map(({ id }) => id).filter(isHere);
  if (manifest.placed.length === 0) return { ...manifest, groups: [...manifest.groups, { group, voters }] };
  return { ...manifest, placed: [...manifest.placed, { group, replicas: 1, founders: voters, voters }] };
}

/** The group of the highest number. */
export function newestGroup(manifest: Manifest): GroupId {
  return (groupsOf(manifest).at(-1) as GroupMembers).group;
}
