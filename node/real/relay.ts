/**
 * Stands before one node of a real run: everybody, peers and clients alike, knows the node by this address. Each WebSocket that comes in is
 * joined with one of its own to the node, and every message is carried as the wires say. Who is at the other end is told by the first
 * message of a peer (its hello names the address of its own relay) and by the query of a client (`?from=NUMBER`).
 */
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { decodeHello } from '../../core/codec/hello.ts';
import { LinkMessageType, linkMessageType } from '../../core/codec/link-message.ts';
import { CLIENT_RESULT_BYTES_MAX, FRAME_BYTES_MAX } from '../../core/limits.ts';
import { plainBytes } from '../../net/bytes.ts';
import { CLIENT_PATH } from '../../net/client-links.ts';
import { PEER_PATH } from '../../net/peer-links.ts';
import { STRANGER, type Wires } from './wires.ts';

const MESSAGE_BYTES_MAX = Math.max(CLIENT_RESULT_BYTES_MAX, FRAME_BYTES_MAX);
/** Codes that a close may be sent with (RFC 6455, 7.4.1); any other one came of a broken connection. */
const CLOSE_CODE_MIN = 4000;
const GOING_AWAY = 1001;

export interface RelayOptions {
  /** Of the node, as an endpoint. */
  readonly index: number;
  /** HOST:PORT at which the node listens. */
  readonly target: string;
  readonly wires: Wires;
  /** Which node has the relay at that address; STRANGER where none has. */
  readonly nodeAt: (address: string) => number;
}

export class Relay {
  private readonly options: RelayOptions;
  private readonly server: WebSocketServer;
  private readonly joints: Set<Joint> = new Set();

  private constructor(options: RelayOptions, server: WebSocketServer) {
    this.options = options;
    this.server = server;
    server.on('connection', (near, request) => this.accept(near, request));
  }

  /** Listens on a free port of loopback. */
  static listen(options: RelayOptions): Promise<Relay> {
    const server = new WebSocketServer({
      host: '127.0.0.1',
      port: 0,
      perMessageDeflate: false,
      maxPayload: MESSAGE_BYTES_MAX,
      autoPong: false,
      clientTracking: false,
    });
    return new Promise((resolve, reject) => {
      server.once('listening', () => resolve(new Relay(options, server)));
      server.once('error', reject);
    });
  }

  /** HOST:PORT under which the node is known. */
  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    for (const joint of this.joints) joint.destroy();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private accept(near: WebSocket, request: IncomingMessage): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'ws://relay');
    near.on('error', () => near.terminate());
    if (pathname === CLIENT_PATH) return this.join(near, Number(searchParams.get('from') ?? STRANGER), CLIENT_PATH, []);
    if (pathname !== PEER_PATH) return near.terminate();
    near.once('message', (data: RawData) => {
      const bytes = plainBytes(data);
      const hello = decodeHello(bytes);
      this.join(near, hello.ok ? this.options.nodeAt(hello.value.address) : STRANGER, PEER_PATH, [bytes]);
    });
  }

  private join(near: WebSocket, from: number, path: string, first: readonly Uint8Array[]): void {
    const { wires, index, target } = this.options;
    const joint = new Joint({ near, from, to: index, url: `ws://${target}${path}`, wires, first });
    this.joints.add(joint);
    near.on('close', () => this.joints.delete(joint));
  }
}

interface JointOptions {
  /** The socket of whoever dialed. */
  readonly near: WebSocket;
  /** Endpoints: who dialed, and the node. */
  readonly from: number;
  readonly to: number;
  readonly url: string;
  readonly wires: Wires;
  /** What was read already. */
  readonly first: readonly Uint8Array[];
}

/** Two sockets with the wires between them. */
class Joint {
  private readonly near: WebSocket;
  private readonly far: WebSocket;
  private readonly options: JointOptions;
  /** What came before the far socket was open. */
  private early: Uint8Array[];
  private readonly outlets: readonly (() => void)[];

  constructor(options: JointOptions) {
    const { near, from, to, url, wires, first } = options;
    this.options = options;
    this.near = near;
    this.early = [...first];
    this.far = new WebSocket(url, {
      perMessageDeflate: false,
      maxPayload: MESSAGE_BYTES_MAX,
      autoPong: false,
      generateMask: (mask) => mask.fill(0),
    });
    const { far } = this;
    near.on('message', (data: RawData) => this.inward(plainBytes(data)));
    far.on('message', (data: RawData) => this.pass(to, from, plainBytes(data), near));
    far.on('open', () => {
      const { early } = this;
      this.early = [];
      for (const bytes of early) this.inward(bytes);
    });
    far.on('error', () => far.terminate());
    this.carrySigns(near, from, far, to);
    this.carrySigns(far, to, near, from);
    this.outlets = [wires.outlet(from, to, (bytes) => give(far, bytes)), wires.outlet(to, from, (bytes) => give(near, bytes))];
  }

  destroy(): void {
    this.near.terminate();
    this.far.terminate();
  }

  private inward(bytes: Uint8Array): void {
    const { from, to } = this.options;
    if (this.far.readyState === WebSocket.CONNECTING) this.early.push(bytes);
    else this.pass(from, to, bytes, this.far);
  }

  private pass(from: number, to: number, bytes: Uint8Array, into: WebSocket): void {
    const { wires, url } = this.options;
    const isFrame = url.endsWith(PEER_PATH) && linkMessageType(bytes) === LinkMessageType.raft;
    if (isFrame) wires.carryFrame(from, to, bytes, (carried) => give(into, carried));
    else wires.carry(from, to, () => give(into, bytes));
  }

  /** Signs of life, and the end of the connection. */
  private carrySigns(source: WebSocket, from: number, into: WebSocket, to: number): void {
    const { wires } = this.options;
    source.on('ping', (data) => {
      if (!wires.isClosed(from, to) && into.readyState === WebSocket.OPEN) into.ping(data);
    });
    source.on('pong', (data) => {
      if (!wires.isClosed(from, to) && into.readyState === WebSocket.OPEN) into.pong(data);
    });
    source.on('close', (code, reason) => {
      for (const take of this.outlets) take();
      wires.carry(from, to, () => {
        if (code >= CLOSE_CODE_MIN || code === GOING_AWAY) into.close(code, reason);
        else into.terminate();
      });
    });
  }
}

function give(socket: WebSocket, bytes: Uint8Array): void {
  if (socket.readyState === WebSocket.OPEN) socket.send(bytes);
}
