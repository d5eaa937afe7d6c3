/**
 * A list and one more item. Why not `push`: on an empty list the engine makes room for seventeen at once, 150 bytes, and
 * the lists of one step (its effects, messages, frames) mostly end with one item.
 */
export function grown<T>(list: T[], item: T): T[] {
  if (list.length === 0) return [item];
  list.push(item);
  return list;
}
