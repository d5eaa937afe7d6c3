/** Keeps one address dialed: connects, hands the open socket over, and connects again after a jittered pause when it ends. */
import { WebSocket } from 'ws';
import { FRAME_BYTES_MAX } from '../core/limits.ts';
import { linkUrl } from './link-url.ts';
import type { Corkable, Transport } from './socket-link.ts';

const HANDSHAKE_TIMEOUT_MS = 5_000;
const PAUSE_MIN_MS = 100;
const PAUSE_MAX_MS = 3_000;

export interface DialerEvents {
  /** A WebSocket to the address is open. Whoever takes it calls `ended` when it closes. */
  connected(transport: Transport): void;
  /** Nothing answers there. */
  failed(reason: string): void;
}

export class PeerDialer {
  /** Undefined where the address is none: it will not become one, and is dialed no more. */
  private readonly url: string | undefined;
  private readonly events: DialerEvents;
  private failures: number = 0;
  private timer: NodeJS.Timeout | undefined = undefined;
  private connecting: WebSocket | undefined = undefined;
  private stopped: boolean = false;

  /** @param address HOST:PORT. */
  constructor(address: string, path: string, events: DialerEvents) {
    this.url = linkUrl('ws', address, path);
    this.events = events;
    this.connect();
  }

  /** The link that came of `connected` is over. @param healthy whether it had worked, so that the next try may come soon. */
  ended(outcome: { readonly healthy: boolean }): void {
    this.failures = outcome.healthy ? 0 : this.failures + 1;
    this.pause();
  }

  /** Dials no more; a connection being opened is dropped. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.connecting?.terminate();
  }

  private connect(): void {
    if (this.url === undefined) return this.events.failed('not an address');
    const webSocket = openSocket(this.url);
    this.connecting = webSocket;
    let socket: Corkable | undefined;
    webSocket.on('upgrade', (response) => {
      socket = response.socket;
    });
    webSocket.on('error', (error) => this.fail(webSocket, error.message));
    webSocket.on('open', () => {
      this.connecting = undefined;
      webSocket.removeAllListeners();
      if (this.stopped || socket === undefined) webSocket.terminate();
      else this.events.connected({ webSocket, socket });
    });
  }

  private fail(webSocket: WebSocket, reason: string): void {
    if (this.connecting !== webSocket) return;
    this.connecting = undefined;
    if (this.stopped) return;
    this.failures += 1;
    this.events.failed(reason);
    this.pause();
  }

  private pause(): void {
    if (this.stopped) return;
    const ceiling = Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** Math.min(this.failures, 10));
    this.timer = setTimeout(() => this.connect(), ceiling * (0.5 + Math.random() / 2));
  }
}

/** Why a zero mask: masking protects proxies from scripts in browsers (RFC 6455, 10.3); between nodes it only costs a copy. */
function openSocket(url: string): WebSocket {
  return new WebSocket(url, {
    perMessageDeflate: false,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    maxPayload: FRAME_BYTES_MAX,
    generateMask: (mask) => {
      mask.fill(0);
    },
  });
}
