/** Members of lists as answers write them: names, or users as OpenFGA's list-users does. */
import { Fields } from '../proof/json-fields.ts';

/** `type:id`, `type:id#relation` or `type:*`; undefined for anything else. */
export function userText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  const fields = new Fields(value, '');
  const kind = (['object', 'userset', 'wildcard'] as const).find((name) => fields.has(name));
  if (kind === undefined) return undefined;
  const inner = new Fields(fields.any(kind), '');
  const type = inner.text('type');
  const text =
    kind === 'wildcard'
      ? `${type}:*`
      : kind === 'object'
        ? `${type}:${inner.text('id')}`
        : `${type}:${inner.text('id')}#${inner.text('relation')}`;
  return inner.problem === undefined ? text : undefined;
}
