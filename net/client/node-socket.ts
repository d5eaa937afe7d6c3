/** The SDK's socket under Node: `ws`, corked once per turn. */
import { WebSocket } from 'ws';
import { CLIENT_RESULT_BYTES_MAX } from '../../core/limits.ts';
import { CloseCode, type Corkable, SocketLink } from '../socket-link.ts';
import type { ClientSocket, SocketEvents } from './socket.ts';

const OPEN_TIMEOUT_MS = 5_000;
/** Bytes that may wait for a node that does not read; the operations time out then, and ask another one. */
const WAITING_BYTES_MAX = 64 << 20;

export function openNodeSocket(url: string, events: SocketEvents): ClientSocket {
  const webSocket = new WebSocket(url, {
    perMessageDeflate: false,
    handshakeTimeout: OPEN_TIMEOUT_MS,
    maxPayload: CLIENT_RESULT_BYTES_MAX,
  });
  let socket: Corkable | undefined;
  let link: SocketLink | undefined;
  webSocket.on('upgrade', (response) => {
    socket = response.socket;
  });
  webSocket.on('error', () => webSocket.terminate());
  webSocket.on('open', () => {
    if (socket === undefined) return webSocket.terminate();
    link = new SocketLink({ webSocket, socket }, { message: (bytes) => events.message(bytes), closed: () => undefined });
    events.opened();
  });
  const ended = new Promise<void>((resolve) => {
    webSocket.on('close', () => {
      events.closed();
      resolve();
    });
  });
  return {
    send: (bytes) => {
      link?.send(bytes, WAITING_BYTES_MAX);
    },
    close: () => {
      if (link === undefined) webSocket.terminate();
      else link.end(CloseCode.goingAway, 'the client is done');
      return ended;
    },
  };
}
