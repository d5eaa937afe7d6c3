/**
 * The URL of a WebSocket link. Addresses are learned from other nodes: one that is not HOST:PORT must not lead to another
 * path or carry credentials, and must be refused here, because a socket constructor throws on some of them.
 */

/** @param address HOST:PORT. @returns undefined where it is none. */
export function linkUrl(scheme: 'ws' | 'wss', address: string, path: string): string | undefined {
  const text = `${scheme}://${address}${path}`;
  if (!URL.canParse(text)) return undefined;
  const { pathname, search, hash, username, password } = new URL(text);
  return pathname === path && `${search}${hash}${username}${password}` === '' && !/[#?]/.test(text) ? text : undefined;
}
