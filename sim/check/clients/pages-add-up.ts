/** A list that is read page by page at one height names each tuple that was live there once, and no other. */
import { HEIGHT_ZERO } from '../../../core/ids.ts';
import type { Replica } from '../../../core/replica/replica.ts';
import type { ChainTuples } from '../../authorization/chain-tuples.ts';
import type { AuthorizationMark } from '../../authorization/marks.ts';
import type { Paging } from '../../authorization/paging.ts';
import { type Observer, Violation } from '../../observer.ts';
import type { VouchShape } from '../../vouch.ts';

export class PagesAddUp implements Observer<VouchShape, Replica> {
  readonly name: string = 'pages-add-up';
  readonly claim: string = 'The pages of a list at one height name each tuple that is live there once, and no other.';
  private readonly chain: ChainTuples;
  private readonly mark: (name: AuthorizationMark) => void;

  constructor(chain: ChainTuples, mark: (name: AuthorizationMark) => void) {
    this.chain = chain;
    this.mark = mark;
  }

  /** The last page is there. */
  judge({ vault, filter, names, height = HEIGHT_ZERO }: Paging): void {
    const at = this.chain.at(vault.id, height);
    if (at === undefined)
      throw new Violation(this.name, `vault ${vault.id}: a list names block ${height}, which nobody has sealed`);
    this.mark('authorization.paged');
    const isOf = (resource: string): boolean =>
      filter.resource.endsWith(':')
        ? resource.startsWith(filter.resource)
        : filter.resource === '' || resource === filter.resource;
    const expected = at.tuples
      .filter(({ tuple }) => isOf(tuple.resource) && (filter.subject === '' || tuple.subject === filter.subject))
      .map(({ tuple }) => `${tuple.resource}#${tuple.relation}@${tuple.subject}`);
    const told = [...names].sort();
    if (told.join('\n') === expected.sort().join('\n')) return;
    const what = `its pages name ${told.length} tuples, and ${expected.length} are live`;
    throw new Violation(
      this.name,
      `vault ${vault.id}, block ${height}: a list of "${filter.resource}${filter.subject}": ${what}`,
    );
  }
}
