/** What the SDK needs of a WebSocket, and which one this platform has. */

export interface SocketEvents {
  opened(): void;
  /** A binary message, a plain Uint8Array. */
  message(bytes: Uint8Array): void;
  /** Exactly once, also where it never opened. */
  closed(): void;
}

export interface ClientSocket {
  /** Only between opened and closed. Sends of one turn leave in one write where the platform allows it. */
  send(bytes: Uint8Array): void;
  /** Closes, or gives up opening. @returns when nothing of it is left. */
  close(): Promise<void>;
}

export type OpenSocket = (url: string, events: SocketEvents) => ClientSocket;

/** `ws` under Node, which can cork; the platform's WebSocket elsewhere. */
export async function platformSocket(): Promise<OpenSocket> {
  const underNode = typeof process === 'object' && typeof process.versions?.node === 'string';
  if (underNode) return (await import('./node-socket.ts')).openNodeSocket;
  return (await import('./browser-socket.ts')).openBrowserSocket;
}
