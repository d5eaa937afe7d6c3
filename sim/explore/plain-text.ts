/** A plain object with all its fields, as text: equal texts, equal objects. */
export function plainText(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (part instanceof Uint8Array ? [...part] : part));
}
