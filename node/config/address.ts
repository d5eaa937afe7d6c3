/** HOST:PORT as people write it, with IPv6 in brackets. */

export interface Address {
  readonly host: string;
  readonly port: number;
}

const PATTERN = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})$/;

/** undefined for anything that is not HOST:PORT. Port 0 means "any free one" and is for tests. */
export function parseAddress(text: string): Address | undefined {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const port = Number(match[3]);
  if (port > 65_535) return undefined;
  return { host: (match[1] ?? match[2]) as string, port };
}

export function formatAddress(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** Whether only processes of this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$/.test(host);
}
