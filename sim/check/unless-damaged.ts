/**
 * For oracles that read what nobody has asked the node for: a page that its disk has destroyed shows there first. Then there is
 * nothing to judge; once the node meets the page, it has to say so (no-fatal). On a disk that destroyed nothing it is a violation.
 */
import { DamageError } from '../../core/errors.ts';
import type { Atlas } from '../atlas.ts';

export type PageAtlas = Pick<Atlas, 'hasPageDamage'>;

export function unlessDamaged(
  atlas: PageAtlas,
  place: { readonly node: number; readonly group: number },
  look: () => void,
): void {
  try {
    look();
  } catch (error) {
    if (!(error instanceof DamageError && atlas.hasPageDamage(place.node, place.group))) throw error;
  }
}
