/**
 * One link to a peer, dialed or accepted: hello first, then frames and manifests, in both directions.
 * A message that is not one of these closes this link and nothing else: the node behind it redials.
 */
import { fromHex } from '../core/bytes/text.ts';
import { isFrameFrom } from '../core/codec/frame.ts';
import {
  decodeHello,
  decodeManifestMessage,
  encodeHello,
  encodeManifestMessage,
  type Hello,
  hasToHear,
  judgeHello,
} from '../core/codec/hello.ts';
import { LinkMessageType, linkMessageType } from '../core/codec/link-message.ts';
import type { ClusterId, NodeId } from '../core/ids.ts';
import type { Manifest } from '../core/replica/manifest.ts';
import { CloseCode, SocketLink, type Transport } from './socket-link.ts';

/** Who this node is, to its peers. */
export interface OwnIdentity {
  readonly node: NodeId;
  /** HOST:PORT under which others reach it. */
  readonly address: string;
  /** Undefined before bootstrap. */
  readonly manifest: () => Manifest | undefined;
}

export interface PeerLinkEvents {
  /** The handshake is done. */
  opened(link: PeerLink): void;
  frame(link: PeerLink, bytes: Uint8Array): void;
  /** A member names this node, in a manifest that is newer than its own. */
  manifest(manifest: Manifest): void;
  /** Exactly once. reason: why, for the log. */
  closed(link: PeerLink, reason: string): void;
}

/** Who opened the link. expected: who has to answer at the address, where that is known. */
export type PeerLinkDirection =
  | { readonly direction: 'dialed'; readonly address: string; readonly expected: NodeId | undefined }
  | { readonly direction: 'accepted' };

/** Bytes that may wait for one slow peer. Why 32 MiB: a few appends in flight; what is dropped Raft sends again. */
const WAITING_BYTES_MAX = 32 << 20;
/** The other side must say hello within this time. */
const HELLO_TIMEOUT_MS = 5_000;

export class PeerLink {
  readonly direction: 'dialed' | 'accepted';
  readonly dialedAddress: string | undefined;
  private readonly own: OwnIdentity;
  private readonly events: PeerLinkEvents;
  private readonly expected: NodeId | undefined;
  private readonly socket: SocketLink;
  private readonly helloTimer: NodeJS.Timeout;
  private peerId: Uint8Array | undefined = undefined;
  private saidHello: boolean = false;
  private refusal: string | undefined = undefined;
  /** What the other side said of itself; undefined before its hello was accepted. */
  hello: Hello | undefined = undefined;
  /** Frames that found no room. */
  dropped: number = 0;

  constructor(own: OwnIdentity, transport: Transport, options: PeerLinkDirection, events: PeerLinkEvents) {
    this.own = own;
    this.events = events;
    this.direction = options.direction;
    this.dialedAddress = options.direction === 'dialed' ? options.address : undefined;
    this.expected = options.direction === 'dialed' ? options.expected : undefined;
    this.socket = new SocketLink(transport, {
      message: (bytes) => this.receive(bytes),
      closed: (code, reason) => {
        clearTimeout(this.helloTimer);
        events.closed(this, this.refusal ?? (reason === '' ? `closed with ${code}` : reason));
      },
    });
    this.helloTimer = setTimeout(() => this.refuse(CloseCode.silent, 'no hello came'), HELLO_TIMEOUT_MS);
    if (this.direction === 'dialed') this.sayHello();
  }

  /** Whether frames may be sent. */
  get isOpen(): boolean {
    return this.hello !== undefined && this.socket.isOpen;
  }

  /** The cluster the peer named in its hello, or that it was told since. */
  get cluster(): ClusterId | undefined {
    return this.hello?.cluster;
  }

  /** Sends a frame, or drops and counts it where too much is waiting. */
  send(frame: Uint8Array): void {
    if (!this.socket.send(frame, WAITING_BYTES_MAX)) this.dropped += 1;
  }

  /** Sends the manifest to a peer that it names and that may not know it. */
  introduce(manifest: Manifest): void {
    const hello = this.hello;
    if (hello === undefined || !hasToHear(manifest, hello)) return;
    this.hello = { ...hello, cluster: manifest.cluster };
    this.socket.send(encodeManifestMessage(manifest), WAITING_BYTES_MAX);
  }

  /** Closes for a reason that the other side is told. */
  end(code: CloseCode, reason: string): void {
    this.socket.end(code, reason);
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Proof of life, at a steady interval. */
  beat(): void {
    this.socket.beat();
  }

  private sayHello(): void {
    this.saidHello = true;
    const { node, address } = this.own;
    this.socket.send(encodeHello({ cluster: this.own.manifest()?.cluster, node, address }), WAITING_BYTES_MAX);
  }

  private receive(bytes: Uint8Array): void {
    if (this.refusal !== undefined) return;
    const type = linkMessageType(bytes);
    if (this.hello === undefined) {
      if (type === LinkMessageType.hello) this.receiveHello(bytes);
      else this.refuse(CloseCode.badMessage, 'the first message is not a hello of this version');
    } else if (type === LinkMessageType.raft && this.peerId !== undefined && isFrameFrom(bytes, this.peerId)) {
      this.events.frame(this, bytes);
    } else if (type === LinkMessageType.manifest) this.receiveManifest(bytes);
    else this.refuse(CloseCode.badMessage, 'not a message of this link');
  }

  private receiveHello(bytes: Uint8Array): void {
    const decoded = decodeHello(bytes);
    if (!decoded.ok) return this.refuse(CloseCode.badMessage, `malformed hello: ${decoded.reason}`);
    const { node, manifest } = this.own;
    const verdict = judgeHello({ node, manifest: manifest() }, decoded.value, this.expected);
    if (!this.saidHello) this.sayHello();
    if (verdict.kind === 'refuse') return this.refuse(CloseCode.refused, verdict.reason);
    clearTimeout(this.helloTimer);
    this.hello = decoded.value;
    this.peerId = fromHex(decoded.value.node);
    if (verdict.kind === 'introduce') this.introduce(verdict.manifest);
    this.events.opened(this);
  }

  private receiveManifest(bytes: Uint8Array): void {
    const decoded = decodeManifestMessage(bytes);
    if (!decoded.ok) return this.refuse(CloseCode.badMessage, `malformed manifest: ${decoded.reason}`);
    const known = this.own.manifest();
    if (known !== undefined && (known.cluster !== decoded.value.cluster || known.revision >= decoded.value.revision)) return;
    if (decoded.value.members.some((member) => member.id === this.own.node)) this.events.manifest(decoded.value);
  }

  private refuse(code: CloseCode, reason: string): void {
    this.refusal = reason;
    this.socket.end(code, reason);
  }
}
