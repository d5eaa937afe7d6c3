/** A list that is read page by page at one height, as a client does who cannot take it at once. */
import { NEWEST, type ReadPoint, type TupleRow, type VaultEntry, type VaultQuery } from '../../core/client/protocol.ts';
import type { Height } from '../../core/ids.ts';
import type { Draws } from '../tape.ts';

/** Rows of a page: few, so that there are several. */
const LIMITS: readonly number[] = [1, 2, 3, 5, 8];

/** What is listed: a type, one object, or everything of one subject. */
const FILTERS = [
  { resource: 'team:', subject: '' },
  { resource: 'team:', subject: '' },
  { resource: 'file:', subject: '' },
  { resource: 'file:plan', subject: '' },
  { resource: '', subject: 'person:ann' },
] as const;

interface PageAnswer {
  readonly rows: readonly Pick<TupleRow, 'tuple'>[];
  readonly next: Uint8Array;
  readonly anchor: { readonly height: Height };
}

export class Paging {
  readonly vault: VaultEntry;
  readonly filter: (typeof FILTERS)[number];
  /** Of all pages so far, as `object#relation@user`. */
  readonly names: string[] = [];
  /** Of the first page, and of all that follow. */
  height: Height | undefined = undefined;
  private readonly limit: number;
  private after: Uint8Array = new Uint8Array(0);

  constructor(vault: VaultEntry, draws: Draws) {
    this.vault = vault;
    this.filter = draws.pick(FILTERS);
    this.limit = draws.pick(LIMITS);
  }

  get query(): Extract<VaultQuery, { readonly kind: 'list' }> {
    const { filter, limit, after } = this;
    return { kind: 'list', resource: filter.resource, relation: '', subject: filter.subject, limit, after };
  }

  get at(): ReadPoint {
    return this.height === undefined ? NEWEST : { kind: 'height', height: this.height };
  }

  /** @returns whether that was the last page */
  take({ rows, next, anchor }: PageAnswer): boolean {
    this.height ??= anchor.height;
    for (const { tuple } of rows) this.names.push(`${tuple.resource}#${tuple.relation}@${tuple.subject}`);
    this.after = next;
    return next.length === 0;
  }
}
