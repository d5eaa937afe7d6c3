/** The SDK's socket in a browser (or any platform with a global WebSocket). */
import type { ClientSocket, SocketEvents } from './socket.ts';

/** The part of the platform's WebSocket that is used. */
interface PlatformWebSocket {
  binaryType: string;
  addEventListener(type: 'open' | 'close', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  send(data: Uint8Array): void;
  close(code?: number, reason?: string): void;
}

/** 1001 may not be given by scripts (the WebSocket standard, close). */
const NORMAL_CLOSURE = 1000;

export function openBrowserSocket(url: string, events: SocketEvents): ClientSocket {
  const Platform = (globalThis as { readonly WebSocket?: new (url: string) => PlatformWebSocket }).WebSocket;
  if (Platform === undefined) throw new Error('This platform has no WebSocket.');
  const socket = new Platform(url);
  socket.binaryType = 'arraybuffer';
  const ended = new Promise<void>((resolve) => {
    socket.addEventListener('close', () => {
      events.closed();
      resolve();
    });
  });
  socket.addEventListener('open', () => events.opened());
  socket.addEventListener('message', ({ data }) => {
    if (data instanceof ArrayBuffer) events.message(new Uint8Array(data));
    else socket.close(NORMAL_CLOSURE, 'text messages are not spoken here');
  });
  return {
    send: (bytes) => socket.send(bytes),
    close: () => {
      socket.close(NORMAL_CLOSURE, 'the client is done');
      return ended;
    },
  };
}
