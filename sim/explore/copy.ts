/**
 * A deep copy of an object graph, with its prototypes and with what is shared in it. So a group's state can be put aside and taken
 * up again many times, whatever fields the production code has: nothing here names any of them.
 * Not copied, because nobody changes them: functions, bytes, and frozen objects with all that they hold.
 */

export function deepCopy<T extends object>(value: T): T {
  return copyOf(value, new Map()) as T;
}

function copyOf(value: object, copies: Map<object, object>): object {
  if (Object.isFrozen(value) || value instanceof Uint8Array) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  if (Array.isArray(value)) return copyOfArray(value, copies);
  const copy = Object.create(Object.getPrototypeOf(value)) as Record<string, unknown>;
  copies.set(value, copy);
  const from = value as Record<string, unknown>;
  for (const name of Object.keys(from)) copy[name] = copyOfPart(from[name], copies);
  return copy;
}

function copyOfArray(value: readonly unknown[], copies: Map<object, object>): object {
  const copy: unknown[] = [];
  copies.set(value, copy);
  for (const part of value) copy.push(copyOfPart(part, copies));
  return copy;
}

function copyOfPart(part: unknown, copies: Map<object, object>): unknown {
  return typeof part === 'object' && part !== null ? copyOf(part, copies) : part;
}
