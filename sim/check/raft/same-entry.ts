/**
 * Whether two replicas hold the same entry. Bytes are equal, unless one of them has destroyed the key of a vault: then its section is
 * what is left of the other's, hash included (core/state/shredded-section.ts).
 */
import { equalBytes } from '../../../core/bytes/compare.ts';
import { portableHasher } from '../../../core/hasher.ts';
import { type RawSection, SectionForm, splitEntryData } from '../../../core/state/entry-data.ts';
import { shred } from '../../../core/state/shredded-section.ts';
import { fastHasher } from '../../hasher.ts';

export function sameData(a: Uint8Array, b: Uint8Array): boolean {
  if (equalBytes(a, b)) return true;
  const [left, right] = [splitEntryData(a), splitEntryData(b)];
  if (left === undefined || right === undefined || left.wall !== right.wall) return false;
  if (left.sections.length !== right.sections.length) return false;
  return left.sections.every((section, i) => sameSection(section, right.sections[i] as RawSection));
}

function sameSection(a: RawSection, b: RawSection): boolean {
  if (!equalBytes(a.vault, b.vault)) return false;
  if (a.form === b.form) return equalBytes(a.payload, b.payload);
  const [clear, shredded] = a.form === SectionForm.clear ? [a, b] : [b, a];
  if (clear.form !== SectionForm.clear || shredded.form !== SectionForm.shredded) return false;
  return [fastHasher, portableHasher].some((hasher) => {
    const left = shred(hasher, clear.payload);
    return left !== undefined && equalBytes(left, shredded.payload);
  });
}
