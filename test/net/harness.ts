/** Nodes' ends of links on real sockets: an HTTP server with peer and client links, and whatever happened to them. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ClusterId, NodeId } from '../../core/ids.ts';
import { GLOBAL_GROUP } from '../../core/ids.ts';
import { foundingManifest, type Manifest, type Member } from '../../core/replica/manifest.ts';
import { ClientLinks, type Serve } from '../../net/client-links.ts';
import { attachLinks, type Listener } from '../../net/listener.ts';
import { PeerLinks } from '../../net/peer-links.ts';

/** Resolves when the condition holds; fails after five seconds. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > giveUpAt) throw new Error(`still waiting: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export class LinkedNode {
  readonly id: NodeId;
  readonly address: string;
  readonly port: number;
  readonly frames: { readonly from: NodeId; readonly bytes: Uint8Array }[] = [];
  /** `up b…`, `down b…` in order. */
  readonly peerEvents: string[] = [];
  readonly troubles: string[] = [];
  manifest: Manifest | undefined;
  readonly peers: PeerLinks;
  readonly clients: ClientLinks;
  private readonly server: Server;
  private readonly listener: Listener;

  private constructor(
    server: Server,
    options: { readonly id: NodeId; readonly manifest?: Manifest; readonly serve?: Serve; readonly origins?: readonly string[] },
  ) {
    this.id = options.id;
    this.server = server;
    this.manifest = options.manifest;
    this.port = (server.address() as AddressInfo).port;
    this.address = `127.0.0.1:${this.port}`;
    this.peers = new PeerLinks(
      { node: this.id, address: this.address, manifest: () => this.manifest },
      {
        frame: (from, bytes) => this.frames.push({ from, bytes }),
        peer: (peer, state) => this.peerEvents.push(`${state} ${peer[0]}`),
        manifest: (manifest) => {
          this.manifest = manifest;
          this.peers.meet(manifest);
        },
        trouble: (_where, reason) => this.troubles.push(reason),
      },
    );
    this.clients = new ClientLinks(options.serve ?? (() => undefined));
    const { origins } = options;
    this.listener = attachLinks(server, {
      peers: this.peers,
      clients: this.clients,
      ...(origins === undefined ? {} : { origins }),
    });
  }

  /** @param options.letter the id's only digit. @param options.port 0 = any. */
  static async start(options: {
    readonly letter: string;
    readonly port?: number;
    readonly manifest?: Manifest;
    readonly serve?: Serve;
    readonly origins?: readonly string[];
  }): Promise<LinkedNode> {
    const server = createServer((_request, response) => response.end('http'));
    await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
    return new LinkedNode(server, { ...options, id: options.letter.repeat(32) as NodeId });
  }

  get member(): Member {
    return { id: this.id, address: this.address };
  }

  async stop(): Promise<void> {
    await this.listener.close();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

export function manifestOf(members: readonly Member[], cluster: string = 'c'): Manifest {
  const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  const voters = sorted.map((member) => member.id);
  const groups = [{ group: GLOBAL_GROUP, voters }];
  return foundingManifest({ cluster: cluster.repeat(32) as ClusterId, founders: sorted, groups });
}
