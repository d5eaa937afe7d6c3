/** `object#relation@user`, the way people write a tuple, for example document:1#viewer@user:anne or doc:1#viewer@team:a#member. */
import type { TupleKey } from '../../core/state/transaction.ts';
import { usageFailure } from './failure.ts';

/** An object holds no `#` and a relation no `@`, so the first of each is the border; the rest is the user. */
export function parseTuple(text: string): TupleKey {
  const match = /^([^#]+)#([^@]+)@(.+)$/s.exec(text);
  if (match === null)
    throw usageFailure(`"${text}" is no tuple: write object#relation@user, for example document:1#viewer@user:anne.`);
  return { resource: match[1] as string, relation: match[2] as string, subject: match[3] as string };
}

export function formatTuple(key: { readonly object: string; readonly relation: string; readonly user: string }): string {
  return `${key.object}#${key.relation}@${key.user}`;
}
