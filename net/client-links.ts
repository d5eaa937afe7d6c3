/**
 * Clients on WebSocket links, the serving side: requests in, answers out, in any order, matched by id.
 * Bounded: links, requests under way per link, and bytes that wait for a slow reader.
 */
import { Writer } from '../core/bytes/writer.ts';
import type { ClientRequest, ClientResult } from '../core/client/protocol.ts';
import { clientRequestId, decodeClientRequest, encodeClientResult } from '../core/codec/client-frame.ts';
import type { RequestId } from '../core/ids.ts';
import { CloseCode, SocketLink, type Transport } from './socket-link.ts';

/** Path of client links on the node's one port. */
export const CLIENT_PATH: string = '/client';
const LINKS_MAX = 10_000;
/** Requests under way on one link. Why four windows: a client keeps at most 256 commands a session, and reads besides. */
const REQUESTS_MAX = 1_024;
/** Bytes that may wait for a client that does not read: beyond it the link is closed. */
const WAITING_BYTES_MAX = 64 << 20;
const BEAT_MS = 15_000;

/** Answers a request; `done` is called exactly once. node/runtime.ts is one. */
export type Serve = (request: ClientRequest, done: (result: ClientResult) => void) => void;

interface ClientLink {
  readonly socket: SocketLink;
  underWay: number;
}

export class ClientLinks {
  private readonly serve: Serve;
  private readonly links: Set<ClientLink> = new Set();
  private readonly writer: Writer = new Writer(4096);
  private readonly beatTimer: NodeJS.Timeout;
  private closing: (() => void) | undefined = undefined;
  private closed: boolean = false;
  /** Links closed for what they sent. */
  malformed: number = 0;

  constructor(serve: Serve) {
    this.serve = serve;
    this.beatTimer = setInterval(() => {
      for (const link of this.links) link.socket.beat();
    }, BEAT_MS);
    this.beatTimer.unref();
  }

  /** Links open now. */
  get count(): number {
    return this.links.size;
  }

  /** Takes a link that a client opened (net/listener.ts). */
  accept(transport: Transport): void {
    if (this.closed || this.links.size >= LINKS_MAX) return transport.webSocket.terminate();
    const socket = new SocketLink(transport, {
      message: (bytes) => this.receive(link, bytes),
      closed: () => {
        this.links.delete(link);
        if (this.links.size === 0) this.closing?.();
      },
    });
    const link: ClientLink = { socket, underWay: 0 };
    this.links.add(link);
  }

  /** Ends all links. @returns when every socket is closed. */
  close(): Promise<void> {
    this.closed = true;
    clearInterval(this.beatTimer);
    for (const link of this.links) link.socket.end(CloseCode.goingAway, 'this node is stopping');
    if (this.links.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.closing = resolve;
    });
  }

  private receive(link: ClientLink, bytes: Uint8Array): void {
    const decoded = decodeClientRequest(bytes);
    if (!decoded.ok) return this.malformedRequest(link, bytes, decoded.reason);
    const { id, request } = decoded.value;
    if (link.underWay >= REQUESTS_MAX) return this.answer(link, id, TOO_MANY);
    link.underWay += 1;
    this.serve(request, (result) => {
      link.underWay -= 1;
      this.answer(link, id, result);
    });
  }

  /** A request of this version with an unreadable body is refused with a sentence; anything else ends the link. */
  private malformedRequest(link: ClientLink, bytes: Uint8Array, reason: string): void {
    this.malformed += 1;
    const id = clientRequestId(bytes);
    if (id === undefined) return link.socket.end(CloseCode.badMessage, `not a client request of this version: ${reason}`);
    const message = `The request does not decode (${reason}). Nothing was executed.`;
    this.answer(link, id, { kind: 'error', code: 'invalid_argument', message, leader: undefined, retryAfterMs: 0 });
  }

  private answer(link: ClientLink, id: RequestId, result: ClientResult): void {
    if (!link.socket.isOpen) return;
    if (!link.socket.send(encodeClientResult({ id, result }, this.writer), WAITING_BYTES_MAX)) link.socket.destroy();
  }
}

const TOO_MANY: ClientResult = {
  kind: 'error',
  code: 'overloaded',
  message: 'Too many requests are under way on this link.',
  leader: undefined,
  retryAfterMs: 10,
};
