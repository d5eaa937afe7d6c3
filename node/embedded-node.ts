/**
 * A whole node within a command: the replica on the runtime and a disk that a cluster would have, in a directory that ends with it, without
 * sockets. What is tried on it behaves as in production, because it is the same code.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { celConditions } from '../core/authz/cel.ts';
import { drawId } from '../core/bytes/hex-id.ts';
import { neverBuggify } from '../core/capability.ts';
import type { LogicalRequest, OperationOutcome } from '../core/client/operation.ts';
import { Outbox } from '../core/codec/outbox.ts';
import type { GroupId } from '../core/ids.ts';
import {
  CLOCK_RATE_PPM_MAX,
  ELECTION_TIMEOUT_MAX_MICROS,
  ELECTION_TIMEOUT_MIN_MICROS,
  HEARTBEAT_MICROS,
} from '../core/limits.ts';
import { foundingManifest } from '../core/replica/manifest.ts';
import { Replica } from '../core/replica/replica.ts';
import { sampleClocks } from './clock.ts';
import { type OpenedDirectory, openDataDirectory } from './data-directory.ts';
import { seedFrom, systemEntropy } from './entropy.ts';
import { nativeHasher } from './hasher.ts';
import { nativeSigningKeys } from './keys/native-signing.ts';
import { Ledger } from './ledger.ts';
import { LocalClient } from './local-client.ts';
import { Runtime } from './runtime.ts';

/** Nobody listens there. */
const ADDRESS = '127.0.0.1:1';

export class EmbeddedNode {
  readonly ledger: Ledger;
  private readonly path: string;
  private readonly directory: OpenedDirectory;
  private readonly runtime: Runtime;
  private readonly client: LocalClient;
  private failure: string | undefined = undefined;

  private constructor(path: string, directory: OpenedDirectory) {
    this.path = path;
    this.directory = directory;
    const { replica, effects } = Replica.open(directory.disk, sampleClocks(), {
      hasher: nativeHasher,
      cipher: undefined,
      entropy: systemEntropy,
      conditions: celConditions,
      signing: nativeSigningKeys,
      seed: seedFrom(systemEntropy),
      buggify: neverBuggify,
      timing: {
        electionTimeoutMinMicros: ELECTION_TIMEOUT_MIN_MICROS,
        electionTimeoutMaxMicros: ELECTION_TIMEOUT_MAX_MICROS,
        heartbeatMicros: HEARTBEAT_MICROS,
      },
      leaseClockRatePpm: CLOCK_RATE_PPM_MAX,
    });
    const fail = (code: string, detail: string): void => {
      this.failure ??= `${code}: ${detail}`;
    };
    this.runtime = new Runtime(replica, effects, {
      outbox: new Outbox({ sender: replica.id, cluster: () => replica.manifest()?.cluster }),
      disk: directory.disk,
      peers: { send: () => undefined },
      onNodeFatal: fail,
      onGroupFatal: (_, code, detail) => fail(code, detail),
      onAlarm: () => undefined,
    });
    this.client = new LocalClient({
      self: { address: ADDRESS, node: replica.id },
      askSelf: (request, done) => this.runtime.request(request, done),
      canAnswer: () => true,
      openLink: () => {
        throw new Error('an embedded node is the only one of its cluster');
      },
    });
    this.ledger = new Ledger((request) => this.ask(request));
    const groups = [0, 1].map((group) => ({ group: group as GroupId, voters: [replica.id] }));
    const founders = [{ id: replica.id, address: ADDRESS }];
    const manifest = foundingManifest({ cluster: drawId<'ClusterId'>(systemEntropy), founders, groups });
    this.runtime.give({ kind: 'bootstrap', manifest });
  }

  static async open(): Promise<EmbeddedNode> {
    const path = await mkdtemp(join(tmpdir(), 'vouch-embedded-'));
    const directory = await openDataDirectory(path, { listen: ADDRESS, join: undefined }, systemEntropy);
    return new EmbeddedNode(path, directory);
  }

  /** Runs a request to its definite end. @throws where the node could not go on */
  async ask(request: LogicalRequest): Promise<OperationOutcome> {
    const outcome = await this.client.ask(request);
    if (this.failure !== undefined) throw new Error(`the embedded node stopped itself (${this.failure})`);
    return outcome;
  }

  /** Ends the node, and removes what it wrote. */
  async close(): Promise<void> {
    this.runtime.stop();
    await this.client.close();
    await this.directory.disk.close();
    await rm(this.path, { recursive: true, force: true });
  }
}
