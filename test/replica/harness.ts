/**
 * Replicas in lock step, for tests that want to hold every effect in their hand: simulated disks, a virtual clock, frames
 * through the production codec, and links and disks that the test opens and closes. No randomness: for that there is sim/.
 */
import { celConditions } from '../../core/authz/cel.ts';
import type { Entropy } from '../../core/capability.ts';
import { neverBuggify } from '../../core/capability.ts';
import type { ClientRequest, ClientResult } from '../../core/client/protocol.ts';
import { Outbox } from '../../core/codec/outbox.ts';
import type { Effect, ExportPiece, InputBody } from '../../core/effect.ts';
import { portableHasher } from '../../core/hasher.ts';
import type { ClusterId, GroupId, Micros, NodeId, RequestId, Seq } from '../../core/ids.ts';
import { CLOCK_RATE_PPM_MAX } from '../../core/limits.ts';
import { Random } from '../../core/random.ts';
import { createDirectory } from '../../core/replica/directory.ts';
import { foundingManifest, type Manifest } from '../../core/replica/manifest.ts';
import type { ReplicaOptions } from '../../core/replica/options.ts';
import { Replica } from '../../core/replica/replica.ts';
import { SimDisk } from '../../sim/disk.ts';

const TIMING = { electionTimeoutMinMicros: 150_000, electionTimeoutMaxMicros: 300_000, heartbeatMicros: 30_000 };
const WALL_OFFSET = 1_700_000_000_000_000;
const STEPS_MAX = 100_000;

export class TestNode {
  readonly id: NodeId;
  readonly disk: SimDisk;
  replica!: Replica;
  outbox!: Outbox;
  durable: Seq = 0 as Seq;
  running: boolean = false;
  /** While false, persists wait and nothing that names them leaves. */
  diskWorks: boolean = true;
  /** Operations that the disk still carries out; then the machine loses power. */
  operationsLeft: number = Number.POSITIVE_INFINITY;
  /** Whether it is the power that goes then, or the process alone: what it wrote stays in the caches. */
  losesPower: boolean = true;
  persists: Extract<Effect, { kind: 'persist' }>[] = [];
  gated: Extract<Effect, { kind: 'reply' }>[] = [];
  readonly fatals: Extract<Effect, { kind: 'fatal' }>[] = [];
  readonly alarms: Extract<Effect, { kind: 'alarm' }>[] = [];
  readonly replies: Map<RequestId, ClientResult> = new Map();
  /** Of exports; of each the newest. */
  readonly pieces: Map<RequestId, ExportPiece> = new Map();

  constructor(random: Random) {
    this.disk = new SimDisk(random);
    const { id, ops } = createDirectory(entropyOf(random));
    for (const op of ops) this.disk.execute(op);
    this.id = id;
  }
}

function addressOf(position: number): string {
  return `127.0.0.1:${7400 + position}`;
}

function entropyOf(random: Random): Entropy {
  return { fill: (out, offset, length) => random.fill(out, offset, length) };
}

export class TestCluster {
  readonly nodes: TestNode[];
  readonly manifest: Manifest;
  now: number = 1_000_000;
  /** How far the wall clocks have been stepped, microseconds. */
  wallStep: number = 0;
  /** Links that carry nothing, as "from>to". */
  readonly cut: Set<string> = new Set();
  /** Of the frames that links carry. */
  lossPercent: number = 0;
  private readonly random: Random = Random.stream([1, 2, 3, 4], 'test/replica');
  private inFlight: { readonly from: TestNode; readonly to: NodeId; readonly bytes: Uint8Array }[] = [];
  private requests: number = 0;
  private readonly overrides: Partial<ReplicaOptions>;
  /** What becomes of a frame on its way; undefined = it is lost. */
  wire: (bytes: Uint8Array, from: TestNode, to: TestNode) => Uint8Array | undefined = (bytes) => bytes;
  private readonly told: Set<TestNode> = new Set();

  /** @param leases whether leaders take them; without, every default read costs a round. @param overrides options of every replica. */
  constructor(
    size: number,
    dataGroups: number = 1,
    leases: 'leases' | 'rounds' = 'rounds',
    overrides: Partial<ReplicaOptions> = {},
  ) {
    this.overrides = { ...(leases === 'leases' ? { leaseClockRatePpm: CLOCK_RATE_PPM_MAX } : {}), ...overrides };
    this.nodes = Array.from({ length: size }, () => new TestNode(this.random));
    const voters = this.nodes.map((node) => node.id).toSorted();
    const groups = Array.from({ length: dataGroups + 1 }, (_, group) => ({ group: group as GroupId, voters }));
    const founders = this.nodes.map(({ id }, i) => ({ id, address: addressOf(i) })).sort((a, b) => (a.id < b.id ? -1 : 1));
    this.manifest = foundingManifest({ cluster: 'c'.repeat(32) as ClusterId, founders, groups });
  }

  /** A new node with an empty directory, running. It is told of the cluster once that names it, as over a peer link. */
  join(): TestNode {
    const node = new TestNode(this.random);
    this.nodes.push(node);
    this.open(node);
    return node;
  }

  /** Where a node is reached. */
  address(node: TestNode): string {
    return addressOf(this.nodes.indexOf(node));
  }

  /** Opens every node and gives it the manifest. */
  boot(): void {
    for (const node of this.nodes) {
      this.open(node);
      this.input(node, { kind: 'bootstrap', manifest: this.manifest });
    }
    this.settle();
  }

  open(node: TestNode): void {
    const seed = [this.random.u32(), this.random.u32(), this.random.u32(), this.random.u32()] as const;
    const entropy = entropyOf(this.random);
    const defaults = {
      hasher: portableHasher,
      conditions: celConditions,
      entropy,
      seed,
      buggify: neverBuggify,
      timing: TIMING,
      segmentBytes: 1 << 20,
    };
    const options = { ...defaults, ...this.overrides };
    const { replica, effects } = Replica.open(node.disk, this.clocks(), options);
    node.replica = replica;
    node.outbox = new Outbox({ sender: node.id, cluster: () => replica.manifest()?.cluster });
    node.durable = 0 as Seq;
    node.persists = [];
    node.gated = [];
    node.running = true;
    this.told.delete(node);
    this.take(node, effects);
  }

  /** The process dies; with power: unsynced sectors too. */
  kill(node: TestNode, power: boolean): void {
    node.running = false;
    node.operationsLeft = Number.POSITIVE_INFINITY;
    if (power) node.disk.powerLoss();
  }

  clocks(): { now: Micros; wall: Micros } {
    return { now: this.now as Micros, wall: (this.now + WALL_OFFSET + this.wallStep) as Micros };
  }

  input(node: TestNode, body: InputBody): void {
    this.take(node, node.replica.step({ ...this.clocks(), ...body }));
  }

  /** Sends a request without waiting. */
  send(node: TestNode, body: ClientRequest): RequestId {
    this.requests += 1;
    const id = this.requests as RequestId;
    this.input(node, { kind: 'request', id, body });
    return id;
  }

  /** Sends a request and runs until it is answered. */
  ask(node: TestNode, body: ClientRequest): ClientResult {
    const id = this.send(node, body);
    this.runUntil(() => node.replies.has(id));
    return node.replies.get(id) as ClientResult;
  }

  /** The leader of a group, once there is one that has committed in its own term. */
  leader(group: number): TestNode {
    const find = (): TestNode | undefined =>
      this.nodes.find((node) => node.running && node.replica.group(group as GroupId)?.raft.status().ownTermCommitted === true);
    this.runUntil(() => find() !== undefined);
    return find() as TestNode;
  }

  /** @param end no deadline behind it comes */
  runUntil(reached: () => boolean, end: number = Number.POSITIVE_INFINITY): void {
    for (let step = 0; step < STEPS_MAX; step += 1) {
      this.settle();
      if (reached()) return;
      const next = Math.min(...this.nodes.filter((node) => node.running).map((node) => node.replica.nextDeadline()));
      const then = Math.min(next, end);
      if (then === Number.POSITIVE_INFINITY)
        throw new Error('nothing will ever happen: no node runs, or none waits for anything');
      this.now = Math.max(this.now, then);
      for (const node of this.nodes) if (node.running) this.input(node, { kind: 'deadline' });
    }
    throw new Error('the condition was never reached');
  }

  /** Lets a time pass, deadlines included. */
  pass(micros: number): void {
    const end = this.now + micros;
    this.runUntil(() => this.now >= end, end);
  }

  /** Parts a node from all others, both ways. */
  isolate(node: TestNode): void {
    for (const other of this.nodes) {
      this.cut.add(`${node.id}>${other.id}`);
      this.cut.add(`${other.id}>${node.id}`);
    }
  }

  /** Carries out everything that needs no time. */
  settle(): void {
    for (let busy = true; busy; ) {
      busy = false;
      for (const node of this.nodes) if (node.running && this.work(node)) busy = true;
      if (this.introduce()) busy = true;
      const frames = this.inFlight;
      this.inFlight = [];
      for (const { from, to, bytes } of frames) {
        const target = this.nodes.find((node) => node.id === to);
        if (target === undefined || !target.running || this.cut.has(`${from.id}>${to}`)) continue;
        if (this.lossPercent > 0 && this.random.between(0, 99) < this.lossPercent) continue;
        busy = true;
        const arriving = this.wire(bytes, from, target);
        if (arriving !== undefined) this.input(target, { kind: 'frame', from: from.id, bytes: arriving });
      }
    }
  }

  /** What net/peer-links.ts does when links open: nodes that a manifest names are sent the newest, once after each start. */
  private introduce(): boolean {
    const running = this.nodes.filter((node) => node.running);
    let told = false;
    for (const node of running) {
      if (this.told.has(node)) continue;
      const known = running.flatMap((other) => other.replica.manifest() ?? []).toSorted((a, b) => b.revision - a.revision);
      const manifest = known.find(({ members }) => members.some(({ id }) => id === node.id));
      const own = node.replica.manifest();
      if (manifest === undefined || (own !== undefined && own.revision >= manifest.revision)) continue;
      this.told.add(node);
      this.input(node, { kind: 'bootstrap', manifest });
      told = true;
    }
    return told;
  }

  private work(node: TestNode): boolean {
    let busy = false;
    while (node.running && node.diskWorks && node.persists.length > 0) {
      const persist = node.persists.shift() as (typeof node.persists)[number];
      for (const op of persist.ops) {
        node.operationsLeft -= 1;
        if (node.operationsLeft < 0) {
          this.kill(node, node.losesPower);
          return true;
        }
        const refused = node.disk.execute(op);
        if (refused !== undefined) throw new Error(`${op.op} refused: ${refused}`);
      }
      node.durable = persist.seq;
      this.input(node, { kind: 'persisted', seq: persist.seq });
      busy = true;
    }
    for (const { to, bytes } of node.outbox.release(node.durable)) {
      this.inFlight.push({ from: node, to, bytes: bytes.slice() });
      busy = true;
    }
    const free = node.gated.filter((reply) => reply.after <= node.durable);
    node.gated = node.gated.filter((reply) => reply.after > node.durable);
    for (const { id, result } of free) node.replies.set(id, result);
    return busy;
  }

  private take(node: TestNode, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'persist') node.persists.push(effect);
      else if (effect.kind === 'send') node.outbox.push(effect);
      else if (effect.kind === 'reply') node.gated.push(effect);
      else if (effect.kind === 'exported') node.pieces.set(effect.id, effect.piece);
      else if (effect.kind === 'alarm') node.alarms.push(effect);
      else node.fatals.push(effect);
    }
  }
}
