/**
 * WebSocket on the node's one port: takes `upgrade` requests of an existing HTTP server and tells peers from clients by
 * path. Any other path is answered 404; ordinary requests never come here.
 *
 * A browser says which page asks (Origin). Until clients authenticate, a page of another origin is refused: a web site
 * must not write to the cluster on a visitor's loopback. Peers are no browsers: an Origin there is refused always.
 */
import { WebSocketServer } from 'ws';
import { CLIENT_REQUEST_BYTES_MAX, FRAME_BYTES_MAX } from '../core/limits.ts';
import { CLIENT_PATH, type ClientLinks } from './client-links.ts';
import { PEER_PATH, type PeerLinks } from './peer-links.ts';
import type { Transport } from './socket-link.ts';

/** request, stream, head: what an `upgrade` event carries. */
type Upgrade = Parameters<WebSocketServer['handleUpgrade']>;
type UpgradeHandler = (request: Upgrade[0], stream: Upgrade[1], head: Upgrade[2]) => void;

/** The part of a node:http Server that is used. */
export interface UpgradeServer {
  on(event: 'upgrade', handler: UpgradeHandler): unknown;
  off(event: 'upgrade', handler: UpgradeHandler): unknown;
}

export interface Listener {
  /** Takes no more upgrades, and ends all links that came in through it. */
  close(): Promise<void>;
}

interface Route {
  readonly path: string;
  readonly server: WebSocketServer;
  readonly accept: (transport: Transport) => void;
}

export interface ListenerOptions {
  readonly peers: PeerLinks;
  readonly clients: ClientLinks;
  /** Origins besides the node's own whose pages may open client links, as `https://example.org`. */
  readonly origins?: readonly string[];
}

/** @param server listening or not yet. Only its `upgrade` event is used. */
export function attachLinks(server: UpgradeServer, { peers, clients, origins = [] }: ListenerOptions): Listener {
  const routes: readonly Route[] = [
    { path: PEER_PATH, server: socketServer(FRAME_BYTES_MAX), accept: (transport) => peers.accept(transport) },
    { path: CLIENT_PATH, server: socketServer(CLIENT_REQUEST_BYTES_MAX), accept: (transport) => clients.accept(transport) },
  ];
  const onUpgrade: UpgradeHandler = (request, stream, head) => {
    stream.on('error', () => stream.destroy());
    const path = (request.url ?? '').split('?', 1)[0];
    const route = routes.find((each) => each.path === path);
    if (route === undefined) return refuse(stream, '404 Not Found');
    const { origin, host } = request.headers;
    const foreign = origin !== undefined && (route.path === PEER_PATH || !isOwnOrigin(origin, host));
    if (foreign && !(route.path === CLIENT_PATH && origins.includes(origin))) return refuse(stream, '403 Forbidden');
    route.server.handleUpgrade(request, stream, head, (webSocket) => {
      route.accept({ webSocket, socket: request.socket });
    });
  };
  server.on('upgrade', onUpgrade);
  return {
    close: async () => {
      server.off('upgrade', onUpgrade);
      await Promise.all([peers.close(), clients.close()]);
    },
  };
}

function socketServer(maxPayload: number): WebSocketServer {
  return new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload, clientTracking: false });
}

function isOwnOrigin(origin: string, host: string | undefined): boolean {
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
}

function refuse(stream: Upgrade[1], status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
