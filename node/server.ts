/**
 * One running node, put together: data directory, replica, runtime, links, gateway. The order of opening matters: nothing is
 * written before the address is known to be free, nothing is answered before recovery is durable, and the listener opens last.
 */
import type { Logger } from 'pino';
import { celConditions } from '../core/authz/cel.ts';
import { type Cipher, neverBuggify } from '../core/capability.ts';
import { isCommand, type LogicalRequest } from '../core/client/operation.ts';
import { Outbox } from '../core/codec/outbox.ts';
import { GLOBAL_GROUP, type GroupId } from '../core/ids.ts';
import {
  CLOCK_RATE_PPM_MAX,
  ELECTION_TIMEOUT_MAX_MICROS,
  ELECTION_TIMEOUT_MIN_MICROS,
  HEARTBEAT_MICROS,
} from '../core/limits.ts';
import type { ReplicaOptions } from '../core/replica/options.ts';
import type { Replica } from '../core/replica/replica.ts';
import { ClientLinks } from '../net/client-links.ts';
import { attachLinks, type Listener } from '../net/listener.ts';
import { PeerLinks } from '../net/peer-links.ts';
import { BackupSource } from './backup/cluster-stream.ts';
import { sampleClocks } from './clock.ts';
import type { Address } from './config/address.ts';
import type { OpenedDirectory } from './data-directory.ts';
import { seedFrom, systemEntropy } from './entropy.ts';
import { nativeHasher } from './hasher.ts';
import { Gateway } from './http/gateway.ts';
import { Joining } from './joining.ts';
import { KeyNotice } from './key-notice.ts';
import { nativeSigningKeys } from './keys/native-signing.ts';
import { type DrainResult, drain } from './leaving.ts';
import { Ledger } from './ledger.ts';
import { LocalClient } from './local-client.ts';
import { Membership } from './membership.ts';
import { NodeMetrics } from './metrics.ts';
import { reasonsAgainst } from './readiness.ts';
import { type NodeRecorder, openReplica, type RecordingRequest } from './record/node-recorder.ts';
import { Runtime } from './runtime.ts';
import { Standing } from './standing.ts';
import { VaultHealthSource } from './vault-health.ts';
import { packageVersion } from './version.ts';

export interface NodeServerOptions {
  readonly directory: OpenedDirectory;
  /** Of an encrypted directory. */
  readonly cipher?: Cipher | undefined;
  /** Where it listens. */
  readonly address: Address;
  /** HOST:PORT under which others reach it. */
  readonly advertise: string;
  readonly batchMax: number | undefined;
  /** Log behind which a group writes a checkpoint, bytes; undefined: CHECKPOINT_LOG_BYTES. */
  readonly checkpointLogBytes?: number | undefined;
  /** Whether this node, as leader, answers reads under a lease. */
  readonly leases: boolean;
  /** Between two signed checkpoints of a vault that changes, milliseconds; 0, the default: only when somebody asks. */
  readonly checkpointIntervalMs?: number;
  /** Whether everything that this node is given goes to a tape, and to which. */
  readonly recording?: RecordingRequest | undefined;
  readonly log: Logger;
  /** The node cannot go on; called at most once. */
  readonly onFatal: (code: string, detail: string) => void;
  /** Opens links to other nodes for the gateway's client. */
  readonly openLink: ConstructorParameters<typeof LocalClient>[0]['openLink'];
}

/** How long requests in flight get at shutdown. */
const DRAIN_MS = 5_000;

export class NodeServer {
  readonly replica: Replica;
  private readonly options: NodeServerOptions;
  private readonly runtime: Runtime;
  private readonly gateway: Gateway;
  private readonly client: LocalClient;
  private readonly joining: Joining;
  private readonly listener: Listener;
  private readonly recorder: NodeRecorder | undefined;
  private closing: boolean = false;

  constructor(options: NodeServerOptions) {
    this.options = options;
    const { directory, log } = options;
    const address = options.advertise;
    const { replica, effects, recorder } = openReplica({
      disk: directory.disk,
      clocks: sampleClocks(),
      options: replicaOptions(options),
      recording: options.recording,
      log,
    });
    this.recorder = recorder;
    this.replica = replica;
    const keyNotice = new KeyNotice(() => replica.signingStatus, log);
    const manifest = (): ReturnType<Replica['manifest']> => replica.manifest();
    const metrics = new NodeMetrics(() => replica.status());
    const peers = new PeerLinks(
      { node: replica.id, address, manifest },
      {
        frame: (from, bytes) => {
          metrics.frame(from, 'received');
          this.runtime.give({ kind: 'frame', from, bytes });
        },
        peer: (peer, state) => {
          this.runtime.give({ kind: 'peer', peer, state });
          if (state === 'up') this.joining.notice();
        },
        manifest: (given) => this.runtime.give({ kind: 'bootstrap', manifest: given }),
        trouble: (where, reason) => log.debug({ where, reason }, 'peer link'),
      },
    );
    this.runtime = new Runtime(replica, effects, {
      outbox: new Outbox({ sender: replica.id, cluster: () => manifest()?.cluster }),
      disk: directory.disk,
      peers: {
        send: (to, frame) => {
          metrics.frame(to, 'sent');
          peers.send(to, frame);
        },
      },
      observer: metrics,
      recorder,
      afterTurn: () => {
        membership.noticeMembers();
        standing.notice();
        keyNotice.notice();
      },
      onNodeFatal: options.onFatal,
      onGroupFatal: (group, code, detail) => {
        metrics.quarantines.inc();
        log.error({ group, code, detail }, 'a group is quarantined; the others go on');
      },
      onAlarm: (group, code, detail) => {
        metrics.alarms.inc({ code });
        if (code === 'vault_recovered') log.info({ group, code }, detail);
        else log.error({ group, code }, detail);
      },
    });
    const membership = new Membership({
      self: { id: replica.id, address },
      join: directory.file.join,
      peers,
      entropy: systemEntropy,
      replica,
      bootstrap: (given) => this.runtime.give({ kind: 'bootstrap', manifest: given }),
    });
    this.joining = new Joining({
      self: { id: replica.id, address },
      join: directory.file.join,
      links: () => membership.links(),
      isMember: () => manifest() !== undefined,
      openLink: options.openLink,
      log,
    });
    this.client = new LocalClient({
      self: { address, node: replica.id },
      askSelf: (request, done) => this.runtime.request(request, done),
      canAnswer: (request) => this.canAnswer(request),
      openLink: options.openLink,
    });
    const vaults = new VaultHealthSource(replica, (group, vault) => this.runtime.give({ kind: 'recoverVault', group, vault }));
    metrics.watchVaults(() => vaults.unwell());
    if (recorder !== undefined) metrics.watchRecorder(recorder);
    this.gateway = new Gateway({
      ledger: new Ledger((request, patience) => this.client.ask(request, patience)),
      metrics,
      log,
      version: packageVersion(),
      control: {
        status: () => replica.status(),
        links: () => membership.links(),
        init: (request) => membership.init(request),
        notReady: () => (this.closing ? ['it is shutting down'] : reasonsAgainst(replica.status())),
        drain: () => this.drain(),
        vaults,
        backup: new BackupSource({
          self: replica.id,
          runtime: this.runtime,
          status: () => replica.status(),
          manifest,
          version: packageVersion,
          isEncrypted: options.cipher !== undefined,
          trouble: (error) => log.error({ err: error }, 'a backup failed unexpectedly'),
        }),
      },
    });
    const standing = new Standing({
      self: { id: replica.id, address },
      manifest,
      isGone: () => this.replica.isGone,
      move: (body) => this.client.ask({ kind: 'directory', body }),
      log,
    });
    const clients = new ClientLinks((request, done) => this.runtime.request(request, done));
    this.listener = attachLinks(this.gateway.app.server, { peers, clients });
  }

  /** Opens the port. Rejects with the error of listen(2). */
  async listen(): Promise<void> {
    await this.gateway.app.listen({ host: this.options.address.host, port: this.options.address.port });
  }

  /** Hands over what it leads, stops admitting, finishes what is in flight, and gives everything free. */
  async close(): Promise<void> {
    this.closing = true;
    const { kept } = await this.drain();
    for (const { group, reason } of kept) this.options.log.info({ group, reason }, 'the others will have to elect a leader');
    await this.gateway.drain(DRAIN_MS);
    await this.abandon();
  }

  /** Gives everything free at once. */
  async abandon(): Promise<void> {
    this.runtime.stop();
    this.recorder?.close();
    await this.joining.stop();
    await this.client.close();
    await this.listener.close();
    await this.gateway.app.close();
    await this.options.directory.disk.close();
  }

  private drain(): Promise<DrainResult> {
    return drain({ status: () => this.replica.status(), ask: (request, done) => this.runtime.request(request, done) });
  }

  /** A read is answered here unless the group is missing or quarantined on this node, or its vault isolated. */
  private canAnswer(request: LogicalRequest): boolean {
    if (isCommand(request) || request.kind === 'transfer') return false;
    const id: GroupId = request.kind === 'query' ? request.group : GLOBAL_GROUP;
    const { groups, removed } = this.replica.status();
    if (request.kind === 'query' && this.replica.group(id)?.divergence.isIsolated(request.vault) === true) return false;
    return (!removed && groups.length === 0) || groups.some((group) => group.group === id && !group.quarantined);
  }
}

function replicaOptions(options: NodeServerOptions): ReplicaOptions {
  return {
    hasher: nativeHasher,
    conditions: celConditions,
    cipher: options.cipher,
    entropy: systemEntropy,
    signing: nativeSigningKeys,
    checkpointMicros: 1000 * (options.checkpointIntervalMs ?? 0) || undefined,
    seed: seedFrom(systemEntropy),
    buggify: neverBuggify,
    timing: {
      electionTimeoutMinMicros: ELECTION_TIMEOUT_MIN_MICROS,
      electionTimeoutMaxMicros: ELECTION_TIMEOUT_MAX_MICROS,
      heartbeatMicros: HEARTBEAT_MICROS,
    },
    ...(options.leases ? { leaseClockRatePpm: CLOCK_RATE_PPM_MAX } : {}),
    ...(options.batchMax === undefined ? {} : { batchMax: options.batchMax }),
    ...(options.checkpointLogBytes === undefined ? {} : { snapshots: { checkpointLogBytes: options.checkpointLogBytes } }),
  };
}
