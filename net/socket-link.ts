/**
 * One WebSocket with what both kinds of links need: sends of one turn corked into one write, a bound on what waits, and
 * proof of life by ping. Knows nothing of what the messages mean.
 *
 * Why cork: one write per message reaches 101,000 to 123,000 messages a second, one write per turn 364,000 (80-performance).
 */
import type { WebSocket } from 'ws';
import { plainBytes } from './bytes.ts';

/** Close codes of Vouch. 4000 to 4999 are free for applications (RFC 6455, 7.4.2). */
export const CloseCode = { goingAway: 1001, badMessage: 4000, refused: 4001, replaced: 4002, silent: 4003 } as const;
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

/** How long a closing handshake may take before the socket is destroyed. */
const CLOSE_GRACE_MS = 500;

/** The part of a net.Socket that is used besides its WebSocket. */
export interface Corkable {
  cork(): void;
  uncork(): void;
}

/** An open WebSocket and the socket under it. */
export interface Transport {
  readonly webSocket: WebSocket;
  readonly socket: Corkable;
}

export interface SocketEvents {
  /** A binary message. The bytes may be kept. */
  message(bytes: Uint8Array): void;
  /** Exactly once, whoever ended it. */
  closed(code: number, reason: string): void;
}

export class SocketLink {
  private readonly webSocket: WebSocket;
  private readonly socket: Corkable;
  private corked: boolean = false;
  private graceTimer: NodeJS.Timeout | undefined = undefined;
  /** Whether anything was heard since the last `beat`. */
  private heard: boolean = true;

  constructor({ webSocket, socket }: Transport, events: SocketEvents) {
    this.webSocket = webSocket;
    this.socket = socket;
    webSocket.on('message', (data, isBinary) => {
      this.heard = true;
      if (isBinary) events.message(plainBytes(data));
      else this.end(CloseCode.badMessage, 'text messages are not spoken here');
    });
    webSocket.on('pong', () => {
      this.heard = true;
    });
    webSocket.on('ping', () => {
      this.heard = true;
    });
    webSocket.on('error', () => webSocket.terminate()); // oversize or malformed: `close` follows
    webSocket.on('close', (code, reason) => {
      clearTimeout(this.graceTimer);
      events.closed(code, reason.toString('utf8'));
    });
  }

  /** Whether messages may still be sent. */
  get isOpen(): boolean {
    return this.webSocket.readyState === this.webSocket.OPEN;
  }

  /** Bytes that the other side has not taken yet. */
  get waitingBytes(): number {
    return this.webSocket.bufferedAmount;
  }

  /** Sends with everything else of this turn. @returns false where more than maxWaitingBytes would wait: nothing was sent. */
  send(bytes: Uint8Array, maxWaitingBytes: number): boolean {
    if (!this.isOpen || this.waitingBytes + bytes.length > maxWaitingBytes) return false;
    if (!this.corked) {
      this.corked = true;
      this.socket.cork();
      process.nextTick(() => {
        this.corked = false;
        this.socket.uncork();
      });
    }
    this.webSocket.send(bytes);
    return true;
  }

  /** Closes with a reason, and by force where the other side does not answer. */
  end(code: CloseCode, reason: string): void {
    if (this.graceTimer !== undefined) return;
    this.webSocket.close(code, reason);
    this.graceTimer = setTimeout(() => this.webSocket.terminate(), CLOSE_GRACE_MS);
    this.graceTimer.unref();
  }

  /** Destroys the socket at once. */
  destroy(): void {
    this.webSocket.terminate();
  }

  /** Called at a steady interval: closes a link that was silent since the last call, pings the others. */
  beat(): void {
    if (!this.isOpen) return;
    if (!this.heard) {
      this.webSocket.terminate();
      return;
    }
    this.heard = false;
    this.webSocket.ping();
  }
}
