/**
 * How a node comes to its cluster. Before: it dials its --join list and waits, or asks to be added where there is a cluster
 * already (joining.ts). `init`: it names itself and every uninitialised node connected to it as members, makes that durable in
 * its own directory first, then tells the others on every link until they have it. After: it keeps links to the members, as
 * they change.
 */
import { drawId } from '../core/bytes/hex-id.ts';
import type { Entropy } from '../core/capability.ts';
import type { GroupId, NodeId } from '../core/ids.ts';
import { MEMBERS_MAX } from '../core/limits.ts';
import { foundingManifest, type Manifest, type Member, presentMembers } from '../core/replica/manifest.ts';
import type { Replica } from '../core/replica/replica.ts';
import type { PeerLinks } from '../net/peer-links.ts';
import type { InitRequest, InitResult, LinkView } from './control.ts';

export interface MembershipOptions {
  readonly self: Member;
  readonly join: readonly string[];
  readonly peers: PeerLinks;
  readonly entropy: Entropy;
  readonly replica: Pick<Replica, 'manifest' | 'contacts' | 'topology'>;
  /** Gives a manifest to the replica. */
  readonly bootstrap: (manifest: Manifest) => void;
}

const POLL_MS = 20;

export class Membership {
  private readonly options: MembershipOptions;
  /** The topology that the links were last brought in line with; undefined before there is a cluster. */
  private seen: number | undefined = undefined;
  private initRunning: boolean = false;

  constructor(options: MembershipOptions) {
    this.options = options;
    this.noticeMembers();
    if (this.seen === undefined) for (const address of options.join) options.peers.dial(address);
  }

  /** To be called after every turn: links follow the members. */
  noticeMembers(): void {
    const { replica, peers } = this.options;
    if (this.seen === replica.topology) return;
    const manifest = replica.manifest();
    if (manifest === undefined) return;
    this.seen = replica.topology;
    peers.meet(manifest, replica.contacts());
  }

  links(): readonly LinkView[] {
    return this.options.peers
      .peers()
      .map(({ node, address, cluster }) => ({ node, address, initialised: cluster !== undefined }));
  }

  async init(request: InitRequest): Promise<InitResult> {
    const refusal = this.refuse();
    if (refusal !== undefined) return refusal;
    this.initRunning = true;
    try {
      return await this.makeCluster(request);
    } finally {
      this.initRunning = false;
    }
  }

  private refuse(): Extract<InitResult, { ok: false }> | undefined {
    const manifest = this.options.replica.manifest();
    if (manifest !== undefined) {
      const count = presentMembers(manifest).length;
      const message = `This node already belongs to cluster ${manifest.cluster} of ${count} nodes; init is done once. See vouch status.`;
      return { ok: false, code: 'already_initialised', message };
    }
    if (this.initRunning) return { ok: false, code: 'not_possible', message: 'Another init is under way on this node.' };
    const member = this.links().find((link) => link.initialised);
    if (member === undefined) return undefined;
    const message = `The node at ${member.address} belongs to a cluster already; init is done once. See vouch status --host ${member.address}.`;
    return { ok: false, code: 'already_initialised', message };
  }

  private async makeCluster(request: InitRequest): Promise<InitResult> {
    const until = performance.now() + request.timeoutMs;
    let members = this.candidates();
    while (members.length < request.expect && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      const refusal = this.options.replica.manifest() === undefined ? undefined : this.refuse();
      if (refusal !== undefined) return refusal;
      members = this.candidates();
    }
    if (members.length < request.expect) {
      const found = members.map((member) => member.address).join(', ');
      const message = `Only ${members.length} of ${request.expect} nodes are connected (${found}). Start the others with --join ${this.options.self.address}.`;
      return { ok: false, code: 'too_few_nodes', message };
    }
    const manifest = makeManifest(members, request.groups, this.options.entropy);
    this.options.bootstrap(manifest);
    while (this.options.replica.manifest() === undefined && performance.now() < until + request.timeoutMs) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    if (this.options.replica.manifest()?.cluster !== manifest.cluster) {
      return { ok: false, code: 'not_possible', message: 'The cluster could not be written to the data directory; see the log.' };
    }
    return { ok: true, cluster: manifest.cluster, members };
  }

  /** This node and every uninitialised node connected to it, sorted by id. */
  private candidates(): readonly Member[] {
    const others = this.links().filter((link) => !link.initialised);
    const members = [this.options.self, ...others.map(({ node, address }) => ({ id: node, address }))];
    return members.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, MEMBERS_MAX);
  }
}

/** Every member votes in every group. @param dataGroups groups besides GLOBAL. */
function makeManifest(members: readonly Member[], dataGroups: number, entropy: Entropy): Manifest {
  const voters: readonly NodeId[] = members.map((member) => member.id);
  const groups = Array.from({ length: dataGroups + 1 }, (_, group) => ({ group: group as GroupId, voters }));
  return foundingManifest({ cluster: drawId<'ClusterId'>(entropy), founders: members, groups });
}
