/**
 * All links between this node and its peers: dials the addresses it is told, accepts who comes, knows who is there, and
 * carries frames. Every node dials every other, so a pair has up to two links; frames take the dialed one where it is open.
 * Nothing here is reliable, and nothing has to be: Raft repeats what it misses.
 */
import type { ClusterId, NodeId } from '../core/ids.ts';
import { MEMBERS_MAX } from '../core/limits.ts';
import { type Manifest, type Member, presentMembers } from '../core/replica/manifest.ts';
import { PeerDialer } from './peer-dialer.ts';
import { type OwnIdentity, PeerLink, type PeerLinkEvents } from './peer-link.ts';
import { CloseCode, type Transport } from './socket-link.ts';

/** Path of peer links on the node's one port. */
export const PEER_PATH: string = '/peer';
/** How long a link to a node that was removed stays open. Why: the last it hears from its groups is that they let it go. */
const LINGER_MS = 2_000;
/** Silence that ends a link is between one and two of these. */
const BEAT_MS = 5_000;
/** Links accepted and not dialed, known or not yet. Why twice the members: a peer that reconnects may hold two for a moment. */
const ACCEPTED_MAX = 2 * MEMBERS_MAX;

export interface PeerLinksEvents {
  /** A whole frame of a peer, not decoded yet. */
  frame(from: NodeId, bytes: Uint8Array): void;
  /** The first link to a peer opened, or the last one closed. */
  peer(peer: NodeId, state: 'up' | 'down'): void;
  /** A member names this node, in a manifest that is newer than its own. */
  manifest(manifest: Manifest): void;
  /** For the log: a link ended or could not be opened. */
  trouble(where: string, reason: string): void;
}

/** A peer that is connected now. */
export interface ConnectedPeer {
  readonly node: NodeId;
  readonly address: string;
  readonly cluster: ClusterId | undefined;
}

interface Dialed {
  readonly dialer: PeerDialer;
  readonly expected: NodeId | undefined;
}

export class PeerLinks {
  private readonly own: OwnIdentity;
  private readonly events: PeerLinksEvents;
  private readonly dialed: Map<string, Dialed> = new Map();
  /** Every socket, those before their hello too. */
  private readonly links: Set<PeerLink> = new Set();
  /** Open links by peer, the one to send on first. */
  private readonly open: Map<NodeId, PeerLink[]> = new Map();
  private readonly beatTimer: NodeJS.Timeout;
  /** Addresses to keep dialed, once there is a cluster. */
  private wanted: ReadonlySet<string> = new Set();
  /** What the peers were told last. */
  private met: Manifest | undefined = undefined;
  private lingerTimer: NodeJS.Timeout | undefined = undefined;
  private closing: (() => void) | undefined = undefined;
  private closed: boolean = false;
  /** Frames for peers that are not connected, or that had no room. */
  dropped: number = 0;

  constructor(own: OwnIdentity, events: PeerLinksEvents) {
    this.own = own;
    this.events = events;
    this.beatTimer = setInterval(() => {
      for (const link of this.links) link.beat();
    }, BEAT_MS);
    this.beatTimer.unref();
  }

  /** Peers connected now, sorted by id. */
  peers(): readonly ConnectedPeer[] {
    const ids = [...this.open.keys()].sort();
    return ids.flatMap((node) => {
      const hello = this.open.get(node)?.[0]?.hello;
      return hello === undefined ? [] : [{ node, address: hello.address, cluster: hello.cluster }];
    });
  }

  /** Keeps a link to the address. @param expected who must answer there, where known. Repeating it changes nothing. */
  dial(address: string, expected?: NodeId): void {
    if (this.closed || address === this.own.address) return;
    const known = this.dialed.get(address);
    if (known !== undefined && (expected === undefined || known.expected === expected)) return;
    known?.dialer.stop();
    const dialer = new PeerDialer(address, PEER_PATH, {
      connected: (transport) => this.connected(dialer, address, expected, transport),
      failed: (reason) => this.events.trouble(address, reason),
    });
    this.dialed.set(address, { dialer, expected });
  }

  /**
   * This node has a cluster, or knows it better now: keep links to the contacts and to nobody else, and tell those connected
   * what they may not know.
   */
  meet(manifest: Manifest, contacts: readonly Member[] = presentMembers(manifest)): void {
    this.wanted = new Set(contacts.map((contact) => contact.address));
    for (const { id, address } of contacts) if (id !== this.own.node) this.dial(address, id);
    if (manifest !== this.met) for (const link of this.links) link.introduce(manifest);
    if (this.met === undefined) {
      for (const link of this.links) if (isStranger(link)) link.end(CloseCode.replaced, 'say hello again');
    }
    this.met = manifest;
    if ([...this.dialed.keys()].every((address) => this.wanted.has(address))) return;
    this.lingerTimer ??= setTimeout(() => this.hangUp(), LINGER_MS);
  }

  /** Ends what was dialed to addresses that nobody wants any more. */
  private hangUp(): void {
    this.lingerTimer = undefined;
    for (const [address, { dialer }] of this.dialed) {
      if (this.wanted.has(address)) continue;
      dialer.stop();
      this.dialed.delete(address);
      for (const link of this.links) if (link.dialedAddress === address) link.end(CloseCode.goingAway, 'no member any more');
    }
  }

  /** Takes a link that a peer opened (net/listener.ts). */
  accept(transport: Transport): void {
    if (this.closed || this.links.size >= ACCEPTED_MAX + this.dialed.size) return transport.webSocket.terminate();
    const link = new PeerLink(this.own, transport, { direction: 'accepted' }, this.linkEvents('accepted', noAction));
    this.links.add(link);
  }

  /** Sends a frame, or drops it. All frames of a turn leave in one write per peer. */
  send(to: NodeId, frame: Uint8Array): void {
    const link = this.open.get(to)?.find((each) => each.isOpen);
    if (link === undefined) this.dropped += 1;
    else link.send(frame);
  }

  /** Ends all links. @returns when every socket is closed. */
  close(): Promise<void> {
    this.closed = true;
    clearInterval(this.beatTimer);
    clearTimeout(this.lingerTimer);
    for (const { dialer } of this.dialed.values()) dialer.stop();
    for (const link of this.links) link.end(CloseCode.goingAway, 'this node is stopping');
    if (this.links.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.closing = resolve;
    });
  }

  private connected(dialer: PeerDialer, address: string, expected: NodeId | undefined, transport: Transport): void {
    const events = this.linkEvents(address, (healthy) => dialer.ended({ healthy }));
    this.links.add(new PeerLink(this.own, transport, { direction: 'dialed', address, expected }, events));
  }

  private linkEvents(where: string, ended: (healthy: boolean) => void): PeerLinkEvents {
    return {
      opened: (link) => this.opened(link),
      frame: (link, bytes) => {
        if (link.hello !== undefined) this.events.frame(link.hello.node, bytes);
      },
      manifest: (manifest) => this.events.manifest(manifest),
      closed: (link, reason) => {
        this.links.delete(link);
        this.dropped += link.dropped;
        this.gone(link);
        if (!this.closed) this.events.trouble(where, reason);
        ended(link.hello !== undefined);
        if (this.links.size === 0) this.closing?.();
      },
    };
  }

  private opened(link: PeerLink): void {
    const node = link.hello?.node;
    if (node === undefined) return;
    const before = this.open.get(node) ?? [];
    const replaced = before.find((each) => each.direction === link.direction);
    const after = before.filter((each) => each !== replaced);
    if (link.direction === 'dialed') after.unshift(link);
    else after.push(link);
    this.open.set(node, after);
    replaced?.end(CloseCode.replaced, 'a newer link took its place');
    if (before.length === 0) this.events.peer(node, 'up');
  }

  private gone(link: PeerLink): void {
    const node = link.hello?.node;
    const before = node === undefined ? undefined : this.open.get(node);
    if (node === undefined || before === undefined || !before.includes(link)) return;
    const after = before.filter((each) => each !== link);
    if (after.length > 0) {
      this.open.set(node, after);
      return;
    }
    this.open.delete(node);
    this.events.peer(node, 'down');
  }
}

/** Connected before there was a cluster, and not told of it: with a new hello it learns whom to ask. */
function isStranger(link: PeerLink): boolean {
  return link.hello !== undefined && link.cluster === undefined;
}

function noAction(): void {}
