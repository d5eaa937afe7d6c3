/** Parts of objects and subjects: `type:id`, `type:*`, `type:id#relation`. All of them are well-formed (core/state/names.ts). */

export function typeOf(object: string): string {
  return object.slice(0, object.indexOf(':'));
}

export type Subject =
  | { readonly kind: 'plain'; readonly type: string }
  | { readonly kind: 'wildcard'; readonly type: string }
  | { readonly kind: 'userset'; readonly type: string; readonly object: string; readonly relation: string };

export function subjectOf(subject: string): Subject {
  const type = typeOf(subject);
  const hash = subject.indexOf('#');
  if (hash >= 0) return { kind: 'userset', type, object: subject.slice(0, hash), relation: subject.slice(hash + 1) };
  return { kind: subject.endsWith(':*') ? 'wildcard' : 'plain', type };
}
